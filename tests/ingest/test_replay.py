"""Whatever history a folder went through, its index equals one that is filled at once from what is there now."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from api.wiring import Platform
from bench.replay import Repository, apply, check_files
from ingest.connectors.files import FilesConnector
from ingest.isolating import InlinePool
from ingest.model import Access, SyncReport
from ingest.parsing import parse
from ingest.settings import FilesSettings
from ingest.syncing import Synchronizer
from retrieval.embedding import ModelTokenizer, bundled_model
from tests.fakes import FakeEmbedder
from tests.ingest.equality import differences, make_platform

TOKENIZER = ModelTokenizer(bundled_model())
_TOPICS = ("travel", "holiday", "pension", "invoice", "visitor", "audit", "safety", "supplier", "torque", "calibration")


class Bench:
    """A folder and a home that follows it, with the real parsers and indexes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "files"
        self.folder.mkdir(parents=True)
        self.platform = make_platform(root / "home", FakeEmbedder())

    def sync(self) -> SyncReport:
        return sync_into(self.platform, self.folder)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def assert_equals_a_fresh_home(self) -> None:
        fresh_home = self.root / "fresh"
        shutil.rmtree(fresh_home, ignore_errors=True)
        with closing(make_platform(fresh_home, FakeEmbedder())) as fresh:
            sync_into(fresh, self.folder)
            assert differences(self.platform, fresh, self.folder) == []


def sync_into(platform: Platform, folder: Path) -> SyncReport:
    settings = FilesSettings(name="files", path=folder, access=Access(allow=("everyone",)))
    with platform.writing():
        sync = Synchronizer(platform.catalog, platform.index, InlinePool(parse, TOKENIZER))
        return replace(sync.sync("files", FilesConnector(settings)), seconds=0.0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.platform.close()


def page(topic: str, paragraphs: int = 6, mark: str = "") -> str:
    """A page whose title comes from its first heading, and whose sections are chunks of their own."""
    body = "".join(
        f"## Section {n} of {topic}\n\nRule {n} on {topic} says {n * 7} {'words ' * 60}once"
        f"{mark if n == 2 else ''}.\n\n"
        for n in range(paragraphs)
    )
    return f"# All about {topic}\n\n{body}"


def rename(bench: Bench, old: str, new: str) -> None:
    target = bench.folder / new
    target.parent.mkdir(parents=True, exist_ok=True)
    (bench.folder / old).rename(target)


def case_only(bench: Bench) -> None:
    rename(bench, "pages/audit.md", "pages/.aside")
    rename(bench, "pages/.aside", "pages/Audit.md")


def swap(bench: Bench) -> None:
    rename(bench, "pages/travel.md", "pages/.aside")
    rename(bench, "pages/pension.md", "pages/travel.md")
    rename(bench, "pages/.aside", "pages/pension.md")


def file_to_folder(bench: Bench) -> None:
    (bench.folder / "notes.md").unlink()
    bench.write("notes.md/inner.md", page("inner notes"))


def folder_to_file(bench: Bench) -> None:
    shutil.rmtree(bench.folder / "notes.md")
    bench.write("notes.md", page("notes again"))


Step = Callable[[Bench], object]
HISTORY: list[tuple[str, Step]] = [
    ("pages", lambda b: [b.write(f"pages/{topic}.md", page(topic)) for topic in _TOPICS]),
    (
        "other formats",
        lambda b: [b.write("table.csv", "part,price\nbolt,3\nnut,2\n"), b.write("plain.txt", "Plain.\n")],
    ),
    ("nothing", lambda b: None),
    ("one paragraph", lambda b: b.write("pages/travel.md", page("travel", mark=" more"))),
    ("a copy", lambda b: shutil.copyfile(b.folder / "pages/audit.md", b.folder / "copy.md")),
    ("a rename", lambda b: rename(b, "pages/holiday.md", "pages/leave.md")),
    ("a folder moves", lambda b: rename(b, "pages", "book/pages")),
    ("and back", lambda b: rename(b, "book/pages", "pages")),
    ("deletions", lambda b: [(b.folder / "pages" / f"{topic}.md").unlink() for topic in ("safety", "torque")]),
    ("a revert", lambda b: [b.write(f"pages/{topic}.md", page(topic)) for topic in ("safety", "torque", "travel")]),
    ("case only", case_only),
    ("a swap", swap),
    ("emptied", lambda b: b.write("pages/visitor.md", "")),
    ("garbage", lambda b: b.write("pages/supplier.md", random.Random(1).randbytes(900))),
    ("whole again", lambda b: [b.write("pages/visitor.md", page("visitor")), b.write("pages/supplier.md", page("s"))]),
    ("a file", lambda b: b.write("notes.md", page("notes"))),
    ("becomes a folder", file_to_folder),
    ("becomes a file", folder_to_file),
    ("rename and edit", lambda b: [rename(b, "pages/invoice.md", "bill.md"), b.write("bill.md", page("bills"))]),
    ("touched", lambda b: os.utime(b.folder / "pages/pension.md")),
    ("same bytes anew", lambda b: [(b.folder / "copy.md").unlink(), b.write("copy.md", page("audit"))]),
    ("odd names", lambda b: [b.write(name, page("odd")) for name in ("a\nb.md", "x" * 252 + ".md", "日本 100%.md")]),
    ("replaced in place", lambda b: os.replace(b.write("pages/.new", page("new")), b.folder / "pages/pension.md")),
    ("all gone but one", lambda b: [p.unlink() for p in list((b.folder / "pages").iterdir())[1:]]),
    ("all back", lambda b: [b.write(f"pages/{topic}.md", page(topic)) for topic in _TOPICS]),
]


@pytest.mark.parametrize(
    "stop", [len(HISTORY), random.Random(os.getpid()).randrange(10, len(HISTORY))], ids=["end", "any"]
)
def test_a_long_history_ends_where_a_fresh_ingest_does(bench: Bench, stop: int) -> None:
    for _, step in HISTORY[:stop]:
        step(bench)
        bench.sync()
    bench.assert_equals_a_fresh_home()


def test_a_history_synced_now_and_then_ends_there_too(bench: Bench) -> None:
    for number, (_, step) in enumerate(HISTORY):
        step(bench)
        if number % 4 == 3:
            bench.sync()
    bench.sync()
    bench.assert_equals_a_fresh_home()


def test_renames_and_moves_embed_nothing(bench: Bench) -> None:
    for topic in _TOPICS:
        bench.write(f"pages/{topic}.md", page(topic))
    first = bench.sync()
    assert first.embedded == first.chunks > 40
    rename(bench, "pages/audit.md", "pages/checks.md")
    rename(bench, "pages", "book/chapter")
    moved = bench.sync()
    assert (moved.added, moved.removed, moved.embedded) == (10, 10, 0)
    bench.assert_equals_a_fresh_home()


def test_the_same_bytes_twice_are_embedded_once(bench: Bench) -> None:
    bench.write("a.md", page("travel"))
    bench.write("b.md", page("travel"))
    report = bench.sync()
    assert (report.added, report.embedded) == (2, report.chunks // 2)
    shutil.copyfile(bench.folder / "a.md", bench.folder / "c.md")
    assert bench.sync().embedded == 0
    bench.assert_equals_a_fresh_home()


def test_an_edit_of_one_paragraph_embeds_its_chunks_only(bench: Bench) -> None:
    bench.write("travel.md", page("travel", 20))
    first = bench.sync()
    assert first.embedded >= 20
    bench.write("travel.md", page("travel", 20, mark=", and then once more"))
    edit = bench.sync()
    assert (edit.updated, edit.chunks) == (1, first.chunks)
    assert 1 <= edit.embedded <= 2
    bench.assert_equals_a_fresh_home()


def test_a_revert_embeds_what_is_gone_from_the_index_and_no_more(bench: Bench) -> None:
    bench.write("travel.md", page("travel"))
    bench.sync()
    bench.write("travel.md", page("travel", mark=" or twice"))
    edit = bench.sync()
    bench.write("travel.md", page("travel"))
    assert bench.sync().embedded == edit.embedded
    bench.assert_equals_a_fresh_home()


# --- the script's way of applying a git history to a folder --------------------------------------------------------


def git(repository: Path, *arguments: str) -> None:
    who = {f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "-C", str(repository), *arguments], check=True, capture_output=True, env={**os.environ, **who, **quiet}
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_git_history_is_applied_as_edits_and_renames_that_touch_nothing_else(bench: Bench, tmp_path: Path) -> None:
    source = Bench(tmp_path / "source")
    source.platform.close()
    git(source.folder, "init", "-q")
    for name, step in HISTORY:
        step(source)
        git(source.folder, "add", "-A")
        git(source.folder, "commit", "-q", "--allow-empty", "-m", name)
    repository = Repository(source.folder, "")
    commits = repository.commits("HEAD")
    assert len(commits) == len(HISTORY)
    before: str | None = None
    for commit in commits:
        kept = {path: path.stat().st_mtime_ns for path in bench.folder.rglob("*") if path.is_file()}
        changes = list(repository.changes(before, commit))
        apply(repository, changes, bench.folder)
        check_files(repository, commit, bench.folder)
        touched = {bench.folder / os.fsdecode(name) for c in changes for name in (c.old, c.new) if name is not None}
        for path in kept.keys() - touched:
            assert path.stat().st_mtime_ns == kept[path]
        before = commit
        bench.sync()
    bench.assert_equals_a_fresh_home()


# --- what holds the homes against each other ------------------------------------------------------------------------


def lose_a_vector(bench: Bench) -> None:
    bench.platform.index.vectors.remove(bench.platform.catalog.chunk_ids()[:1])


def lose_words(bench: Bench) -> None:
    bench.platform.index.lexical.remove(bench.platform.catalog.chunk_ids()[:1])


def give_access(bench: Bench) -> None:
    catalog, index = bench.platform.catalog, bench.platform.index
    [document] = [replace(d, access_id=d.access_id + 1) for d in catalog.documents()]
    index.set_access(list(catalog.chunks(catalog.chunk_ids()[:1]).values()), {document.id: document})


def swap_vectors(bench: Bench) -> None:
    catalog, index = bench.platform.catalog, bench.platform.index
    ids = catalog.chunk_ids()[:2]
    chunks = [catalog.chunks(ids)[one] for one in ids]
    held = index.vectors_of(ids)
    documents = {document.id: document for document in catalog.documents()}
    index.vectors.write(chunks, documents, np.stack([held[one] for one in reversed(ids)]))


def leave_waste(bench: Bench) -> None:
    with bench.platform.catalog.database.transaction() as db:
        db.execute("update chunks set current = 0 where ordinal = 0")


@pytest.mark.parametrize("harm", [lose_a_vector, lose_words, give_access, swap_vectors, leave_waste])
def test_a_home_that_was_harmed_is_told_from_a_fresh_one(bench: Bench, harm: Step) -> None:
    bench.write("travel.md", page("travel"))
    bench.sync()
    harm(bench)
    with pytest.raises(AssertionError):
        bench.assert_equals_a_fresh_home()
