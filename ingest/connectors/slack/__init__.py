"""Slack as a source: an export archive, or the Web API."""

from __future__ import annotations

from .connector import SlackConnector

__all__ = ["SlackConnector"]
