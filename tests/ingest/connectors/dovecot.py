"""A throw-away IMAP server: Debian's dovecot on loopback ports, with a user and a folder of its own."""

from __future__ import annotations

import getpass
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

USER = "ana@firm.example"
PASSWORD = 'geheim "Straße" \\ 1'

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 50
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {group}
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """A running server; `port` speaks plain text and STARTTLS, `tls_port` TLS with the certificate `authority`."""

    def __init__(self, mechanisms: str = "plain") -> None:
        self._program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
        if self._program is None:
            pytest.skip("dovecot is not installed")
        # Not below pytest's folder: the server's own user may not enter that, and its socket paths must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self._folder.chmod(0o755)
        self.port, self.tls_port = _free_ports(2)
        self.authority = self._folder / "cert.pem"
        self._process: subprocess.Popen[bytes] | None = None
        self._configure(mechanisms)
        self.start()

    @property
    def maildir(self) -> Path:
        """Where the user's mail lies."""
        return self._folder / "mail" / USER / "Maildir"

    def start(self) -> None:
        """Starts the server and waits until it greets."""
        with (self._folder / "stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [str(self._program), "-F", "-c", str(self._folder / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                if connection.recv(10).startswith(b"* OK"):
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        said = [
            path.read_text(errors="replace")
            for path in (self._folder / "stderr", self._folder / "log")
            if path.exists()
        ]
        self.close()
        raise RuntimeError("dovecot does not start: " + " ".join(said)[-2000:])

    def stop(self) -> None:
        """Stops the server; its mail stays."""
        if self._process is not None:
            group = self._process.pid
            self._process.terminate()
            self._process.wait(timeout=20)
            with suppress(ProcessLookupError):  # Those that serve a connection outlive it for a while.
                os.killpg(group, signal.SIGKILL)
            self._process = None

    def close(self) -> None:
        """Stops the server and removes its mail."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        """A logged-in connection, for changing what the server holds."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as connection:
            connection.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield connection

    def append(self, message: bytes, folder: str = "INBOX", flags: str = "") -> None:
        """Puts a message into a folder (as the server writes its name), which is made when it is not there."""
        with self.session() as connection:
            if folder != "INBOX":
                connection.create(f'"{folder}"')
            status, data = connection.append(f'"{folder}"', flags, "", message)
            assert status == "OK", data

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """The flags of each message."""
        with self.session() as connection:
            connection.select(folder, readonly=True)
            return [part for part in connection.fetch("1:*", "(FLAGS)")[1] if isinstance(part, bytes)]

    def mark(self, uid: int, flags: str, folder: str = "INBOX", *, expunge: bool = False) -> None:
        """Adds flags to a message, and takes it out when `expunge` is set."""
        with self.session() as connection:
            connection.select(f'"{folder}"')
            connection.uid("STORE", str(uid), "+FLAGS", f"({flags})")
            if expunge:
                connection.expunge()

    def _configure(self, mechanisms: str) -> None:
        folder = self._folder
        own = pwd.getpwuid(os.getuid())
        # Mail of the user root is refused by dovecot.
        mail = pwd.getpwnam("nobody") if own.pw_uid == 0 else own
        (folder / "mail").mkdir()
        if own.pw_uid == 0:
            os.chown(folder / "mail", mail.pw_uid, mail.pw_gid)
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}:::::\n", encoding="utf-8")
        (folder / "users").chmod(0o644)
        make_certificate(folder)
        name = getpass.getuser()
        text = _CONFIGURATION.format(
            folder=folder,
            mechanisms=mechanisms,
            port=self.port,
            tls_port=self.tls_port,
            uid=mail.pw_uid,
            gid=mail.pw_gid,
            login_user="dovenull" if own.pw_uid == 0 else name,
            internal_user="dovecot" if own.pw_uid == 0 else name,
            group="dovecot" if own.pw_uid == 0 else own.pw_gid,
        )
        (folder / "dovecot.conf").write_text(text)


class Interruptions:
    """Stands before a server and hangs up when a client sends `word`, as often as `times` says; counts connections."""

    def __init__(self, port: int, word: bytes, times: int) -> None:
        self.connections = 0
        self.sent = bytearray()
        self._target, self._word, self._times = port, word, times
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, origin: socket.socket, target: socket.socket, from_client: bool) -> None:
        with suppress(OSError):
            while data := origin.recv(65536):
                if from_client:
                    self.sent += data
                    if self._word in data and self._times > 0:
                        self._times -= 1
                        break
                target.sendall(data)
        for one in (origin, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def make_certificate(folder: Path) -> None:
    """A self-signed certificate for 127.0.0.1 and localhost: cert.pem and key.pem."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    where = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *names, *where], check=True, capture_output=True)


def _free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports
