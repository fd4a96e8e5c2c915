"""A bare clone of a git repository in a cache folder, and the only place that runs the git program.

No shell is used, nothing prompts, and nothing that the remote side or a repository's own configuration says can start
a program here: the clone is ours (made without templates, hence without hooks), repositories on this machine are
read through git's own server side, which is made for repositories of strangers, and only the transports below are let
through. The person's own git configuration is used, as it holds proxies, keys and credential helpers.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from ...errors import SourceError
from .remote import TRANSPORTS, Remote

TIP = "refs/groundcrew/tip"
FETCH_LIMIT_S = 2 * 3600.0
"""A fetch is stopped after this long; a transfer over HTTP that stands still, after a minute."""
LOCAL_LIMIT_S = 1800.0

_REF = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*")
_USER_IN_URL = re.compile(r"://[^/@\s'\"]*@")
_REPOSITORY_VARIABLES = (
    "GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES "
    "GIT_NAMESPACE GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_PREFIX "
    "GIT_REPLACE_REF_BASE GIT_TRACE GIT_TRACE_CURL GIT_TRACE_PACKET GIT_CURL_VERBOSE"
).split()
_SAFE = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"),
    *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false", "-c", "credential.interactive=false"),
    *("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60"),
)


class Clone:
    """The clone of one remote at one ref. It may be thrown away at any time; `fetch` makes it anew."""

    def __init__(self, remote: Remote, ref: str, cache: Path) -> None:
        if not _REF.fullmatch(ref) or ".." in ref or "@{" in ref or ref.endswith((".lock", "/")):
            raise SourceError(f"{remote.shown}: {ref!r} is no name of a branch, tag or commit", retryable=False)
        self._remote = remote
        self._ref = ref
        self._cache = cache
        self._folder = cache / f"{hashlib.sha256(remote.shown.encode()).hexdigest()[:16]}.git"
        self._blobs: _Blobs | None = None

    def fetch(self) -> str:
        """Brings the clone up to date and gives the id of the commit that the ref stands at.

        A clone that is damaged, or locked by a process that was killed, is made anew beside the old one.

        Raises:
            SourceError: the repository or the ref cannot be reached.
        """
        self.close()
        if (self._folder / "HEAD").is_file():
            try:
                return self._fetch_into(self._folder)
            except SourceError as error:
                if not error.retryable and not isinstance(error, _NoCommitError):
                    raise
        return self.renew()

    def renew(self) -> str:
        """Clones from nothing, then takes the place of what was there. Raises as `fetch` does."""
        self.close()
        for half in self._cache.glob("*.new"):
            shutil.rmtree(half, ignore_errors=True)
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            # A name of its own, as the git of a process that was killed may still be at work on another.
            fresh = Path(tempfile.mkdtemp(suffix=".new", dir=self._cache))
            try:
                self._run(["init", "--quiet", "--bare", "--template=", os.fspath(fresh)], None, LOCAL_LIMIT_S)
                tip = self._fetch_into(fresh)
                for other in self._cache.glob("*.git"):
                    shutil.rmtree(other)
                fresh.replace(self._folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        except OSError as error:
            raise SourceError(f"{self._remote.shown} cannot be kept in {self._cache}: {error.strerror}") from error
        return tip

    def _fetch_into(self, folder: Path) -> str:
        where = f"+{self._ref}:{TIP}"
        quiet = ("--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        self._run(["fetch", *quiet, "--update-shallow", "--end-of-options", self._remote.url, where], folder)
        try:
            return self._run(["rev-parse", "--verify", "--quiet", TIP + "^{commit}"], folder).decode().strip()
        except SourceError as error:
            raise _NoCommitError(f"{self._remote.shown}: {self._ref!r} is no commit", retryable=False) from error

    def run(self, *arguments: str) -> bytes:
        """The output of a git command on the clone. Raises `SourceError` when it fails."""
        return self._run(arguments, self._folder, LOCAL_LIMIT_S)

    def tokens(self, *arguments: str) -> Iterator[bytes]:
        """The output of a git command, piece by piece, cut at NUL bytes. Raises `SourceError` when it fails."""
        with self._started(arguments, self._folder) as (process, errors):
            assert process.stdout is not None
            rest = b""
            while block := process.stdout.read(1 << 16):
                *whole, rest = (rest + block).split(b"\0")
                yield from whole
            if rest:
                yield rest
            if process.wait() != 0:
                self._fail(arguments, errors)

    def blob(self, blob: str) -> bytes | None:
        """A blob's bytes, None when the clone has none of that id. Raises `SourceError` when git dies."""
        if self._blobs is None:
            command = [*self._command(self._folder), "cat-file", "--batch"]
            self._blobs = _Blobs(command, self._environment())
        try:
            return self._blobs.get(blob)
        except (OSError, ValueError) as error:
            self.close()
            raise SourceError(f"{self._remote.shown}: the copy kept of it cannot be read; sync again") from error

    def close(self) -> None:
        """Stops the process that reads blobs; the next `blob` starts another."""
        if self._blobs is not None:
            self._blobs.close()
            self._blobs = None

    def _command(self, folder: Path | None) -> list[str]:
        place = [f"--git-dir={folder}"] if folder is not None else []
        return ["git", *place, "--no-pager", "--literal-pathspecs", "--no-replace-objects", *_SAFE]

    def _environment(self) -> dict[str, str]:
        """The person's own, less what points git at another repository, with prompts off and the secrets in."""
        handed = {name: value for name, value in os.environ.items() if name not in _REPOSITORY_VARIABLES}
        handed |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never"}
        handed |= {"GIT_NO_LAZY_FETCH": "1"}  # A partial clone may name any program to fetch the rest with.
        handed |= {"GIT_ALLOW_PROTOCOL": ":".join(TRANSPORTS), "GIT_CONFIG_COUNT": str(len(self._remote.config))}
        for number, (key, value) in enumerate(self._remote.config.items()):
            handed |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return handed

    def _run(self, arguments: Sequence[str], folder: Path | None, limit_s: float = FETCH_LIMIT_S) -> bytes:
        with self._started(arguments, folder) as (process, errors):
            try:
                output, _ = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired as error:
                raise SourceError(f"{self._remote.shown}: git {arguments[0]} took over {limit_s:.0f} s") from error
            if process.returncode != 0:
                self._fail(arguments, errors)
            return output

    @contextlib.contextmanager
    def _started(
        self, arguments: Sequence[str], folder: Path | None
    ) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        # A session of its own has no terminal that ssh could ask at, and ends whole.
        with tempfile.TemporaryFile() as errors:
            command = [*self._command(folder), *arguments]
            with _popen(command, self._environment(), stdin=subprocess.DEVNULL, stderr=errors) as process:
                try:
                    yield process, errors
                finally:
                    if process.poll() is None:
                        with contextlib.suppress(ProcessLookupError):
                            os.killpg(process.pid, signal.SIGKILL)

    def _fail(self, arguments: Sequence[str], errors: IO[bytes]) -> NoReturn:
        errors.seek(0)
        said = _USER_IN_URL.sub("://", errors.read(1 << 16).decode(errors="replace"))
        for secret in self._remote.secrets:
            said = said.replace(secret, "***")
        raise _explained(self._remote, self._ref, arguments[0], said)


class _NoCommitError(SourceError):
    """What was fetched is no commit, or the clone has lost it."""


class _Blobs:
    """A `git cat-file --batch` that runs as long as its owner."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = _popen(command, environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.close = weakref.finalize(self, _stop, self._process)

    def get(self, blob: str) -> bytes | None:
        """Raises OSError or ValueError when the process does not answer as it should."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(blob.encode() + b"\n")
        self._process.stdin.flush()
        head = self._process.stdout.readline().split()
        if len(head) == 2 and head[1] == b"missing":
            return None
        _, kind, size = head
        data = self._process.stdout.read(int(size) + 1)
        if len(data) != int(size) + 1 or kind != b"blob":
            raise ValueError("cut short")
        return data[:-1]


def _popen(
    command: Sequence[str], environment: Mapping[str, str], *, stdin: int, stderr: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=environment, start_new_session=True
        )
    except FileNotFoundError as error:
        raise SourceError(
            "a git source needs the program git, which is not installed: install it with the system's package manager",
            retryable=False,
        ) from error


def _stop(process: subprocess.Popen[bytes]) -> None:
    with process:
        process.kill()


_EXPLANATIONS: tuple[tuple[str, str, bool], ...] = (
    (
        r"could not read (Username|Password)|Authentication failed|Permission denied|returned error: 40[13]",
        "the repository refuses the credentials: check the user, the key or the token",
        False,
    ),
    (
        r"Host key verification failed",
        "the host's key is not known: connect once by hand with ssh, as the user that runs groundcrew",
        False,
    ),
    (
        r"dubious ownership|unsafe repository",
        "it belongs to another user of this machine: git config --global --add safe.directory PATH allows it",
        False,
    ),
    (r"[Cc]ouldn't find remote ref|not our ref|no such remote ref", "it has no branch, tag or commit {ref!r}", False),
    (r"transport '.*' not allowed", "this way of reaching a repository is not allowed", False),
    (
        r"not found|does not exist|does not appear to be a git repository|No such file or directory|error: 404",
        "there is no git repository, or it is not to be seen: check the url",
        True,
    ),
)


def _explained(remote: Remote, ref: str, command: str, said: str) -> SourceError:
    for pattern, reason, retryable in _EXPLANATIONS:
        if re.search(pattern, said):
            return SourceError(f"{remote.shown}: {reason.format(ref=ref)}", retryable=retryable)
    lines = [line for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    first = (fatal or lines or ["it gave no reason"])[0].removeprefix("fatal: ").removeprefix("error: ")
    return SourceError(f"{remote.shown}: git {command} failed: {first}")
