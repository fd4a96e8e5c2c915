"""A small server that speaks Slack's Web API on loopback: pages by cursor, rate limits, refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

TOKEN = "xoxb-secret-token"
Answer = tuple[int, dict[str, str], Any]


class SlackServer:
    """A workspace. `channels` maps ids to what conversations.list says; `messages` to their messages, replies among
    them; `refusals` maps (method, channel) to an error; `interrupt` may answer a call by itself."""

    def __init__(self, url: str = "https://acme.slack.com/") -> None:
        self.about: dict[str, Any] = {"ok": True, "url": url, "team": "Acme", "team_id": "T1"}
        self.users = [
            {"id": "U1", "name": "ana", "profile": {"display_name": "Ana Silva", "real_name": "Ana Maria Silva"}},
            {"id": "U2", "name": "bert", "profile": {"display_name": "", "real_name": "Bert Özil"}},
        ]
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.refusals: dict[tuple[str, str], dict[str, Any]] = {}
        self.interrupt: Callable[[str, dict[str, str]], Answer | None] = lambda method, parameters: None
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.page = 2
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self._closed = False

    @property
    def url(self) -> str:
        """What stands for https://slack.com/api."""
        return f"http://127.0.0.1:{self._server.server_port}/api"

    def add_channel(self, key: str, name: str, **more: Any) -> None:
        """Makes a channel."""
        self.channels[key] = {"id": key, "name": name, "is_private": False, **more}
        self.messages[key] = []

    def post(self, channel: str, ts: str, text: str, user: str = "U1", **more: Any) -> dict[str, Any]:
        """Adds a message; `thread_ts` makes it a reply."""
        message = {"type": "message", "ts": ts, "user": user, "text": text, **more}
        self.messages[channel].append(message)
        return message

    def counted(self, method: str) -> int:
        """How often a method was called."""
        return sum(1 for called, _ in self.calls if called == method)

    def close(self) -> None:
        """Stops the server."""
        if not self._closed:
            self._closed = True
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(timeout=10)

    def answer(self, method: str, parameters: dict[str, str], token: str) -> Answer:  # noqa: PLR0911 - one a method
        """What Slack says to a call."""
        self.calls.append((method, parameters))
        special = self.interrupt(method, parameters)
        if special is not None:
            return special
        channel = parameters.get("channel", "")
        if token != f"Bearer {TOKEN}":
            return 200, {}, {"ok": False, "error": "invalid_auth"}
        if refusal := self.refusals.get((method, channel)):
            return 200, {}, {"ok": False, **refusal}
        match method:
            case "auth.test":
                return 200, {}, self.about
            case "users.list":
                return self._paged("members", self.users, parameters)
            case "conversations.list":
                return self._paged("channels", list(self.channels.values()), parameters)
            case "conversations.history":
                return self._paged("messages", self._history(channel), parameters)
            case "conversations.replies":
                return self._replies(channel, parameters)
        return 200, {}, {"ok": False, "error": "unknown_method"}

    def _history(self, channel: str) -> list[dict[str, Any]]:
        found = []
        for message in self.messages[channel]:
            replies = [one for one in self.messages[channel] if _is_reply(one) and one["thread_ts"] == message["ts"]]
            if _is_reply(message) and message.get("subtype") != "thread_broadcast":
                continue
            counted = {
                "thread_ts": message["ts"],
                "reply_count": len(replies),
                "latest_reply": max((one["ts"] for one in replies), default=""),
                "reply_users": sorted({one["user"] for one in replies}),
            }
            found.append({**message, **(counted if replies else {})})
        return sorted(found, key=lambda one: one["ts"], reverse=True)

    def _replies(self, channel: str, parameters: dict[str, str]) -> Answer:
        ts = parameters["ts"]
        if not any(one["ts"] == ts for one in self.messages[channel]):
            return 200, {}, {"ok": False, "error": "thread_not_found"}
        found = [one for one in self.messages[channel] if one["ts"] == ts or one.get("thread_ts") == ts]
        return self._paged("messages", sorted(found, key=lambda one: one["ts"]), parameters)

    def _paged(self, key: str, things: list[Any], parameters: dict[str, str]) -> Answer:
        begin = int(parameters.get("cursor") or 0)
        end = begin + self.page
        more = end < len(things)
        cursor = {"next_cursor": str(end) if more else ""}
        return 200, {}, {"ok": True, key: things[begin:end], "has_more": more, "response_metadata": cursor}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                parameters = {name: values[0] for name, values in parse_qs(body).items()}
                method = self.path.rpartition("/")[2]
                status, headers, answer = slack.answer(method, parameters, self.headers.get("Authorization", ""))
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *said: object) -> None:
                """Says nothing."""

        return Handler


def _is_reply(message: dict[str, Any]) -> bool:
    return message.get("thread_ts", message["ts"]) != message["ts"]
