"""A Slack workspace behind its Web API: a thread is a document."""

from __future__ import annotations

from pathlib import Path

from ingest.connectors.slack import SlackConnector
from ingest.settings import SlackSettings
from tests.fakes import EVERYONE
from tests.ingest.connectors.slack_server import TOKEN, SlackServer


def make(folder: Path) -> SlackWorld:
    return SlackWorld(folder)


class SlackWorld:
    """Each name gets a ts of its own; "sub/b.txt" is said in the channel "sub"."""

    def __init__(self, folder: Path) -> None:
        self._cache = folder / "cache"
        self._server = SlackServer()
        self._server.add_channel("C0", "general")
        self._times: dict[str, str] = {}
        self._made: list[SlackConnector] = []

    def put(self, name: str, text: str) -> None:
        known = name in self._times and any(one["ts"] == self._times[name] for one in self._messages(name))
        self.delete(name)
        ts = self._times.setdefault(name, f"{1767600000 + len(self._times)}.000100")
        edited = {"edited": {"user": "U1", "ts": f"{1767700000 + len(self._server.calls)}.000000"}} if known else {}
        self._server.post(self._channel(name), ts, text.replace("&", "&amp;").replace("<", "&lt;"), **edited)
        # A message without an answer is read from what the listing brought, so that each has one here.
        self._server.post(self._channel(name), f"{ts[:-1]}1", "Noted.", "U2", thread_ts=ts)

    def delete(self, name: str) -> None:
        if name not in self._times:
            return
        messages = self._messages(name)
        messages[:] = [one for one in messages if self._times.get(name) not in (one["ts"], one.get("thread_ts"))]

    def uri(self, name: str) -> str:
        return f"https://acme.slack.com/archives/{self._channel(name)}/p{self._times[name].replace('.', '')}"

    def connector(self) -> SlackConnector:
        settings = SlackSettings(
            name="slack", token=TOKEN, base_url=self._server.url, channels=("*",), access=EVERYONE, timeout_s=10.0
        )
        self._made.append(SlackConnector(settings, self._cache, clock=lambda: 1767700000.0, sleep=lambda seconds: None))
        return self._made[-1]

    def fail(self) -> None:
        self._server.close()

    def close(self) -> None:
        for connector in self._made:
            connector.close()
        self._server.close()

    def _messages(self, name: str) -> list[dict[str, object]]:
        return self._server.messages[self._channel(name)]

    def _channel(self, name: str) -> str:
        folder = name.rpartition("/")[0].replace("/", "-") or "general"
        for key, channel in self._server.channels.items():
            if channel["name"] == folder:
                return key
        self._server.add_channel(f"C{len(self._server.channels)}", folder)
        return self._channel(name)
