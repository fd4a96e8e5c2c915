"""URLs of web pages: one spelling each, what a person may configure, and the name a document gets from one."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from ...errors import SourceError

_PORTS = {"http": 80, "https": 443}
_MAX_URL = 2000
_SAFE_PATH = "/%:@!$&'()*+,;=~-._"
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/epub+zip": ".epub",
    "application/json": ".json",
    "message/rfc822": ".eml",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "text/tab-separated-values": ".tsv",
    "text/x-rst": ".rst",
    "text/plain": ".txt",
}
_BY_SUFFIX = {suffix: kind for kind, suffix in reversed(_SUFFIXES.items())} | {".htm": "text/html"}
_TEXT_LIKE = frozenset((".md", ".csv", ".tsv", ".json", ".rst", ".org", ".log", ".yaml", ".yml", ".toml"))
_UNWANTED = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|bmp|avif|css|m?js|map|woff2?|ttf|eot|mp[34]|m4[av]|webm|og[gv]|wav|avi|mov|zip"
    r"|gz|tgz|bz2|xz|7z|rar|exe|msi|dmg|iso|deb|rpm|jar|apk)$",
    re.IGNORECASE,
)


def canonical_url(url: str, base: str | None = None) -> str | None:
    """The one spelling of a URL (relative to `base`): no fragment, no default port, lower-case host, escaped path.

    None for what is no web page: other schemes, no host, user names in it, or a spelling that cannot be read.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or "@" in parts.netloc or len(url) > _MAX_URL:
        return None
    try:
        host = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return None
    host = f"[{host}]" if ":" in host else host
    netloc = host if port is None or port == _PORTS[scheme] else f"{host}:{port}"
    path = re.sub(r"%[0-9a-fA-F]{2}", lambda match: match[0].upper(), quote(parts.path or "/", safe=_SAFE_PATH))
    return urlunsplit((scheme, netloc, path, quote(parts.query, safe=_SAFE_PATH + "?[]"), ""))


def configured_url(url: str, source: str) -> str:
    """A URL from the configuration in its one spelling.

    Raises:
        SourceError: it is no http or https URL, or it holds a user name or password.
    """
    try:
        secret = "@" in urlsplit(url).netloc
    except ValueError:
        secret = False
    if secret:
        raise SourceError(
            f"a URL of the source {source} holds a user name or password: take it out, public pages only are read",
            retryable=False,
        )
    found = canonical_url(url)
    if found is None:
        raise SourceError(f"{url!r} of the source {source} is no http or https URL: write it in full", retryable=False)
    return found


def origin_of(url: str) -> str:
    """Scheme and host of a canonical URL, with a slash at its end."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def host_of(url: str) -> str:
    """Host, and the port unless it is the default, of a canonical URL."""
    return urlsplit(url).netloc


def path_of(url: str) -> str:
    """The unescaped path without its first slash, for globs. A folder's page is its index.html; no query."""
    path = unquote(urlsplit(url).path).removeprefix("/")
    return path + "index.html" if not path or path.endswith("/") else path


def name_of(url: str, content_type: str) -> str:
    """The last part of the path, with the suffix of its content type."""
    name = path_of(url).rsplit("/", 1)[-1]
    wanted = _SUFFIXES.get(content_type, "")
    own = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if own == wanted or _BY_SUFFIX.get(own) == content_type or (wanted == ".txt" and own in _TEXT_LIKE):
        return name
    return name + wanted


def is_document(content_type: str) -> bool:
    """Whether a content type may hold a document that can be read."""
    return content_type in _SUFFIXES


def guessed_type(url: str) -> str:
    """The content type that a URL's suffix stands for, for servers that do not say; "" when it says nothing."""
    name = path_of(url).rsplit("/", 1)[-1].lower()
    return _BY_SUFFIX.get("." + name.rsplit(".", 1)[-1], "") if "." in name else ""


def is_unwanted(url: str) -> bool:
    """Whether the path's suffix says picture, style, program or archive: not worth a request."""
    return _UNWANTED.search(urlsplit(url).path) is not None
