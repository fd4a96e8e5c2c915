"""One run while it is under way: its record as it grows, its clock, its limits, and the way to stop it."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.instructions import PlantedInstruction

from .engagement import FIRST, Engagement, Tool
from .errors import ModelUnavailable, RunStopped
from .model import Request, Route, Tier, Timing, Usage
from .ports import Clock, ModelSession, Prompt, Reply
from .runs import events
from .runs.events import Stage
from .runs.model import ModelCall, RunEvent

Listen = Callable[[RunEvent], None]
"""Told of every event as it happens, from the thread of the run. What it raises ends the run."""

_MOST_EVENTS = 2000
_UNDECIDED = Route(mode="extractive", complexity="lookup", sensitivity="internal", why="not looked into")
_LAST = "what failed is not sent back again"
_TIMED: dict[str, str] = {"research": "retrieve", "draft": "draft", "repair": "draft", "verify": "verify"}


class StopFlag:
    """Set from any thread; the run sees it at its next step or call."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.why = ""

    def set(self, why: str) -> None:
        """Asks the run to stop."""
        self.why = why
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the run is asked to stop."""
        return self._event.is_set()


@dataclass(slots=True, kw_only=True)
class Run:
    """What the steps of one run share. Used by one thread; only `stop` is reached from others.

    `failures` tell the asker why no model wrote the answer, where one should have.
    `planted` are the instructions found in the evidence, by chunk id, as offsets in the chunk's text.
    """

    id: str
    request: Request
    rules: Engagement
    session: ModelSession
    clock: Clock
    stop: StopFlag = field(default_factory=StopFlag)
    listen: Listen = lambda _: None
    events: list[RunEvent] = field(default_factory=list)
    stage: Stage | None = None
    repairs: int = 0
    failures: tuple[str, ...] = ()
    planted: Mapping[str, Sequence[PlantedInstruction]] = field(default_factory=dict)
    route: Route = _UNDECIDED
    _started: float = 0.0
    _entered: float = 0.0
    _spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _states: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._started = self._entered = self.clock()

    @property
    def nonce(self) -> str:
        """What marks data in prompts; nobody can know it beforehand, and a replay has the same."""
        return self.id

    @property
    def at_ms(self) -> int:
        """Milliseconds since the run began."""
        return round((self.clock() - self._started) * 1000)

    def enter(self, stage: Stage) -> None:
        """A step begins.

        Raises:
            EngagementError: the step before may not hand to it.
            RunStopped: somebody stopped the run, or its time is over.
        """
        if self.stage is None:
            assert stage == FIRST
        else:
            self.rules.check_handover(self.stage, stage)
        self._lap()
        self.stage = stage
        self.note(events.entered(self.at_ms, stage, self.rules.steps[stage].agent))
        self.check()

    def check(self) -> None:
        """Raises RunStopped when the run is to end."""
        if self.stop.is_set:
            raise RunStopped(self.stop.why or "the run was stopped")
        limit = self.rules.limits.seconds
        if self.clock() - self._started > limit:
            self._limited("seconds", round(self.clock() - self._started, 1), limit, "the run ends")
            raise RunStopped(f"the run took longer than the {limit:g} s that the rules of engagement allow")

    def may_call(self, tool: Tool) -> bool:
        """Whether whoever does the present step may call a tool."""
        return self.stage is not None and self.rules.may_call(self.stage, tool)

    def note(self, event: RunEvent) -> None:
        """Adds to the record and tells whoever listens."""
        if len(self.events) < _MOST_EVENTS:
            self.events.append(event)
        self.listen(event)

    def rounds_left(self, state: str) -> bool:
        """Whether another round may bring anything: some are left, and the run was not in this very state before."""
        self._states[state] += 1
        allowed = self.rules.limits.repairs
        if self.repairs >= allowed:
            self._limited("rounds", self.repairs, allowed, _LAST)
            return False
        if self._states[state] > 1:
            self._limited("repeated", 2, 1, _LAST)
            return False
        return True

    def choose(self, route: Route) -> None:
        """The governor's route."""
        self.route = route
        self.note(events.routed(self.at_ms, route))

    def reroute(self, before: Tier, after: Tier, why: str) -> Tier:
        """The run goes on with another tier, and says so."""
        if before is not after:
            assert self.stage is not None
            self.note(events.rerouted(self.at_ms, self.stage, before=before.value, after=after.value, why=why))
            self.route = replace(self.route, mode=after.value, why=f"{self.route.why}; {why}")
            if after is Tier.EXTRACTIVE:
                self.failures = (f"Answered in the documents' own words: {why}.",)
        return after

    def allowed(self, tier: Tier, why: str) -> Tier:
        """The tier itself or, where it may not be called now, the next one below that may."""
        order = [Tier.LARGE, Tier.SMALL]
        below = order[order.index(tier) :] if tier in order else []
        found = next((one for one in below if one in self.session.tiers), Tier.EXTRACTIVE)
        return self.reroute(tier, found, why)

    def last_model(self) -> str | None:
        """The model that gave the latest usable reply."""
        return next((call.model for call in reversed(self.session.calls) if call.outcome == "ok"), None)

    def timing(self) -> Timing:
        """Milliseconds by stage so far."""
        self._lap()
        return Timing(total=self.at_ms, **{name: round(seconds * 1000) for name, seconds in self._spent.items()})

    def _limited(self, limit: str, used: float, allowed: float, why: str) -> None:
        stage: Stage = self.stage or "admit"
        self.note(events.limited(self.at_ms, stage, limit=limit, used=used, allowed=allowed, why=why))

    def _lap(self) -> None:
        now = self.clock()
        name = _TIMED.get(self.stage or "")
        if name is not None:
            self._spent[name] += now - self._entered
        self._entered = now


class NoModels:
    """The session of a run where no model is configured; meets `ModelSession`."""

    tiers: Sequence[Tier] = ()
    calls: Sequence[ModelCall] = ()
    usage = Usage()
    masked: Mapping[str, int] = {}

    def restrict(self) -> None:
        """Nothing leaves this machine anyway."""

    async def ask(self, prompt: Prompt, reply: type[Reply], *, agent: str, tier: Tier) -> Reply:
        """Raises ModelUnavailable: there is none."""
        wanted = f"{agent} asked the {tier} tier for {prompt.name} ({reply.__name__})"
        raise ModelUnavailable(f"no language model is configured; {wanted}", "not_configured")
