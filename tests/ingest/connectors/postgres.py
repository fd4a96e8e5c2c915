"""A throw-away PostgreSQL server on a loopback port, started from Debian's package."""

from __future__ import annotations

import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import pytest

PASSWORD = "s3cret/Pass@word"
_START_LIMIT_S = 60.0


class Postgres:
    """A running server with one database, `crm`, and its superuser `admin`, who logs in with `PASSWORD`."""

    def __init__(self) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            pytest.skip("the program postgres is not installed")
        self._programs = found[-1]
        # The server refuses root and so runs as another user, who could not enter a test's own folder.
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._as = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self._as:
            shutil.chown(self._folder, "postgres")
        password = self._folder / "password"
        password.write_text(PASSWORD + "\n")
        if self._as:
            shutil.chown(password, "postgres")
        arguments = ["--username=admin", f"--pwfile={password}", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"]
        self._run("initdb", f"--pgdata={self._folder}/data", *arguments)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.start()
        self.execute("create database crm", database="postgres")

    def __enter__(self) -> Postgres:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, user: str = "admin", password: str = PASSWORD, database: str = "crm") -> str:
        secret = password.replace("/", "%2F").replace("@", "%40")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        limit = f"--timeout={_START_LIMIT_S:.0f}"
        self._run(
            "pg_ctl", f"--pgdata={self._folder}/data", f"--log={self._folder}/log", limit, "-w", "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", f"--pgdata={self._folder}/data", "--mode=immediate", "-w", "stop")

    def execute(self, *statements: str, database: str = "crm") -> None:
        """Runs statements, each in a transaction of its own."""
        import psycopg

        options = {"host": "127.0.0.1", "port": str(self.port), "user": "admin", "password": PASSWORD}
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                connection = psycopg.connect(dbname=database, autocommit=True, **options)  # type: ignore[arg-type]
                break
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        with connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, f"{self._programs}/{program}", *arguments],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
