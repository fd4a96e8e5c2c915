"""A read-only conversation with an IMAP server: log in, list folders, examine one, fetch from it."""

from __future__ import annotations

import imaplib
import ipaddress
import re
import ssl
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ...errors import SourceError
from ...settings import MailSettings
from .names import decode_folder, encode_folder

_LIST_LINE = re.compile(rb'\((?P<flags>[^)]*)\) (?P<delimiter>"(?:\\.|[^"])*"|NIL) ?(?P<name>.*)', re.DOTALL)
_MESSAGE = re.compile(rb"\d+ \(")
_CODE = re.compile(rb"\[([A-Z-]+)")
_PASSING = (b"UNAVAILABLE", b"LIMIT", b"INUSE", b"SERVERBUG")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ConnectionLost(Exception):
    """The connection broke; the message says how."""


class Refused(Exception):
    """The server said no to one command; the message says what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that can be examined: its name with "/" between levels, as the server writes it, and its attributes."""

    name: str
    wire: str
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the server says of an examined folder: its UIDVALIDITY and its number of messages."""

    uidvalidity: str
    exists: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message of a FETCH answer: its attributes as the server wrote them, and the literal among them."""

    attributes: bytes
    literal: bytes | None


class ImapSession:
    """One connection, made when first needed. Folders are only examined, bodies only peeked at: nothing is changed."""

    def __init__(self, settings: MailSettings, host: str) -> None:
        self._settings = settings
        self._host = host
        self._opened: imaplib.IMAP4 | None = None
        self._examined: str | None = None

    def folders(self) -> list[Folder]:
        """All folders that hold messages."""
        with self._answering("LIST"):
            status, data = self._connection().list('""', '"*"')
            _accept(status, data)
        return [folder for folder in map(_folder, _joined(data)) if folder is not None]

    def examine(self, folder: Folder) -> Examined:
        """Opens a folder for reading alone."""
        self._examined = None
        with self._answering("EXAMINE"):
            connection = self._connection()
            status, data = connection.select(_quoted(folder.wire), readonly=True)
            _accept(status, data)
            validity = connection.response("UIDVALIDITY")[1]
        self._examined = folder.wire
        uidvalidity = validity[-1].decode("ascii", "replace") if validity and validity[-1] else "0"
        exists = data[-1] if data and data[-1] else b"0"
        return Examined(uidvalidity=uidvalidity, exists=int(exists))

    def is_examined(self, folder: Folder) -> bool:
        """Whether a folder is the one that is open."""
        return self._opened is not None and self._examined == folder.wire

    def fetch(self, numbers: str, what: str) -> list[Fetched]:
        """Messages by their place in the open folder, "1:500"."""
        with self._answering("FETCH"):
            status, data = self._connection().fetch(numbers, what)
            _accept(status, data)
        return list(_messages(data))

    def fetch_uids(self, uids: Sequence[int], what: str) -> list[Fetched]:
        """Messages of the open folder by their UIDs."""
        with self._answering("UID FETCH"):
            status, data = self._connection().uid("FETCH", ",".join(map(str, uids)), what)
            _accept(status, data)
        return list(_messages(data))

    def close(self) -> None:
        """Hangs up."""
        if self._opened is not None:
            _hang_up(self._opened)
        self._opened = self._examined = None

    @contextmanager
    def _answering(self, command: str) -> Iterator[None]:
        try:
            yield
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            self.close()
            raise ConnectionLost(f"{command}: {_short(error)}") from error
        except imaplib.IMAP4.error as error:
            raise Refused(f"{command}: {_short(error)}") from error

    def _connection(self) -> imaplib.IMAP4:
        if self._opened is None:
            self._check()
            connection = self._connect()
            try:
                self._log_in(connection)
            except BaseException:
                _hang_up(connection)
                raise
            weakref.finalize(self, _hang_up, connection)
            self._opened = connection
        return self._opened

    def _check(self) -> None:
        settings = self._settings
        if settings.security not in ("tls", "starttls", "none"):
            raise SourceError(
                f'the mail source {settings.name}: `security` is "tls", "starttls" or "none", not {settings.security}',
                retryable=False,
            )
        if settings.security == "none" and not _is_loopback(self._host):
            raise SourceError(
                f"the mail source {settings.name} would send its password to {self._host} in the clear: "
                'set `security` to "tls" or "starttls"',
                retryable=False,
            )
        if _CONTROL.search(settings.user + settings.password):
            raise SourceError(
                f"`user` or `password` of the mail source {settings.name} holds a control character", retryable=False
            )

    def _connect(self) -> imaplib.IMAP4:
        settings = self._settings
        limit = settings.timeout_s
        port = settings.port or (993 if settings.security == "tls" else 143)
        where = f"{self._host}:{port}"
        connection: imaplib.IMAP4 | None = None
        try:
            if settings.security == "tls":
                return imaplib.IMAP4_SSL(self._host, port, ssl_context=ssl.create_default_context(), timeout=limit)
            connection = imaplib.IMAP4(self._host, port, timeout=limit)
            starts_tls = settings.security == "starttls" and "STARTTLS" in connection.capabilities
            if starts_tls:
                connection.starttls(ssl_context=ssl.create_default_context())
        except ssl.SSLCertVerificationError as error:
            _hang_up(connection)
            raise SourceError(
                f"the certificate of the mail server {where} cannot be verified ({error.verify_message}): "
                "correct `host`, or make the system trust the certificate's issuer",
                retryable=False,
            ) from error
        except (OSError, EOFError, imaplib.IMAP4.error) as error:
            _hang_up(connection)
            raise SourceError(f"the mail server {where} cannot be reached: {_short(error)}") from error
        if settings.security == "starttls" and not starts_tls:
            _hang_up(connection)
            raise SourceError(f"the mail server {where} does not offer STARTTLS: nothing was sent", retryable=False)
        return connection

    def _log_in(self, connection: imaplib.IMAP4) -> None:
        user, password = self._settings.user, self._settings.password
        try:
            if "AUTH=PLAIN" in connection.capabilities:
                connection.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
            else:
                connection.login(_quoted(user), password)
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise SourceError(f"the mail server {self._host} broke off the login of {user}") from error
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            # What the server answered is not passed on: it may repeat what it was sent.
            found = _CODE.search(str(error).encode())
            code = found.group(1) if found else b""
            if code in _PASSING:
                raise SourceError(
                    f"the mail server {self._host} cannot log {user} in for now ({code.decode()})"
                ) from None
            raise SourceError(
                f"the mail server {self._host} refuses the login of {user}: check `user` and `password`",
                retryable=False,
            ) from None


def _hang_up(connection: imaplib.IMAP4 | None) -> None:
    if connection is not None:
        with suppress(OSError, imaplib.IMAP4.error):
            connection.shutdown()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _accept(status: str, data: Sequence[object]) -> None:
    if status != "OK":
        said = data[-1] if data else b""
        raise imaplib.IMAP4.error(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _joined(data: Sequence[object]) -> Iterator[bytes]:
    """LIST lines; a name that came as a literal stands after its line."""
    for part in data:
        if isinstance(part, tuple):
            yield re.sub(rb"\{\d+\}$", b"", part[0]) + part[1]
        elif isinstance(part, bytes) and part:
            yield part


def _folder(line: bytes) -> Folder | None:
    found = _LIST_LINE.match(line)
    if found is None:
        return None
    attributes = frozenset(found["flags"].decode("ascii", "replace").lower().split())
    if attributes & {"\\noselect", "\\nonexistent"}:
        return None
    wire = _unquoted(found["name"])
    delimiter = "" if found["delimiter"] == b"NIL" else _unquoted(found["delimiter"])
    # With another delimiter "/" may stand in a name: the two change places, so that no two folders become one.
    swapped = str.maketrans({delimiter: "/", "/": delimiter}) if delimiter not in ("", "/") else {}
    return Folder(name=decode_folder(wire).translate(swapped), wire=wire, attributes=attributes)


def _unquoted(raw: bytes) -> str:
    text = raw.decode("utf-8", "surrogateescape")
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    # A server that writes UTF-8 names is asked for them in the form that every server knows.
    return text if text.isascii() else encode_folder(text)


def _messages(data: Sequence[object]) -> Iterator[Fetched]:
    attributes, literal = b"", None
    for part in data:
        if isinstance(part, tuple):
            if _MESSAGE.match(part[0]):
                attributes, literal = part[0], part[1]
            else:
                attributes += b" " + part[0]
        elif isinstance(part, bytes):
            if _MESSAGE.match(part):
                yield Fetched(part, None)
            else:
                yield Fetched(attributes + b" " + part, literal)
            attributes, literal = b"", None


def _short(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
