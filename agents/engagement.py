"""The rules of engagement: which step hands to which, who does it, what an agent may call, and what ends a run.

They are data (`engagement.toml` beside this module), checked when they are read. `crew` follows them and refuses a
hand-over or a call that they do not name; `runs.graph` draws them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import EngagementError

DEFAULT_RULES = Path(__file__).with_name("engagement.toml")
STEPS = ("admit", "route", "plan", "research", "draft", "verify", "repair", "release")
"""The steps that the crew knows how to do."""
FIRST, LAST, LOOPING = "admit", "release", "repair"

Tool = Literal["search", "models", "calculator", "checks", "catalog", "policies"]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Agent(_Rules):
    """One agent's contract."""

    job: str
    gets: str
    hands_over: str
    may_call: tuple[Tool, ...] = ()


class StepRule(_Rules):
    """Who does a step, and to which steps it may hand."""

    agent: str
    to: tuple[str, ...]


class Limits(_Rules):
    """What ends a run. `repairs` is how often failed claims go back, `seconds` counts without waiting for people."""

    repairs: int = Field(ge=0, le=5)
    seconds: float = Field(gt=0, le=3600)
    model_calls: int = Field(ge=0)
    tokens: int = Field(ge=0)
    parallel_calls: int = Field(ge=1, le=64)
    evidence_tokens: int = Field(ge=200)


class Engagement(_Rules):
    """The rules as a whole."""

    agents: Mapping[str, Agent]
    steps: Mapping[str, StepRule]
    limits: Limits

    def check_handover(self, giving: str, getting: str) -> None:
        """Raises EngagementError where one step may not hand to the other."""
        if getting not in self.steps[giving].to:
            raise EngagementError(f"the rules of engagement let {giving!r} hand to no {getting!r}")

    def check_call(self, step: str, tool: Tool) -> None:
        """Raises EngagementError where whoever does the step may not call the tool."""
        if tool not in self.agents[self.steps[step].agent].may_call:
            raise EngagementError(f"the rules of engagement let the {self.steps[step].agent} call no {tool}")

    def may_call(self, step: str, tool: Tool) -> bool:
        """Whether whoever does the step may call the tool."""
        return tool in self.agents[self.steps[step].agent].may_call


def load_engagement(path: Path = DEFAULT_RULES) -> Engagement:
    """Reads and checks a file of rules.

    Raises:
        EngagementError: it cannot be read, or a run under it could not end; the message names the file and the key.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = Engagement.model_validate(values)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EngagementError(f"the rules of engagement {path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise EngagementError(f"{path}: {key!r}: {first['msg']}") from error
    problem = _problem(rules)
    if problem is not None:
        raise EngagementError(f"{path}: {problem}")
    return rules


def _problem(rules: Engagement) -> str | None:
    """What keeps a run from going through or from ending, None when nothing does."""
    return next(_faults(rules), None)


def _faults(rules: Engagement) -> Iterator[str]:
    for name in sorted(set(rules.steps) - set(STEPS)):
        yield f"steps.{name} is no step; expected some of {', '.join(STEPS)}"
    for name in sorted({FIRST, LAST} - set(rules.steps)):
        yield f"steps.{name} is missing"
    for name, step in rules.steps.items():
        if step.agent not in rules.agents:
            yield f"steps.{name}.agent is {step.agent!r}, which [agents] does not hold"
        for to in step.to:
            if to not in rules.steps:
                yield f"steps.{name}.to names {to!r}, which is no step here"
        if not step.to and name != LAST:
            yield f"steps.{name}.to is empty: a run would end there without an answer"
    if rules.steps[LAST].to:
        yield f"steps.{LAST}.to must be empty: it is the last step"
    for name in sorted(_reached(rules, FIRST)):
        if LAST not in _reached(rules, name):
            yield f"no way leads from steps.{name} to {LAST!r}"
    for name in sorted(set(rules.steps) - _reached(rules, FIRST)):
        yield f"no way leads to steps.{name}"
    circle = _circle(rules, FIRST, ())
    if circle is not None:
        yield f"{circle} could go round for good: only {LOOPING!r} may lead back"


def _reached(rules: Engagement, start: str) -> set[str]:
    found, todo = {start}, [start]
    while todo:
        for to in rules.steps[todo.pop()].to:
            if to not in found:
                found.add(to)
                todo.append(to)
    return found


def _circle(rules: Engagement, name: str, path: tuple[str, ...]) -> str | None:
    """A circle of steps that does not pass through the one whose rounds are counted."""
    if name in path:
        return " → ".join((*path[path.index(name) :], name))
    if name == LOOPING:
        return None
    found = (_circle(rules, to, (*path, name)) for to in rules.steps[name].to)
    return next((circle for circle in found if circle is not None), None)
