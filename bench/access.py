"""Searches random companies as random people, and holds each result against two oracles.

python -m bench.access [--cases 100000] [--seed N] [--processes 1] [--json]

A case is one person, one query and one state of one company: people join and leave groups, documents are shared,
withdrawn, rewritten, added and taken out. Each hit must be readable and pass the filters; with room for all, all that
do must be there; and the whole result, scores and errors included, must be that of a world which holds only what the
person may read. Anything else is a leak. Exit 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

from tests.retrieval.access_oracle import Case, cases

_STATES, _PRINCIPALS, _QUESTIONS = 4, 3, 200
_PER_COMPANY = _STATES * _PRINCIPALS * _QUESTIONS
_SAID_EVERY_S = 15.0


def main() -> None:
    """Runs the cases and exits with 1 when something leaks."""
    parser = argparse.ArgumentParser(prog="bench.access", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000, help="how many searches (default 100000)")
    parser.add_argument("--seed", type=int, default=1, help="the first company's seed (default 1)")
    parser.add_argument("--processes", type=int, default=1, help="companies at a time (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON value")
    given = parser.parse_args()
    began = time.monotonic()
    done, leaks, first = 0, 0, None
    said = began
    for found in _companies(given.seed, given.cases, given.processes):
        done += len(found)
        faults = [case for case in found if case.fault is not None]
        leaks += len(faults)
        first = first or next(iter(faults), None)
        if time.monotonic() - said > _SAID_EVERY_S:
            said = time.monotonic()
            print(f"{done} cases, {leaks} leaks, {said - began:.0f} s", file=sys.stderr, flush=True)
    seconds = round(time.monotonic() - began, 1)
    if given.json:
        shown = None if first is None else {"seed": first.seed, "case": first.number, "what": first.fault}
        print(json.dumps({"cases": done, "leaks": leaks, "first": shown, "seed": given.seed, "seconds": seconds}))
    else:
        print(f"{done} cases, {leaks} leaks, {seconds} s")
        if first is not None:
            print(f"company {first.seed}, case {first.number}: {first.fault}")
    sys.exit(1 if leaks else 0)


def _companies(seed: int, wanted: int, processes: int) -> Iterator[list[Case]]:
    """The cases of one company after another until there are as many as wanted."""
    sizes = [min(_PER_COMPANY, wanted - start) for start in range(0, wanted, _PER_COMPANY)]
    if processes < 2:
        yield from map(_company, count(seed), sizes)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_company, range(seed, seed + len(sizes)), sizes)


def _company(seed: int, most: int) -> list[Case]:
    found: list[Case] = []
    with tempfile.TemporaryDirectory(prefix="access-") as folder:
        running = cases(Path(folder), seed, states=_STATES, principals=_PRINCIPALS, questions=_QUESTIONS)
        for case in running:
            found.append(case)
            if len(found) >= most:
                break
        running.close()
    return found


if __name__ == "__main__":
    main()
