"""Watching on real files: whatever happens to them, what is handed on covers it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.debouncing import Changes, Debouncer
from ingest.errors import SourceError
from ingest.mounts import network_drive
from ingest.notifying import Listener, Notifier, ObserverNotifier, system_notifier
from ingest.settings import FilesSettings, is_hidden
from ingest.watching import Watcher

DEADLINE_S = 20.0
LINUX = os.path.exists("/proc/sys/fs/inotify")


def eventually(condition: Callable[[], object], what: str = "") -> None:
    """Waits until a condition holds."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, what or "it did not happen in time"
        time.sleep(0.01)


class Record:
    """What was handed on, and an index that looks anew at the paths it is given, as a sync does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls: list[Changes] = []
        self.errors: list[Exception] = []
        self.index: dict[str, bytes] = {}
        self.fail: Callable[[Changes], object] = lambda changes: None

    def on_change(self, changes: Changes) -> None:
        assert not (changes.everything and changes.paths)
        self.fail(changes)
        for path in (self.root,) if changes.everything else changes.paths:
            kept = {file: data for file, data in self.index.items() if not f"{file}/".startswith(f"{path}/")}
            self.index = kept | state_of(path)
        self.calls.append(changes)

    def on_error(self, source: str, error: Exception) -> None:
        self.errors.append(error)

    @property
    def paths(self) -> list[Path]:
        return [path for call in self.calls for path in call.paths]

    def in_step(self) -> bool:
        return self.index == state_of(self.root)


def state_of(path: Path) -> dict[str, bytes]:
    """The files at and below a path that the files connector would list, and what is in them."""
    files = [path]
    if path.is_dir():
        files = []
        for folder, names, found in os.walk(path):
            names[:] = [name for name in names if not is_hidden(name) and not Path(folder, name).is_symlink()]
            files += [Path(folder, name) for name in found if not is_hidden(name)]
    state = {}
    for file in files:
        try:
            state[str(file)] = file.read_bytes()
        except OSError:
            continue
    return state


@contextmanager
def watching(
    root: Path,
    *,
    make: Callable[[Path, Listener], Notifier] = system_notifier,
    include: tuple[str, ...] = ("**/*",),
    poll_s: float | None = None,
    rescan_s: float = 3600.0,
    longest_s: float = 2.0,
    most_paths: int = 500,
    fail: Callable[[Changes], object] = lambda changes: None,
) -> Iterator[Record]:
    """A running watcher of one folder, after its first call for everything."""
    record = Record(root)
    record.fail = fail
    watcher = Watcher(
        {root.name: FilesSettings(name=root.name, path=root, include=include, poll_s=poll_s)},
        record.on_change,
        on_error=record.on_error,
        quiet_s=0.05,
        longest_s=longest_s,
        rescan_s=rescan_s,
        most_paths=most_paths,
        notifier=make,
    )
    watcher.start()
    try:
        eventually(lambda: record.calls or record.errors, "the first call")
        record.calls.clear()
        yield record
    finally:
        watcher.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == f"watch {root.name}"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


# What people and programs do to files


def test_a_written_file_is_handed_on_by_its_path(root: Path) -> None:
    (root / "sub").mkdir()
    with watching(root) as record:
        (root / "sub" / "a.txt").write_text("one")
        eventually(lambda: root / "sub" / "a.txt" in record.paths)
        assert record.in_step()


def test_a_deleted_file_is_handed_on(root: Path) -> None:
    (root / "a.txt").write_text("one")
    with watching(root) as record:
        (root / "a.txt").unlink()
        eventually(lambda: record.paths == [root / "a.txt"])
        assert record.index == {}


def test_names_with_newlines_emoji_and_bytes_that_are_no_text(root: Path) -> None:
    names = [b"a\nb.txt", "\N{MEMO}.txt".encode(), b"\xff\xfe.txt", b"x" * 251 + b".txt"]
    with watching(root) as record:
        for name in names:
            with open(os.path.join(os.fsencode(root), name), "wb") as file:
                file.write(name)
        eventually(lambda: len(record.index) == len(names) and record.in_step())


def test_vim_writes_beside_and_renames(root: Path) -> None:
    (root / "a.txt").write_text("one")
    with watching(root) as record:
        (root / ".a.txt.swp").write_text("swap")
        (root / "4913").write_text("")
        (root / "4913").unlink()
        (root / "a.txt").rename(root / "a.txt~")
        (root / "a.txt").write_text("two")
        (root / "a.txt~").unlink()
        (root / ".a.txt.swp").unlink()
        eventually(lambda: record.index == {str(root / "a.txt"): b"two"})
        assert root / ".a.txt.swp" not in record.paths


def test_an_atomic_replacement_by_a_hidden_temporary_file(root: Path) -> None:
    (root / "a.txt").write_text("one")
    with watching(root) as record:
        (root / ".a.txt.tmp").write_text("two")
        os.replace(root / ".a.txt.tmp", root / "a.txt")
        eventually(lambda: record.paths == [root / "a.txt"])
        assert record.in_step()


def test_office_lock_files_are_no_change(root: Path) -> None:
    with watching(root) as record:
        (root / ".~lock.a.odt#").write_text("me")
        (root / "~$a.docx").write_text("me")
        (root / "a.odt").write_text("text")
        eventually(lambda: record.paths)
        assert record.paths == [root / "a.odt"]


def test_truncated_then_written_is_handed_on_once_it_is_complete(root: Path) -> None:
    (root / "a.txt").write_text("one")
    with watching(root, longest_s=60.0) as record:
        with open(root / "a.txt", "w") as file:
            file.flush()
            for _ in range(4):
                file.write("half ")
                file.flush()
                time.sleep(0.1)  # longer than a file has to be quiet
        eventually(lambda: record.paths)
        assert record.index == {str(root / "a.txt"): b"half half half half "}
        assert record.paths == [root / "a.txt"]


def test_a_file_that_is_held_open_is_handed_on_at_last(root: Path) -> None:
    with watching(root, longest_s=0.2) as record, open(root / "log.txt", "w") as file:
        file.write("a line\n")
        file.flush()
        eventually(lambda: record.index == {str(root / "log.txt"): b"a line\n"})


def test_a_moved_folder_is_two_paths(root: Path) -> None:
    (root / "old" / "deep").mkdir(parents=True)
    for number in range(20):
        (root / "old" / "deep" / f"{number}.txt").write_text(str(number))
    with watching(root) as record:
        (root / "old").rename(root / "new")
        eventually(lambda: root / "new" in record.paths and record.in_step())
        assert set(record.paths) == {root / "old", root / "new"}
        (root / "new" / "deep" / "0.txt").write_text("changed")
        eventually(lambda: root / "new" / "deep" / "0.txt" in record.paths)
        assert record.in_step()


def test_a_deleted_folder_is_handed_on_with_all_below(root: Path) -> None:
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "sub" / "deep" / "a.txt").write_text("one")
    with watching(root) as record:
        shutil.rmtree(root / "sub")
        eventually(record.in_step)
        eventually(lambda: record.paths[-1:] == [root / "sub"])


def test_a_folder_moved_out_and_back_under_another_name(root: Path, tmp_path: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a.txt").write_text("one")
    with watching(root) as record:
        (root / "sub").rename(tmp_path / "outside")
        eventually(record.in_step)
        (tmp_path / "outside" / "b.txt").write_text("two")
        (tmp_path / "outside").rename(root / "back")
        eventually(record.in_step)
        (root / "back" / "c.txt").write_text("three")
        eventually(lambda: len(record.index) == 3)


def test_folders_that_change_names_in_quick_succession_stay_watched(root: Path) -> None:
    with watching(root) as record:
        for _ in range(5):
            (root / "a").mkdir()
            (root / "a").rename(root / "b")
            (root / "a").mkdir()
            (root / "a" / "x.txt").write_text("x")
            (root / "b" / "y.txt").write_text("y")
            eventually(record.in_step)
            (root / "b" / "z.txt").write_text("z")
            (root / "a" / "z.txt").write_text("z")
            eventually(record.in_step)
            shutil.rmtree(root / "a")
            shutil.rmtree(root / "b")


def test_a_folder_that_arrives_full_is_handed_on_as_one_path(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    (tmp_path / "outside" / "deep" / "a.txt").write_text("one")
    with watching(root) as record:
        (tmp_path / "outside").rename(root / "sub")
        eventually(lambda: record.paths == [root / "sub"])
        assert record.in_step()


def test_files_written_at_once_into_new_folders_are_found(root: Path) -> None:
    with watching(root) as record:
        for number in range(30):
            folder = root / f"f{number}" / "deep" / "deeper"
            folder.mkdir(parents=True)
            (folder / "a.txt").write_text(str(number))
        eventually(lambda: len(record.index) == 30)


def test_a_file_moved_from_one_source_to_another_is_told_to_both(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a.txt").write_text("text")
    with watching(tmp_path / "one") as one, watching(tmp_path / "two") as two:
        (tmp_path / "one" / "a.txt").rename(tmp_path / "two" / "a.txt")
        eventually(lambda: one.paths and two.paths)
        assert one.in_step()
        assert two.in_step()


def test_a_link_to_a_folder_above_makes_no_loop_and_is_not_entered(root: Path) -> None:
    (root / "sub").mkdir()
    with watching(root) as record:
        (root / "sub" / "loop").symlink_to(root, target_is_directory=True)
        (root / "sub" / "a.txt").write_text("one")
        eventually(lambda: str(root / "sub" / "a.txt") in record.index)
        eventually(record.in_step)
        assert not [path for path in record.paths if "loop" in path.parts]


def test_a_folder_replaced_by_a_link_is_looked_at_from_above(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_text("outside")
    (root / "top" / "sub").mkdir(parents=True)
    (root / "top" / "sub" / "a.txt").write_text("inside")
    with watching(root) as record:
        shutil.rmtree(root / "top" / "sub")
        (root / "top" / "sub").symlink_to(tmp_path / "outside", target_is_directory=True)
        eventually(lambda: record.index == {})
        eventually(lambda: root / "top" in record.paths)


def test_reading_files_and_listing_folders_is_no_change(root: Path) -> None:
    (root / "a.txt").write_text("one")
    with watching(root) as record:
        for _ in range(3):
            assert state_of(root)
        (root / "b.txt").write_text("two")
        eventually(lambda: record.paths)
        assert record.paths == [root / "b.txt"]


def test_what_the_settings_leave_out_is_no_change(root: Path) -> None:
    with watching(root, include=("**/*.md",)) as record:
        (root / "a.txt").write_text("no")
        (root / "b.md").write_text("yes")
        eventually(lambda: record.paths)
        assert record.paths == [root / "b.md"]


def test_a_hidden_folder_is_not_watched_until_it_gets_another_name(root: Path) -> None:
    (root / ".git").mkdir()
    with watching(root) as record:
        (root / ".git" / "a.txt").write_text("hidden")
        (root / ".git").rename(root / "git")
        eventually(lambda: record.paths)
        assert record.paths == [root / "git"]
        (root / "git" / "a.txt").write_text("seen")
        eventually(lambda: record.index == {str(root / "git" / "a.txt"): b"seen"})


# Bursts


def test_many_files_in_one_folder_are_handed_on_as_the_folder(root: Path) -> None:
    written = threading.Event()
    (root / "sub").mkdir()
    with watching(root, fail=lambda changes: changes.everything or written.wait(DEADLINE_S)) as record:
        for number in range(2000):
            (root / "sub" / f"{number}.txt").write_text(str(number))
        written.set()
        eventually(lambda: len(record.index) == 2000)
        assert root / "sub" in record.paths
        assert len(record.calls) < 20


def test_too_many_paths_are_everything(root: Path) -> None:
    written = threading.Event()
    for number in range(100):
        (root / f"f{number}").mkdir()
    with watching(root, most_paths=20, fail=lambda changes: changes.everything or written.wait(DEADLINE_S)) as record:
        for number in range(100):
            (root / f"f{number}" / "a.txt").write_text(str(number))
        written.set()
        eventually(record.in_step)
        assert any(call.everything for call in record.calls)
        assert all(len(call.paths) <= 20 for call in record.calls)


def test_stopping_in_the_middle_of_a_burst_leaves_no_threads(root: Path) -> None:
    before = set(threading.enumerate())
    going_on = True

    def write() -> None:
        number = 0
        while going_on:
            number += 1
            (root / f"d{number}").mkdir()
            (root / f"d{number}" / "a.txt").write_text("x")

    writer = threading.Thread(target=write)
    with watching(root, longest_s=0.2) as record:
        writer.start()
        eventually(lambda: record.calls)
    going_on = False
    writer.join()
    assert set(threading.enumerate()) == before


def test_stopping_twice_or_before_the_start_is_fine(root: Path) -> None:
    watcher = Watcher({"docs": FilesSettings(name="docs", path=root)}, lambda changes: None)
    watcher.stop()
    watcher.start()
    watcher.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "watch docs"]


# Handing on


def test_a_failed_call_is_tried_again_with_the_same_paths(root: Path) -> None:
    def fail(changes: Changes) -> None:
        if not changes.everything and not failures:
            failures.append(changes)
            raise SourceError("the disk is full")

    failures: list[Changes] = []
    with watching(root, fail=fail) as record:
        (root / "a.txt").write_text("one")
        eventually(lambda: record.paths == [root / "a.txt"])
        assert [str(error) for error in record.errors] == ["the disk is full"]
        assert failures[0].paths == (root / "a.txt",)


def test_calls_for_one_source_never_overlap_and_changes_meanwhile_come_next(root: Path) -> None:
    running = threading.Lock()
    release = threading.Event()

    def fail(changes: Changes) -> None:
        assert running.acquire(blocking=False)
        if changes.paths == (root / "a.txt",):
            assert release.wait(DEADLINE_S)
        running.release()

    with watching(root, fail=fail) as record:
        (root / "a.txt").write_text("one")
        eventually(running.locked)
        (root / "b.txt").write_text("two")
        (root / "c.txt").write_text("three")
        release.set()
        eventually(lambda: len(record.index) == 3)
        assert record.errors == []


def test_a_slow_source_does_not_hold_back_another(tmp_path: Path) -> None:
    release = threading.Event()
    seen: list[Changes] = []

    def on_change(changes: Changes) -> None:
        if changes.source == "slow":
            release.wait(DEADLINE_S)
        seen.append(changes)

    roots = {name: FilesSettings(name=name, path=tmp_path / name) for name in ("slow", "fast")}
    for one in roots.values():
        one.path.mkdir()
    watcher = Watcher(roots, on_change)
    watcher.start()
    try:
        eventually(lambda: seen)
        (tmp_path / "fast" / "a.txt").write_text("one")
        eventually(lambda: seen[-1].paths == (tmp_path / "fast" / "a.txt",))
        assert {changes.source for changes in seen} == {"fast"}
    finally:
        release.set()
        watcher.stop()


# Lost events, and roots of which the system does not tell


@pytest.mark.skipif(not LINUX, reason="inotify is Linux's")
def test_an_overflowed_queue_means_everything_and_folders_are_watched_anew(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, WatchDescriptor

    made: list[Notifier] = []

    def make(path: Path, listener: Listener) -> Notifier:
        made.append(system_notifier(path, listener))
        return made[-1]

    (root / "sub").mkdir()
    with watching(root, make=make) as record:
        overflow = InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b"")
        made[0]._inotify.handle_event(overflow)  # type: ignore[attr-defined]
        eventually(lambda: any(call.everything for call in record.calls))
        (root / "sub" / "a.txt").write_text("one")
        eventually(record.in_step)
        assert root / "sub" / "a.txt" in record.paths
    assert "fs.inotify.max_queued_events" in caplog.text
    assert len(made) == 1


@pytest.mark.skipif(not LINUX, reason="inotify is Linux's")
def test_events_that_the_kernel_really_lost_are_made_up_for(root: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip("the kernel's queue is too long to be filled quickly")
    made: list[Notifier] = []

    def make(path: Path, listener: Listener) -> Notifier:
        made.append(system_notifier(path, listener))
        return made[-1]

    files = [root / "a.txt", root / "b.txt"]
    for file in files:
        file.write_text("one")
    with watching(root, make=make) as record:
        with made[0]._lock:  # type: ignore[attr-defined]
            for number in range(limit + 10_000):  # Some are read before the thread waits for the lock.
                os.utime(files[number % 2])
            (root / "sub").mkdir()
            (root / "sub" / "lost.txt").write_text("two")
        eventually(record.in_step)
        assert any(call.everything for call in record.calls)
        (root / "sub" / "lost.txt").write_text("three")
        eventually(record.in_step)


class Exhausted:
    """A notifier for which the system has no watches left, at once or later."""

    def __init__(self, listener: Listener, number: int, *, later: bool) -> None:
        self.error = OSError(number, os.strerror(number))
        self.listener = listener
        self.later = later
        self.closed = False

    def place(self) -> None:
        if not self.later:
            raise self.error

    def intact(self) -> bool:
        return not self.closed

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("number", "sysctl"), [(errno.ENOSPC, "max_user_watches"), (errno.EMFILE, "max_user_insta")])
def test_without_watches_left_everything_is_looked_at_from_time_to_time(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, number: int, sysctl: str
) -> None:
    monkeypatch.setattr("ingest.watching._POLL_S", 0.05)
    with watching(root, make=lambda path, listener: Exhausted(listener, number, later=False)) as record:
        (root / "a.txt").write_text("one")
        eventually(record.in_step)
        eventually(lambda: len(record.calls) > 3)
    assert caplog.text.count(sysctl) == 1


@pytest.mark.skipif(not LINUX, reason="inotify is Linux's")
def test_a_folder_that_finds_no_watch_left_is_not_forgotten(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers.inotify_c import InotifyFD

    monkeypatch.setattr("ingest.watching._POLL_S", 0.05)
    add = InotifyFD.add_callback

    def refuse(self: InotifyFD, path: bytes, *rest: object) -> object:
        if path.endswith(b"sub"):
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return add(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "add_callback", refuse)
    with watching(root) as record:
        (root / "sub").mkdir()
        eventually(lambda: "max_user_watches" in caplog.text)
        (root / "sub" / "a.txt").write_text("one")
        eventually(lambda: len(record.index) == 1)


@pytest.mark.skipif(not LINUX, reason="inotify is Linux's")
def test_a_thread_that_died_is_noticed_and_started_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.watching._CHECK_S", 0.05)
    made: list[Notifier] = []

    def make(path: Path, listener: Listener) -> Notifier:
        made.append(system_notifier(path, listener))
        return made[-1]

    with watching(root, make=make) as record:
        made[0]._inotify.stop()  # type: ignore[attr-defined]
        eventually(lambda: len(made) == 2 and any(call.everything for call in record.calls))
        (root / "a.txt").write_text("one")
        eventually(lambda: root / "a.txt" in record.paths)


def test_a_notifier_that_breaks_costs_only_the_speed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(path: Path, listener: Listener) -> Notifier:
        raise ValueError("a bug")

    monkeypatch.setattr("ingest.watching._POLL_S", 0.05)
    monkeypatch.setattr("ingest.watching._FIRST_RETRY_S", 0.05)
    with watching(root, make=make) as record:
        (root / "a.txt").write_text("one")
        eventually(lambda: len(record.index) == 1)
        assert [str(error) for error in record.errors] == ["a bug"]


def test_what_was_never_told_is_found_by_the_rescan(root: Path) -> None:
    class Deaf(Exhausted):
        def place(self) -> None:
            return

    with watching(root, make=lambda path, listener: Deaf(listener, 0, later=True), rescan_s=0.1) as record:
        (root / "a.txt").write_text("one")
        eventually(lambda: len(record.index) == 1)


def test_a_source_that_is_polled_is_not_watched(root: Path) -> None:
    def make(path: Path, listener: Listener) -> Notifier:
        raise AssertionError("a watch is placed")

    with watching(root, make=make, poll_s=0.05) as record:
        (root / "a.txt").write_text("one")
        eventually(record.in_step)
        eventually(lambda: len(record.calls) > 3)
        assert all(call.everything for call in record.calls)
        assert record.errors == []


def test_a_network_drive_is_polled(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.watching.network_drive", lambda path: "nfs4")
    monkeypatch.setattr("ingest.watching._POLL_S", 0.05)
    with watching(root) as record:
        eventually(lambda: len(record.calls) > 3)
        assert all(call.everything for call in record.calls)
    assert caplog.text.count("network drive (nfs4)") == 1


def test_mounts_tell_which_folders_lie_on_network_drives(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        "40 27 0:50 / /mnt/our\\040share rw shared:1 - cifs //server/share rw\n"
        "41 27 0:51 / /mnt/ssh rw shared:1 - fuse.sshfs host: rw\n"
        "42 27 0:52 / /mnt/plain rw shared:1 - fuse.gocryptfs x rw\n"
        "43 27 0:53 / /mnt/twice rw shared:1 - nfs4 server:/ rw\n"
        "44 27 0:54 / /mnt/twice rw shared:1 - xfs /dev/vdb rw\n"
    )
    assert network_drive(Path("/home/me"), mounts) is None
    assert network_drive(Path("/mnt/our share/docs"), mounts) == "cifs"
    assert network_drive(Path("/mnt/our shared"), mounts) is None
    assert network_drive(Path("/mnt/ssh"), mounts) == "fuse.sshfs"
    assert network_drive(Path("/mnt"), mounts) == "cifs"
    assert network_drive(Path("/mnt/plain/docs"), mounts) is None
    assert network_drive(Path("/mnt/twice/docs"), mounts) is None
    assert network_drive(Path("/home/me"), tmp_path / "none") is None


def test_a_root_that_does_not_exist_yet_is_watched_once_it_does(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.watching._CHECK_S", 0.05)
    root.rmdir()
    with watching(root) as record:
        root.mkdir()
        (root / "a.txt").write_text("one")
        eventually(record.in_step)
        eventually(lambda: any(call.everything for call in record.calls))
        (root / "b.txt").write_text("two")
        eventually(lambda: root / "b.txt" in record.paths)


def test_a_root_that_vanishes_is_an_error_until_it_is_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.watching._CHECK_S", 0.05)
    monkeypatch.setattr("ingest.watching._POLL_S", 0.05)

    def fail(changes: Changes) -> None:
        if not root.exists():
            raise SourceError(f"no such file or folder: {root}", retry_after_s=3600)

    with watching(root, fail=fail) as record:
        (root / "a.txt").write_text("one")
        eventually(record.in_step)
        root.rename(root.with_name("elsewhere"))
        eventually(lambda: record.errors)
        root.with_name("elsewhere").rename(root)
        (root / "b.txt").write_text("two")
        eventually(record.in_step)
        eventually(lambda: len(record.index) == 2)
        (root / "b.txt").write_text("three")
        eventually(lambda: root / "b.txt" in record.paths)


def test_a_root_replaced_by_another_folder_is_watched_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.watching._CHECK_S", 0.05)
    other = root.with_name("other")
    other.mkdir()
    link = root.with_name("link")
    link.symlink_to(root, target_is_directory=True)
    with watching(link) as record:
        link.unlink()
        link.symlink_to(other, target_is_directory=True)
        eventually(lambda: any(call.everything for call in record.calls))
        (other / "a.txt").write_text("one")
        eventually(lambda: link / "a.txt" in record.paths)


def test_a_root_that_is_a_single_file(root: Path) -> None:
    file = root / "a.txt"
    file.write_text("one")
    with watching(file, include=("**/*.md",)) as record:
        (root / "b.txt").write_text("another")
        (root / ".tmp").write_text("two")
        os.replace(root / ".tmp", file)
        eventually(lambda: record.index == {str(file): b"two"})
        file.unlink()
        eventually(lambda: record.index == {})
        file.write_text("three")
        eventually(lambda: record.index == {str(file): b"three"})
        assert all(call.everything for call in record.calls)


def test_the_observer_of_the_other_systems_is_enough_for_plain_changes(root: Path) -> None:
    (root / "sub").mkdir()
    with watching(root, make=ObserverNotifier) as record:
        (root / "sub" / "a.txt").write_text("one")
        (root / ".hidden.txt").write_text("no")
        eventually(lambda: record.index == {str(root / "sub" / "a.txt"): b"one"})
        (root / "sub").rename(root / "new")
        eventually(lambda: record.index == {str(root / "new" / "a.txt"): b"one"})
        shutil.rmtree(root / "new")
        eventually(lambda: record.index == {})


# The debouncer alone, with a clock of its own


def debouncer(**changed: float) -> Debouncer:
    options = {"quiet_s": 1.0, "longest_s": 10.0, "most_paths": 500} | changed
    return Debouncer("docs", Path("/r"), **options)  # type: ignore[arg-type]


def taken(changes: Changes | None) -> list[str]:
    assert changes is not None
    return ["/r"] if changes.everything else list(map(str, changes.paths))


def test_a_path_is_ready_when_it_has_been_quiet() -> None:
    pending = debouncer()
    pending.note("/r/a", 0.0)
    pending.note("/r/a", 0.9)
    assert pending.take(1.8) is None
    assert pending.ready_at() == 1.9
    assert taken(pending.take(1.9)) == ["/r/a"]
    assert pending.ready_at() is None


def test_a_path_that_is_never_quiet_is_handed_on_ever_more_rarely() -> None:
    pending = debouncer()
    moments = []
    for tenth in range(3000):
        pending.note("/r/log", tenth / 10)
        if pending.take(tenth / 10) is not None:
            moments.append(tenth / 10)
    gaps = [round(after - before) for before, after in zip([0.0, *moments], moments, strict=False)]
    assert gaps == [10, 20, 40, 60, 60, 60]
    assert taken(pending.take(400.0)) == ["/r/log"]
    pending.note("/r/log", 500.0)
    assert pending.ready_at() == 501.0


def test_a_file_that_is_being_written_waits_for_its_writer() -> None:
    pending = debouncer()
    pending.note("/r/a", 0.0, writing=True)
    assert pending.ready_at() == 10.0
    pending.note("/r/a", 5.0)
    assert taken(pending.take(6.0)) == ["/r/a"]


def test_a_pending_folder_takes_in_what_changes_below_it() -> None:
    pending = debouncer()
    pending.note("/r/d", 0.0, folder=True)
    pending.note("/r/d/e/a", 0.5)
    pending.note("/r/dd", 0.5)
    assert taken(pending.take(1.5)) == ["/r/d", "/r/dd"]


def test_paths_below_another_one_are_left_out() -> None:
    pending = debouncer()
    pending.note("/r/d/e/a", 0.0)
    pending.note("/r/d", 0.0, folder=True)
    assert taken(pending.take(1.0)) == ["/r/d"]


def test_what_is_pending_below_a_path_goes_with_it() -> None:
    pending = debouncer()
    pending.note("/r/d/a", 0.0, writing=True)
    pending.note_ready(Changes(source="docs", paths=(Path("/r/d"),), everything=False), 5.0)
    assert taken(pending.take(5.0)) == ["/r/d"]
    assert pending.ready_at() is None


def test_what_could_not_be_dealt_with_is_ready_at_once() -> None:
    pending = debouncer()
    pending.note_ready(Changes(source="docs", paths=(Path("/r/a"),), everything=False), 100.0)
    assert taken(pending.take(100.0)) == ["/r/a"]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abc"), max_size=4), st.floats(0, 3), st.booleans(), st.booleans(), st.booleans()
        ),
        max_size=60,
    ),
    st.integers(1, 5),
)
def test_no_noted_path_is_ever_lost(steps: list[tuple[list[str], float, bool, bool, bool]], most: int) -> None:
    pending = debouncer(most_paths=most)
    owed: dict[str, float] = {}
    now = 0.0
    for parts, wait, folder, writing, fails in [*steps, ([], 200.0, False, False, False)]:
        now += wait
        changes = pending.take(now)
        if changes is not None and fails:
            pending.note_ready(changes, now)
        elif changes is not None:
            given = taken(changes)
            assert not [one for one in given for other in given if one != other and one.startswith(other + "/")]
            owed = {path: at for path, at in owed.items() if not any(f"{path}/".startswith(f"{g}/") for g in given)}
        if parts:
            path = "/".join(["/r", *parts])
            pending.note(path, now, folder=folder, writing=writing)
            owed[path] = now
    final = pending.take(now + 1000)
    given = taken(final) if final is not None else []
    assert [path for path in owed if not any(f"{path}/".startswith(f"{g}/") for g in given)] == []


# Everything at once

NAMES = st.sampled_from(["a", "b", "c", "a/a", "a/b", "b/a", "b/b", "a/a/a", ".h", ".h/a", "c/a/b"])
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "append", "mkdir", "move", "move", "delete", "out", "in", "link", "pause"]),
        NAMES,
        NAMES,
    ),
    max_size=40,
)


def operate(root: Path, outside: Path, operation: str, one: Path, other: Path) -> None:
    """One thing that may happen to files; what is not possible does not happen."""
    try:
        match operation:
            case "write" | "append":
                one.parent.mkdir(parents=True, exist_ok=True)
                with open(one, "a" if operation == "append" else "w") as file:
                    file.write(str(time.monotonic_ns()))
            case "mkdir":
                one.mkdir(parents=True)
            case "move":
                one.rename(other)
            case "delete":
                shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
            case "out":
                one.rename(outside / one.name)
            case "in":
                (outside / other.name).rename(one)
            case "link":
                one.symlink_to(root if other.name == "a" else outside)
            case _:
                time.sleep(0.03)
    except OSError:
        return


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(OPERATIONS, st.sampled_from([3, 500]))
def test_after_any_sequence_of_operations_the_index_equals_the_files(
    operations: list[tuple[str, str, str]], most_paths: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, outside = Path(folder, "docs"), Path(folder, "outside")
        root.mkdir()
        outside.mkdir()
        with watching(root, most_paths=most_paths, longest_s=0.5) as record:
            for operation, one, other in operations:
                operate(root, outside, operation, root / one, root / other)
            eventually(record.in_step)
            for path in [Path(place) for place, _, _ in os.walk(root) if "/." not in place]:
                (path / "last.txt").write_text("every folder is still watched")
            eventually(record.in_step)
            assert record.errors == []
