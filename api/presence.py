"""Which process serves a home: it holds a lock for as long as it lives, and leaves its address beside it.

The token in the address is readable for the owner of the home alone, and stands for them.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .errors import WorkFailed

LOCK = "server.lock"
ADDRESS = "server.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the serving process answers, and what to show it."""

    url: str
    token: str = field(repr=False)


def find_server(home: Path) -> Address | None:
    """The address of the process that serves this home; None when there is none."""
    from filelock import FileLock, Timeout

    try:
        found = json.loads((home / ADDRESS).read_text(encoding="utf-8"))
        address = Address(url=found["url"], token=found["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        with FileLock(home / LOCK, timeout=0):
            return None  # It was left behind by a process that is gone.
    except Timeout:
        return address
    except OSError:
        return None


@contextmanager
def serving(home: Path) -> Iterator[None]:
    """Holds the home as the one process that serves it.

    Raises:
        WorkFailed: another one does; the message gives its address.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(home / LOCK)
    try:
        lock.acquire(timeout=1)  # A command that looks for a server holds it for a moment.
    except Timeout as error:
        address = find_server(home)
        where = f" at {address.url}" if address else ""
        raise WorkFailed(f"another process serves {home} already{where}; stop that one first") from error
    except OSError as error:
        raise WorkFailed(f"the home {home} cannot be written to: {error.strerror}") from error
    try:
        (home / ADDRESS).unlink(missing_ok=True)  # Left behind by a process that was killed.
        yield
    finally:
        (home / ADDRESS).unlink(missing_ok=True)
        lock.release()


def announce(home: Path, url: str) -> Address:
    """Leaves the address for the owner's commands."""
    address = Address(url=url, token=secrets.token_urlsafe(32))
    draft = home / (ADDRESS + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(address), file)
    draft.replace(home / ADDRESS)
    return address
