"""What leaves in a request: the prompt and what the protocol needs, to the configured address only."""

from __future__ import annotations

import asyncio
import logging

import pytest

from agents.errors import ModelUnavailable
from agents.gateway.http_client import MOST_BYTES
from agents.gateway.settings import Kind, ModelSpec
from agents.model import Tier
from tests.agents.gateway.conftest import Verdicts, Workshop, prompt, spec
from tests.model_server import Json, Raw

KINDS: tuple[Kind, ...] = ("openai", "anthropic", "ollama")
GOOD = Json({"claims": ["a"]})


def ask(workshop: Workshop, *specs: ModelSpec) -> Verdicts:
    session = workshop.gateway(*specs).session("run", "anna")
    return asyncio.run(session.ask(prompt(), Verdicts, agent="analyst", tier=Tier.LARGE))


@pytest.mark.parametrize("kind", KINDS)
def test_requests_tell_nothing_of_this_machine_and_take_no_key_from_the_environment(
    workshop: Workshop, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "from-the-environment")
    server = workshop.server(GOOD)
    ask(workshop, spec(server, kind=kind, api_key=None))
    headers = server.requests[0].headers
    assert "from-the-environment" not in server.sent
    assert "authorization" not in headers
    assert "x-api-key" not in headers
    assert headers["user-agent"] == "groundcrew"
    assert not [name for name in headers if name.startswith("x-")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_configured_key_is_sent(workshop: Workshop, kind: Kind) -> None:
    server = workshop.server(GOOD)
    made = spec(server, kind=kind, api_key="secret-1")
    ask(workshop, made)
    headers = server.requests[0].headers
    assert (headers["x-api-key"] if kind == "anthropic" else headers["authorization"]).endswith("secret-1")
    assert "secret-1" not in repr(made)


@pytest.mark.parametrize("kind", KINDS)
def test_a_local_model_is_not_asked_through_a_proxy(
    workshop: Workshop, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = workshop.server(GOOD), workshop.server(GOOD)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.host)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    ask(workshop, spec(server, kind=kind, locality="local"))
    assert len(server.requests) == 1
    assert proxy.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_end_is_given_up(workshop: Workshop, kind: Kind) -> None:
    server = workshop.server(Raw(b'"' + b"x" * (MOST_BYTES + 1_000_000)))
    with pytest.raises(ModelUnavailable) as caught:
        ask(workshop, spec(server, kind=kind))
    assert caught.value.reason == "bad_response"


def test_libraries_do_not_log_prompts(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in KINDS:
        ask(workshop, spec(workshop.server(GOOD), kind=kind))
    assert "What is said?" not in caplog.text
