"""Slack as a source: one document a thread, from an export or from the Web API."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ...errors import SourceError
from ...model import Item, Listing, RawFile
from ...settings import SlackSettings
from .export import SlackExport
from .web import SlackWeb


class SlackConnector:
    """Lists and reads the threads of the chosen channels; a message without replies is a thread of one.

    Globs and access rules see "<channel name>/<ts of the first message>". Joins and other housekeeping, and what
    programs post without an answer of a person, are left out and counted. `clock` gives seconds since 1970, `sleep`
    waits for so many seconds.
    """

    kind = "slack"
    scopes: tuple[str, ...] | None = None

    def __init__(
        self,
        settings: SlackSettings,
        cache: Path,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._slack: SlackExport | SlackWeb | None = None
        if settings.path is not None and not settings.token:
            self._slack = SlackExport(settings, settings.path)
        elif settings.token and settings.path is None:
            self._slack = SlackWeb(settings, cache, clock=clock, sleep=sleep)

    @property
    def location(self) -> str:
        """The uri of the workspace, once it is known, or of the export."""
        return self._slack.location if self._slack is not None else "slack:"

    def list(self) -> Listing:
        """All threads of the source.

        Raises:
            SourceError: the source is missing, unreachable, refuses, or broke off halfway.
        """
        return self._configured().list()

    def read(self, item: Item) -> RawFile:
        """One thread as a Markdown document.

        Raises:
            ParseError: with code "unreadable" or "vanished".
            SourceError: Slack is gone, or asks to be left alone.
        """
        return RawFile(name=item.name, data=self._configured().text(item).encode("utf-8", "replace"))

    def close(self) -> None:
        """Closes connections and files; the next call opens them again."""
        if self._slack is not None:
            self._slack.close()

    def _configured(self) -> SlackExport | SlackWeb:
        if self._slack is None:
            raise SourceError(
                f"the Slack source {self._settings.name} needs either `path` (an export) or `token`, not both",
                retryable=False,
            )
        return self._slack
