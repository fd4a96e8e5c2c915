"""The gateway as a whole: settings, keys, records in order, and nothing loaded before it is needed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from agents.errors import ModelUnavailable
from agents.gateway.failures import ModelFailure
from agents.gateway.keys import CallKeys
from agents.gateway.looping import LoopClosed, LoopThread
from agents.gateway.ports import Provider
from agents.gateway.settings import ModelSpec, tier_named
from agents.model import Tier
from agents.ports import ModelSession
from tests.agents.gateway.conftest import FakeProvider, Verdicts, Workshop, plain_spec, prompt

REPOSITORY = Path(__file__).resolve().parents[3]


def test_a_section_s_name_is_a_tier_s() -> None:
    assert (tier_named("small"), tier_named("large")) == (Tier.SMALL, Tier.LARGE)
    with pytest.raises(ValueError, match=r"no tier 'middle'; name the section \[models.small\] or \[models.large\]"):
        tier_named("middle")
    with pytest.raises(ValueError, match="no tier 'extractive'"):
        tier_named("extractive")


def test_two_models_of_one_tier_are_a_mistake(workshop: Workshop) -> None:
    with pytest.raises(ValueError, match="two models"):
        workshop.gateway(plain_spec(), plain_spec())


def test_calls_are_listed_in_the_order_in_which_they_were_begun(workshop: Workshop) -> None:
    gateway = workshop.gateway(plain_spec(), opening=lambda _: FakeProvider('{"claims": []}'))
    session: ModelSession = gateway.session("run", None)

    async def many() -> None:
        await asyncio.gather(*(session.ask(prompt(str(n)), Verdicts, agent="a", tier=Tier.SMALL) for n in range(12)))

    asyncio.run(many())
    assert [call.messages[1]["content"] for call in session.calls] == [str(n) for n in range(12)]
    assert [call.at_ms for call in session.calls] == sorted(call.at_ms for call in session.calls)


def test_a_key_names_a_prompt_whatever_was_asked_before() -> None:
    first, second = CallKeys(), CallKeys()
    one, other = prompt("one"), prompt("other")
    keys = [first.next(one, "a"), first.next(other, "a"), first.next(one, "a")]
    assert len(set(keys)) == 3
    assert second.next(other, "a") == keys[1]
    assert [second.next(one, "a"), second.next(one, "a")] == [keys[0], keys[2]]
    assert second.next(one, "b") not in keys


def test_no_library_is_loaded_before_a_model_is_asked() -> None:
    program = (
        "import sys, agents.gateway.gateway, agents.gateway.replay, agents.gateway.stats, agents.gateway.routing\n"
        "print([name for name in ('llama_index', 'openai', 'anthropic', 'ollama', 'httpx', 'httpx2') "
        "if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_model_that_cannot_be_opened_is_an_honest_error(workshop: Workshop) -> None:
    def opening(spec: ModelSpec) -> Provider:
        raise ModelFailure("rejected", f"the model {spec.model!r} cannot be used")

    gateway = workshop.gateway(plain_spec(), opening=opening)
    with pytest.raises(ModelUnavailable) as caught:
        asyncio.run(gateway.session("run", "a").ask(prompt(), Verdicts, agent="a", tier=Tier.SMALL))
    assert caught.value.reason == "rejected"


def test_a_closed_loop_takes_no_work() -> None:
    loop = LoopThread("test")

    async def work() -> int:
        return 1

    assert loop.finish(work(), 10) == 1
    loop.close()
    loop.close()
    with pytest.raises(LoopClosed):
        loop.finish(work(), 10)
