"""The git connector on real repositories: by path, by file://, over HTTP with a password, and through ssh's command."""

from __future__ import annotations

import base64
import gc
import http.server
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.connectors.git import GitConnector
from ingest.connectors.git.remote import remote_of
from ingest.errors import ParseError, SourceError
from ingest.model import Access, Item, Listing
from ingest.settings import AccessRule, GitSettings
from tests.contracts.worlds.git import EVERYONE, Repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="the program git is not installed")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "origin")


def connect(repository: Repository | str, cache: Path, **settings: object) -> GitConnector:
    url = repository if isinstance(repository, str) else str(repository.folder)
    return GitConnector(GitSettings(name="code", url=url, access=EVERYONE, **settings), cache)  # type: ignore[arg-type]


def names(listing: Listing) -> list[str]:
    return sorted(item.name for item in listing.items)


def by_name(listing: Listing) -> dict[str, Item]:
    return {item.name: item for item in listing.items}


# --- what is listed ------------------------------------------------------------------------------------------


def test_a_ref_may_be_a_branch_a_tag_a_whole_ref_or_a_commit(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.txt", "one")
    first = repository.commit("one")
    repository.git("tag", "--annotate", "--message", "first", "v1")
    repository.git("branch", "old/branch")
    repository.write("b.txt", "two")
    repository.commit("two")
    for ref, expected in {
        "HEAD": ["a.txt", "b.txt"],
        "main": ["a.txt", "b.txt"],
        "refs/heads/old/branch": ["a.txt"],
        "old/branch": ["a.txt"],
        "v1": ["a.txt"],
        first: ["a.txt"],
    }.items():
        assert names(connect(repository, tmp_path / "cache", ref=ref).list()) == expected, ref


def test_uris_stay_when_the_ref_moves_and_the_fingerprint_is_the_blob(repository: Repository, tmp_path: Path) -> None:
    repository.write("docs/a.txt", "one")
    repository.write("b.txt", "same")
    repository.commit("one")
    before = by_name(connect(repository, tmp_path / "cache").list())
    repository.write("docs/a.txt", "two")
    repository.commit("two")
    after = by_name(connect(repository, tmp_path / "cache").list())
    assert {item.uri for item in before.values()} == {item.uri for item in after.values()}
    assert after["a.txt"].uri == f"git+{repository.folder.as_uri()}/docs/a.txt"
    assert before["a.txt"].fingerprint != after["a.txt"].fingerprint == after["a.txt"].identity
    assert before["b.txt"] == after["b.txt"]


def test_a_folder_is_the_root_for_uris_globs_and_rules(repository: Repository, tmp_path: Path) -> None:
    board = Access(allow=("group:board",))
    for name in ("docs/board/a.md", "docs/b.md", "docs/c.txt", "docsother/d.md", "e.md"):
        repository.write(name, name)
    repository.commit("all")
    rules = (AccessRule(glob="board/**", access=board),)
    connector = connect(repository, tmp_path / "cache", folder="/docs/", include=("**/*.md",), rules=rules)
    listing = connector.list()
    found = by_name(listing)
    assert (names(listing), listing.hidden) == (["a.md", "b.md"], 1)
    assert (found["a.md"].access, found["b.md"].access) == (board, EVERYONE)
    assert all(item.uri.startswith(connector.location + "/") for item in listing.items)
    assert connector.read(found["a.md"]).data == b"docs/board/a.md"
    assert found["b.md"].metadata["author"] == "Ana"


@pytest.mark.parametrize("folder", ["missing", "a.txt", "docs/missing", "*", ":(top)", "doc"])
def test_a_folder_that_is_not_there_is_an_error_and_no_empty_listing(
    repository: Repository, tmp_path: Path, folder: str
) -> None:
    repository.write("a.txt", "one")
    repository.write("docs/b.txt", "one")
    repository.commit("one")
    with pytest.raises(SourceError, match="has no folder"):
        connect(repository, tmp_path / "cache", folder=folder).list()
    with pytest.raises(SourceError, match="plain path"):
        connect(repository, tmp_path / "cache", folder="docs/../..")


def test_links_submodules_and_hidden_files_are_left_out_and_counted(repository: Repository, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.write("x.txt", "x")
    inner.commit("x")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(inner.folder), "vendored")
    (repository.folder / "link.txt").symlink_to("/etc/passwd")
    repository.write(".github/workflow.yml", "x")
    repository.write("run.sh", "#!/bin/sh")
    (repository.folder / "run.sh").chmod(0o755)
    repository.commit("all")
    listing = connect(repository, tmp_path / "cache").list()
    assert names(listing) == ["run.sh"]
    assert listing.hidden == 4  # .gitmodules, vendored, link.txt, .github/workflow.yml


ODD = [
    "new\nline.txt",
    'tab\tquote".txt',
    "party \U0001f389.txt",
    "e" * 251 + ".txt",
    "-dash.txt",
    "a#b?c%20.txt",
    " b ",
]


def test_odd_names_are_listed_and_read(repository: Repository, tmp_path: Path) -> None:
    raw = os.fsdecode(b"caf\xe9.txt")
    for name in [*ODD, raw, "\nfirst"]:
        repository.write(f"d/{name}", f"text of {name!r}")
    repository.commit("odd")
    connector = connect(repository, tmp_path / "cache")
    listing = connector.list()
    read = {item.name: connector.read(item).data.decode() for item in listing.items}
    assert read == {name: f"text of {name!r}" for name in [*ODD, "\nfirst"]} | {"caf\ufffd.txt": f"text of {raw!r}"}
    assert len({item.uri for item in listing.items}) == len(ODD) + 2
    assert all(item.uri.isascii() and not set(item.uri) & set(' "\n#?') for item in listing.items)
    assert f"{connector.location}/d/caf%E9.txt" in {item.uri for item in listing.items}
    assert connect(repository, tmp_path / "cache").list() == listing


def test_an_lfs_pointer_is_a_problem_that_says_so(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.pdf", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    repository.commit("pointer")
    connector = connect(repository, tmp_path / "cache")
    [item] = connector.list().items
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "lfs_pointer"
    assert "Git LFS" in caught.value.problem.reason


def test_binary_and_empty_files_are_read_as_they_are(repository: Repository, tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    repository.write("a.bin", data)
    repository.write("empty.txt", "")
    repository.commit("binary")
    connector = connect(repository, tmp_path / "cache")
    found = by_name(connector.list())
    assert (found["a.bin"].size, found["empty.txt"].size) == (len(data), 0)
    assert connector.read(found["a.bin"]).data == data
    assert connector.read(found["empty.txt"]).data == b""
    assert connector.read(found["a.bin"]).data == data


# --- times and authors ---------------------------------------------------------------------------------------


def build_history(repository: Repository) -> None:
    """Parallel branches, a merge with a change of its own, a deletion that is taken back, an old date late."""
    repository.write("a.txt", "1")
    repository.write("b.txt", "1")
    repository.commit("start", "2026-01-01T10:00:00Z")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.write("b.txt", "2")
    repository.commit("side", "2026-01-02T10:00:00Z")
    repository.git("checkout", "--quiet", "main")
    repository.write("a.txt", "2")
    repository.commit("main", "2026-01-03T10:00:00Z")


def merge(repository: Repository) -> None:
    repository.git("merge", "--quiet", "--no-commit", "side")
    repository.write("evil.txt", "only in the merge")
    repository.commit("merge", "2026-01-04T10:00:00Z")
    repository.write("c.txt", "dated before")
    repository.commit("late", "2025-06-01T10:00:00Z")


def times(listing: Listing) -> dict[str, str]:
    return {item.name: item.modified_at for item in listing.items}


def test_the_time_is_that_of_the_last_commit_that_touched_the_file(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    incremental = connect(repository, tmp_path / "kept")
    assert times(incremental.list()) == {"a.txt": "2026-01-03T10:00:00Z", "b.txt": "2026-01-01T10:00:00Z"}
    merge(repository)
    expected = {
        "a.txt": "2026-01-03T10:00:00Z",
        "b.txt": "2026-01-02T10:00:00Z",
        "evil.txt": "2026-01-04T10:00:00Z",
        "c.txt": "2025-06-01T10:00:00Z",
    }
    assert times(incremental.list()) == expected
    assert connect(repository, tmp_path / "kept").list() == connect(repository, tmp_path / "fresh").list()


def test_a_listing_step_by_step_ends_as_one_from_nothing(repository: Repository, tmp_path: Path) -> None:
    chance = random.Random(7)
    incremental = connect(repository, tmp_path / "kept")
    for step in range(30):
        when = f"2026-01-{chance.randint(1, 28):02} 10:00:00Z"  # Dates do not follow the order of the commits.
        files = [path for path in repository.folder.rglob("*.txt") if ".git" not in path.parts]
        if step % 6 == 3:
            repository.git("checkout", "--quiet", "-B", "side", "HEAD~1")
            repository.write(f"side{step}.txt", "side")
            repository.commit("side", when)
            repository.git("checkout", "--quiet", "main")
            repository.git("merge", "--quiet", "--no-edit", "--strategy-option=ours", "side", when=when)
        elif files and chance.random() < 0.3:
            chance.choice(files).unlink()
        elif files and chance.random() < 0.3:
            chance.choice(files).rename(repository.folder / f"moved{step}.txt")
        else:
            repository.write(f"d{chance.randint(0, 3)}/f{chance.randint(0, 5)}.txt", str(chance.random()))
        repository.commit(f"step {step}", when)
        if chance.random() < 0.6:
            incremental.list()
    listing = incremental.list()
    assert listing == connect(repository, tmp_path / "fresh").list()
    assert sorted(item.uri.removeprefix(incremental.location + "/") for item in listing.items) == sorted(
        repository.git("ls-files").splitlines()
    )
    for item in listing.items:
        path = repository.folder / item.uri.removeprefix(incremental.location + "/")
        assert incremental.read(item).data == path.read_bytes()


def test_a_rewritten_history_is_followed(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    connector = connect(repository, tmp_path / "cache")
    connector.list()
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.write("new.txt", "n")
    repository.commit("other", "2026-02-01T10:00:00Z")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    assert times(connector.list()) == {
        "a.txt": "2026-01-01T10:00:00Z",
        "b.txt": "2026-01-01T10:00:00Z",
        "new.txt": "2026-02-01T10:00:00Z",
    }


@pytest.mark.parametrize(
    "damage", ["", "{}", '{"commit": 1', '{"commit":"x","folder":"","authors":[],"changes":{"a":1}}']
)
def test_damaged_times_are_worked_out_anew(repository: Repository, tmp_path: Path, damage: str) -> None:
    build_history(repository)
    listing = connect(repository, tmp_path / "cache").list()
    (tmp_path / "cache" / "history.json").write_text(damage)
    assert connect(repository, tmp_path / "cache").list() == listing


def test_another_folder_of_the_same_source_has_its_own_times(repository: Repository, tmp_path: Path) -> None:
    repository.write("one/a.txt", "1")
    repository.commit("one", "2026-01-01T10:00:00Z")
    repository.write("two/b.txt", "1")
    repository.commit("two", "2026-01-02T10:00:00Z")
    for folder, time_of in (("one", "2026-01-01T10:00:00Z"), ("two", "2026-01-02T10:00:00Z")):
        assert set(times(connect(repository, tmp_path / "cache", folder=folder).list()).values()) == {time_of}


def test_a_shallow_repository_can_be_read(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    shallow = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", repository.folder.as_uri(), str(shallow)], check=True, cwd=tmp_path
    )
    assert names(connect(str(shallow), tmp_path / "cache").list()) == ["a.txt", "b.txt"]


# --- what is kept --------------------------------------------------------------------------------------------


def clone_in(cache: Path) -> Path:
    [clone] = cache.glob("*.git")
    return clone


def test_a_damaged_clone_is_made_anew(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    cache = tmp_path / "cache"
    listing = connect(repository, cache).list()

    def lose_objects() -> None:
        shutil.rmtree(clone_in(cache) / "objects")

    def lose_head() -> None:
        (clone_in(cache) / "HEAD").unlink()

    def garble_packs() -> None:
        for path in [path for path in (clone_in(cache) / "objects").rglob("*") if path.is_file()]:
            path.chmod(0o600)
            path.write_bytes(b"garbage")

    def garble_configuration() -> None:
        (clone_in(cache) / "config").write_text("[core\nbroken")

    def leave_a_lock() -> None:
        lock = clone_in(cache) / "refs" / "groundcrew" / "tip.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()

    def lose_the_ref() -> None:
        shutil.rmtree(clone_in(cache) / "refs" / "groundcrew")

    def leave_half_a_clone() -> None:
        (clone_in(cache).with_suffix(".new") / "objects").mkdir(parents=True)
        shutil.rmtree(clone_in(cache))

    for damage in (
        lose_objects,
        lose_head,
        garble_packs,
        garble_configuration,
        leave_a_lock,
        lose_the_ref,
        leave_half_a_clone,
    ):
        repository.commit("nothing")
        damage()
        connector = connect(repository, cache)
        assert connector.list() == listing, damage.__name__
        assert connector.read(listing.items[0]).data == b"2"


def test_a_blob_that_the_clone_lost_is_fetched_again(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    connector = connect(repository, tmp_path / "cache")
    [item, _] = connector.list().items
    assert connector.read(item).data == b"2"
    shutil.rmtree(clone_in(tmp_path / "cache") / "objects" / item.fingerprint[:2], ignore_errors=True)
    for pack in (clone_in(tmp_path / "cache") / "objects" / "pack").glob("*"):
        pack.unlink()
    assert connect(repository, tmp_path / "cache").read(item).data == b"2"


def test_a_blob_that_is_nowhere_has_vanished(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    connector = connect(repository, tmp_path / "cache")
    [item, _] = connector.list().items
    for fingerprint in ("0" * 39 + "1", "x\nHEAD", "HEAD", "--help"):
        other = Item(uri=item.uri, name="a", fingerprint=fingerprint, modified_at=item.modified_at, access=EVERYONE)
        with pytest.raises(ParseError) as caught:
            connector.read(other)
        assert caught.value.problem.code == "vanished"


def test_killed_clones_and_fetches_leave_nothing_half(repository: Repository, tmp_path: Path) -> None:
    for number in range(40):
        repository.write(f"f{number}.bin", os.urandom(50_000))
    repository.commit("many")
    cache = tmp_path / "cache"
    program = (
        "import sys; from pathlib import Path; from ingest.connectors.git import GitConnector; "
        "from ingest.settings import GitSettings; "
        "GitConnector(GitSettings(name='code', url=sys.argv[1]), Path(sys.argv[2])).list()"
    )
    root = Path(__file__).resolve().parents[3]
    expected = connect(repository, tmp_path / "whole").list()
    for pause in (0.25, 0.3, 0.35, 0.4, 0.45):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(repository.folder), str(cache)], cwd=root, start_new_session=True
        )
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert connect(repository, cache).list() == expected
        shutil.rmtree(cache)


def test_no_process_outlives_its_connector(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    connector = connect(repository, tmp_path / "cache")
    connector.read(connector.list().items[0])
    del connector
    gc.collect()
    own = str(tmp_path / "cache").encode()
    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if own in _content(path)]
    assert running == []


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


# --- what goes wrong -----------------------------------------------------------------------------------------


def refused(connector: GitConnector) -> SourceError:
    with pytest.raises(SourceError) as caught:
        connector.list()
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_repository_that_is_gone_or_none_is_an_error(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for url in (str(tmp_path / "missing"), str(tmp_path / "plain"), (tmp_path / "missing").as_uri()):
        error = refused(connect(url, tmp_path / "cache"))
        assert "no git repository" in str(error)
        assert not list((tmp_path / "cache").glob("*"))
    connector = connect(repository, tmp_path / "cache")
    before = connector.list()
    repository.folder.rename(tmp_path / "away")
    assert refused(connector).retryable
    (tmp_path / "away").rename(repository.folder)
    assert connector.list() == before


def test_an_unknown_ref_is_an_error_that_waiting_does_not_mend(repository: Repository, tmp_path: Path) -> None:
    for ref in ("nothing", "refs/heads/nothing", "0" * 39 + "1"):
        error = refused(connect(repository, tmp_path / "cache", ref=ref))
        assert ref in str(error)
        assert not error.retryable


def test_a_tag_on_something_else_than_a_commit_is_an_error(repository: Repository, tmp_path: Path) -> None:
    repository.git("tag", "tree", "HEAD^{tree}")
    connect(repository, tmp_path / "cache").list()
    error = refused(connect(repository, tmp_path / "cache", ref="tree"))
    assert "'tree' is no commit" in str(error)
    assert not error.retryable


def test_refs_and_urls_that_git_could_take_for_options_or_programs_are_refused(
    repository: Repository, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    for ref in ("--upload-pack=touch " + str(proof), "-x", "a b", "a:b", "a..b", "a\nb", "", "x@{u}", "a^", "a*"):
        with pytest.raises(SourceError, match="is no name of a branch"):
            connect(repository, tmp_path / "cache", ref=ref)
    for url in (
        f"--upload-pack=touch {proof}",
        f"ext::sh -c touch% {proof}",
        f"EXT::touch {proof}",
        "fd::17",
        f"ssh://-oProxyCommand=touch {proof}/x",
        f"-oProxyCommand=touch {proof}:x",
        "host:-x",
        "",
        "a\nb",
        "ftp://host/x",
        "https://host:port/x",
        "https:///x",
    ):
        with pytest.raises(SourceError, match="url of a git source"):
            connect(url, tmp_path / "cache")
    assert not proof.exists()


def test_a_repository_cannot_run_programs(repository: Repository, tmp_path: Path) -> None:
    proof, script = tmp_path / "proof", tmp_path / "script"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> {proof}\ncat\n')
    script.chmod(0o755)
    build_history(repository)
    repository.write(".gitattributes", "*.txt diff=evil filter=evil\n")
    repository.commit("attributes")
    for key in (
        "core.fsmonitor core.sshCommand core.pager core.editor core.alternateRefsCommand diff.external "
        "diff.evil.command diff.evil.textconv filter.evil.smudge filter.evil.clean uploadpack.packObjectsHook "
        "gpg.program core.gitProxy receive.procReceiveRefs credential.helper alias.fetch"
    ).split():
        repository.git("config", key, str(script))
    for hook in "pre-receive post-receive update post-update reference-transaction pre-auto-gc post-checkout".split():
        path = repository.folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        shutil.copy(script, path)
    for round_ in range(2):
        repository.write("a.txt", f"round {round_}")
        # The person's own commits run their hooks; only what the connector does counts.
        repository.git("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "add", "-f", "a.txt")
        proof.unlink(missing_ok=True)
        connector = connect(repository, tmp_path / "cache")
        for item in connector.list().items:
            connector.read(item)
        assert not proof.exists(), proof.read_text()


def test_a_partial_repository_cannot_run_programs(repository: Repository, tmp_path: Path) -> None:
    proof, script = tmp_path / "proof", tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {proof}\n")
    script.chmod(0o755)
    build_history(repository)
    blob = repository.git("rev-parse", "HEAD:a.txt").strip()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "evil",
        "remote.evil.url": str(tmp_path),
        "remote.evil.promisor": "true",
        "remote.evil.uploadpack": str(script),
    }.items():
        repository.git("config", key, value)
    (repository.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    refused(connect(repository, tmp_path / "cache"))
    assert not proof.exists()


def test_the_environment_of_a_hook_does_not_lead_astray(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_history(repository)
    other = Repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git" / "objects"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "7")
    assert names(connect(repository, tmp_path / "cache").list()) == ["a.txt", "b.txt"]


def test_a_cache_that_cannot_be_written_is_named(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = refused(connect(repository, tmp_path / "file" / "cache"))
    assert f"cannot be kept in {tmp_path}/file/cache" in str(error)


def test_a_missing_git_is_named(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refused(connect(repository, tmp_path / "cache"))
    assert "needs the program git" in str(error)
    assert not error.retryable


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_user_is_explained(repository: Repository, tmp_path: Path) -> None:
    build_history(repository)
    for path in [repository.folder, *repository.folder.rglob("*")]:
        os.lchown(path, 65534, 65534)
    error = refused(connect(repository, tmp_path / "cache"))
    assert "safe.directory" in str(error)


def test_ssh_goes_through_the_persons_ssh(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_history(repository)
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\nwhile [ $# -gt 1 ]; do shift; done\nexec sh -c "$1"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    for url in (f"ssh://git@host.example{repository.folder}", f"git@host.example:{repository.folder}"):
        connector = connect(url, tmp_path / "cache")
        assert connector.location == f"git+ssh://host.example{repository.folder}"
        assert names(connector.list()) == ["a.txt", "b.txt"]
    ssh.write_text("#!/bin/sh\necho 'git@host: Permission denied (publickey).' >&2; exit 255\n")
    error = refused(connect(f"ssh://git@host.example{repository.folder}", tmp_path / "cache"))
    assert "refuses the credentials" in str(error)
    assert not error.retryable


# --- over HTTP -----------------------------------------------------------------------------------------------

SECRET = "s3cret-Token"


class GitOverHttp(http.server.BaseHTTPRequestHandler):
    """git's own server side behind a web server that asks for a password."""

    def _answer(self) -> None:
        pair = base64.b64encode(f"ana:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        environment = {
            "PATH": "/usr/bin:/bin",
            "GIT_PROJECT_ROOT": self.server.root,  # type: ignore[attr-defined]
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=self.rfile.read(length), capture_output=True, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - names that the library calls

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(repository: Repository) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitOverHttp)
    server.root = str(repository.folder.parent)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_repository_over_http_with_a_password_that_shows_nowhere(
    repository: Repository, tmp_path: Path, address: str
) -> None:
    build_history(repository)
    connector = connect(f"http://ana:{SECRET}@{address}/origin/.git", tmp_path / "cache")
    assert connector.location == f"git+http://{address}/origin/.git"
    listing = connector.list()
    assert names(listing) == ["a.txt", "b.txt"]
    repository.write("c.txt", "three")
    repository.commit("three")
    found = connector.list()
    assert names(found) == ["a.txt", "b.txt", "c.txt"]
    assert connector.read(by_name(found)["c.txt"]).data == b"three"
    everything = repr(found) + repr(remote_of(f"https://ana:{SECRET}@h/x"))
    everything += "".join(
        path.read_text(errors="replace") for path in (tmp_path / "cache").rglob("*") if path.is_file()
    )
    assert SECRET not in everything
    assert base64.b64encode(f"ana:{SECRET}".encode()).decode() not in everything


def test_a_wrong_password_is_an_error_that_waiting_does_not_mend(
    repository: Repository, tmp_path: Path, address: str
) -> None:
    for user in ("ana:wrong-Password@", "token-Wrong@", ""):
        error = refused(connect(f"http://{user}{address}/origin/.git", tmp_path / "cache"))
        assert "refuses the credentials" in str(error)
        assert "rong" not in str(error)
        assert not error.retryable


def test_a_server_that_is_down_is_worth_another_try(repository: Repository, tmp_path: Path, address: str) -> None:
    port = int(address.rsplit(":", 1)[1])
    error = refused(connect(f"http://ana:{SECRET}@127.0.0.1:{(port % 60000) + 1}/x", tmp_path / "cache"))
    assert error.retryable
    assert SECRET not in str(error)
    missing = refused(connect(f"http://ana:{SECRET}@{address}/nothing", tmp_path / "cache"))
    assert "no git repository" in str(missing)
