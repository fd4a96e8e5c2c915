"""A small web server on loopback whose pages, answers and requests a test can set and see."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What the server answers for one path."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    validators: bool = True


class WebServer:
    """Serves `pages` by path (with query); a path that is not there answers 404. `log` holds (path, status)."""

    def __init__(self, port: int = 0) -> None:
        self.pages: dict[str, Page] = {}
        self.log: list[tuple[str, int]] = []
        self.sent: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._closed = False

    def put(self, path: str, body: str | bytes, **fields: object) -> None:
        data = body if isinstance(body, bytes) else body.encode()
        self.pages[path] = Page(body=data, **fields)  # type: ignore[arg-type]

    def statuses(self) -> dict[str, int]:
        """The last status of each path since `log` was cleared."""
        return dict(self.log)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(5)


def links(*targets: str, text: str = "") -> str:
    """A page with a paragraph and links."""
    anchors = "".join(f'<p><a href="{target}">to {target}</a></p>' for target in targets)
    return f"<html><head><title>{text or 'page'}</title></head><body><p>{text}</p>{anchors}</body></html>"


def _handler(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_GET(self) -> None:
            server.sent.append(dict(self.headers))
            page = server.pages.get(self.path, Page(body=b"not here", status=404))
            tag = '"' + hashlib.sha256(page.body).hexdigest()[:12] + '"'
            same = page.status == 200 and page.validators and self.headers.get("If-None-Match") == tag
            status = 304 if same else page.status
            server.log.append((self.path, status))
            if status == -1:
                self.close_connection = True
                return
            self.send_response(status)
            if page.validators and page.status == 200:
                self.send_header("ETag", tag)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if not same:
                if page.content_type:
                    self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if not same and self.command == "GET":
                self.wfile.write(page.body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # The client has what it wants.
                super().handle()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name for it
            pass

    return Handler
