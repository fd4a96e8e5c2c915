"""Web sites as a source."""

from __future__ import annotations

from .connector import WebConnector

__all__ = ["WebConnector"]
