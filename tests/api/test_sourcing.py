"""Sources in the configuration: what the documentation shows works, and what is wrong is said in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.errors import UsageError
from api.settings import load_settings
from api.sourcing import SECTIONS
from api.wiring import Platform
from ingest.model import Access
from tests.conftest import REPOSITORY

SECRETS = {
    "S3_KEY": "the-key",
    "S3_SECRET": "the-secret",
    "IMAP_PASSWORD": "the-password",
    "SLACK_TOKEN": "xoxb-the-token",
    "CRM_URL": "postgresql://reader:the-password@127.0.0.1/crm",
}


@pytest.fixture
def documented(home: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform configured with all that docs/sources.md shows."""
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    home.mkdir()
    (home / "groundcrew.toml").write_text("\n".join(re.findall(r"```toml\n(.*?)```", text, re.S)), encoding="utf-8")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return Platform(load_settings())


def test_every_kind_of_source_is_documented_with_an_example_that_works(documented: Platform) -> None:
    sections = documented.settings.sources
    assert {section.kind for section in sections.values()} == set(SECTIONS)
    for name, section in sections.items():
        connector = documented.connector_of(name)
        assert connector.kind == section.kind
        assert not any(secret in connector.location for secret in ("the-", "xoxb"))
        assert not any(secret in repr(documented.settings.source(name)) for secret in ("the-", "xoxb"))
        connector.close()


def test_every_key_of_every_kind_has_its_default(documented: Platform) -> None:
    for name in documented.settings.sources:
        settings = documented.settings.source(name)
        assert settings.access == Access()
        assert settings.removal_limit == 0.5
        assert settings.admits("any/path.md")


def test_a_secret_that_is_not_set_is_named_and_spoils_nothing_else(
    documented: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAP_PASSWORD")
    with pytest.raises(UsageError, match="IMAP_PASSWORD"):
        documented.connector_of("mailbox")
    assert documented.connector_of("handbook").kind == "files"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "ftp"\n', ["sources.x.kind", "ftp", "object_store"]),
        ('path = "."\n', ["sources.x.kind", "missing", "files"]),
        ('kind = "git"\n', ["sources.x.url", "missing"]),
        ('kind = "git"\nurl = "u"\nbranch = "b"\n', ["sources.x.branch", "ref"]),
        ('kind = "web"\n', ["sources.x", "start", "sitemaps"]),
        ('kind = "mail"\npath = "m"\nhost = "h"\n', ["sources.x", "path", "host"]),
        ('kind = "mail"\nhost = "h"\nsecurity = "ssl"\n', ["sources.x.security", "starttls"]),
        ('kind = "slack"\n', ["sources.x", "token_env"]),
        ('kind = "database"\nurl = "sqlite://"\nquery = "select 1"\nkey = []\n', ["sources.x.key"]),
        ('kind = "files"\npath = "."\nremoval_limit = 2\n', ["sources.x.removal_limit", "1"]),
        ('kind = "files"\npath = "."\nrules = [{ glob = "**", allow = ["all"] }]\n', ["rules", "group:NAME"]),
        ('kind = "files"\npath = "."\nrules = [{ glob = "**", alow = [] }]\n', ["rules", "alow", "allow"]),
    ],
)
def test_a_wrong_source_is_told_in_one_line(home: Path, tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "groundcrew.toml"
    path.write_text("[sources.x]\n" + text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    for word in words:
        assert word in message


def test_a_wrong_table_does_not_show_what_is_in_it(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "groundcrew.toml"
    path.write_text(
        '[sources.x]\nkind = "database"\nurl = "postgresql://a:geheim@h/d"\nurl_env = "U"\nquery = "q"\nkey = ["k"]\n'
    )
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('cron = "61 * * * *"\nrun = "sync:*"\n', ["schedules.0.cron", "61"]),
        ('cron = "* * * * *"\nrun = "dance"\n', ["schedules.0.run", "sync:"]),
        ('cron = "* * * * *"\nrun = "sync:*"\ntime_zone = "Mars/Olympus"\n', ["schedules.0.time_zone", "Mars"]),
    ],
)
def test_a_wrong_schedule_is_told_in_one_line(home: Path, tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "groundcrew.toml"
    path.write_text("[[schedules]]\n" + text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
