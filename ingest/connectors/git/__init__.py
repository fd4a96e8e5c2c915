"""Git repositories as a source."""

from __future__ import annotations

from .connector import GitConnector

__all__ = ["GitConnector"]
