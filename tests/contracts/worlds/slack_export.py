"""An unpacked Slack export: a thread is a document."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ingest.connectors.slack import SlackConnector
from ingest.settings import SlackSettings
from tests.fakes import EVERYONE

USERS = [
    {"id": "U1", "team_id": "T1", "name": "ana", "profile": {"display_name": "Ana Silva"}},
    {"id": "U2", "team_id": "T1", "name": "bert", "profile": {"display_name": "", "real_name": "Bert Özil"}},
]


def make(folder: Path) -> SlackExportWorld:
    return SlackExportWorld(folder)


class SlackExportWorld:
    """Each name gets a ts of its own; "sub/b.txt" is said in the channel "sub". All is said on one day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder / "export"
        self._channels: dict[str, str] = {}
        self._times: dict[str, str] = {}
        self._root.mkdir()
        (self._root / "users.json").write_text(json.dumps(USERS))
        self._day("a")

    def put(self, name: str, text: str) -> None:
        self.delete(name)
        ts = self._times.setdefault(name, f"{1767600000 + len(self._times)}.000100")
        said = text.replace("&", "&amp;").replace("<", "&lt;")
        self._save(name, [*self._said(name), {"type": "message", "ts": ts, "user": "U1", "text": said}])

    def delete(self, name: str) -> None:
        self._save(name, [one for one in self._said(name) if one["ts"] != self._times.get(name)])

    def uri(self, name: str) -> str:
        self._day(name)
        return f"slack://T1/{self._channels[_channel(name)]}/{self._times[name]}"

    def connector(self) -> SlackConnector:
        return SlackConnector(SlackSettings(name="slack", path=self._root, access=EVERYONE), self._folder / "cache")

    def fail(self) -> None:
        shutil.move(self._root, self._folder / "elsewhere")

    def close(self) -> None:
        pass

    def _said(self, name: str) -> list[dict[str, Any]]:
        day = self._day(name)
        return json.loads(day.read_text()) if day.exists() else []  # type: ignore[no-any-return]

    def _save(self, name: str, messages: list[dict[str, Any]]) -> None:
        self._day(name).write_text(json.dumps(messages))

    def _day(self, name: str) -> Path:
        channel = _channel(name)
        if channel not in self._channels:
            self._channels[channel] = f"C{len(self._channels)}"
            listed = [{"id": key, "name": one} for one, key in self._channels.items()]
            (self._root / "channels.json").write_text(json.dumps(listed))
            (self._root / channel).mkdir()
        return self._root / channel / "2026-01-05.json"


def _channel(name: str) -> str:
    return name.rpartition("/")[0].replace("/", "-") or "general"
