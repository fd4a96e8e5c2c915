"""A company's own policies for answers: what is refused, not said, said besides, withheld, or seen by a person first.

They are YAML files in one folder, each with a `name` and `rules`; a rule says `when` it applies and what `then`
happens. Everything is checked when it is read, so that a misspelt key stops the start and not an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from retrieval.access import Principal

from .errors import EngagementError
from .gateway.privacy import Kind

Then = Literal["block", "review", "second_opinion", "ban", "disclaim", "wording", "withhold", "local_only"]
_NEEDS: Mapping[Then, str] = {
    "block": "why",
    "review": "why",
    "ban": "why",
    "disclaim": "text",
    "wording": "replace",
    "withhold": "kinds",
}
_MOST_TEXT = 20_000
"""Characters of a text that patterns are held against."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Strict):
    """When a rule applies: all that is given must hold; of a list, one is enough.

    `question` and `claim` are regular expressions, case ignored. `asker_in` and `asker_not_in` name whom a source's
    `allow` could name; an admin belongs to everything. `labels` and `sources` are those of the documents that the
    answer rests on. `support_below` is the least score of a claim, `ambiguous` that several documents answer with
    several figures.
    """

    question: tuple[str, ...] = ()
    claim: tuple[str, ...] = ()
    asker_in: tuple[str, ...] = ()
    asker_not_in: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    conflict: bool | None = None
    ambiguous: bool | None = None
    support_below: float | None = Field(default=None, ge=0, le=1)

    @field_validator("question", "claim")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns

    @field_validator("asker_in", "asker_not_in")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name != "everyone" and not re.fullmatch(r"(?:group|user):.+", name):
                raise ValueError(f"{name!r} is none of everyone, group:NAME, user:NAME")
        return names


class Rule(_Strict):
    """One rule. `id` names it in answers, runs and reviews; `risk` is what a reviewer is told."""

    id: str = Field(min_length=1)
    when: When = When()
    then: Then
    why: str = ""
    risk: Literal["low", "medium", "high"] = "medium"
    text: str = ""
    replace: Mapping[str, str] = {}
    kinds: tuple[Kind, ...] = ()

    @field_validator("kinds", mode="before")
    @classmethod
    def _upper(cls, kinds: object) -> object:
        return [kind.upper() if isinstance(kind, str) else kind for kind in kinds] if isinstance(kinds, list) else kinds

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        needed = _NEEDS.get(self.then)
        if needed is not None and not getattr(self, needed):
            raise ValueError(f"a rule that says {self.then!r} needs {needed!r}")
        return self

    @cached_property
    def said(self) -> re.Pattern[str] | None:
        """What `when.claim` looks for."""
        return _any_of(self.when.claim)

    @cached_property
    def asked(self) -> re.Pattern[str] | None:
        """What `when.question` looks for."""
        return _any_of(self.when.question)


class Retention(_Strict):
    """How long records are kept at most, in days."""

    runs_days: float | None = Field(default=None, ge=0)
    conversations_days: float | None = Field(default=None, ge=0)


class PolicyFile(_Strict):
    """One file of policies."""

    name: str
    rules: tuple[Rule, ...] = ()
    retention: Retention = Retention()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when rules are looked at. `claim` is one sentence, where one is looked at; `support` the least
    score among the claims."""

    question: str
    principal: Principal
    labels: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    claim: str | None = None
    conflict: bool = False
    ambiguous: bool = False
    support: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All rules of all files, in the order of their names."""

    rules: tuple[Rule, ...] = ()
    retention: Retention = field(default_factory=Retention)

    def applying(self, then: Then, situation: Situation) -> list[Rule]:
        """The rules of one kind that apply."""
        return [rule for rule in self.rules if rule.then == then and _applies(rule, situation)]

    def reworded(self, text: str, situation: Situation) -> str:
        """The text with the company's own wording: for sentences of our own, never for quotes."""
        for rule in self.applying("wording", situation):
            for said, wanted in rule.replace.items():
                text = wanted.join(re.split(rf"(?<!\w){re.escape(said)}(?!\w)", text))
        return text


NO_POLICIES = Policies()
"""Nothing is forbidden, added or held back."""


def load_policies(folder: Path) -> Policies:
    """Reads every .yaml file of a folder.

    Raises:
        EngagementError: there is no such folder, or a file cannot be used; the message names the file and the key.
    """
    if not folder.is_dir():
        raise EngagementError(f"no folder of policies {folder}; make it, or take `policies` out of [crew]")
    files = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    rules = tuple(rule for file in files for rule in file.rules)
    twice = [rule.id for rule in rules if sum(other.id == rule.id for other in rules) > 1]
    if twice:
        raise EngagementError(f"{folder}: two rules have the id {twice[0]!r}; rename one")
    return Policies(
        rules=rules,
        retention=Retention(
            runs_days=_least([file.retention.runs_days for file in files]),
            conversations_days=_least([file.retention.conversations_days for file in files]),
        ),
    )


def _read(path: Path) -> PolicyFile:
    try:
        return PolicyFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EngagementError(f"the policy {path} cannot be read: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise EngagementError(f"{path}: {key!r}: {first['msg'].removeprefix('Value error, ')}") from error


def _applies(rule: Rule, situation: Situation) -> bool:
    when = rule.when
    names, admin = situation.principal.names, situation.principal.admin
    return (
        (rule.asked is None or rule.asked.search(situation.question[:_MOST_TEXT]) is not None)
        and (rule.said is None or (situation.claim is not None and rule.said.search(situation.claim) is not None))
        and (not when.asker_in or admin or not names.isdisjoint(when.asker_in))
        and (not when.asker_not_in or (not admin and names.isdisjoint(when.asker_not_in)))
        and (not when.labels or not situation.labels.isdisjoint(when.labels))
        and (not when.sources or not situation.sources.isdisjoint(when.sources))
        and (when.conflict is None or situation.conflict is when.conflict)
        and (when.ambiguous is None or situation.ambiguous is when.ambiguous)
        and (when.support_below is None or situation.support < when.support_below)
    )


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE) if patterns else None


def _least(days: Sequence[float | None]) -> float | None:
    return min((one for one in days if one is not None), default=None)
