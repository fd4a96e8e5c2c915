"""Mail on an IMAP server: a message in a folder is a document."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from ingest.connectors.mail import MailConnector
from ingest.settings import MailSettings
from tests.contracts.worlds.mail import make_message, message_id
from tests.fakes import EVERYONE
from tests.ingest.connectors.dovecot import PASSWORD, USER, Dovecot


def make(folder: Path) -> ImapWorld:
    return ImapWorld(folder)


class ImapWorld:
    """A document is a message whose Message-ID is its name; "sub/b.txt" lies in the folder "sub"."""

    def __init__(self, folder: Path) -> None:
        self._cache = folder / "cache"
        self._server = Dovecot()
        self._made: list[MailConnector] = []

    def put(self, name: str, text: str) -> None:
        self.delete(name)
        self._server.append(make_message(name, text), _wire(name))

    def delete(self, name: str) -> None:
        with self._server.session() as session:
            if session.select(f'"{_wire(name)}"')[0] == "OK":
                found = session.uid("SEARCH", "HEADER", "Message-ID", f'"<{message_id(name)}>"')[1][0]
                for uid in found.split():
                    session.uid("STORE", uid.decode(), "+FLAGS", "(\\Deleted)")
                session.expunge()

    def uri(self, name: str) -> str:
        user = quote(USER, safe="")
        return f"imap://{user}@127.0.0.1:{self._server.port}/{_folder(name)};mid={quote(message_id(name))}"

    def connector(self) -> MailConnector:
        settings = MailSettings(
            name="imap", host="127.0.0.1", port=self._server.port, user=USER, password=PASSWORD, security="none",
            folders=("*",), access=EVERYONE,
        )  # fmt: skip
        self._made.append(MailConnector(settings, self._cache))
        return self._made[-1]

    def fail(self) -> None:
        self._server.stop()

    def close(self) -> None:
        for connector in self._made:
            connector.close()
        self._server.close()


def _folder(name: str) -> str:
    return name.rpartition("/")[0] or "INBOX"


def _wire(name: str) -> str:
    return _folder(name).replace("/", ".")  # What this server parts its folders with.
