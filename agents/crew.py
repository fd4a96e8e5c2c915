"""The crew as a workflow: admit → route → plan → research → draft → verify → repair → release.

Each step hands a typed event to the next, so that who may hand what to whom can be read off this file; the rules of
engagement say the same as data, and every run is held to them. Decisions lie in the agents; this module orders them.
`asking` runs it and keeps the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from workflows import Workflow, step
from workflows.events import Event, StartEvent, StopEvent

from . import governor, releasing
from .analyst import Analyst, Drafting, parts_of
from .checks.model import Verdict, Verification
from .compliance import Compliance
from .following import Resolved
from .governor import Hold
from .model import Abstention, Answer, CheckedClaim, DraftClaim, Mode, Plan, Request, Tier
from .noting import note_findings
from .opinion import SecondOpinion
from .planning import plan as plan_for
from .planning_model import plan_with_model
from .policies import Situation
from .question import Question, understand
from .researcher import Findings, Researcher
from .running import Run
from .runs import events

Choose = Callable[[str, Mode, Sequence[Tier]], tuple[Tier, str]]
"""Who drafts, given how hard a question is, what the asker wants and which tiers there are; and why."""
Record = Callable[[str, int, int], None]
"""Told how many of a model's claims held, of how many."""


_HELD_BACK = "what came nearest is shown to a reviewer only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run ends with: the answer as it would go out, all claims with their verdicts, and what holds it back."""

    answer: Answer = field(repr=False)
    checked: tuple[CheckedClaim, ...] = field(default=(), repr=False)
    hold: Hold | None = None


class Asked(StartEvent):
    """A question came in; `resolved` is it with references to earlier turns put in words."""

    request: Request
    resolved: Resolved


class Admitted(Event):
    """The governor lets the question through."""

    request: Request
    question: Question


class Routed(Event):
    """The governor chose who drafts: no model, a small one or a large one."""

    plan: Plan
    tier: Tier


class Planned(Event):
    """The planner took the question apart, or left it alone."""

    plan: Plan
    tier: Tier


class Researched(Event):
    """The researcher found what the asker may read."""

    plan: Plan
    tier: Tier
    findings: Findings


class Drafted(Event):
    """The analyst wrote claims, or none. `kept` hold since an earlier round, `fallen` did not hold in one."""

    work: Drafting
    kept: tuple[CheckedClaim, ...] = ()
    fallen: tuple[CheckedClaim, ...] = ()


class Failed(Event):
    """Some claims did not hold and go back; `last` says that no model is asked again."""

    work: Drafting
    kept: tuple[CheckedClaim, ...]
    failed: tuple[CheckedClaim, ...]
    fallen: tuple[CheckedClaim, ...]
    last: bool


class Verified(Event):
    """Every claim is checked and nothing goes back. `disputed` are kept ones that a second checker does not accept."""

    work: Drafting
    kept: tuple[CheckedClaim, ...]
    fallen: tuple[CheckedClaim, ...]
    disputed: tuple[CheckedClaim, ...] = ()


class Refused(Event):
    """Nothing is looked for: a policy, or the question itself, speaks against it."""

    request: Request
    why: str


class Released(StopEvent):
    """The governor's word on the answer."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The agents, and what the governor decides by. `tiers` are those configured, whether they may be asked or not."""

    researcher: Researcher
    analyst: Analyst
    compliance: Compliance
    second: SecondOpinion
    choose: Choose
    record: Record
    attacks_in: Callable[[str], Sequence[str]]
    tiers: frozenset[Tier] = frozenset()


class CrewWorkflow(Workflow):
    """One run of the crew, in a loop and a thread of its own: its steps may block."""

    def __init__(self, team: Team, run: Run) -> None:
        super().__init__(timeout=None)  # The run itself watches the time and says which limit it met.
        self._team = team
        self._run = run

    @step
    async def admit(self, event: Asked) -> Admitted | Refused:
        """Lets the question in, or says why not."""
        run, team = self._run, self._team
        run.enter("admit")
        admission = governor.admit(
            event.request, team.tiers, policies=team.compliance.policies, attacks_in=team.attacks_in
        )
        if admission.attacks:
            run.note(events.warned(run.at_ms, kinds=admission.attacks))
        if admission.blocked is not None:
            return Refused(request=admission.request, why=admission.blocked)
        if event.resolved.text != event.request.question:
            asked, resolved = event.request.question, event.resolved
            run.note(events.resolved(run.at_ms, asked=asked, question=resolved.text, turns=resolved.turns))
        return Admitted(request=admission.request, question=understand(event.resolved.text.strip()))

    @step
    async def route(self, event: Admitted) -> Routed:
        """Chooses how much model the question is worth."""
        run = self._run
        run.enter("route")
        why_local = governor.stays_local(self._team.compliance.policies, event.request, ())
        if why_local is not None:
            run.session.restrict()
        sketch = plan_for(event.question)
        complexity = governor.complexity_of(sketch)
        tier, why = self._team.choose(complexity, event.request.mode, run.session.tiers)
        run.choose(governor.route(sketch, (), tier, why or governor.why_of(sketch)))
        return Routed(plan=sketch, tier=tier)

    @step
    async def plan(self, event: Routed) -> Planned:
        """Takes the question apart; a model may do so where rules found more than a lookup."""
        run, made = self._run, event.plan
        run.enter("plan")
        if event.tier is not Tier.EXTRACTIVE and governor.complexity_of(made) != "lookup" and run.may_call("models"):
            made = await plan_with_model(made.question, run.session, event.tier)
        run.note(events.planned(run.at_ms, made))
        return Planned(plan=made, tier=event.tier)

    @step
    async def research(self, event: Planned) -> Researched:
        """Searches, within what the asker may read."""
        run = self._run
        run.enter("research")
        findings = self._team.researcher.research(event.plan, run.request.principal, self._team.analyst.answer_of)
        note_findings(run, findings)
        why = governor.stays_local(self._team.compliance.policies, run.request, findings.hits)
        tier = event.tier if why is None else self._keep_local(event.tier, why)
        return Researched(plan=findings.plan, tier=tier, findings=findings)

    @step
    async def draft(self, event: Researched) -> Drafted:
        """Writes claims from the evidence; with a model where one is there, else in the sources' own words."""
        run = self._run
        run.enter("draft")
        work = await self._team.analyst.draft(run, event.plan, event.findings, event.tier)
        run.note(events.drafted(run.at_ms, work.draft))
        return Drafted(work=work)

    @step
    async def verify(self, event: Drafted) -> Verified | Failed:
        """Checks every claim against the text it cites and against the policies."""
        run, work = self._run, event.work
        run.enter("verify")
        situation = governor.situation_of(run.request, ())
        checked = [self._check(claim, situation, work.plan, work.round) for claim in work.draft.claims]
        good = tuple(item for item in checked if releasing.releasable(item))
        failed = tuple(item for item in checked if not releasing.releasable(item))
        if work.model is not None:
            self._team.record(work.model, len(good), len(checked))
        kept = event.kept + good
        if failed and work.tier is not Tier.EXTRACTIVE:
            again = run.rounds_left("\n".join(sorted(item.claim.text for item in failed)))
            if again or not kept or any(item.verdict is Verdict.PARTIAL for item in failed):
                return Failed(work=work, kept=kept, failed=failed, fallen=event.fallen, last=not again)
        fallen = event.fallen + failed
        for item in fallen:
            run.note(events.dropped(run.at_ms, item.claim, verdict=item.verdict, why=item.note or "it does not hold"))
        return Verified(work=work, kept=kept, fallen=fallen, disputed=await self._second_opinion(kept, work.tier))

    @step
    async def repair(self, event: Failed) -> Drafted:
        """The analyst tries again with what was found; in the last round in the sources' own words."""
        run = self._run
        run.enter("repair")
        run.repairs += 1
        for item in event.failed:
            why = item.note or item.verdict.value
            run.note(events.sent_back(run.at_ms, item.claim, why=why, round_=run.repairs))
        analyst, kept = self._team.analyst, event.kept
        if event.last:
            work = analyst.fall_back(run, event.work, event.failed, nothing_kept=not kept)
        else:
            work = await analyst.repair(run, event.work, event.failed, nothing_kept=not kept)
        run.note(events.drafted(run.at_ms, work.draft, round_=work.round))
        return Drafted(work=work, kept=kept, fallen=event.fallen + event.failed)

    @step
    async def release(self, event: Verified | Refused) -> Released:
        """Releases what holds, holds it for a person, or abstains."""
        run, compliance = self._run, self._team.compliance
        run.enter("release")
        if isinstance(event, Refused):
            run.note(events.refused(run.at_ms, code="blocked", why=event.why))
            answer = releasing.blocked(event.request, run.id, event.why, run.route, run.timing())
            return Released(outcome=Outcome(answer=answer))
        if run.session.masked:
            run.note(events.masked(run.at_ms, "release", run.session.masked))
        work = event.work
        situation = governor.situation_of(run.request, event.kept)
        asked = work.plan.question.text
        answer = releasing.make_answer(
            run.request,
            run.id,
            asked=[part.text for part in parts_of(work.plan)],
            draft=work.draft,
            kept=event.kept,
            fallen=event.fallen,
            route=governor.route(work.plan, work.findings.labels, work.tier, run.route.why),
            timing=run.timing(),
            usage=run.session.usage,
            notices=(*compliance.notices(situation), *run.failures),
            resolved=None if asked == run.request.question.strip() else asked,
        )
        answer = self._without_nearest(answer)
        answer, scrubbed = compliance.scrubbed(answer, situation)
        if scrubbed:
            run.note(events.policy(run.at_ms, name="withhold", effect="scrubbed", why=", ".join(scrubbed)))
        held = governor.hold(compliance.policies, situation, event.disputed) if event.kept else None
        return Released(outcome=Outcome(answer=answer, checked=event.kept, hold=held))

    def _without_nearest(self, answer: Answer) -> Answer:
        """The answer without the passages beside it that a person would have to see first."""

        def shown(open_part: Abstention | None) -> Abstention | None:
            policies = self._team.compliance.policies
            if open_part is None or governor.may_show_nearest(policies, self._run.request, open_part.nearest):
                return open_part
            return replace(open_part, nearest=(), reason=f"{open_part.reason}; {_HELD_BACK}")

        return replace(answer, abstention=shown(answer.abstention), unanswered=shown(answer.unanswered))

    def _keep_local(self, tier: Tier, why: str) -> Tier:
        """From here on nothing of this run reaches a model elsewhere."""
        self._run.session.restrict()
        return self._run.allowed(tier, why)

    def _check(self, claim: DraftClaim, situation: Situation, plan: Plan, round_: int) -> CheckedClaim:
        run, compliance = self._run, self._team.compliance
        item = compliance.verify(compliance.reworded(claim, situation))
        strays = governor.strayed(claim, plan)
        if strays and releasing.releasable(item):
            used = f"nothing that it cites speaks of {', '.join(strays)}"
            run.note(events.limited(run.at_ms, "verify", limit="drift", used=1, allowed=0, why=used))
            item = replace(item, verdict=Verdict.UNSUPPORTED, score=0.0, note=used)
        for rule in compliance.banned_by(item.claim, situation):
            run.note(events.policy(run.at_ms, name=rule.id, effect="dropped", why=rule.why, claim=claim))
            item = replace(item, verdict=Verdict.UNSUPPORTED, score=0.0, note=f"policy {rule.id}: {rule.why}")
        found = Verification(verdict=item.verdict, score=item.score, findings=item.findings, words=item.words)
        run.note(events.checked(run.at_ms, item.claim, found, round_=round_))
        return item

    async def _second_opinion(self, kept: Sequence[CheckedClaim], tier: Tier) -> tuple[CheckedClaim, ...]:
        situation = governor.situation_of(self._run.request, kept)
        if not kept or not self._team.compliance.wants_second_opinion(situation):
            return ()
        return await self._team.second.disputed(self._run, kept, tier)
