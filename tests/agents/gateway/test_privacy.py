"""What remote models are sent: masked, or nothing at all."""

from __future__ import annotations

import asyncio

import pytest

from agents.errors import ModelUnavailable
from agents.gateway.gateway import Gateway
from agents.gateway.privacy import Masker
from agents.gateway.replay import ReplaySession
from agents.gateway.session import Session
from agents.gateway.settings import Budgets
from agents.model import Tier
from agents.ports import ModelSession, Prompt
from tests.agents.gateway.conftest import PERSON, NameMasker, Verdicts, Workshop, prompt, spec
from tests.model_server import Asked, Behaviour, BrokenJson, Json, Status

GOOD = Json({"claims": ["[PERSON_1] signed."]})
ABOUT = prompt(f"Did {PERSON} sign?", system=f"You write for {PERSON}.")


def asked(session: Session, tier: Tier = Tier.LARGE) -> Verdicts:
    return asyncio.run(session.ask(ABOUT, Verdicts, agent="analyst", tier=tier))


def test_a_remote_model_sees_placeholders_and_the_reply_has_the_names(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD, locality="remote")
    session = gateway.session("run", "anna")
    assert asked(session).claims == [f"{PERSON} signed."]
    assert PERSON not in server.sent
    assert "[PERSON_1]" in server.sent
    assert all(PERSON not in message["content"] for message in session.calls[0].messages)
    assert PERSON not in session.calls[0].response


def test_a_local_model_sees_everything(workshop: Workshop) -> None:
    server, gateway = workshop.one(Json({"claims": [PERSON]}), locality="local")
    assert asked(gateway.session("run", "anna")).claims == [PERSON]
    assert PERSON in server.sent


def test_asking_again_is_masked_as_well(workshop: Workshop) -> None:
    server, gateway = workshop.one([BrokenJson({"claims": ["[PERSON_1] signed."]}), GOOD], locality="remote")
    assert asked(gateway.session("run", "anna")).claims == [f"{PERSON} signed."]
    assert len(server.requests) == 2
    assert PERSON not in server.sent


def test_after_restriction_only_local_models_are_left(workshop: Workshop) -> None:
    remote, local = workshop.server(GOOD), workshop.server(Json({"claims": ["b"]}))
    gateway = workshop.gateway(
        spec(remote, tier=Tier.LARGE, locality="remote"), spec(local, tier=Tier.SMALL, locality="local")
    )
    session = gateway.session("run", "anna")
    assert list(session.tiers) == [Tier.SMALL, Tier.LARGE]
    session.restrict()
    assert list(session.tiers) == [Tier.SMALL]
    assert asked(session).claims == ["b"]
    assert remote.requests == []


def test_after_restriction_with_remote_models_alone_the_run_goes_on_without(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD, locality="remote")
    session = gateway.session("run", "anna")
    session.restrict()
    assert list(session.tiers) == []
    with pytest.raises(ModelUnavailable) as caught:
        asked(session)
    assert caught.value.reason == "restricted"
    assert server.requests == []


def test_restriction_holds_for_the_next_attempt_of_a_call_under_way(workshop: Workshop) -> None:
    restrict = []

    def script(request: Asked) -> Behaviour:
        for one in restrict:
            one()
        return Status(500)

    server, gateway = workshop.one(script, locality="remote")
    session = gateway.session("run", "anna")
    restrict.append(session.restrict)
    with pytest.raises(ModelUnavailable) as caught:
        asked(session)
    assert caught.value.reason == "restricted"
    assert len(server.requests) == 1


def test_another_run_is_not_restricted(workshop: Workshop) -> None:
    _, gateway = workshop.one(GOOD, locality="remote")
    gateway.session("run", "anna").restrict()
    assert list(gateway.session("other", "anna").tiers) == [Tier.SMALL]


def test_a_remote_model_is_told_what_placeholders_are(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD, locality="remote")
    asked(gateway.session("run", "anna"))
    assert server.requests[0].system.endswith(NameMasker.note)


def test_data_that_cannot_be_masked_do_not_leave(workshop: Workshop) -> None:
    server = workshop.server(GOOD)
    gateway = Gateway([spec(server, locality="remote")], Budgets(), lambda: Masker(most_values=1), workshop.database)
    session = gateway.session("run", "anna")
    many = prompt(" ".join(f"person{n}@example.org" for n in range(20)))
    with pytest.raises(ModelUnavailable) as caught:
        asyncio.run(session.ask(many, Verdicts, agent="analyst", tier=Tier.SMALL))
    gateway.close()
    assert caught.value.reason == "masking"
    assert server.requests == []


def test_the_real_masker_fits_and_a_replay_puts_the_values_back_in_any_order(workshop: Workshop) -> None:
    mails = ["harriet.penhallow@example.org", "j.doe@example.com"]

    def script(request: Asked) -> Behaviour:
        return Json({"claims": [word for word in request.user.split() if word.startswith("[EMAIL_")]})

    server = workshop.server(script)
    gateway = Gateway([spec(server, locality="remote")], Budgets(), Masker, workshop.database)
    session = gateway.session("run", "anna")
    prompts = [prompt(f"Write to {mail} today.") for mail in mails]

    async def each(one: ModelSession, order: list[Prompt]) -> list[Verdicts]:
        return [await one.ask(about, Verdicts, agent="analyst", tier=Tier.SMALL) for about in order]

    assert asyncio.run(each(session, prompts)) == [Verdicts(claims=[mail]) for mail in mails]
    gateway.close()
    assert all(mail not in server.sent for mail in mails)
    replay = ReplaySession(session.calls, Masker)
    assert asyncio.run(each(replay, prompts[::-1])) == [Verdicts(claims=[mail]) for mail in mails[::-1]]
