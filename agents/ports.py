"""What the crew needs from the floor below, as Protocols that `api.wiring` fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from retrieval.model import Hit, Query


class Search(Protocol):
    """Ranked passages that the query's principal may read."""

    def __call__(self, query: Query) -> Sequence[Hit]: ...


class Clock(Protocol):
    """Monotonic seconds."""

    def __call__(self) -> float: ...
