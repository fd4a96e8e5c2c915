"""Configuration: where it is found, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import UsageError
from api.settings import load_settings

CONTRACT_EXAMPLE = """
[sources.handbook]
kind = "files"
path = "docs"
include = ["**/*"]
exclude = ["**/drafts/**"]
allow = ["everyone"]
rules = [
    { glob = "board/**", allow = ["group:board"] },
    { glob = "hr/private/**", allow = ["group:hr"], label = "restricted" },
]

[models.small]
kind = "openai"
base_url = "http://127.0.0.1:8001/v1"
model = "some-4b"
api_key_env = "SMALL_KEY"
locality = "local"
price_in = 0.10
price_out = 0.40
timeout_s = 30

[[schedules]]
cron = "0 6 * * 1"
run = "report:weekly-risk"

[server]
host = "127.0.0.1"
port = 8321

[users.ana]
groups = ["finance"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "groundcrew.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_full_configuration_is_read(tmp_path: Path, home: Path) -> None:
    settings = load_settings(write(tmp_path, CONTRACT_EXAMPLE))
    source = settings.source("handbook")
    assert source.path == tmp_path / "docs"
    assert source.access.allow == ("everyone",)
    assert source.access_of("board/minutes.md").allow == ("group:board",)
    assert source.access_of("hr/private/a/b.md").label == "restricted"
    assert source.access_of("hr/open.md").allow == ("everyone",)
    assert not source.admits("a/drafts/b.md")


def test_the_last_matching_rule_decides_alone(tmp_path: Path, home: Path) -> None:
    text = (
        '[sources.s]\nkind = "files"\npath = "."\nallow = ["everyone"]\n'
        'rules = [ { glob = "a/**", allow = ["group:x"] }, { glob = "a/b/**", allow = [] } ]\n'
    )
    source = load_settings(write(tmp_path, text)).source("s")
    assert source.access_of("a/b/c.md").allow == ()
    assert source.access_of("a/c.md").allow == ("group:x",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sorces.x]\n", ["sorces", "sources"]),
        ('[sources.x]\nkind = "files"\npath = "."\nalow = []\n', ["sources.x.alow", "allow"]),
        ('[sources.x]\nkind = "ftp"\npath = "."\n', ["sources.x.kind", "files"]),
        ('[sources.x]\nkind = "files"\n', ["sources.x.path", "missing"]),
        ('[sources.x]\nkind = "files"\npath = "."\nallow = ["staff"]\n', ["sources.x.allow", "group:NAME"]),
        ("[server]\nport = 99999\n", ["server.port", "65535"]),
        ("[server\n", ["TOML"]),
        ('home = "x"\n', ["home", "GROUNDCREW_HOME"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_file(tmp_path: Path, home: Path, text: str, words: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    for word in words:
        assert word in message


def test_the_environment_overrides_the_file(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path, "[server]\nport = 1234\n")
    environ = {
        "GROUNDCREW_SERVER__PORT": "4321",
        "GROUNDCREW_USERS__ANA__GROUPS": '["finance"]',
        "GROUNDCREW_SOURCES__DOCS__KIND": "files",
        "GROUNDCREW_SOURCES__DOCS__PATH": "/srv/docs",
    }
    settings = load_settings(path, environ)
    assert settings.server.port == 4321
    assert settings.users["ana"].groups == ["finance"]
    assert settings.source("docs").path == Path("/srv/docs")


def test_a_wrong_variable_is_named_itself(home: Path) -> None:
    with pytest.raises(UsageError, match="GROUNDCREW_SERVER__PORT"):
        load_settings(None, {"GROUNDCREW_SERVER__PORT": "many"})


def test_the_file_is_sought_in_the_home_first(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    write(home, "[server]\nport = 1111\n")
    write(tmp_path, "[server]\nport = 2222\n")
    assert load_settings().server.port == 1111
    (home / "groundcrew.toml").unlink()
    assert load_settings().server.port == 2222


def test_a_named_file_must_exist(home: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.toml"):
        load_settings(Path("no.toml"))
