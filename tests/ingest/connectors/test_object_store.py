"""Object stores: S3 by moto's server, HTTP folders and WebDAV by servers on loopback, fsspec's own memory and files."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from ingest.connectors.object_store import ObjectStoreConnector
from ingest.errors import MissingLibrary, ParseError, SourceError
from ingest.settings import ObjectStoreSettings
from tests.contracts.worlds.object_store import S3World, make
from tests.ingest.connectors.web_server import WebServer


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3World]:
    world = make(tmp_path)
    yield world
    world.close()


def store(url: str, **fields: Any) -> ObjectStoreConnector:
    return ObjectStoreConnector(ObjectStoreSettings(name="store", url=url, **fields), Path("unused"))


def test_a_bucket_of_more_than_a_thousand_keys_is_listed_whole(s3: S3World) -> None:
    s3.fill({f"{number % 3}/{number}.txt": "words" for number in range(1005)})
    listing = s3.connector().list()
    assert len(listing.items) == 1005
    s3.delete("0/0.txt")
    assert len(s3.connector().list().items) == 1004


def test_one_connector_sees_changes(s3: S3World) -> None:
    connector = s3.connector()
    assert connector.list().items == ()
    s3.put("a.txt", "one")
    [before] = connector.list().items
    assert (before.uri, before.name, before.size) == (s3.uri("a.txt"), "a.txt", 3)
    s3.put("a.txt", "two")
    s3.put("sub/b.txt", "b")
    after, other = connector.list().items
    assert after.fingerprint != before.fingerprint
    assert connector.read(after).data == b"two"
    assert other.uri.startswith(connector.location + "/")
    s3.delete("a.txt")
    with pytest.raises(ParseError) as caught:
        connector.read(after)
    assert caught.value.problem.code == "vanished"
    assert len(connector.list().items) == 1


def test_keys_may_hold_anything(s3: S3World) -> None:
    names = ["a b#?%41.txt", "x//y.txt", "😀.md", "x" * 255, "sub/plus+and&.txt"]
    for name in names:
        s3.put(name, name)
    s3.client.put_object(Bucket=s3.bucket, Key="docs/sub/", Body=b"")
    connector = s3.connector()
    items = connector.list().items
    assert {item.uri for item in items} == {s3.uri(name) for name in names}
    assert {connector.read(item).data.decode() for item in items} == set(names)


def test_globs_and_limits(s3: S3World, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("a.txt", "words")
    s3.put("drafts/b.txt", "words")
    connector = s3.connector(exclude=("drafts/**",))
    listing = connector.list()
    assert ([item.name for item in listing.items], listing.hidden) == (["a.txt"], 1)
    monkeypatch.setattr("ingest.connectors.object_store.connector.MAX_FILE_BYTES", 3)
    with pytest.raises(ParseError) as caught:
        connector.read(listing.items[0])
    assert caught.value.problem.code == "too_large"


def test_a_wrong_bucket_is_named_and_secrets_are_not(s3: S3World) -> None:
    with pytest.raises(SourceError, match="no-such-bucket") as caught:
        s3.connector("s3://no-such-bucket/docs").list()
    assert not caught.value.retryable
    s3.put("a.txt", "words")
    connector = s3.connector()
    [item] = connector.list().items
    s3.fail()
    for fails in (connector.list, lambda: connector.read(item), s3.connector().list):
        with pytest.raises(SourceError) as caught:
            fails()
        assert "testing-secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["nowhere", "ftp9://x/y", "https://ana:pw@127.0.0.1/x", "https://127.0.0.1/x?sig=pw"])
def test_a_url_that_cannot_be_used_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        store(url)
    assert "pw" not in str(caught.value)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(protocol: str) -> None:
        raise ImportError(protocol)

    monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
    for url, extra in (("gs://b", "gcs"), ("az://b", "azure"), ("sftp://h/x", "sftp"), ("webdav://h/x", "webdav")):
        with pytest.raises(MissingLibrary, match=rf"groundcrew\[{extra}\]"):
            store(url).list()


def test_files_and_memory(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.txt").write_text("words")
    connector = store(tmp_path.as_uri())
    [item] = connector.list().items
    assert item.uri == (tmp_path / "sub" / "a b.txt").as_uri()
    assert connector.read(item).data == b"words"
    with pytest.raises(SourceError, match="there is no"):
        store((tmp_path / "missing").as_uri()).list()
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/shelf/x/a.txt", b"words")
    [item] = store("memory://shelf").list().items
    assert item.uri == "memory:///shelf/x/a.txt"
    assert store("memory://shelf").read(item).data == b"words"


@pytest.fixture
def server() -> Iterator[WebServer]:
    made = WebServer()
    yield made
    made.close()


def index(*names: str) -> str:
    return "<html><body>" + "".join(f'<a href="{name}">{name}</a>' for name in names) + "</body></html>"


def test_an_http_folder(server: WebServer) -> None:
    server.put("/docs/", index("../", "?C=N;O=D", "a%20b.txt", "sub/", "http://127.0.0.1:1/else/x.txt"))
    server.put("/docs/a%20b.txt", "words", content_type="text/plain")
    server.put("/docs/sub/", index("../", "c.txt"))
    server.put("/docs/sub/c.txt", "more", content_type="text/plain")
    connector = store(server.url + "/docs")
    items = connector.list().items
    assert [item.name for item in items] == ["a b.txt", "c.txt"]
    assert [connector.read(item).data for item in items] == [b"words", b"more"]
    server.put("/docs/sub/c.txt", "changed", content_type="text/plain")
    assert connector.list().items[1].fingerprint != items[1].fingerprint
    for status, code in ((404, "vanished"), (500, "unreadable"), (403, "unreadable")):
        server.put("/docs/sub/c.txt", "no", status=status)
        assert [item.name for item in connector.list().items] == ["a b.txt", "c.txt"]
        with pytest.raises(ParseError) as caught:
            connector.read(items[1])
        assert caught.value.problem.code == code
    server.put("/docs/sub/", "no", status=403)
    listing = connector.list()
    assert [place.prefix for place in listing.unlisted] == [server.url + "/docs/sub/"]
    server.put("/docs/sub/", "no", status=500)
    with pytest.raises(SourceError):
        connector.list()
    del server.pages["/docs/"]
    with pytest.raises(SourceError, match="there is no"):
        connector.list()


def test_a_webdav_folder(tmp_path: Path) -> None:
    pytest.importorskip("webdav4")
    wsgidav = pytest.importorskip("wsgidav.wsgidav_app")
    wsgi = pytest.importorskip("cheroot.wsgi")
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    (tmp_path / "docs" / "sub" / "a b.txt").write_text("words")
    users = {"*": {"ana": {"password": "hunter2"}}}
    app = wsgidav.WsgiDAVApp(
        {
            "provider_mapping": {"/": str(tmp_path)},
            "simple_dc": {"user_mapping": users},
            "http_authenticator": {"domain_controller": None},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    running = wsgi.Server(("127.0.0.1", 0), app)
    running.prepare()
    thread = threading.Thread(target=running.serve, daemon=True)
    thread.start()
    try:
        base = f"http://127.0.0.1:{running.bind_addr[1]}"
        connector = store("webdav://dav.example/docs", options={"base_url": base, "auth": ["ana", "hunter2"]})
        [item] = connector.list().items
        assert (item.uri, item.name) == ("webdav://dav.example/docs/sub/a%20b.txt", "a b.txt")
        assert connector.read(item).data == b"words"
        (tmp_path / "docs" / "sub" / "a b.txt").write_text("other words")
        assert connector.list().items[0].fingerprint != item.fingerprint
        with pytest.raises(SourceError, match="refused") as caught:
            store("webdav://dav.example/docs", options={"base_url": base, "auth": ["ana", "wrong-pw"]}).list()
        assert "wrong-pw" not in str(caught.value)
        with pytest.raises(SourceError, match="there is no"):
            store("webdav://dav.example/none", options={"base_url": base, "auth": ["ana", "hunter2"]}).list()
    finally:
        running.stop()
        thread.join(5)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """An OpenSSH server on loopback: the URL of a folder, and the options that admit."""
    pytest.importorskip("paramiko")
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if program is None:
        pytest.skip("sshd is not installed (Debian: openssh-server)")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    (tmp_path / "admitted").write_bytes((tmp_path / "user.pub").read_bytes())
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "admitted",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "PidFile": "none",
        "Subsystem": "sftp internal-sftp",
    }
    (tmp_path / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    server = subprocess.Popen([program, "-D", "-e", "-f", str(tmp_path / "config")], stderr=subprocess.PIPE)
    assert server.stderr is not None
    for line in server.stderr:
        if b"listening" in line:
            break
    kind, key = (tmp_path / "host.pub").read_text().split()[:2]
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    options = {
        "key_filename": str(tmp_path / "user"),
        "known_hosts": str(tmp_path / "known_hosts"),
        "look_for_keys": False,
        "allow_agent": False,
        "timeout": 10,
    }
    yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}{folder}", options
    server.terminate()
    server.wait(10)
    server.stderr.close()


def test_an_sftp_folder(sftp: tuple[str, dict[str, object]], tmp_path: Path) -> None:
    url, options = sftp
    path = tmp_path / "docs" / "sub" / "a b\n😀.txt"
    path.write_text("words")
    connector = store(url, options=options)
    [item] = connector.list().items
    assert (item.uri, item.name) == (url + "/sub/a%20b%0A%F0%9F%98%80.txt", path.name)
    assert connector.read(item).data == b"words"
    path.write_text("more words")
    assert connector.list().items[0].fingerprint != item.fingerprint
    path.unlink()
    with pytest.raises(ParseError):
        connector.read(item)
    assert connector.list().items == ()
    with pytest.raises(SourceError, match="there is no"):
        store(url + "/missing", options=options).list()


def test_an_sftp_server_with_an_unknown_key_is_not_trusted(sftp: tuple[str, dict[str, object]], tmp_path: Path) -> None:
    url, options = sftp
    (tmp_path / "none").write_text("")
    with pytest.raises(SourceError, match="host key"):
        store(url, options=options | {"known_hosts": str(tmp_path / "none")}).list()
    with pytest.raises(SourceError, match="refused"):
        store(url, options=options | {"key_filename": str(tmp_path / "host")}).list()
