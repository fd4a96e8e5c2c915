"""Documents of any LlamaIndex reader as a source.

The reader is named in the configuration and runs in this process with its rights: naming one is trusting it as one
trusts code. What it reaches over the network is its own affair; LlamaIndex itself reaches nothing here.

A reader gives all its documents at once and many give no lasting names, so texts are kept in the cache folder at
listing, and names are taken from the metadata where it has one (a path, an address, an id), from the reader's own
ids where they are the same at every load, and from the content otherwise. A reader that leaves things out without
raising an error cannot be told from one whose documents are gone; the limit on removals guards against that.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile
from ...settings import LlamaHubSettings
from ..files import MAX_FILE_BYTES
from .metadata import clean_metadata, file_name, modified_at, natural_id
from .reader import Reader, text_of

_NO_TEXT = "no-text"
_BINARY = (b"%PDF-", b"PK\x03\x04", b"{\\rtf")
"""How binary files begin that readers without the right library hand on, decoded with errors ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """What is kept in memory of a document: its text lies in the cache under `text`, the text's hash."""

    natural: str | None
    own_id: str
    text: str
    content: str
    name: str
    modified_at: str
    metadata: Mapping[str, str]
    size: int


class LlamaHubConnector:
    """Lists what a LlamaIndex reader loads. A document's fingerprint is the hash of its text and metadata."""

    kind = "llamahub"
    scopes: tuple[str, ...] | None = None

    def __init__(self, settings: LlamaHubSettings, cache: Path) -> None:
        self._settings = settings
        self._reader = Reader(settings)
        self._cache = cache
        self._texts = cache / "texts"

    @property
    def location(self) -> str:
        """The source's name as a uri with the scheme "llamahub"."""
        return f"llamahub://{quote(self._settings.name, safe='')}"

    def list(self) -> Listing:
        """All documents that the reader loads now.

        Raises:
            MissingLibrary: LlamaIndex, or the package of the reader, is not installed.
            SourceError: the reader cannot be made, or raised an error.
        """
        loaded = self._load()
        items: list[Item] = []
        hidden = 0
        for base, part, one in self._named(loaded):
            if not self._settings.admits(base):
                hidden += 1
                continue
            items.append(
                Item(
                    uri=self._uri(base, part),
                    name=one.name,
                    fingerprint=f"{one.text}-{one.content}",
                    modified_at=one.modified_at,
                    access=self._settings.access_of(base),
                    metadata=one.metadata,
                    size=one.size,
                )
            )
        self._forget_all_but({one.text for one in loaded})
        return Listing(items=tuple(items), hidden=hidden)

    def read(self, item: Item) -> RawFile:
        """The text of one document; the reader loads again when the cache lost it.

        Raises:
            ParseError: with code "vanished", "no_text" or "too_large".
            SourceError: as `list`.
        """
        text = item.fingerprint.rsplit("-", 1)[0]
        data = self._kept(text)
        if data is None and text != _NO_TEXT:
            shutil.rmtree(self._texts, ignore_errors=True)  # Where one is damaged, others may be.
            again = {self._uri(base, part): one for base, part, one in self._named(self._load())}
            found = again.get(item.uri)
            if found is None:
                raise ParseError(
                    Problem(
                        code="vanished",
                        reason="the reader does not give it any more",
                        mend="the next sync settles it",
                    )
                )
            text = found.text
            data = self._kept(text)
        if data is None:
            raise ParseError(
                Problem(
                    code="no_text",
                    reason="the reader gave a picture or a recording without text",
                    mend="leave it out with `exclude`, or use a reader that gives its text",
                )
            )
        if len(data) > MAX_FILE_BYTES:
            raise ParseError(
                Problem(
                    code="too_large",
                    reason=f"it has {len(data):,} bytes",
                    mend="use a reader that gives it in parts, or leave it out with `exclude`",
                )
            )
        if b"\0" in data or data.startswith(_BINARY):
            raise ParseError(
                Problem(
                    code="no_text",
                    reason="the reader gave the bytes of a binary file as if they were text",
                    mend="install what it needs for the format, such as llama-index-readers-file, or take another",
                )
            )
        return RawFile(name=item.name, data=data)

    def close(self) -> None:
        """Nothing is held."""

    def _load(self) -> Sequence[_Loaded]:
        """All documents, their texts put into the cache."""
        loaded: list[_Loaded] = []
        for document in self._reader.documents():
            metadata = clean_metadata(document.metadata)
            text = text_of(document)
            data = text.encode(errors="replace") if text is not None else b""
            content = hashlib.sha256(json.dumps(sorted(metadata.items())).encode()).hexdigest()[:32]
            loaded.append(
                _Loaded(
                    natural=natural_id(metadata),
                    own_id=str(document.id_),
                    text=self._keep(data) if text is not None else _NO_TEXT,
                    content=content,
                    name=file_name(metadata, text or ""),
                    modified_at=modified_at(metadata),
                    metadata=metadata,
                    size=len(data),
                )
            )
        return loaded

    def _named(self, loaded: Sequence[_Loaded]) -> Iterator[tuple[str, int, _Loaded]]:
        """Each document with its name and, as several may come from one file, its number within that."""
        lasting = any(one.natural is None for one in loaded) and self._ids_last(loaded)
        count: Counter[str] = Counter()
        for one in loaded:
            base = one.natural or (one.own_id if lasting else f"sha256-{one.text[:32]}-{one.content[:16]}")
            base = base.strip("/") or "document"
            count[base] += 1
            yield base, count[base], one

    def _ids_last(self, loaded: Sequence[_Loaded]) -> bool:
        """Whether the reader's ids are the same at every load. Found out once, by loading a second time."""
        settings = self._settings
        asked = repr((settings.reader, sorted(settings.arguments.items()), sorted(settings.load.items())))
        reader = hashlib.sha256(asked.encode(errors="replace")).hexdigest()
        state = self._cache / "ids.json"
        try:
            known = json.loads(state.read_bytes())
            if known["reader"] == reader:
                return known["lasting"] is True
        except (OSError, ValueError, KeyError, TypeError):
            pass
        first = {one.own_id for one in loaded if one.natural is None}
        # One id in common is enough: the source may change in between, and random ids never meet again.
        lasting = any(str(document.id_) in first for document in self._reader.documents())
        _write(state, json.dumps({"reader": reader, "lasting": lasting}).encode())
        return lasting

    def _uri(self, base: str, part: int) -> str:
        number = f"#{part}" if part > 1 else ""
        return f"{self.location}/{quote(base, safe='/', errors='surrogatepass')}{number}"

    def _place(self, text: str) -> Path:
        return self._texts / text[:2] / text

    def _keep(self, data: bytes) -> str:
        """Puts a text into the cache and gives the name it has there: its hash."""
        text = hashlib.sha256(data).hexdigest()
        place = self._place(text)
        if not place.is_file() or place.stat().st_size != len(data):
            _write(place, data)
        return text

    def _kept(self, text: str) -> bytes | None:
        """A text of the cache, None when it is lost or is not what it was."""
        try:
            data = self._place(text).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() == text:
            return data
        self._place(text).unlink(missing_ok=True)
        return None

    def _forget_all_but(self, texts: set[str]) -> None:
        for folder in self._texts.iterdir() if self._texts.is_dir() else ():
            for place in folder.iterdir():
                if place.name not in texts:
                    place.unlink()
            if not any(folder.iterdir()):
                shutil.rmtree(folder)


def _write(place: Path, data: bytes) -> None:
    half = place.with_suffix(".tmp")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(data)
        half.replace(place)
    except OSError as error:
        raise SourceError(f"texts cannot be kept in {place.parent}: {error.strerror}") from error
