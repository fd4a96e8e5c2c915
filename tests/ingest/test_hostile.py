"""Full disks, read-only homes, two processes, clocks that go backwards, files that move: said clearly, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.cli import _status
from ingest.catalog import Catalog
from ingest.connectors.files import FilesConnector
from ingest.errors import CatalogError, Problem, SourceError
from ingest.isolating import InlinePool
from ingest.model import Access, Item, Listing, RawFile, SyncReport, Unlisted
from ingest.settings import FilesSettings
from ingest.syncing import Synchronizer
from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder, bundled_model
from retrieval.errors import SearchIndexError
from tests.conftest import REPOSITORY
from tests.fakes import FakeConnector, FakeEmbedder, FakeSink, parse_lines
from tests.ingest.equality import differences, make_platform

TOKENIZER = ModelTokenizer(bundled_model())
NOBODY = 65534
IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")


class Scene:
    """A folder of files, and homes that follow it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "files"
        self.home = root / "home"
        self.now = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
        self.folder.mkdir(parents=True)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def connector(self) -> FilesConnector:
        settings = FilesSettings(name="files", path=self.folder, access=Access(allow=("everyone",)))
        return FilesConnector(settings, clock=self.now.timestamp)

    def sync(self, connector: FilesConnector | None = None, home: Path | None = None, limit: float = 1.0) -> SyncReport:
        with closing(make_platform(home or self.home, FakeEmbedder())) as platform, platform.writing():
            pool = InlinePool(parse_lines, TOKENIZER)
            sync = Synchronizer(platform.catalog, platform.index, pool, clock=lambda: self.now)
            report = sync.sync("files", connector or self.connector(), removal_limit=limit)
            return replace(report, seconds=0.0, embedded=0)

    def texts(self) -> dict[str, str | None]:
        with closing(Catalog(self.home / "catalog.sqlite")) as catalog:
            return {d.uri.rpartition("/")[2]: catalog.text(d.id) for d in list(catalog.documents())}

    def assert_equals_a_fresh_home(self) -> None:
        fresh_home = self.root / "fresh"
        shutil.rmtree(fresh_home, ignore_errors=True)
        self.sync(home=fresh_home)
        with (
            closing(make_platform(self.home, FakeEmbedder())) as mine,
            closing(make_platform(fresh_home, FakeEmbedder())) as fresh,
        ):
            assert differences(mine, fresh, self.folder) == []


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


# --- the command line in a process of its own ----------------------------------------------------------------------


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api", *arguments],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "GROUNDCREW_HOME": str(home), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status, and the last line of what it says on standard error. Never a traceback."""
    with process:
        _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    lines = said.strip().splitlines()
    return process.returncode, lines[-1] if lines else ""


def fill(scene: Scene, files: int = 12) -> None:
    for number in range(files):
        lines = [f"Rule {line} of book {number} speaks of {number * line} bolts and {line} nuts." for line in range(20)]
        scene.write(f"{number}.txt", "\n\n".join(lines))


def assert_equal_to_the_same_by_command(home: Path, folder: Path, fresh_home: Path, embedder: OpenVinoEmbedder) -> None:
    with closing(make_platform(home, embedder)) as mine, closing(make_platform(fresh_home, embedder)) as fresh:
        with fresh.writing():
            name, connector = fresh.connector(folder, None, ())
            fresh.synchronizer.sync(name, connector)
        assert differences(mine, fresh, folder) == []


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("this container may not mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@needs_root
def test_a_disk_that_is_full_at_any_stage_of_a_first_sync_is_made_good(scene: Scene) -> None:
    fill(scene)
    failed = 0
    for number, size in enumerate(range(60, 1500, 240)):
        with small_disk(scene.root / f"disk{number}", f"{size}k") as disk:
            scene.home = disk / "home"
            failed += not succeeds(scene)
            resize(disk, 100_000)
            scene.sync()
            scene.assert_equals_a_fresh_home()
    assert failed >= 3


@needs_root
@pytest.mark.parametrize("room", [8, 32, 96, 200])
def test_a_disk_that_fills_up_during_an_update_is_made_good(scene: Scene, room: int) -> None:
    fill(scene)
    with small_disk(scene.root / "disk", "100m") as disk:
        scene.home = disk / "home"
        scene.sync()
        before = scene.texts()
        fill(scene, 24)
        scene.write("1.txt", "Another text.")
        (scene.folder / "2.txt").unlink()
        resize(disk, sum(path.stat().st_blocks // 2 for path in scene.home.rglob("*")) + room)
        assert not succeeds(scene)
        resize(disk, 100_000)
        assert {
            name: text for name, text in scene.texts().items() if name in before and name not in ("1.txt", "2.txt")
        } == {name: text for name, text in before.items() if name not in ("1.txt", "2.txt")}
        scene.sync()
        scene.assert_equals_a_fresh_home()


def succeeds(scene: Scene) -> bool:
    """Whether a sync comes through. When it does not, it says so in the program's own words."""
    try:
        scene.sync()
    except (CatalogError, SearchIndexError) as error:
        return str(scene.home) not in str(error)
    return True


def resize(disk: Path, kib: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kib}k", str(disk)], check=True)


@needs_root
@pytest.mark.parametrize("size", ["500k"])
def test_a_full_disk_is_said_and_made_good_when_there_is_room(
    scene: Scene, size: str, embedder: OpenVinoEmbedder
) -> None:
    fill(scene)
    with small_disk(scene.root / "disk", size) as disk:
        home = disk / "home"
        status, said = ended(command(home, "ingest", str(scene.folder)))
        assert status == 3, said
        assert said.startswith("groundcrew: ")
        resize(disk, 200_000)
        assert ended(command(home, "ingest", str(scene.folder)))[0] == 0
        assert_equal_to_the_same_by_command(home, scene.folder, scene.root / "fresh", embedder)


@pytest.mark.parametrize("size", [60_000])
def test_files_that_may_not_grow_are_said_and_made_good(scene: Scene, size: int, embedder: OpenVinoEmbedder) -> None:
    fill(scene)
    limited = command(scene.home, "ingest", str(scene.folder))
    resource.prlimit(limited.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    status, said = ended(limited)
    assert status == 3, said
    assert ended(command(scene.home, "ingest", str(scene.folder)))[0] == 0
    assert_equal_to_the_same_by_command(scene.home, scene.folder, scene.root / "fresh", embedder)


def test_two_processes_on_one_home_wait_for_each_other_or_say_so(scene: Scene, embedder: OpenVinoEmbedder) -> None:
    fill(scene)
    outcomes = [ended(p) for p in [command(scene.home, "ingest", str(scene.folder)) for _ in range(2)]]
    assert {status for status, _ in outcomes} <= {0, 3}
    assert 0 in {status for status, _ in outcomes}
    assert all("another groundcrew process is writing" in said for status, said in outcomes if status == 3)
    assert_equal_to_the_same_by_command(scene.home, scene.folder, scene.root / "fresh", embedder)


# --- as a user without root's rights -------------------------------------------------------------------------------


@pytest.fixture
def unprivileged() -> Iterator[Scene]:
    """A scene whose files belong to a plain user, as whom the test runs."""
    root = Path(tempfile.mkdtemp())
    if IS_ROOT:
        root.chmod(0o755)
        os.chown(root, NOBODY, NOBODY)
        os.setresgid(NOBODY, NOBODY, 0)
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield Scene(root)
    finally:
        if IS_ROOT:
            os.setresuid(0, 0, 0)
            os.setresgid(0, 0, 0)
        subprocess.run(["chmod", "-R", "u+rwx", str(root)], check=True)
        shutil.rmtree(root)


def test_a_home_that_cannot_be_written_is_said_and_stays_as_it_was(
    unprivileged: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = unprivileged
    scene.write("a.txt", "The office cat is called Miezi.")
    scene.sync()
    for path in [scene.home, *scene.home.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    scene.write("b.txt", "The office dog is called Bello.")
    monkeypatch.setenv("GROUNDCREW_HOME", str(scene.home))
    monkeypatch.chdir(scene.root)
    assert _status(["ingest", str(scene.folder)]) in (2, 3)
    [line] = capsys.readouterr().err.strip().splitlines()
    assert str(scene.home) in line
    for path in [scene.home, *scene.home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert sorted(scene.texts()) == ["a.txt"]
    scene.sync()
    scene.assert_equals_a_fresh_home()


def test_a_folder_that_becomes_unreadable_keeps_its_documents(unprivileged: Scene) -> None:
    scene = unprivileged
    for number in range(12):
        scene.write(f"hr/{number}.txt", f"Rule {number}.")
    scene.write("a.txt", "Open to all.")
    scene.sync()
    (scene.folder / "hr").chmod(0)
    scene.write("b.txt", "New.")
    report = scene.sync()
    assert (report.added, report.removed, report.held, report.quarantined) == (1, 0, 0, 1)
    assert len(scene.texts()) == 14
    (scene.folder / "hr").chmod(0o755)
    (scene.folder / "hr" / "0.txt").unlink()
    assert scene.sync() == SyncReport(removed=1, unchanged=13)
    scene.assert_equals_a_fresh_home()


def test_a_root_that_becomes_unreadable_is_an_error_and_removes_nothing(unprivileged: Scene) -> None:
    scene = unprivileged
    scene.write("a.txt", "One.")
    scene.sync()
    scene.folder.chmod(0)
    with pytest.raises(SourceError, match="permission"):
        scene.sync()
    scene.folder.chmod(0o755)
    assert scene.sync() == SyncReport(unchanged=1)


def test_a_file_that_becomes_unreadable_keeps_its_text_and_is_tried_again(unprivileged: Scene) -> None:
    scene = unprivileged
    path = scene.write("a.txt", "One.")
    scene.sync()
    path.chmod(0)
    assert scene.sync() == SyncReport(quarantined=1)
    assert scene.texts() == {"a.txt": "One."}
    path.chmod(0o644)
    assert scene.sync().quarantined == 0
    scene.assert_equals_a_fresh_home()


# --- clocks --------------------------------------------------------------------------------------------------------


def test_a_clock_that_goes_backwards_loses_no_change(scene: Scene) -> None:
    path = scene.write("a.txt", "The first text.")
    scene.sync()
    for step, text in enumerate(["The second text.", "The third text.", "The fourth text."]):
        scene.now -= timedelta(days=400 * (step + 1))
        path.write_text(text, encoding="utf-8")
        os.utime(path, (scene.now.timestamp(), scene.now.timestamp()))
        assert scene.sync().updated == 1
        assert scene.texts() == {"a.txt": text}
    path.unlink()
    assert scene.sync() == SyncReport(removed=1)
    scene.assert_equals_a_fresh_home()


@pytest.mark.parametrize("moment", [-(2**31), 0, 1, 2**31 + 1, 16_000_000_000])
def test_a_file_may_say_it_is_from_any_time(scene: Scene, moment: int) -> None:
    path = scene.write("a.txt", "Timeless.")
    try:
        os.utime(path, (moment, moment))
    except OSError:
        pytest.skip("the file system cannot store this time")
    assert scene.sync().added == 1
    assert scene.sync() == SyncReport(unchanged=1)
    path.write_text("Timeless?", encoding="utf-8")
    os.utime(path, (moment, moment))
    assert scene.sync().updated == 1
    assert scene.texts() == {"a.txt": "Timeless?"}


# --- files that move while they are looked at ----------------------------------------------------------------------


class Meddling(FilesConnector):
    """Runs something before or after each read."""

    before: Callable[[Item], object] = staticmethod(lambda item: None)
    after: Callable[[Item], object] = staticmethod(lambda item: None)

    def read(self, item: Item) -> RawFile:
        """As the real one."""
        self.before(item)
        raw = super().read(item)
        self.after(item)
        return raw


def meddling(scene: Scene) -> Meddling:
    return Meddling(FilesSettings(name="files", path=scene.folder, access=Access(allow=("everyone",))))


def test_a_file_that_vanishes_between_list_and_read_costs_itself_alone(scene: Scene) -> None:
    for name in "abc":
        scene.write(f"{name}.txt", f"Text of {name}.")
    scene.sync()
    scene.write("b.txt", "New text of b.")
    scene.write("d.txt", "Text of d.")
    connector = meddling(scene)
    connector.before = lambda item: (scene.folder / item.name).unlink()
    report = scene.sync(connector)
    assert (report.quarantined, report.unchanged) == (2, 2)
    assert sorted(scene.texts()) == ["a.txt", "c.txt"]
    scene.sync()
    scene.assert_equals_a_fresh_home()


@pytest.mark.parametrize("same_size", [False, True])
def test_a_file_that_changes_while_it_is_read_is_read_again(scene: Scene, same_size: bool) -> None:
    path = scene.write("a.txt", "The limit is 50 EUR.")
    status = path.stat()
    connector = meddling(scene)

    def change(item: Item) -> None:
        path.write_text("The limit is 60 EUR." if same_size else "The limit is 60 EUR now.", encoding="utf-8")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    connector.after = change
    scene.sync(connector)
    assert scene.sync().updated == 1
    assert "60" in (scene.texts()["a.txt"] or "")
    scene.assert_equals_a_fresh_home()


def test_a_file_that_becomes_a_folder_while_it_is_read_costs_itself_alone(scene: Scene) -> None:
    scene.write("a.txt", "One.")
    scene.write("b.txt", "Two.")
    connector = meddling(scene)

    def change(item: Item) -> None:
        if item.name == "a.txt":
            (scene.folder / "a.txt").unlink()
            scene.write("a.txt/inner.txt", "Inner.")

    connector.before = change
    report = scene.sync(connector)
    assert (report.added, report.quarantined) == (1, 1)
    scene.sync()
    assert sorted(scene.texts()) == ["b.txt", "inner.txt"]
    scene.assert_equals_a_fresh_home()


NAMES = [
    "a\nb\tc.txt",
    "cat \N{CAT FACE}.txt",
    "x" * 251 + ".txt",
    "%2e%2e.txt",
    "a?b#c&d=e;f.txt",
    " lead and trail .txt",
]


@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"latin-\xe9\xff.txt"), "\N{CAT FACE}" * 62 + ".txt", "-rf.txt"])
def test_a_file_may_have_any_name_and_any_folder(scene: Scene, name: str) -> None:
    path = scene.write(f"{name}.d/{name}" if len(os.fsencode(name)) < 200 else name, "Text.")
    assert scene.sync().added == 1
    assert scene.sync() == SyncReport(unchanged=1)
    path.write_text("Text, edited.", encoding="utf-8")
    assert scene.sync().updated == 1
    scene.assert_equals_a_fresh_home()
    path.unlink()
    assert scene.sync() == SyncReport(removed=1)


# --- sources that say less than there is ---------------------------------------------------------------------------


@pytest.fixture
def source() -> FakeConnector:
    made = FakeConnector()
    for number in range(40):
        made.put(f"{'left' if number < 20 else 'right'}/{number}", f"text {number}")
    return made


def sync_fake(tmp_path: Path, source: FakeConnector, limit: float = 0.5) -> tuple[SyncReport, int]:
    """The report, and how many documents there are afterwards."""
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        sync = Synchronizer(catalog, FakeSink(), InlinePool(parse_lines, TOKENIZER))
        report = sync.sync("s", source, removal_limit=limit)
        return replace(report, seconds=0.0, chunks=0, embedded=0), catalog.counts()[0]


def test_half_of_a_source_that_cannot_be_listed_stays(tmp_path: Path, source: FakeConnector) -> None:
    assert sync_fake(tmp_path, source) == (SyncReport(added=40), 40)
    problem = Problem(code="server_down", reason="it does not answer", mend="wait")
    source.unlisted = (Unlisted(prefix=source.uri("left/"), problem=problem),)
    assert sync_fake(tmp_path, source) == (SyncReport(unchanged=20, quarantined=1), 40)
    source.unlisted = ()
    assert sync_fake(tmp_path, source) == (SyncReport(unchanged=40), 40)


class Failing(FakeConnector):
    """A system that goes away: before the listing, or at the n-th read."""

    reads_left = 10**9
    lists = True

    def list(self) -> Listing:
        """As the fake, while it is there."""
        if not self.lists:
            raise SourceError("the server is gone; see that it runs")
        return super().list()

    def read(self, item: Item) -> RawFile:
        """As the fake, while it is there."""
        self.reads_left -= 1
        if self.reads_left < 0:
            raise SourceError("the server is gone; see that it runs")
        return super().read(item)


def test_a_system_that_goes_away_halfway_loses_nothing_and_keeps_what_was_done(tmp_path: Path) -> None:
    source = Failing()
    for number in range(40):
        source.put(str(number), f"text {number}")
    source.reads_left = 25
    with pytest.raises(SourceError, match="gone"):
        sync_fake(tmp_path, source)
    source.lists = False
    with pytest.raises(SourceError, match="gone"):
        sync_fake(tmp_path, source)
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        assert [state.problem for state in catalog.sources()] == ["the server is gone; see that it runs"]
    source.lists, source.reads_left = True, 10**9
    report, documents = sync_fake(tmp_path, source)
    assert (documents, report.added + report.unchanged) == (40, 40)


def test_a_listing_that_lost_most_removes_nothing_until_it_is_confirmed(tmp_path: Path, source: FakeConnector) -> None:
    sync_fake(tmp_path, source)
    for number in range(30):
        del source.files[f"{'left' if number < 20 else 'right'}/{number}"]
    assert sync_fake(tmp_path, source) == (SyncReport(unchanged=10, held=30), 40)
    assert sync_fake(tmp_path, source) == (SyncReport(unchanged=10, held=30), 40)
    assert sync_fake(tmp_path, source, limit=1.0) == (SyncReport(unchanged=10, removed=30), 10)


def run_command(capsys: pytest.CaptureFixture[str], *arguments: Sequence[str] | str) -> str:
    capsys.readouterr()
    assert _status([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


def test_held_removals_are_told_by_the_command_line_and_confirmed_there(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(tmp_path / "scene")
    for number in range(12):
        scene.write(f"{number}.txt", f"Rule {number}.")
    home.mkdir()
    (home / "groundcrew.toml").write_text(
        f'[sources.files]\nkind = "files"\npath = "{scene.folder}"\n', encoding="utf-8"
    )
    run_command(capsys, "sources", "sync", "files")
    shutil.rmtree(scene.folder)
    scene.folder.mkdir()
    report = json.loads(run_command(capsys, "sources", "sync", "files", "--json"))
    assert (report["held"], report["removed"]) == (12, 0)
    assert "12 documents are gone from it and still answer" in run_command(capsys, "sources", "list")
    assert [s["held"] for s in json.loads(run_command(capsys, "sources", "list", "--json"))["sources"]] == [12]
    report = json.loads(run_command(capsys, "sources", "sync", "files", "--confirm-removals", "--json"))
    assert (report["held"], report["removed"]) == (0, 12)
    assert "still answer" not in run_command(capsys, "sources", "list")
