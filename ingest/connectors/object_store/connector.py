"""Object stores and remote folders that fsspec reaches: s3, gcs, azure, sftp, webdav, http, and memory and file.

Key stores (s3, gcs, azure) are listed in one flat pass, for a key may hold "//" or the name of a folder; the others
folder by folder. fsspec's caches of listings and of connections are not used: they would hide changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, MutableSequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from ...errors import MissingLibrary, ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile, Unlisted
from ...settings import ObjectStoreSettings
from .facts import fingerprint_of, metadata_of, moment_of

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Larger objects are quarantined rather than read into memory."""

_LIBRARIES = {
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gcs"),
    "gcs": ("gcsfs", "gcs"),
    "az": ("adlfs", "azure"),
    "abfs": ("adlfs", "azure"),
    "abfss": ("adlfs", "azure"),
    "sftp": ("paramiko", "sftp"),
    "webdav": ("webdav4", "webdav"),
    "http": ("aiohttp", "web"),
    "https": ("aiohttp", "web"),
    "memory": ("fsspec", "s3"),
    "file": ("fsspec", "s3"),
}
_KEY_STORES = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"))
_WEB = frozenset(("http", "https"))
_HOSTED = frozenset(("sftp", "webdav"))
_REFUSED = (401, 403)
_GONE = (404, 410)
_SAFE = "/!$&'()*+,;=:@~-._"


class ObjectStoreConnector:
    """Objects below a URL. Their uris are the store's own: "s3://bucket/key", percent-encoded.

    Credentials go into the settings' `options`, or where the store's library looks for them; never into the URL.
    """

    kind = "object_store"
    scopes: tuple[str, ...] | None = None

    def __init__(self, settings: ObjectStoreSettings, cache: Path) -> None:
        del cache  # A store's listing says all; nothing is kept.
        self._settings = settings
        self._protocol = settings.url.partition("://")[0].lower()
        if self._protocol not in _LIBRARIES or "://" not in settings.url:
            raise SourceError(
                f"the `url` of the source {settings.name} begins with none of {', '.join(sorted(_LIBRARIES))}://",
                retryable=False,
            )
        parts = urlsplit(settings.url)
        named = self._protocol == "sftp" and parts.username and parts.password is None
        if parts.query or ("@" in parts.netloc and not named and self._protocol not in ("abfs", "abfss")):
            raise SourceError(
                f"the `url` of the source {settings.name} holds credentials or a query: put credentials into `options`",
                retryable=False,
            )
        # In front of a path of the file system, this makes a uri.
        self._before = f"{self._protocol}://{parts.netloc}" if self._protocol in _HOSTED else f"{self._protocol}://"
        self._system: AbstractFileSystem | None = None
        self._root = ""

    @property
    def location(self) -> str:
        """The URL as configured, without a slash at its end."""
        return self._settings.url.rstrip("/")

    def list(self) -> Listing:
        """All objects below the URL. Markers of folders are none.

        Raises:
            SourceError: the bucket or folder is not there, is refused, or the store cannot be reached.
            MissingLibrary: the store's client library is not installed.
        """
        system = self._opened()
        unlisted: list[Unlisted] = []
        items: dict[str, Item] = {}
        hidden = 0
        try:
            system.invalidate_cache()
            found = self._flat(system) if self._protocol in _KEY_STORES else self._tree(system, unlisted)
            for path, info in found:
                relative = self._relative(path)
                if self._settings.admits(relative):
                    item = self._item(path, relative, info)
                    items[item.uri] = item
                else:
                    hidden += 1
        except SourceError:
            raise
        except Exception as error:
            raise self._failure(error, self.location) from error
        return Listing(items=tuple(items[uri] for uri in sorted(items)), unlisted=tuple(unlisted), hidden=hidden)

    def read(self, item: Item) -> RawFile:
        """The bytes of one object.

        Raises:
            ParseError: with code "unreadable", "vanished" or "too_large".
            SourceError: the store cannot be reached.
        """
        if item.size is not None and item.size > MAX_FILE_BYTES:
            raise _too_large(f"{item.size:,}")
        system = self._opened()
        try:
            with system.open(self._path(item.uri), "rb") as file:
                data = file.read(MAX_FILE_BYTES + 1) if item.size is None else file.read()
        except Exception as error:
            raise self._read_failure(error, item) from error
        if len(data) > MAX_FILE_BYTES:
            raise _too_large(f"more than {MAX_FILE_BYTES:,}")
        return RawFile(name=item.name, data=data)

    def close(self) -> None:
        """Forgets the connection: the file systems close theirs when nothing refers to them."""
        self._system = None

    def _flat(self, system: AbstractFileSystem) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Objects of a key store. No object at all is believed when the bucket itself can be listed."""
        found = system.find(self._root, detail=True)
        if not found:
            system.ls(self._root.partition("/")[0], detail=True)
        for path, info in found.items():
            below = path == self._root or path.startswith(self._root.rstrip("/") + "/")  # Not "docs2" for "docs".
            if below and info.get("type") == "file" and not path.endswith("/"):
                yield path, info

    def _tree(
        self, system: AbstractFileSystem, unlisted: MutableSequence[Unlisted]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Files below the root, folder by folder. A folder that is refused goes into `unlisted`."""
        folders, seen = [self._root], {self._root.rstrip("/")}
        while folders:
            folder = folders.pop()
            try:
                entries = system.ls(folder, detail=True)
            except FileNotFoundError:
                if folder == self._root:
                    raise
                continue  # Removed since its parent was listed.
            except Exception as error:
                if folder == self._root or not _is_refused(error):
                    raise
                unlisted.append(Unlisted(prefix=self._uri(folder).rstrip("/") + "/", problem=_refused(folder)))
                continue
            for entry in sorted(entries, key=lambda entry: str(entry["name"])):
                path = str(entry["name"])
                if entry.get("type") == "directory":
                    if path.rstrip("/") not in seen and self._is_below(path):
                        seen.add(path.rstrip("/"))
                        folders.append(path)
                elif "?" not in path and self._is_below(path):
                    yield path, _web_info(system, path) if self._protocol in _WEB else entry

    def _item(self, path: str, relative: str, info: Mapping[str, Any]) -> Item:
        size = info.get("size")
        return Item(
            uri=self._uri(path),
            name=relative.rsplit("/", 1)[-1],
            fingerprint=fingerprint_of(info) or f"unknown {time.time_ns()}",
            modified_at=moment_of(info),
            access=self._settings.access_of(relative),
            metadata=metadata_of(info),
            size=int(size) if size is not None else None,
        )

    def _opened(self) -> AbstractFileSystem:
        if self._system is None:
            library, extra = _LIBRARIES[self._protocol]
            try:
                self._system = self._connect()
            except ImportError as error:
                raise MissingLibrary(library, extra, f"reading {self._protocol}:// sources") from error
            except Exception as error:
                raise self._failure(error, self.location) from error
        return self._system

    def _connect(self) -> AbstractFileSystem:
        import fsspec

        options = dict(self._settings.options)
        parts = urlsplit(self._settings.url)
        kind = fsspec.get_filesystem_class(self._protocol)
        match self._protocol:
            case "sftp":
                from .hosts import known_hosts_policy

                options = {"host": parts.hostname, "username": parts.username, "port": parts.port or 22} | options
                options.setdefault("host_key_policy", known_hosts_policy(options.pop("known_hosts", None)))
                self._root = unquote(parts.path).rstrip("/") or "/"
            case "webdav":
                options.setdefault("base_url", f"https://{parts.netloc}")
                if isinstance(auth := options.get("auth"), (list, tuple)):
                    options["auth"] = tuple(auth)
                self._root = unquote(parts.path).strip("/")
            case "http" | "https":
                self._root = self.location + "/"
            case _:
                self._root = str(kind._strip_protocol(unquote(self.location)))
        if self._protocol in _KEY_STORES | _WEB:
            options["use_listings_cache"] = False
        system: AbstractFileSystem = kind(skip_instance_cache=True, **options)
        return system

    def _is_below(self, path: str) -> bool:
        return self._protocol not in _WEB or path.startswith(self._root)

    def _relative(self, path: str) -> str:
        below = path.strip("/").removeprefix(self._root.strip("/")).strip("/") if path != self._root else ""
        found = below or path.rstrip("/").rsplit("/", 1)[-1]
        return unquote(found) if self._protocol in _WEB else found

    def _uri(self, path: str) -> str:
        if self._protocol in _WEB:
            return path
        between = "/" if self._protocol == "webdav" else ""
        return self._before + between + quote(path.encode("utf-8", "surrogateescape"), safe=_SAFE)

    def _path(self, uri: str) -> str:
        return uri if self._protocol in _WEB else unquote(uri.removeprefix(self._before))

    def _read_failure(self, error: Exception, item: Item) -> ParseError | SourceError:
        if self._protocol in _WEB and isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
            error = error.__cause__  # fsspec says "not found" of every failure; only 404 and 410 mean it.
        status = _status_of(error)
        if isinstance(error, FileNotFoundError) or status in _GONE:
            problem = Problem(
                code="vanished",
                reason="it was listed, then gone before it could be read",
                mend="the next sync settles it",
            )
        elif _is_refused(error) or (status is not None and self._protocol in _WEB):
            problem = Problem(
                code="unreadable",
                reason="the store refuses to hand it out" + (f" (it answers {status})" if status else ""),
                mend="give the source's credentials permission to read it; if they have it, sync again later",
            )
        else:
            return self._failure(error, item.uri)
        return ParseError(problem)

    def _failure(self, error: Exception, place: str) -> SourceError:
        # The library's own words may hold signed URLs or keys; only the kind of error is told.
        if isinstance(error, SourceError):
            return error
        if isinstance(error, FileNotFoundError):
            return SourceError(f"there is no {place}: check the bucket or folder in `url`", retryable=False)
        if _is_refused(error) or type(error).__name__ in ("NoCredentialsError", "AuthenticationException"):
            return SourceError(f"{place} is refused: check the credentials and what they may read", retryable=False)
        if type(error).__name__ == "UnknownHostKey":
            return SourceError(f"the host key of {place} is not known: add it to known_hosts", retryable=False)
        return SourceError(
            f"{place} cannot be reached or listed ({type(error).__name__}): nothing is removed; try later"
        )


def _is_refused(error: BaseException) -> bool:
    """Whether a store said that these credentials may not, as told by its library in its own way."""
    if isinstance(error, PermissionError):
        return True
    return _status_of(error) in _REFUSED or type(error).__name__ == "ForbiddenOperation"


def _web_info(system: AbstractFileSystem, path: str) -> Mapping[str, Any]:
    """What a web server says of a file; nothing when it does not answer: reading the file tells why."""
    try:
        found: Mapping[str, Any] = system.info(path)
    except FileNotFoundError:
        return {}
    return found


def _status_of(error: BaseException) -> int | None:
    """The HTTP status that an error of a client library carries."""
    found = getattr(error, "status", None) or getattr(error, "status_code", None) or getattr(error, "code", None)
    found = found or getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else None


def _refused(folder: str) -> Problem:
    return Problem(
        code="unreadable_folder",
        reason=f"the store refuses to list {folder.rstrip('/').rsplit('/', 1)[-1]}",
        mend="give the source's credentials permission to list it; what is indexed from it stays until then",
    )


def _too_large(size: str) -> ParseError:
    return ParseError(
        Problem(
            code="too_large",
            reason=f"it has {size} bytes",
            mend=f"split it into objects under {MAX_FILE_BYTES:,} bytes",
        )
    )
