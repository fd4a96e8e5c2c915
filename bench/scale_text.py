"""The text of `bench.scale`: sentences about a company's rules, with made-up names, and questions on them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from retrieval.ports import Array

PER_DOCUMENT = 10
_SENTENCES = 3000
_PER_CHUNK = 6
_NAMES = 20_000
_NAMES_PER_CHUNK = 8
_REPLACING = 100
"""Every so many documents one says that it takes another's place."""
_SUBJECTS = """the buyer|an employee|the supplier|each department|the warehouse|the audit team|a manager|the customer|
    the finance office|our subsidiary|the tenant|a contractor|the safety officer|the project lead|the bank""".split("|")
_VERBS = """approves|reports|reviews|returns|signs|delivers|records|refuses|forwards|archives|prints|renews|pays|
    inspects|publishes|cancels|measures|orders|repairs|insures""".split("|")
_OBJECTS = """the travel expense claim|a purchase order|the quarterly forecast|the lease contract|an invoice|the
    insurance
    policy|a safety incident|the maintenance schedule|the pension statement|the delivery note|the tax return|a training
    plan|the price list|the shift roster|the holiday request|the visitor badge|the software licence|the spare part|
    the quality certificate|the customs declaration""".split("|")
_CONDITIONS = """within thirty days|before the end of the quarter|after written notice|above five thousand euros|at the
    Rotterdam site|for the northern region|without prior approval|once a year|under the framework agreement|during the
    night shift|when the amount differs|in case of damage|for part-time staff|by registered mail""".split("|")


def sentences() -> list[str]:
    """The sentences that all text is made of."""
    chance = random.Random(1)
    parts = [[" ".join(p.split()) for p in part] for part in (_SUBJECTS, _VERBS, _OBJECTS, _CONDITIONS)]
    made: dict[str, None] = {}
    while len(made) < _SENTENCES:
        subject, verb, what, when = (chance.choice(part) for part in parts)
        made[f"{subject.capitalize()} {verb} {what} {when}, form {chance.randint(100, 999)}."] = None
    return list(made)


def names() -> tuple[list[str], list[float]]:
    """Made-up names and the sums of their weights: the nth is as frequent as 1 / n, as words of a language are."""
    chance = random.Random(4)
    made: dict[str, None] = {}
    while len(made) < _NAMES:
        made["".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))] = (
            None
        )
    return list(made), list(accumulate(1.0 / (n + 10) for n in range(_NAMES)))


def pieces(count: int, vectors: Array) -> Iterator[tuple[int, str, Array]]:
    """`count` chunks: document number, text, unit vector. A document keeps to some sixty of the sentences."""
    known, chance = sentences(), random.Random(2)
    named, weights = names()
    for document in range((count + PER_DOCUMENT - 1) // PER_DOCUMENT):
        topic = chance.sample(range(len(known)), 60)
        for place in range(min(PER_DOCUMENT, count - document * PER_DOCUMENT)):
            chosen = chance.sample(topic, _PER_CHUNK)
            mean = vectors[chosen].sum(axis=0)
            parts = [known[n] for n in chosen]
            parts.append(f"It concerns {', '.join(chance.choices(named, cum_weights=weights, k=_NAMES_PER_CHUNK))}.")
            if not place and document % _REPLACING == _REPLACING - 1:
                parts.insert(0, f"This replaces the {title(document - 1)}.")
            yield document, " ".join(parts), mean / np.linalg.norm(mean)


def title(document: int) -> str:
    """What a document is called."""
    return f"Rule book {document}"


def questions(count: int) -> list[str]:
    """Different questions on what the sentences say, in part of their words; every second one names something."""
    chance = random.Random(3)
    named, weights = names()
    made: list[str] = []
    for sentence in chance.choices(sentences(), k=count):
        words = sentence.rstrip(".").split(", form")[0].split()
        about = f" for {chance.choices(named, cum_weights=weights)[0]}" if len(made) % 2 else ""
        made.append("What holds when " + " ".join(word for word in words if chance.random() < 0.8) + about + "?")
    return made
