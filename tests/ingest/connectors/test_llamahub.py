"""The llamahub connector with LlamaIndex's own readers, and with small ones that have the habits of others."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.connectors.llamahub import LlamaHubConnector
from ingest.connectors.llamahub.metadata import clean_metadata, file_name, modified_at
from ingest.connectors.llamahub.reader import package_of
from ingest.errors import MissingLibrary, ParseError, SourceError
from ingest.model import Access, Item, Listing
from ingest.settings import AccessRule, LlamaHubSettings

schema = pytest.importorskip("llama_index.core.schema", reason="the library llama-index-core is not installed")

EVERYONE = Access(allow=("everyone",))
FOLDERS = "llama_index.core.readers.SimpleDirectoryReader"
STRINGS = "llama_index.core.readers.StringIterableReader"


class Held:
    """Gives what stands in `documents`, made anew at each load as a real reader does."""

    documents: list[dict[str, Any]] = []  # noqa: RUF012 - tests set it
    loads = 0

    def load_data(self) -> list[Any]:
        type(self).loads += 1
        return [schema.Document(**one) for one in self.documents]


class Lazy:
    """Gives one large text after the other, by a method that takes no arguments."""

    def lazy_load_data(self) -> Iterator[Any]:
        for number in range(100):
            yield schema.Document(text=f"{number} " * 250_000, metadata={"id": number})

    def load_data(self, limit: int = 0) -> list[Any]:
        return [schema.Document(text=str(number), metadata={"id": number}) for number in range(limit)]


class Failing:
    """Breaks off after one document, as a server may."""

    def __init__(self, api_key: str = "", kind: str = "ConnectionError", nested: dict[str, str] | None = None) -> None:
        self._key = api_key
        self._kind = kind

    def lazy_load_data(self) -> Iterator[Any]:
        yield schema.Document(text="one")
        kinds: dict[str, type[Exception]] = {"ConnectionError": ConnectionError, "ValueError": ValueError}
        raise kinds[self._kind](f"no answer for {self._key}\nfrom https://u:p@h.example/x?sig=abc, twice")


class Chatty:
    """Prints, gives a picture, and something that is no document when asked."""

    def load_data(self, wrong: bool = False) -> list[Any]:
        print("loading...")
        picture = schema.Document(image_resource=schema.MediaResource(data=b"x"), metadata={"file_path": "a.png"})
        return ["no document"] if wrong else [picture]


class Importing:
    """Finds out late that a library is missing."""

    def load_data(self) -> list[Any]:
        import nothing_of_this_name  # type: ignore[import-not-found]

        return [nothing_of_this_name]


@pytest.fixture(autouse=True)
def _nothing_held() -> None:
    Held.documents, Held.loads = [], 0


def connect(cache: Path, reader: str | type, **settings: object) -> LlamaHubConnector:
    name = reader if isinstance(reader, str) else f"{__name__}.{reader.__name__}"
    return LlamaHubConnector(LlamaHubSettings(name="hub", reader=name, access=EVERYONE, **settings), cache)  # type: ignore[arg-type]


def ids(listing: Listing) -> list[str]:
    return [item.uri.removeprefix("llamahub://hub/") for item in listing.items]


def text(connector: LlamaHubConnector, item: Item) -> str:
    return connector.read(item).data.decode()


# --- LlamaIndex's own reader ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    (made / "sub").mkdir(parents=True)
    (made / "a.md").write_text("# A\n\nalpha")
    (made / "sub" / "b.txt").write_text("beta")
    return made


def test_a_folder_reader_gives_lasting_uris_and_texts(folder: Path, tmp_path: Path) -> None:
    arguments = {"input_dir": str(folder), "recursive": True}
    connector = connect(tmp_path / "cache", FOLDERS, arguments=arguments)
    listing = connector.list()
    assert ids(listing) == [f"{folder}/a.md".strip("/"), f"{folder}/sub/b.txt".strip("/")]
    assert [item.name for item in listing.items] == ["a.md", "b.txt"]
    assert [text(connector, item) for item in listing.items] == ["# A\n\nalpha", "beta"]
    assert all(item.modified_at.endswith("T00:00:00Z") and item.modified_at > "2020" for item in listing.items)
    assert listing.items[0].metadata["file_type"] == "text/markdown"
    assert not any("access" in key for item in listing.items for key in item.metadata)
    assert connect(tmp_path / "cache", FOLDERS, arguments=arguments).list() == listing
    (folder / "sub" / "b.txt").write_text("changed")
    (folder / "a.md").unlink()
    [item] = connector.list().items
    assert item.uri == listing.items[1].uri
    assert item.fingerprint != listing.items[1].fingerprint
    assert text(connector, item) == "changed"


def test_globs_and_rules_see_the_lasting_name(folder: Path, tmp_path: Path) -> None:
    board = Access(allow=("group:board",))
    listing = connect(
        tmp_path / "cache",
        FOLDERS,
        arguments={"input_dir": str(folder), "recursive": True},
        exclude=("**/*.md",),
        rules=(AccessRule(glob="**/sub/**", access=board),),
    ).list()
    assert [(item.name, item.access) for item in listing.items] == [("b.txt", board)]
    assert listing.hidden == 1


def test_a_file_that_the_reader_would_skip_is_an_error(folder: Path, tmp_path: Path) -> None:
    (folder / "c.bad").write_text("x")
    reader = connect(
        tmp_path / "cache", FOLDERS, arguments={"input_dir": str(folder), "file_extractor": {".bad": Failing()}}
    )
    with pytest.raises(SourceError, match=r"Error loading file \(AttributeError"):
        reader.list()


def test_nothing_is_sent_or_looked_up(folder: Path, tmp_path: Path) -> None:
    program = f"""
import sys
seen = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        seen.append((event, str(arguments[1:])))
sys.addaudithook(watch)
from pathlib import Path
from ingest.connectors.llamahub import LlamaHubConnector
from ingest.settings import LlamaHubSettings
settings = LlamaHubSettings(name="hub", reader={FOLDERS!r}, arguments={{"input_dir": {str(folder)!r}}})
connector = LlamaHubConnector(settings, Path({str(tmp_path / "cache")!r}))
[item] = connector.list().items
connector.read(item)
assert not seen, seen
assert "nltk" not in sys.modules and "tiktoken" not in sys.modules
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


# --- names ---------------------------------------------------------------------------------------------------


def test_random_ids_are_seen_through_and_the_content_names_the_document(tmp_path: Path) -> None:
    load = {"texts": ["one", "two", "two"]}
    listing = connect(tmp_path / "cache", STRINGS, load=load).list()
    assert all(one.startswith("sha256-") for one in ids(listing))
    assert len(set(ids(listing))) == 3
    assert ids(listing)[2] == ids(listing)[1] + "#2"
    again = connect(tmp_path / "cache", STRINGS, load=load)
    assert again.list() == listing
    assert [text(again, item) for item in listing.items] == ["one", "two", "two"]
    fewer = connect(tmp_path / "cache", STRINGS, load={"texts": ["two"]}).list()
    assert ids(fewer) == [ids(listing)[1]]


def test_ids_of_the_reader_that_last_are_kept_even_those_that_look_random(tmp_path: Path) -> None:
    Held.documents = [{"id_": "59833787-2cf9-4fdf-8782-e53db20768a5", "text": "one"}, {"id_": "page/2", "text": "two"}]
    listing = connect(tmp_path / "cache", Held).list()
    assert ids(listing) == ["59833787-2cf9-4fdf-8782-e53db20768a5", "page/2"]
    assert Held.loads == 2
    Held.documents[0]["text"] = "changed"
    after = connect(tmp_path / "cache", Held).list()
    assert Held.loads == 3  # Found out once.
    assert ids(after) == ids(listing)
    assert after.items[0].fingerprint != listing.items[0].fingerprint
    assert after.items[1] == listing.items[1]
    shutil.rmtree(tmp_path / "cache")
    assert connect(tmp_path / "cache", Held).list() == after


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"reader": 1}', "\x00"])
def test_a_damaged_note_on_ids_is_made_anew(tmp_path: Path, damage: str) -> None:
    Held.documents = [{"id_": "a", "text": "one"}]
    listing = connect(tmp_path / "cache", Held).list()
    (tmp_path / "cache" / "ids.json").write_text(damage)
    assert connect(tmp_path / "cache", Held).list() == listing


def test_several_documents_of_one_file_are_numbered(tmp_path: Path) -> None:
    Held.documents = [
        {"text": f"page {n}", "metadata": {"file_path": "/r.pdf", "file_name": "r.pdf", "page_label": str(n)}}
        for n in (1, 2, 3)
    ]
    connector = connect(tmp_path / "cache", Held)
    listing = connector.list()
    assert ids(listing) == ["r.pdf", "r.pdf#2", "r.pdf#3"]
    assert {item.name for item in listing.items} == {"r.pdf.txt"}
    assert [text(connector, item) for item in listing.items] == ["page 1", "page 2", "page 3"]
    assert listing.items[2].metadata["page_label"] == "3"


def test_odd_names_have_uris_of_their_own(tmp_path: Path) -> None:
    odd = ["a\nb", "\U0001f389", "x" * 255, "a#2", "a?b", "%41", "https://h.example/p?id=5", "a", "a"]
    Held.documents = [{"text": str(n), "metadata": {"id": name}} for n, name in enumerate(odd)]
    connector = connect(tmp_path / "cache", Held)
    listing = connector.list()
    assert len(set(ids(listing))) == len(odd)
    assert all(item.uri.isascii() and "\n" not in item.uri and "\n" not in item.name for item in listing.items)
    assert [text(connector, item) for item in listing.items] == [str(n) for n in range(len(odd))]


def test_secrets_in_addresses_are_taken_out(tmp_path: Path) -> None:
    Held.documents = [
        {
            "text": "one",
            "metadata": {
                "url": "https://ana:pw@h.example/a.pdf?id=5&X-Amz-Signature=abc&X-Amz-Date=1",
                "fetched_at": "now",
                "none": None,
                "tags": ["a", "b"],
                "note": "see https://x.example/?sig=1 for more",
            },
        }
    ]
    [item] = connect(tmp_path / "cache", Held).list().items
    assert item.uri == "llamahub://hub/https%3A//h.example/a.pdf%3Fid%3D5"
    assert item.name == "a.pdf.txt"
    assert item.metadata == {
        "url": "https://h.example/a.pdf?id=5",
        "tags": '["a", "b"]',
        "note": "see https://x.example/?sig=1 for more",
    }


def test_names_and_times_come_from_the_metadata() -> None:
    assert file_name({"title": "A / B"}, "text") == "B.txt"
    assert file_name({"file_name": "r.docx"}, "# Heading\n\ntext") == "r.docx.md"
    assert file_name({"url": "https://h.example/"}, "text") == "https:--h.example-.txt"
    assert file_name({}, "text") == "document.txt"
    assert modified_at({"last_edited_time": "2026-01-05T09:00:00.000Z"}) == "2026-01-05T09:00:00Z"
    assert modified_at({"date": "soon", "created_at": "2026-01-05"}) == "2026-01-05T00:00:00Z"
    assert modified_at({}) == "1970-01-01T00:00:00Z"
    assert clean_metadata({"last_accessed_date": "x", "n": 5, "s": {"b", "a"}}) == {"n": "5", "s": '["a", "b"]'}


# --- what is kept --------------------------------------------------------------------------------------------


def test_texts_that_the_cache_lost_are_loaded_again(tmp_path: Path) -> None:
    Held.documents = [{"text": f"text {n}", "metadata": {"id": n}} for n in range(3)]
    connector = connect(tmp_path / "cache", Held)
    listing = connector.list()
    for path in [path for path in (tmp_path / "cache" / "texts").rglob("*") if path.is_file()]:
        path.write_text("TEXT 0")
    assert [text(connector, item) for item in listing.items] == ["text 0", "text 1", "text 2"]
    assert Held.loads == 2
    shutil.rmtree(tmp_path / "cache")
    del Held.documents[0]
    fresh = connect(tmp_path / "cache", Held)
    assert text(fresh, listing.items[2]) == "text 2"
    with pytest.raises(ParseError) as caught:
        fresh.read(listing.items[0])
    assert caught.value.problem.code == "vanished"


def test_texts_of_documents_that_are_gone_are_not_kept(tmp_path: Path) -> None:
    Held.documents = [{"text": "private words", "metadata": {"id": 1}}, {"text": "others", "metadata": {"id": 2}}]
    connector = connect(tmp_path / "cache", Held)
    connector.list()
    del Held.documents[0]
    connector.list()
    kept = [path.read_text() for path in (tmp_path / "cache" / "texts").rglob("*") if path.is_file()]
    assert kept == ["others"]


def test_a_lazy_reader_fills_no_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    connector = connect(tmp_path / "cache", Lazy)
    assert len(connector.list().items) == 100  # 75 MB of text
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30_000_000


def test_arguments_that_only_load_data_takes_go_there(tmp_path: Path) -> None:
    assert len(connect(tmp_path / "cache", Lazy, load={"limit": 3}).list().items) == 3


# --- what goes wrong -----------------------------------------------------------------------------------------


def refused(connector: LlamaHubConnector) -> SourceError:
    with pytest.raises(SourceError) as caught:
        connector.list()
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_reader_that_breaks_off_gives_no_listing_and_no_secrets(tmp_path: Path) -> None:
    error = refused(connect(tmp_path / "cache", Failing, arguments={"api_key": "k-123456"}))
    assert str(error).endswith("ConnectionError: no answer for ***")
    assert error.retryable
    assert not refused(connect(tmp_path / "cache", Failing, arguments={"kind": "ValueError"})).retryable
    wrong = refused(connect(tmp_path / "cache", Failing, arguments={"nothing": 1}))
    assert "unexpected keyword argument 'nothing'" in str(wrong)
    assert not wrong.retryable


def test_an_empty_folder_of_a_reader_that_refuses_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    error = refused(connect(tmp_path / "cache", FOLDERS, arguments={"input_dir": str(tmp_path / "empty")}))
    assert "No files found" in str(error)


def test_a_picture_without_text_is_a_problem_of_that_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connector = connect(tmp_path / "cache", Chatty)
    [item] = connector.list().items
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "no_text"
    assert capsys.readouterr().out == ""
    assert "gave a str" in str(refused(connect(tmp_path / "cache", Chatty, load={"wrong": True})))


@pytest.mark.parametrize("start", ["%PDF-1.4 ", "PK\x03\x04", "a\0b"])
def test_bytes_given_as_text_are_a_problem_of_that_document(tmp_path: Path, start: str) -> None:
    Held.documents = [{"text": start + "garbage", "metadata": {"file_path": "a.pdf"}}]
    connector = connect(tmp_path / "cache", Held)
    [item] = connector.list().items
    with pytest.raises(ParseError, match="bytes of a binary file"):
        connector.read(item)


def test_a_missing_reader_is_named_with_its_command(tmp_path: Path) -> None:
    for reader, command in (
        ("llama_index.readers.nothing_here.NothingReader", "pip install llama-index-readers-nothing-here"),
        ("llama_index.readers.nothing_here.base.NothingReader", "pip install llama-index-readers-nothing-here"),
        ("somebodys_package.readers.Reader", "pip install somebodys_package"),
        (Importing, "pip install nothing_of_this_name"),
    ):
        error = refused(connect(tmp_path / "cache", reader))
        assert isinstance(error, MissingLibrary)
        assert str(error).endswith(command)
        assert not error.retryable
    assert package_of("llama_index.readers", "llama_index.readers.web.base") == "llama-index-readers-web"


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    Held.documents = [{"text": "one"}]
    assert "texts cannot be kept in" in str(refused(connect(tmp_path / "file" / "cache", Held)))


def test_a_name_that_is_no_reader_is_refused(tmp_path: Path) -> None:
    for reader, said in (
        ("Reader", "whole"),
        ("llama_index.core.readers.Nothing", "has no Nothing"),
        ("llama_index.core.readers.__name__", "no class"),
        ("pathlib.PurePosixPath", "no reader"),
    ):
        error = refused(connect(tmp_path / "cache", reader))
        assert said in str(error)
        assert not error.retryable


def test_missing_llamaindex_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_index.core.readers.base", None)
    error = refused(connect(tmp_path / "cache", FOLDERS))
    assert isinstance(error, MissingLibrary)
    assert "groundcrew[llamahub]" in str(error)
