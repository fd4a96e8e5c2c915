"""The command as a process: how it ends when it is stopped, when nobody reads on, when output takes no such letters."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@contextmanager
def start(*arguments: str, home: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command under way; it is ended with the block, whatever the test finds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=home.parent,
        env={
            "GROUNDCREW_HOME": str(home),
            "PYTHONPATH": str(REPOSITORY),
            "PATH": os.environ["PATH"],
            "PYTHONUTF8": "1",
            **environment,
        },
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_ends_well(tmp_path: Path, sign: signal.Signals) -> None:
    with start("serve", "--port", "0", home=tmp_path / "home") as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        assert "Serving 0 documents" in line
        client = http.client.HTTPConnection(line.split()[4].removeprefix("http://"), timeout=60)
        client.request("GET", "/healthz")
        assert client.getresponse().read() == b'{"status":"ok"}'
        client.close()
        server.send_signal(sign)
        assert (server.wait(timeout=60), server.stderr.read()) == (0, "")
    assert not (tmp_path / "home" / "catalog.sqlite-wal").exists(), "the catalog was not closed"


@pytest.mark.parametrize("arguments", [("sources", "list"), ("sources", "list", "--json"), ("--help",)])
def test_nobody_needs_to_read_on(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with start(*arguments, home=tmp_path / "home") as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert (command.wait(timeout=60), command.stderr.read()) == (0, "")


@pytest.mark.parametrize("arguments", [(), ("sources",)])
def test_a_command_alone_prints_its_help(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with start(*arguments, home=tmp_path / "home") as command:
        out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (2, "")
    assert "Usage: groundcrew" in err
    assert err.count("\n") > 5


def test_output_that_takes_no_such_letters_gets_others(tmp_path: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    with start("ask", "Wie lang ist die Kündigungsfrist?", "--json", home=tmp_path / "home", **ascii_only) as command:
        out, err = command.communicate(timeout=60)
    assert command.returncode == 0, err
    assert json.loads(out)["question"] == "Wie lang ist die Kündigungsfrist?"
    with start("ask", "--mode", "schön", "Why?", home=tmp_path / "home", **ascii_only) as command:
        assert "sch?n" in command.communicate(timeout=60)[1]


@pytest.mark.parametrize("command", ["ask", "search"])
def test_bytes_that_are_no_text_are_bad_use(tmp_path: Path, command: str) -> None:
    with start(command, "Why \udcff?", home=tmp_path / "home") as refused:
        out, err = refused.communicate(timeout=60)
    assert (refused.returncode, out, err.count("\n")) == (2, "", 1), err
