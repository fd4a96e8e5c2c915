"""No test reaches the network, in whichever process of a run it is."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import NetworkBlocked


def test_other_machines_are_neither_connected_to_nor_looked_up() -> None:
    for call in ("connect", "connect_ex"):
        with socket.socket() as one, pytest.raises(NetworkBlocked, match=r"192\.0\.2\.1"):
            getattr(one, call)(("192.0.2.1", 80))
    with pytest.raises(NetworkBlocked, match=r"example\.org"):
        socket.getaddrinfo("example.org", 80)


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
