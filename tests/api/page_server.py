"""A server that gives the web page its three files and scripted answers, and keeps what the page asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from api.routes.page import _HEADERS
from tests.conftest import REPOSITORY

Json = dict[str, Any]
Reply = Callable[[str, str, Any], tuple[int, Any]]
"""From method, path and body to the status and JSON; a list of (event, value) is sent as server-sent events."""
_WEB = REPOSITORY / "api" / "web"
_TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript", "css": "text/css"}


class PageServer(ThreadingHTTPServer):
    """Serves the page; `script` runs in it after its own. `requests` are (method, path, body), in order."""

    daemon_threads = True

    def __init__(self, reply: Reply, script: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.script = script
        self.requests: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        name = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css"}.get(path)
        if name is not None:
            text = (_WEB / name).read_text(encoding="utf-8")
            self._send(200, _TYPES[name.rpartition(".")[2]], text.replace("</head>", _DRIVER))
        elif path == "/driver.js":
            self._send(200, _TYPES["js"], self.server.script)
        else:
            self._reply(None)

    def do_POST(self) -> None:
        self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _reply(self, body: Any) -> None:
        self.server.requests.append((self.command, self.path, body))
        status, value = self.server.reply(self.command, self.path, body)
        if isinstance(value, list):
            events = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in value)
            self._send(status, "text/event-stream", events)
        elif isinstance(value, str):
            self._send(status, "text/plain; charset=utf-8", value)
        else:
            self._send(status, "application/json", json.dumps(value))

    def _send(self, status: int, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


_DRIVER = '<script src="/driver.js" defer></script></head>'


@contextmanager
def page_server(reply: Reply, script: str = "") -> Iterator[PageServer]:
    """The server, running until the block ends."""
    server = PageServer(reply, script)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
