"""Which tier for which question: a pure function of what is asked and how the models have done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.model import Mode, Tier

from .track_record import Standing

SIMPLE = frozenset({"lookup"})
"""Complexities that a small model is enough for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """A tier, and in a few words why it."""

    tier: Tier
    why: str


def route_tier(*, complexity: str, mode: Mode, tiers: Sequence[Tier], standings: Mapping[Tier, Standing]) -> Routing:
    """The tier that a question begins with.

    `tiers` are those that may be asked now. Simple questions go to the small model, others to the large one; a model
    that is demoted gets none where another is left, unless it was asked for by `mode`.
    """
    if mode == "extractive":
        return Routing(tier=Tier.EXTRACTIVE, why="asked to work without a model")
    if not tiers:
        return Routing(tier=Tier.EXTRACTIVE, why="no model may be asked")
    if mode in ("small", "large"):
        return _asked_for(Tier(mode), tiers)
    simple = complexity in SIMPLE
    wanted = Tier.SMALL if simple else Tier.LARGE
    kind = "a simple question" if simple else f"not a simple question ({complexity})"
    usable = [tier for tier in tiers if not _demoted(tier, standings)]
    if wanted in usable:
        trial = ", which is on trial" if wanted in standings and standings[wanted].on_trial else ""
        return Routing(tier=wanted, why=f"{kind}: the {wanted} model{trial}")
    missing = f"the {wanted} model is demoted" if wanted in tiers else f"there is no {wanted} model to ask"
    if usable:
        return Routing(tier=usable[0], why=f"{kind}, and {missing}: the {usable[0]} model")
    return Routing(tier=Tier.EXTRACTIVE, why=f"{kind}, but every model that may be asked is demoted")


def escalation(tier: Tier, *, mode: Mode, tiers: Sequence[Tier], standings: Mapping[Tier, Standing]) -> Tier | None:
    """The tier to go on with after the claims of `tier` failed verification; None where there is none better."""
    if mode == "auto" and tier is Tier.SMALL and Tier.LARGE in tiers and not _demoted(Tier.LARGE, standings):
        return Tier.LARGE
    return None


def _asked_for(tier: Tier, tiers: Sequence[Tier]) -> Routing:
    if tier in tiers:
        return Routing(tier=tier, why=f"the {tier} model was asked for")
    if tier is Tier.LARGE and Tier.SMALL in tiers:
        return Routing(tier=Tier.SMALL, why="the large model was asked for and may not be asked now: the small one")
    return Routing(tier=Tier.EXTRACTIVE, why=f"the {tier} model was asked for and may not be asked now")


def _demoted(tier: Tier, standings: Mapping[Tier, Standing]) -> bool:
    return tier in standings and standings[tier].demoted
