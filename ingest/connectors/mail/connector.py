"""Mail as a source: one document a message, from files on this machine or from an IMAP server."""

from __future__ import annotations

from pathlib import Path

from ...errors import SourceError
from ...model import Item, Listing, RawFile
from ...settings import MailSettings
from .boxes import MailBoxes
from .cache import MailCache
from .imap import ImapMail


class MailConnector:
    """Lists and reads mail below `path` or at `host`; what a message's attachments say is read with the message.

    Mail that is marked as deleted is left out. Nothing at the source is changed, no mail is marked as read.
    """

    kind = "mail"
    scopes: tuple[str, ...] | None = None

    def __init__(self, settings: MailSettings, cache: Path) -> None:
        self._settings = settings
        self._kept = MailCache(cache)
        self._mail: MailBoxes | ImapMail | None = None
        if settings.path is not None and settings.host is None:
            self._mail = MailBoxes(settings, settings.path, self._kept)
        elif settings.host is not None and settings.path is None:
            self._mail = ImapMail(settings, settings.host, self._kept)

    @property
    def location(self) -> str:
        """The uri of the file, folder or server."""
        return self._mail.location if self._mail is not None else "mail:"

    def list(self) -> Listing:
        """All mail of the source.

        Raises:
            SourceError: the source is missing, unreachable, refuses, or broke off halfway.
        """
        return self._configured().list()

    def read(self, item: Item) -> RawFile:
        """One mail as it was sent.

        Raises:
            ParseError: with code "unreadable", "vanished" or "too_large".
            SourceError: the server is gone.
        """
        return self._configured().read(item)

    def close(self) -> None:
        """Ends the connection and closes the cache; the next call opens them again."""
        if isinstance(self._mail, ImapMail):
            self._mail.close()
        self._kept.close()

    def _configured(self) -> MailBoxes | ImapMail:
        if self._mail is None:
            raise SourceError(
                f"the mail source {self._settings.name} needs either `path` or `host`, not both", retryable=False
            )
        return self._mail
