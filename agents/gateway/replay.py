"""A run's recorded calls in place of models: the same prompts get the same answers, and nothing goes anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agents.errors import ModelUnavailable
from agents.model import Tier, Usage
from agents.ports import Prompt, Reply
from agents.runs.model import ModelCall

from .keys import CallKeys
from .masking import MaskerFactory, masked, renumbering
from .ports import Message
from .structured import Malformed, read_reply


class ReplaySession:
    """Meets `agents.ports.ModelSession`. `tiers` are those that were answered by models when the run was recorded.

    What a remote model answered was recorded with its placeholders. They are put back by masking the prompt anew, and
    only where that differs from what was sent then by the placeholders' numbers at most.
    """

    def __init__(self, calls: Sequence[ModelCall], masker: MaskerFactory) -> None:
        self._masker = masker()
        self._keys = CallKeys()
        self._recorded: dict[str, list[ModelCall]] = {}
        for call in calls:
            self._recorded.setdefault(call.key, []).append(call)
        self._tiers = tuple(tier for tier in (Tier.SMALL, Tier.LARGE) if any(call.tier == tier for call in calls))
        self._used: list[ModelCall] = []

    @property
    def tiers(self) -> Sequence[Tier]:
        """The tiers that the recorded run used, cheapest first."""
        return self._tiers

    @property
    def calls(self) -> Sequence[ModelCall]:
        """The recorded calls that were asked for again, as they were recorded."""
        return tuple(self._used)

    @property
    def usage(self) -> Usage:
        """What those calls used when they were made."""
        return Usage(
            model_calls=len(self._used),
            tokens_in=sum(call.tokens_in for call in self._used),
            tokens_out=sum(call.tokens_out for call in self._used),
            cost_usd=sum(call.cost_usd for call in self._used),
        )

    @property
    def masked(self) -> Mapping[str, int]:
        """Nothing is sent, so nothing is masked."""
        return {}

    def restrict(self) -> None:
        """Nothing leaves in a replay."""

    async def ask(self, prompt: Prompt, reply: type[Reply], *, agent: str, tier: Tier) -> Reply:
        """The reply that was recorded for this prompt, whichever tier gave it.

        Raises:
            ModelUnavailable: there was no reply then, for the same reason, or the prompt was not recorded.
        """
        calls = self._recorded.get(self._keys.next(prompt, agent))
        if calls is None:
            raise ModelUnavailable(
                f"the run has no recorded call of {prompt.name} (version {prompt.version}, asked of {tier}) with this "
                "prompt: documents, rules or prompts differ from then",
                "not_recorded",
            )
        self._used += calls
        answered = [call for call in calls if call.outcome == "ok"]
        if not answered:
            raise ModelUnavailable("no model gave a usable reply when the run was recorded", calls[-1].outcome)
        return self._read(answered[-1], calls, prompt, reply)

    def _read(self, call: ModelCall, calls: Sequence[ModelCall], prompt: Prompt, reply: type[Reply]) -> Reply:
        response = call.response
        put_back: Callable[[str], str] = str
        if call.locality == "remote":
            sent: list[Message] = [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ]
            first = next(one for one in calls if one.model == call.model and one.tier == call.tier)
            renumbered = renumbering(first.messages[:2], masked(sent, self._masker), self._masker.note)
            if renumbered is None:
                message = "personal data are masked otherwise than when the run was recorded"
                raise ModelUnavailable(message, "not_recorded")
            response, put_back = renumbered(response), self._masker.unmask
        try:
            return read_reply(response, reply, put_back)
        except Malformed as error:
            raise ModelUnavailable("the recorded reply does not fit the present shape", "malformed") from error
