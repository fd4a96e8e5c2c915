"""Object stores and remote folders as a source."""

from __future__ import annotations

from .connector import ObjectStoreConnector

__all__ = ["ObjectStoreConnector"]
