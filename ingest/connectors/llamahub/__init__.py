"""Any LlamaIndex reader as a source."""

from __future__ import annotations

from .connector import LlamaHubConnector

__all__ = ["LlamaHubConnector"]
