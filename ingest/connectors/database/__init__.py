"""Rows of a database query as a source."""

from __future__ import annotations

from .connector import DatabaseConnector

__all__ = ["DatabaseConnector"]
