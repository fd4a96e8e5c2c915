"""Names of calls, by which a replay finds them again."""

from __future__ import annotations

import hashlib
from collections import Counter

from agents.ports import Prompt


class CallKeys:
    """The same prompt of the same agent has the same key in each replay of a run, whatever else goes on beside it.

    A prompt that is asked anew gets a key of its own, by how often it was asked before. The key is a digest of the
    whole prompt: nothing of it can be read from it.
    """

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def next(self, prompt: Prompt, agent: str) -> str:
        """The key of this asking."""
        parts = (agent, prompt.name, prompt.version, prompt.system, prompt.user)
        base = hashlib.sha256("\0".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "replace")).hexdigest()
        self._asked[base] += 1
        return hashlib.sha256(f"{base}:{self._asked[base]}".encode()).hexdigest()
