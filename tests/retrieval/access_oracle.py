"""What a search in a random company must and must not give.

Two oracles. By hand: each hit may be read and passes the filters, and with room for all of them, all such chunks are
there. By comparison: what one person gets, to the last digit, is what they get where nothing else exists.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.model import Access
from retrieval.access import Principal
from retrieval.errors import FilterError
from retrieval.model import Hit, Query
from tests.retrieval.access_worlds import METADATA, SURPLUS, Chance, Company, Plan, Question


def allowed(principal: Principal, access: Access) -> bool:
    """Who may read, once more and in other words."""
    if principal.admin or "everyone" in access.allow:
        return True
    groups = any(f"group:{group}" in access.allow for group in principal.groups)
    return groups or (principal.user is not None and f"user:{principal.user}" in access.allow)


def asked(company: Company, principal: Principal, question: Question) -> list[Hit] | str:
    """The hits, or what the error says. The number of an access is the catalog's own and is left out."""
    query = Query(text=question.text, principal=principal, k=question.k, where=question.where)
    try:
        hits = company.searcher.search(query)
    except FilterError as error:
        return str(error)
    return [replace(hit, document=replace(hit.document, access_id=0)) for hit in hits]


def by_hand(found: list[Hit] | str, plans: list[Plan], principal: Principal, question: Question) -> str | None:
    """What is wrong with a result, by the rules; None when nothing is."""
    made = [plan.made() for plan in plans if allowed(principal, plan.access)]
    keys = {key for document, _, _ in made for key in document.metadata}
    unknown = [key for key, _ in question.demanded if key is not None and key not in keys]
    if isinstance(found, str):
        told = {word.strip(",") for word in found.split("known are ")[-1].split()}
        leaked = (set(METADATA) - keys) & told
        return None if unknown and not leaked else f"refused: {found}"
    if unknown:
        return f"not refused: {unknown}"
    filters = [admits for _, admits in question.demanded]
    filters += [admits for key, admits in question.inline if key is None or key in keys]
    expected = {
        chunk.id for document, chunks, _ in made for chunk in chunks if all(one(document, chunk) for one in filters)
    }
    if surplus := [hit.chunk.id for hit in found if hit.chunk.id not in expected]:
        return f"must not be there: {surplus}"
    standing = sum(1 + int(hit.why.get("duplicates", 0)) for hit in found)
    if question.k >= SURPLUS and standing != len(expected):
        return f"{standing} chunks stand in the result, {len(expected)} should"
    return None if len(found) <= question.k else f"{len(found)} hits for k={question.k}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One principal, one query, one state, and what is wrong with the result: None when nothing is."""

    seed: int
    number: int
    fault: str | None


def cases(
    folder: Path, seed: int, *, documents: int = 12, states: int = 3, principals: int = 3, questions: int = 20
) -> Generator[Case]:
    """All cases of one company, which changes between the states. Rights change between any two questions' askers."""
    chance = Chance(seed)
    settings = chance.settings()
    plans = chance.plans(documents)
    company = Company(folder / "all", settings)
    company.put(plans)
    number = 0
    try:
        for state in range(states):
            if state:
                _change(company, plans, chance)
            for _ in range(principals):
                principal = chance.principal()
                alone = Company(folder / "alone", settings)
                try:
                    mine = [plan for plan in plans if allowed(principal, plan.access)]
                    if mine:
                        alone.put(mine)
                    for _ in range(questions):
                        question = chance.question()
                        fault = _fault(company, alone, plans, principal, question)
                        yield Case(seed=seed, number=number, fault=fault)
                        number += 1
                finally:
                    alone.close()
    finally:
        company.close()


def _fault(company: Company, alone: Company, plans: list[Plan], principal: Principal, question: Question) -> str | None:
    found, only = asked(company, principal, question), asked(alone, principal, question)
    fault = by_hand(found, plans, principal, question)
    # An admin may read what was there before, too: words are counted until the index has tidied up.
    if fault is None and found != only and not principal.admin:
        fault = f"differs: {_difference(found, only)}"
    return fault and f"{principal} asks {question.text!r} where {dict(question.where)} k={question.k}: {fault}"


def _difference(found: list[Hit] | str, only: list[Hit] | str) -> str:
    if isinstance(found, str) or isinstance(only, str):
        return f"{found!r} and alone {only!r}"
    for one, other in zip(found, only, strict=False):
        if one != other:
            shown = [(hit.rank, hit.score, hit.document.title, hit.chunk.text, dict(hit.why)) for hit in (one, other)]
            return f"{shown[0]} and alone {shown[1]}"
    return f"{len(found)} hits and alone {len(only)}"


def _change(company: Company, plans: list[Plan], chance: Chance) -> None:
    """Somebody shares, somebody withdraws, a document goes, is rewritten or comes."""
    for place in chance.random.sample(range(len(plans)), 4):
        plans[place] = replace(plans[place], access=chance.access())
        company.share(plans[place])
    company.remove(plans.pop(chance.random.randrange(len(plans))))
    place = chance.random.randrange(len(plans))
    plans[place] = replace(plans[place], texts=chance.plan(plans).texts)
    plans.append(chance.plan(plans))
    company.put([plans[place], plans[-1]])
