"""Starts the HTTP server. It listens on loopback only: there is no way yet to tell callers apart."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from contextlib import suppress

import uvicorn

from .app import create_app, is_loopback
from .background import Background, make_watcher
from .console import print_json, say
from .errors import UsageError, WorkFailed
from .presence import announce, find_server, serving
from .wiring import Platform

_GRACE_S = 5
"""How long open requests may take to end once the server is told to stop."""


def run_server(
    platform: Platform, host: str | None, port: int | None, *, as_json: bool = False, any_port: bool = False
) -> None:
    """Serves until Ctrl-C or SIGTERM. `any_port` takes a free one when the wanted port is taken.

    Raises:
        CatalogError, SearchIndexError, ModelError: questions cannot be answered.
        UsageError: the address is not loopback.
        WorkFailed: the port is taken.
    """
    server = platform.settings.server
    host = host or server.host
    if not is_loopback(host):
        raise UsageError(
            f"refusing to listen on {host}: without API keys everyone who reaches the port would be an "
            "admin; use 127.0.0.1"
        )
    # uvicorn ends its work, then raises the signal again under the handler it found.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serving(platform.home):
        _serve(platform, host, server.port if port is None else port, as_json=as_json, any_port=any_port)


def _serve(platform: Platform, host: str, port: int, *, as_json: bool, any_port: bool) -> None:
    # Warm before the first request: it need not wait, and no two threads make the same part at once.
    platform.check_ready()
    listener = _bind(host, port, any_port=any_port)
    url = f"http://{'[' + host + ']' if ':' in host else host}:{listener.getsockname()[1]}"
    documents, chunks = platform.catalog.counts()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("httpx", "chromadb", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    background = Background(platform)
    background.start()
    try:
        application = create_app(platform, background, announce(platform.home, url).token)
        config = uvicorn.Config(application, log_level="warning", lifespan="off", timeout_graceful_shutdown=_GRACE_S)
        if as_json:
            print_json({"url": url, "documents": documents, "chunks": chunks})
        say(f"Serving {documents} documents at {url}  (Ctrl-C stops it)")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        background.stop()


def run_watch(platform: Platform) -> None:
    """Keeps the configured folders in step until Ctrl-C or SIGTERM.

    Raises:
        UsageError: no folder is configured.
        WorkFailed: a process that serves the home watches it already.
    """
    folders = platform.settings.folders()
    if not folders:
        raise UsageError("no source of kind files is configured; add [sources.NAME] to groundcrew.toml")
    address = find_server(platform.home)
    if address is not None:
        raise WorkFailed(f"the server at {address.url} keeps these folders in step already")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("groundcrew").setLevel(logging.INFO)
    # Made before the watcher's threads ask for it: there must be one of each.
    _ = platform.synchronizer
    platform.embedder.embed(["ready"])
    stopping = threading.Event()
    watcher = make_watcher(platform, stopping)
    watcher.start()
    for name, settings in folders.items():
        say(f"Watching {name}: {settings.path}")
    try:
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
    finally:
        stopping.set()
        watcher.stop()


def _bind(host: str, port: int, *, any_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # Whoever reads the address below may connect at once.
    except OSError as error:
        if any_port and port:
            listener.close()
            return _bind(host, 0, any_port=False)
        listener.close()
        raise WorkFailed(
            f"port {port} on {host} cannot be used ({error.strerror}); "
            "stop what listens there or choose another with --port"
        ) from error
    return listener
