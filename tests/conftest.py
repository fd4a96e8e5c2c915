"""What every test gets: no network but loopback, a home of its own, and the one loaded embedding model."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from api.commands import sync_sources
from api.settings import load_settings
from api.wiring import Platform
from ingest.isolating import ParseLimits, ProcessPool
from retrieval.bert import Precision
from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder, bundled_model, verify_weights

REPOSITORY = Path(__file__).resolve().parent.parent


class NetworkBlocked(OSError):
    """A test tried to reach something that is not this machine."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    host = str(address[0])
    return host in ("", "localhost", "::1", "0.0.0.0", "::") or host.startswith("127.")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Every outward connection and look-up fails, whichever library tries; no test can leave it out."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_local(address):
            raise NetworkBlocked(f"tests reach loopback only, not {address!r}")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family != socket.AF_UNIX and not _is_local(address):
            raise NetworkBlocked(f"tests reach loopback only, not {address!r}")
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_local((name,)):
            raise NetworkBlocked(f"tests look up loopback only, not {name!r}")
        return look_up(host, *arguments, **named)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    patch.undo()


class LastingPool(ProcessPool):
    """Real parser processes that outlive the platform that uses them."""

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True, scope="session")
def _parsers() -> Iterator[None]:
    """Platforms of one run share their parser processes: starting them anew for each would take most of the time."""
    pools: dict[Any, LastingPool] = {}

    def pool(parse: Any, tokenizer: Any, *, size: int, limits: ParseLimits) -> ProcessPool:
        key = (parse, size, limits)
        if key not in pools:
            pools[key] = LastingPool(parse, tokenizer, size=size, limits=limits)
        return pools[key]

    patch = pytest.MonkeyPatch()
    patch.setattr("api.wiring.ProcessPool", pool)
    yield
    patch.undo()
    for one in pools.values():
        ProcessPool.close(one)


@pytest.fixture(autouse=True, scope="session")
def _models() -> Iterator[None]:
    """Platforms of one run share the loaded embedding model, whose weights are checked once."""
    patch = pytest.MonkeyPatch()
    patch.setattr("api.wiring.OpenVinoEmbedder", _embedder)
    patch.setattr("api.doctor.verify_weights", cache(verify_weights))
    yield
    patch.undo()


@cache
def _embedder(folder: Path, *, precision: Precision = "auto") -> OpenVinoEmbedder:
    return OpenVinoEmbedder(folder, precision=precision)


@pytest.fixture(scope="session")
def tokenizer() -> ModelTokenizer:
    return ModelTokenizer(bundled_model())


@pytest.fixture(scope="session")
def embedder() -> OpenVinoEmbedder:
    return _embedder(bundled_model(), precision="auto")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, set in the environment; settings of the machine are left out."""
    for name in [name for name in os.environ if name.startswith("GROUNDCREW_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("GROUNDCREW_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def platform(home: Path, embedder: OpenVinoEmbedder) -> Iterator[Platform]:
    """A platform on an empty home that shares the loaded model."""
    made = Platform(load_settings())
    made.__dict__["embedder"] = embedder
    yield made
    made.close()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory, embedder: OpenVinoEmbedder) -> Iterator[Platform]:
    """The sample company with its own access rules, ingested once. Tests read it and change nothing.

    Processes that share a run share the home: whichever needs it first fills it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "company"
    settings = load_settings(REPOSITORY / "data" / "groundcrew.toml", {})
    made = Platform(settings.model_copy(update={"home": folder / "home"}))
    made.__dict__["embedder"] = embedder
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "filled").exists():
            sync_sources(made, None)
            (folder / "filled").touch()
    yield made
    made.close()


_LONGEST = (
    "test_golden.py",
    "test_isolating.py",
    "test_hostile.py",
    "test_serving.py",
    "test_crashes.py",
    "test_bench.py",
)
"""Files that take longest. They go first, so that no process of a run is left alone with one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files that take longest first, and leaves the others in order."""
    places = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
