"""Syncing: the indexes come to hold exactly what the source holds, whatever happened on the way."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.catalog import Catalog
from ingest.connectors.files import FilesConnector
from ingest.errors import Problem, SourceError
from ingest.isolating import InlinePool
from ingest.model import Access, Item, RawFile, SyncReport, Unlisted
from ingest.ports import Tokenizer
from ingest.progress import Progress, merge
from ingest.recording import Recorder
from ingest.settings import AccessRule, FilesSettings
from ingest.syncing import Synchronizer, document_id_of
from retrieval.index import ChunkIndex
from retrieval.lexical import LexicalIndex
from retrieval.vectors import VectorIndex
from tests.fakes import EVERYONE, FakeConnector, FakeEmbedder, FakeSink, parse_lines

REFUSED = Problem(code="unreadable", reason="permission denied", mend="give permission")
BOARD = Access(allow=("group:board",), label="restricted")


@dataclass
class Bench:
    """A synchronizer with all its parts, on a fake source called "handbook"."""

    catalog: Catalog
    sink: FakeSink
    source: FakeConnector
    tokenizer: Tokenizer

    def sync(self, *tools: str) -> SyncReport:
        sync = Synchronizer(self.catalog, self.sink, InlinePool(parse_lines, self.tokenizer), tools=tools)
        return replace(sync.sync("handbook", self.source), seconds=0.0, embedded=0)

    def names(self) -> list[str]:
        return [document.uri.removeprefix(self.source.location + "/") for document in self.catalog.documents()]

    def text(self, name: str) -> str | None:
        return self.catalog.text(document_id_of("handbook", self.source.uri(name)))

    def assert_in_step(self) -> None:
        assert set(self.catalog.chunk_ids()) == set(self.sink.held)
        assert Recorder(self.catalog).waste(10) == []
        for document in self.catalog.documents():
            assert {self.sink.held[one] for one in self.catalog.chunk_ids(document.id)} == {document.access_id}


@pytest.fixture
def bench(tmp_path: Path, tokenizer: Tokenizer) -> Iterator[Bench]:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield Bench(catalog, FakeSink(), FakeConnector(), tokenizer)
    catalog.close()


def test_each_file_is_counted_once_for_what_became_of_it(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.source.put(name, f"text of {name}")
    assert bench.sync() == SyncReport(added=3, chunks=3)
    bench.source.put("a", "new text of a")
    del bench.source.files["b"]
    bench.source.put("d", "text of d")
    bench.source.put("e", "!it is damaged")
    assert bench.sync() == SyncReport(added=1, updated=1, removed=1, unchanged=1, quarantined=1, chunks=2)
    assert bench.names() == ["a", "c", "d"]
    assert bench.text("a") == "new text of a"
    bench.assert_in_step()


def test_nothing_is_read_or_written_when_nothing_changed(bench: Bench) -> None:
    bench.source.put("a", "text")
    bench.sync()
    bench.source.reads.clear()
    bench.sink.calls.clear()
    assert bench.sync() == SyncReport(unchanged=1)
    assert (bench.source.reads, bench.sink.calls) == ([], [])


def test_a_touched_file_is_read_once_and_not_embedded_again(bench: Bench) -> None:
    bench.source.put("a", "text")
    bench.sync()
    bench.source.put("a", "text")
    assert bench.sync() == SyncReport(unchanged=1)
    bench.source.reads.clear()
    assert bench.sync() == SyncReport(unchanged=1)
    assert (bench.source.reads, bench.sink.written) == ([], 1)


@pytest.mark.parametrize("touch", [False, True])
def test_a_change_of_access_embeds_nothing(bench: Bench, touch: bool) -> None:
    bench.source.put("a", "text")
    bench.sync()
    if touch:
        bench.source.put("a", "text", BOARD)
    bench.source.files["a"].access = BOARD
    assert bench.sync() == SyncReport(updated=1)
    assert bench.sink.written == 1
    assert [document.access for document in bench.catalog.documents()] == [BOARD]
    bench.assert_in_step()
    assert bench.sync() == SyncReport(unchanged=1)


def test_a_change_of_access_that_was_cut_off_is_made_good(bench: Bench) -> None:
    bench.source.put("a", "text")
    bench.sync()
    bench.source.files["a"].access = BOARD
    bench.sink.fail_on = "set_access"
    with pytest.raises(OSError, match="no space"):
        bench.sync()
    bench.sink.fail_on = None
    assert bench.sync() == SyncReport(updated=1)
    bench.assert_in_step()


def test_what_lies_in_a_folder_that_cannot_be_listed_stays(bench: Bench) -> None:
    bench.source.put("hr/a", "text a")
    bench.source.put("b", "text b")
    bench.sync()
    problem = Problem(code="unreadable_folder", reason="permission denied", mend="give permission")
    bench.source.unlisted = (Unlisted(prefix=bench.source.uri("hr/"), problem=problem),)
    del bench.source.files["b"]
    assert bench.sync() == SyncReport(removed=1, quarantined=1)
    assert bench.names() == ["hr/a"]
    assert [entry.code for entry in bench.catalog.quarantined()] == ["unreadable_folder"]
    bench.source.unlisted = ()
    del bench.source.files["hr/a"]
    assert bench.sync() == SyncReport(removed=1)
    assert bench.catalog.quarantined() == []


def test_a_version_that_cannot_be_parsed_stops_the_old_one_answering(bench: Bench) -> None:
    bench.source.put("a", "the limit is 50")
    bench.sync()
    bench.source.put("a", "!it is damaged")
    assert bench.sync() == SyncReport(quarantined=1)
    assert bench.names() == []
    [entry] = bench.catalog.quarantined()
    assert (entry.code, entry.uri) == ("damaged", bench.source.uri("a"))
    bench.assert_in_step()


def test_a_version_without_text_stops_the_old_one_answering(bench: Bench) -> None:
    bench.source.put("a", "the limit is 50")
    bench.sync()
    bench.source.put("a", "\n\n")
    assert bench.sync() == SyncReport(quarantined=1)
    assert (bench.names(), [entry.code for entry in bench.catalog.quarantined()]) == ([], ["empty"])


def test_a_refused_read_keeps_the_old_version_and_is_tried_again_at_every_sync(bench: Bench) -> None:
    bench.source.put("a", "the limit is 50")
    bench.sync()
    bench.source.files["a"].fingerprint = "changed"
    bench.source.files["a"].refusal = REFUSED
    assert bench.sync() == SyncReport(quarantined=1)
    assert bench.names() == ["a"]
    assert bench.sync() == SyncReport(quarantined=1)
    bench.source.files["a"].refusal = None
    assert bench.sync() == SyncReport(updated=1, chunks=1)
    assert bench.catalog.quarantined() == []
    bench.assert_in_step()


def test_a_new_file_whose_read_was_refused_is_tried_again_though_its_fingerprint_stays(bench: Bench) -> None:
    bench.source.put("a", "text")
    bench.source.files["a"].refusal = REFUSED
    assert bench.sync() == SyncReport(quarantined=1)
    bench.source.files["a"].refusal = None
    assert bench.sync() == SyncReport(added=1, chunks=1)
    assert bench.catalog.quarantined() == []


def test_access_is_narrowed_though_the_file_cannot_be_read(bench: Bench) -> None:
    bench.source.put("a", "the limit is 50")
    bench.sync()
    bench.source.files["a"].access = BOARD
    bench.source.files["a"].fingerprint = "changed"
    bench.source.files["a"].refusal = REFUSED
    assert bench.sync() == SyncReport(quarantined=1)
    assert [document.access for document in bench.catalog.documents()] == [BOARD]
    bench.assert_in_step()


def test_a_quarantined_file_is_read_again_only_when_it_changes(bench: Bench) -> None:
    bench.source.put("a", "!it is damaged")
    bench.sync()
    bench.source.reads.clear()
    assert bench.sync() == SyncReport(quarantined=1)
    assert bench.source.reads == []
    bench.source.put("a", "mended")
    assert bench.sync() == SyncReport(added=1, chunks=1)
    assert bench.catalog.quarantined() == []


def test_a_tool_that_appears_is_tried_on_what_was_quarantined_and_on_nothing_else(bench: Bench) -> None:
    bench.source.put("whole", "text")
    bench.source.put("damaged", "!it is damaged")
    bench.source.put("gap", "text\n?page 2")
    assert bench.sync() == SyncReport(added=2, quarantined=1, chunks=2)
    bench.source.reads.clear()
    assert bench.sync("tesseract") == SyncReport(unchanged=1, updated=1, quarantined=1, chunks=1)
    assert sorted(bench.source.reads) == ["damaged", "gap"]
    bench.source.reads.clear()
    assert bench.sync("tesseract") == SyncReport(unchanged=2, quarantined=1)
    assert bench.source.reads == []


def test_a_deleted_file_leaves_the_quarantine(bench: Bench) -> None:
    bench.source.put("a", "!it is damaged")
    bench.sync()
    del bench.source.files["a"]
    assert bench.sync() == SyncReport()
    assert bench.catalog.quarantined() == []


@pytest.mark.parametrize("call", ["write", "remove"])
def test_a_sink_that_fails_is_mended_by_the_next_sync(bench: Bench, call: str) -> None:
    for name in ("a", "b", "c"):
        bench.source.put(name, f"text of {name}")
    bench.sync()
    bench.source.put("a", "new text of a")
    del bench.source.files["b"]
    bench.sink.fail_on = call
    with pytest.raises(OSError, match="no space"):
        bench.sync()
    bench.sink.fail_on = None
    bench.sync()
    assert bench.names() == ["a", "c"]
    assert bench.text("a") == "new text of a"
    bench.assert_in_step()


def test_a_source_that_cannot_be_listed_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.source.put("a", "text")
    bench.sync()
    sync = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    with pytest.raises(SourceError):
        sync.sync("handbook", FilesConnector(FilesSettings(name="handbook", path=tmp_path / "gone")))
    assert bench.names() == ["a"]


def test_the_same_content_twice_is_two_documents(bench: Bench) -> None:
    bench.source.put("a", "the very same words")
    bench.source.put("b", "the very same words")
    assert bench.sync() == SyncReport(added=2, chunks=2)
    del bench.source.files["a"]
    assert bench.sync() == SyncReport(removed=1, unchanged=1)
    assert bench.names() == ["b"]
    bench.assert_in_step()


def test_a_file_in_two_sources_is_a_document_of_each(bench: Bench) -> None:
    bench.source.put("a", "text")
    bench.sync()
    Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer)).sync("archive", bench.source)
    assert [document.source for document in bench.catalog.documents()] in (
        ["archive", "handbook"],
        ["handbook", "archive"],
    )
    del bench.source.files["a"]
    assert bench.sync() == SyncReport(removed=1)
    assert [document.source for document in bench.catalog.documents()] == ["archive"]
    bench.assert_in_step()


def test_many_chunks_are_committed_in_batches(bench: Bench) -> None:
    for name in range(12):
        bench.source.put(f"f{name:02}", "\n".join(f"word{n} " * 120 for n in range(40)))
    seen: list[Progress] = []
    sync = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    report = sync.sync("handbook", bench.source, seen.append)
    assert report.chunks == len(bench.sink.held) == bench.catalog.counts()[1] > 300
    assert bench.sink.calls.count("write") > 1
    assert (seen[0].done, seen[-1].done, seen[-1].total, seen[-1].chunks) == (0, 12, 12, report.chunks)


# --- what is embedded ----------------------------------------------------------------------------------------


def pages(*numbers: int) -> str:
    """A text of a chunk a number: each paragraph nearly fills one."""
    return "\n".join(f"Paragraph {n}. " + f"word{n} " * 100 for n in numbers)


def test_a_changed_document_embeds_only_its_changed_chunks(bench: Bench) -> None:
    bench.source.put("a", pages(1, 2, 3, 4))
    bench.sync()
    bench.sink.embedded.clear()
    bench.source.put("a", pages(1, 2, 9, 4))
    report = bench.sync()
    assert (report.updated, report.chunks) == (1, bench.catalog.counts()[1])
    assert bench.sink.embedded
    assert all("word9" in text for text in bench.sink.embedded)
    bench.assert_in_step()


def test_what_an_index_holds_is_not_embedded_again_for_another_document_or_source(bench: Bench) -> None:
    bench.source.put("a", pages(1, 2))
    bench.source.put("b", pages(1, 2))
    bench.sync()
    assert len(bench.sink.embedded) == len(set(bench.sink.embedded))
    bench.sink.embedded.clear()
    bench.source.put("c", pages(2, 1))
    bench.sync()
    assert bench.sink.embedded == []
    bench.assert_in_step()


def test_a_renamed_file_is_not_embedded_again_and_goes_in_the_moment_that_its_new_name_comes(bench: Bench) -> None:
    bench.source.put("a", pages(1))
    bench.source.files["a"].identity = "i1"
    bench.sync()
    bench.sink.embedded.clear()
    bench.source.put("b", pages(1))
    bench.source.files["b"].identity = "i1"
    del bench.source.files["a"]
    seen: list[list[str]] = []
    sync = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    report = sync.sync("handbook", bench.source, lambda _: seen.append(bench.names()))
    assert (report.added, report.removed, report.embedded) == (1, 1, 0)
    assert bench.sink.embedded == []
    assert {tuple(names) for names in seen} == {("a",), ("b",)}
    bench.assert_in_step()


def test_a_new_name_whose_file_cannot_be_read_still_ends_the_old_one(bench: Bench) -> None:
    bench.source.put("a", "text")
    bench.source.files["a"].identity = "i1"
    bench.sync()
    bench.source.put("b", "!it is damaged")
    bench.source.files["b"].identity = "i1"
    del bench.source.files["a"]
    assert bench.sync() == SyncReport(removed=1, quarantined=1)
    assert bench.names() == []
    bench.assert_in_step()


def test_what_was_written_before_a_crash_is_not_embedded_again(bench: Bench) -> None:
    bench.source.put("a", pages(1, 2))
    bench.sink.fail_on = "commit"
    recorder = Recorder(bench.catalog)

    def crash(*_: object) -> None:
        raise OSError("the power is gone")

    synchronizer = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    synchronizer._recorder.commit = crash  # type: ignore[method-assign]
    with pytest.raises(OSError, match="power"):
        synchronizer.sync("handbook", bench.source)
    assert recorder.waste(100)
    bench.sink.embedded.clear()
    bench.sync()
    assert bench.sink.embedded == []
    bench.assert_in_step()


def test_a_source_is_forgotten_whole(bench: Bench) -> None:
    many(bench, 3)
    bench.source.put("bad", "!it is damaged")
    bench.sync()
    synchronizer = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    synchronizer.sync("archive", bench.source)
    assert synchronizer.forget("handbook") == 3
    assert {document.source for document in bench.catalog.documents()} == {"archive"}
    assert {entry.source for entry in bench.catalog.quarantined()} == {"archive"}
    assert [state.name for state in bench.catalog.sources()] == ["archive"]
    bench.assert_in_step()


# --- what must not look like a mass deletion -----------------------------------------------------------------


def many(bench: Bench, count: int) -> None:
    for n in range(count):
        bench.source.put(f"{n:03}", f"Rule number {n}.")


def limited(bench: Bench, limit: float) -> SyncReport:
    synchronizer = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    return synchronizer.sync("handbook", bench.source, removal_limit=limit)


def test_more_removals_than_may_go_unasked_wait_and_say_so(bench: Bench) -> None:
    many(bench, 30)
    bench.sync()
    for n in range(20):
        del bench.source.files[f"{n:03}"]
    bench.source.put("new", "A new rule.")
    report = limited(bench, 0.5)
    assert (report.held, report.removed, report.added) == (20, 0, 1)
    assert len(bench.names()) == 31
    assert bench.catalog.sources()[0].held == 20
    report = limited(bench, 1.0)
    assert (report.held, report.removed) == (0, 20)
    assert bench.catalog.sources()[0].held == 0
    bench.assert_in_step()


def test_a_few_removals_never_wait(bench: Bench) -> None:
    many(bench, 10)
    bench.sync()
    bench.source.files.clear()
    assert (limited(bench, 0.5).removed, bench.names()) == (10, [])


def test_what_only_moved_is_no_removal(bench: Bench) -> None:
    many(bench, 30)
    for n in range(30):
        bench.source.files[f"{n:03}"].identity = f"i{n}"
    bench.sync()
    bench.source.files = {f"moved/{name}": file for name, file in bench.source.files.items()}
    report = limited(bench, 0.1)
    assert (report.added, report.removed, report.held, report.embedded) == (30, 30, 0, 0)
    bench.assert_in_step()


def test_a_source_that_is_gone_halfway_keeps_what_is_done_and_removes_nothing_more(bench: Bench) -> None:
    many(bench, 3)
    bench.sync()
    many(bench, 6)

    class Failing(FakeConnector):
        def read(self, item: Item) -> RawFile:
            if item.name == "004":
                raise SourceError("the server is down")
            return super().read(item)

    failing = Failing()
    failing.files = bench.source.files
    synchronizer = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    with pytest.raises(SourceError, match="down"):
        synchronizer.sync("handbook", failing)
    assert set(bench.names()) >= {"000", "001", "002"}
    [state] = bench.catalog.sources()
    assert state.problem == "the server is down"
    assert bench.sync().added + len(bench.names()) >= 6
    assert len(bench.names()) == 6
    assert bench.catalog.sources()[0].problem is None
    bench.assert_in_step()


# --- how it ends, and what stays ------------------------------------------------------------------------------


def test_a_sync_that_is_called_off_keeps_what_is_done(bench: Bench) -> None:
    for name in range(12):
        bench.source.put(f"f{name:02}", pages(*range(name * 40, name * 40 + 40)))

    def give_up(progress: Progress) -> None:
        if progress.done == 4:
            raise KeyboardInterrupt

    synchronizer = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    with pytest.raises(KeyboardInterrupt):
        synchronizer.sync("handbook", bench.source, give_up)
    assert 4 <= len(bench.names()) < 12
    bench.sync()
    assert len(bench.names()) == 12
    bench.assert_in_step()


@pytest.mark.parametrize(("kept", "texts"), [(None, ["one", "two"]), (timedelta(days=30), ["one", "two"])])
def test_texts_of_old_versions_stay_as_long_as_is_set(bench: Bench, kept: timedelta | None, texts: list[str]) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    synchronizer = Synchronizer(
        bench.catalog,
        bench.sink,
        InlinePool(parse_lines, bench.tokenizer),
        keep_versions=kept,
        clock=lambda: now[0],
    )
    versions = []
    for text in texts:
        bench.source.put("a", text)
        synchronizer.sync("handbook", bench.source)
        versions += [document.version for document in bench.catalog.documents()]
    document = document_id_of("handbook", bench.source.uri("a"))
    assert [bench.catalog.text(document, version) for version in versions] == texts
    now[0] += timedelta(days=31)
    synchronizer.sync("handbook", bench.source)
    assert [bench.catalog.text(document, version) for version in versions] == [
        texts[0] if kept is None else None,
        "two",
    ]


def test_no_word_of_what_is_deleted_stays_in_the_catalogs_files(bench: Bench, tmp_path: Path) -> None:
    bench.source.put("a", "The password of the safe is Quetzalcoatl.")
    bench.source.put("b", "Another text.")
    bench.sync()
    del bench.source.files["a"]
    bench.sync()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("catalog.sqlite*"))
    assert b"Another text" in held
    assert b"Quetzalcoatl" not in held


def test_two_sources_are_synced_side_by_side(bench: Bench) -> None:
    synchronizer = Synchronizer(bench.catalog, bench.sink, InlinePool(parse_lines, bench.tokenizer))
    sources = {f"s{n}": FakeConnector(f"fake://host{n}") for n in range(3)}
    failures: list[BaseException] = []

    def work(name: str, source: FakeConnector) -> None:
        try:
            for turn in range(4):
                for n in range(5):
                    source.put(f"{n}", f"{name} says {turn} of {n}.")
                source.files.pop(str(turn), None)
                synchronizer.sync(name, source)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in sources.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(list(bench.catalog.documents())) == 3 * 4
    bench.assert_in_step()


def test_an_interrupt_while_waiting_ends_all_threads_first(bench: Bench) -> None:
    many(bench, 40)
    began, interrupted, wrote = threading.Event(), threading.Event(), []
    write = bench.sink.write

    def slow(*arguments: Any) -> None:
        began.set()
        interrupted.wait(10)  # On a busy machine all would be written before.
        time.sleep(0.05)
        wrote.append(time.monotonic())
        write(*arguments)

    bench.sink.write = slow  # type: ignore[method-assign]

    def interrupt() -> None:
        began.wait(10)
        signal.raise_signal(signal.SIGINT)
        interrupted.set()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        bench.sync()
    ended = time.monotonic()
    time.sleep(0.3)
    assert all(moment < ended for moment in wrote)
    bench.sink.write = write  # type: ignore[method-assign]
    bench.sync()
    assert len(bench.names()) == 40
    bench.assert_in_step()


# --- with real files and real indexes ------------------------------------------------------------------------


@dataclass
class Real:
    """A folder of files, and the real connector, parser stand-in, catalog and indexes."""

    folder: Path
    catalog: Catalog
    index: ChunkIndex
    tokenizer: Tokenizer

    def sync(self, scope: Path | None = None, **settings: object) -> SyncReport:
        source = FilesSettings(name="files", path=self.folder, access=EVERYONE)
        connector = FilesConnector(replace(source, **settings), [scope] if scope else None)
        sync = Synchronizer(self.catalog, self.index, InlinePool(parse_lines, self.tokenizer))
        return replace(sync.sync("files", connector), seconds=0.0, embedded=0)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def names(self) -> list[str]:
        return sorted(document.title for document in self.catalog.documents())


@pytest.fixture
def real(tmp_path: Path, tokenizer: Tokenizer) -> Iterator[Real]:
    catalog = Catalog(tmp_path / "home" / "catalog.sqlite")
    index = ChunkIndex(
        VectorIndex(tmp_path / "home" / "vectors", FakeEmbedder()), LexicalIndex(tmp_path / "home" / "lexical")
    )
    (tmp_path / "files").mkdir()
    yield Real(tmp_path / "files", catalog, index, tokenizer)
    index.close()
    catalog.close()


def test_a_folder_of_files_ends_in_both_indexes(real: Real) -> None:
    real.write("a.txt", "Fly economy.")
    real.write("sub/b.txt", "Sleep in three stars.")
    assert real.sync() == SyncReport(added=2, chunks=2)
    real.write("a.txt", "Fly business.")
    (real.folder / "sub" / "b.txt").rename(real.folder / "sub" / "c.txt")
    assert real.sync() == SyncReport(added=1, updated=1, removed=1, chunks=2)
    assert real.names() == ["a.txt", "c.txt"]
    assert real.index.compare(real.catalog) == []


def test_a_single_file_and_a_subfolder_leave_the_rest_alone(real: Real) -> None:
    real.write("a.txt", "Fly economy.")
    inner = real.write("sub/b.txt", "Sleep in three stars.")
    real.write("subway/c.txt", "Take the train.")
    assert real.sync(real.folder / "a.txt") == SyncReport(added=1, chunks=1)
    assert real.sync(real.folder / "sub") == SyncReport(added=1, chunks=1)
    assert real.sync() == SyncReport(added=1, unchanged=2, chunks=1)
    inner.unlink()
    (real.folder / "a.txt").unlink()
    assert real.sync(real.folder / "sub") == SyncReport(removed=1)
    assert real.names() == ["a.txt", "c.txt"]
    assert real.index.compare(real.catalog) == []


def test_another_path_for_a_source_takes_the_old_ones_documents_out(real: Real, tmp_path: Path) -> None:
    real.write("a.txt", "Fly economy.")
    real.sync()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.txt").write_text("Take the train.")
    assert real.sync(path=tmp_path / "elsewhere") == SyncReport(added=1, removed=1, chunks=1)
    assert real.names() == ["b.txt"]


def test_a_drive_that_goes_while_it_is_read_removes_nothing(real: Real, tmp_path: Path) -> None:
    for n in range(20):
        real.write(f"{n:02}.txt", f"Rule {n}.")
    real.sync()
    for n in range(20):
        real.write(f"{n:02}.txt", f"Rule {n}, changed.")
    settings = FilesSettings(name="files", path=real.folder, access=EVERYONE)

    class Unplugged(FilesConnector):
        def read(self, item: Item) -> RawFile:
            if real.folder.exists():
                real.folder.rename(tmp_path / "unplugged")
            return super().read(item)

    pool = InlinePool(parse_lines, real.tokenizer)
    with pytest.raises(SourceError, match="is gone"):
        Synchronizer(real.catalog, real.index, pool).sync("files", Unplugged(settings))
    assert len(real.names()) == 20


def test_links_that_lead_nowhere_or_to_themselves_stop_nothing(real: Real) -> None:
    real.write("a.txt", "Fly economy.")
    (real.folder / "loop").symlink_to("loop")
    (real.folder / "gone").symlink_to("nowhere")
    report = real.sync()
    assert (report.added, report.quarantined) == (1, 2)
    for place in ("loop", "a.txt/below", "gone"):
        real.sync(real.folder / place)
    assert real.names() == ["a.txt"]


def test_folders_may_lie_deeper_than_python_recurses(real: Real) -> None:
    folders = [real.folder]
    try:
        for _ in range(1200):
            folders.append(folders[-1] / "d")
            folders[-1].mkdir()
        assert real.sync().quarantined == 0
    finally:
        # What clears up after tests recurses.
        for folder in reversed(folders[1:]):
            folder.rmdir()


@pytest.mark.parametrize(
    "name",
    [
        "Reise kosten.txt",
        "日本語 100%.txt",
        "a#b?c.txt",
        "e\u0301 und é.txt",
        "line\nbreak.txt",
        "[x]{y}*.txt",
        "%41.txt",
        os.fsdecode(b"latin-\xe9.txt"),
    ],
)
def test_any_file_name_is_synced_and_found_again(real: Real, name: str) -> None:
    path = real.write(name, "Fly economy.")
    assert real.sync() == SyncReport(added=1, chunks=1)
    assert real.sync() == SyncReport(unchanged=1)
    assert real.sync(path) == SyncReport(unchanged=1)
    [document] = real.catalog.documents()
    assert document.title == os.fsencode(name).decode(errors="replace")


def test_the_last_rule_that_matches_decides_who_reads(real: Real) -> None:
    real.write("a.txt", "For all.")
    real.write("board/b.txt", "For the board.")
    real.write("board/press/c.txt", "For all again.")
    rules = (AccessRule(glob="board/**", access=BOARD), AccessRule(glob="**/press/**", access=EVERYONE))
    real.sync()
    assert real.sync(rules=rules) == SyncReport(updated=1, unchanged=2)
    assert {document.title: document.access for document in real.catalog.documents()} == {
        "a.txt": EVERYONE,
        "b.txt": BOARD,
        "c.txt": EVERYONE,
    }
    assert real.index.compare(real.catalog) == []


def test_indexes_that_lost_or_gained_chunks_are_told_and_mended(real: Real) -> None:
    for n in range(4):
        real.write(f"{n}.txt", f"Rule number {n}.")
    real.sync()
    ids = real.catalog.chunk_ids()
    documents = {document.id: document for document in real.catalog.documents()}
    stray = replace(next(iter(real.catalog.chunks(ids).values())), id="stray")
    real.index.vectors.remove(ids[:2])
    real.index.lexical.write([stray], documents)
    found = {one.index: one for one in real.index.compare(real.catalog)}
    assert (found["vector"].missing, found["lexical"].surplus) == (frozenset(ids[:2]), frozenset({"stray"}))
    real.index.mend(real.catalog, list(found.values()))
    assert real.index.compare(real.catalog) == []


def test_reports_add_up() -> None:
    one = SyncReport(added=1, updated=2, removed=3, unchanged=4, quarantined=5, chunks=6, seconds=0.5)
    assert merge([one, one]) == SyncReport(
        added=2, updated=4, removed=6, unchanged=8, quarantined=10, chunks=12, seconds=1.0
    )
    assert merge([]) == SyncReport()
