"""Mail on this machine: messages in mbox files, one file a folder, in a folder that may hold any number of them."""

from __future__ import annotations

import mailbox
import shutil
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

from ingest.connectors.mail import MailConnector
from ingest.settings import MailSettings
from tests.fakes import EVERYONE


def make(folder: Path) -> MailWorld:
    return MailWorld(folder)


class MailWorld:
    """A document is a message whose Message-ID is its name; "sub/b.txt" lies in the mbox "sub.mbox"."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder / "mail"
        self._root.mkdir()

    def put(self, name: str, text: str) -> None:
        if self._path(name).exists():
            self.delete(name)
        self._path(name).parent.mkdir(parents=True, exist_ok=True)
        box = mailbox.mbox(self._path(name))
        box.add(make_message(name, text))
        box.close()

    def delete(self, name: str) -> None:
        box = mailbox.mbox(self._path(name))
        for key, message in list(box.items()):
            if message["Message-ID"] == f"<{message_id(name)}>":
                box.remove(key)
        box.close()

    def uri(self, name: str) -> str:
        return f"{self._path(name).as_uri()}/{quote(message_id(name))}"

    def connector(self) -> MailConnector:
        return MailConnector(MailSettings(name="mail", path=self._root, access=EVERYONE), self._folder / "cache")

    def fail(self) -> None:
        shutil.move(self._root, self._folder / "elsewhere")

    def close(self) -> None:
        pass

    def _path(self, name: str) -> Path:
        return self._root / f"{Path(name).parent.as_posix() if '/' in name else 'inbox'}.mbox"


def message_id(name: str) -> str:
    """The Message-ID of a document's mail."""
    return quote(name, safe="")


def make_message(name: str, text: str) -> bytes:
    """A mail with these words in it, named by its Message-ID."""
    message = EmailMessage()
    message["Subject"] = name
    message["From"] = "ana@firm.example"
    message["To"] = "bert@firm.example"
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{message_id(name)}>"
    message.set_content(text)
    return message.as_bytes()
