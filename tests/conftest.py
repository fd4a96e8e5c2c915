"""What every test gets: no network but loopback, a home of its own, and the one loaded embedding model."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.commands import sync_sources
from api.settings import load_settings
from api.wiring import Platform
from ingest.isolating import ParseLimits, ProcessPool
from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder, bundled_model

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


@pytest.fixture(scope="session")
def tokenizer() -> ModelTokenizer:
    return ModelTokenizer(bundled_model())


@pytest.fixture(scope="session")
def embedder() -> OpenVinoEmbedder:
    return OpenVinoEmbedder(bundled_model())


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
    """The sample company with its own access rules, ingested once. Tests read it and change nothing."""
    settings = load_settings(REPOSITORY / "data" / "groundcrew.toml", {})
    made = Platform(settings.model_copy(update={"home": tmp_path_factory.mktemp("company") / "home"}))
    made.__dict__["embedder"] = embedder
    sync_sources(made, None)
    yield made
    made.close()
