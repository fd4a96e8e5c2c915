"""A web site on loopback whose sitemap names its pages."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from ingest.connectors.web import WebConnector
from ingest.settings import WebSettings
from tests.fakes import EVERYONE
from tests.ingest.connectors.web_server import WebServer


class WebWorld:
    def __init__(self, folder: Path) -> None:
        self._cache = folder / "cache"
        self._server = WebServer()
        self._write_sitemap()

    def put(self, name: str, text: str) -> None:
        kind = "text/html" if name.endswith((".html", ".htm")) else "text/plain"
        if kind == "text/html" and "<" not in text:
            text = f"<html><body><p>{escape(text)}</p></body></html>"
        self._server.put(self._path(name), text, content_type=f"{kind}; charset=utf-8")
        self._write_sitemap()

    def delete(self, name: str) -> None:
        del self._server.pages[self._path(name)]
        self._write_sitemap()

    def uri(self, name: str) -> str:
        return self._server.url + self._path(name)

    def connector(self) -> WebConnector:
        settings = WebSettings(
            name="site",
            sitemaps=(f"{self._server.url}/sitemap.xml",),
            access=EVERYONE,
            delay_s=0,
            timeout_s=5,
        )
        return WebConnector(settings, self._cache)

    def fail(self) -> None:
        self._server.close()

    def close(self) -> None:
        self._server.close()

    @staticmethod
    def _path(name: str) -> str:
        return "/" + quote(name, safe="/:@!$&'()*+,;=~-._")

    def _write_sitemap(self) -> None:
        pages = [path for path in sorted(self._server.pages) if path != "/sitemap.xml"]
        entries = "".join(f"<url><loc>{escape(self._server.url + path)}</loc></url>" for path in pages)
        sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
        self._server.put("/sitemap.xml", sitemap, content_type="application/xml")


def make(folder: Path) -> WebWorld:
    """A site in `folder`, which keeps only the connector's cache."""
    return WebWorld(folder)
