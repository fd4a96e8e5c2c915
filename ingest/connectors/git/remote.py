"""Where a git repository is: its address for git, its uri for people, and its secrets apart from both."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ...errors import SourceError

TRANSPORTS = ("file", "git", "http", "https", "ssh")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where a repository is. `url` goes to git, `shown` is the uri for people; neither holds a password.

    `config` is git configuration that does hold it; it is handed over in the environment, which other users of the
    machine cannot see.
    """

    url: str
    shown: str
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def remote_of(url: str) -> Remote:
    """Takes apart what stands in the configuration: a path, a URL, or "host:path".

    Raises:
        SourceError: git would not take it, or might take it for something else.
    """
    if not url or url.startswith("-") or "::" in url.split("/", 1)[0] or re.search(r"[\x00-\x1f\x7f]", url):
        raise _unusable("the url is neither a path nor a URL that git understands")
    if found := _SCHEME.match(url):
        scheme = found[1].lower()
        if scheme not in TRANSPORTS:
            raise _unusable(f"its scheme, {scheme}, is not one of {', '.join(TRANSPORTS)}")
        return _from_url(scheme, url)
    if ":" in url.split("/", 1)[0]:
        host, _, path = url.partition(":")
        host = host.rsplit("@", 1)[-1]
        if not host or host.startswith("-") or path.startswith("-"):
            raise _unusable("it names no host")
        return Remote(url=url, shown=f"git+ssh://{_quoted(host)}/{_quoted(path.strip('/'))}")
    path = os.path.abspath(os.path.expanduser(url))
    return Remote(url=path, shown="git+" + Path(path).as_uri())


def _from_url(scheme: str, url: str) -> Remote:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise _unusable("its host or port is malformed") from error
    path = _quoted(unquote(parts.path).rstrip("/"))
    if scheme == "file":
        return Remote(url=url, shown=f"git+file://{path}")
    if not host or host.startswith("-"):
        raise _unusable("it names no host")
    address = f"[{host}]{port}" if ":" in host else f"{host}{port}"
    shown = f"git+{scheme}://{address}{path}"
    if "@" not in parts.netloc or scheme not in ("http", "https"):
        return Remote(url=url, shown=shown, secrets=(parts.password,) if parts.password else ())
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    clean = f"{scheme}://{address}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    return Remote(
        url=clean,
        shown=shown,
        config={f"http.{scheme}://{address}/.extraHeader": f"Authorization: Basic {pair}"},
        secrets=tuple(one for one in (password, parts.password, pair, "" if password else user) if one),
    )


def _unusable(reason: str) -> SourceError:
    return SourceError(f"the url of a git source cannot be used: {reason}", retryable=False)


def _quoted(path: str) -> str:
    return quote(os.fsencode(path), safe="/")
