"""Who is asking, and what they may read. Denies by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.model import Access

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or program that asks. An admin reads all; `user` None is a caller without a name."""

    user: str | None = None
    groups: frozenset[str] = frozenset()
    admin: bool = False

    def may_read(self, access: Access) -> bool:
        """Whether a document with this access exists for this principal."""
        return self.admin or not self.names.isdisjoint(access.allow)

    @property
    def names(self) -> frozenset[str]:
        """What an `allow` may call this principal: everyone, user:NAME, group:NAME."""
        own = {f"user:{self.user}"} if self.user is not None else set()
        return frozenset({EVERYONE} | own | {f"group:{group}" for group in self.groups})


def readable(principal: Principal, accesses: Mapping[int, Access]) -> frozenset[int] | None:
    """The numbers of the accesses that admit the principal; None when it may read everything."""
    if principal.admin:
        return None
    return frozenset(number for number, access in accesses.items() if principal.may_read(access))
