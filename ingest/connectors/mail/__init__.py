"""Mail as a source: mbox, maildir, trees of .eml and .msg files, and IMAP."""

from __future__ import annotations

from .connector import MailConnector

__all__ = ["MailConnector"]
