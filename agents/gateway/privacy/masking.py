"""Masks what a remote model must not see, and puts it back in what the model says: one masker for a run.

masked = masker.mask_all([prompt.system, prompt.user])
reply = masker.unmask_value(parsed)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import AgentError
from .kinds import Kind
from .knowing import Known
from .recognising import recognise
from .unmasking import PATTERN, StreamUnmasker, unmask

_MOST_VALUES = 50_000
_MOST_CHARACTERS = 16_000_000
_DEEPEST = 64
_MOST_ROUNDS = 8  # an escape may bring forth what is to be escaped in turn, though hardly twice
_SYSTEM_NOTE = (
    "Personal data is replaced by placeholders such as [PERSON_1] or [EMAIL_2]; [PERSON_1B] is another "
    "form of [PERSON_1]. "
    "Use them as they stand, as if they were the names and values themselves."
)


class MaskingLimit(AgentError):
    """A run holds more personal data than a masker keeps; what is left must not go to a remote model."""

    code = "masking_limit"


class Masker:
    """Gives each datum of a run one placeholder. Holds at most `most_values` forms of data; not safe across threads.

    The values are nowhere logged; `counts` says how many of each kind there were.
    """

    note = _SYSTEM_NOTE
    """What a model should be told about placeholders."""

    def __init__(self, *, most_values: int = _MOST_VALUES) -> None:
        self._most_values = most_values
        self._known = Known(most_values)
        self._numbers: dict[tuple[Kind, str], int] = {}
        self._forms: dict[tuple[Kind, int], int] = {}
        self._last: Counter[Kind] = Counter()
        self._keys: dict[tuple[Kind, str, str], str] = {}
        self._values: dict[str, str] = {}
        self._size = 0
        self._unknown: set[str] = set()

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many different data of each kind were masked."""
        return {kind: count for kind, count in self._last.items() if kind is not Kind.LITERAL}

    @property
    def unknown(self) -> frozenset[str]:
        """Placeholders in replies that this masker never gave."""
        return frozenset(self._unknown)

    def mask(self, text: str) -> str:
        """`text` with placeholders for all personal data in it; `unmask` gives `text` back exactly.

        Raises:
            MaskingLimit: more data than a masker keeps.
        """
        spans = [
            (find.start, find.end, self._key(find.kind, find.of, text[find.start : find.end]))
            for find in recognise(text, self._known)
        ]
        if self._known.full:
            raise MaskingLimit(
                f"more than {self._most_values} people and numbers in one run; ask with less material, or locally"
            )
        return self._escaped(text, spans)

    def mask_all(self, texts: Sequence[str]) -> list[str]:
        """All texts masked; what one tells, say that a word is a name, holds for those before it too."""
        if len(texts) > 1:
            for text in texts:
                recognise(text, self._known)
        return [self.mask(text) for text in texts]

    def unmask(self, text: str) -> str:
        """`text` with the real values; placeholders that were never given stay, and are kept in `unknown`."""
        return unmask(text, self._values, self._unknown)

    def unmask_value(self, value: Any) -> Any:
        """JSON with all its strings unmasked, keys too.

        Raises:
            MaskingLimit: nested more than 64 deep.
        """
        return self._unmask_value(value, _DEEPEST)

    def stream(self) -> StreamUnmasker:
        """An unmasker for one reply that comes in pieces."""
        return StreamUnmasker(self._values, self._unknown)

    def _unmask_value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.unmask(value)
        if not isinstance(value, (dict, list, tuple)):
            return value
        if depth == 0:
            raise MaskingLimit(f"the reply is nested more than {_DEEPEST} deep; it cannot be unmasked")
        if isinstance(value, dict):
            return {
                self._unmask_value(key, depth - 1): self._unmask_value(inner, depth - 1) for key, inner in value.items()
            }
        return type(value)(self._unmask_value(inner, depth - 1) for inner in value)

    def _key(self, kind: Kind, of: str, surface: str) -> str:
        """The placeholder of a datum in this form, without brackets."""
        key = self._keys.get((kind, of, surface))
        if key is not None:
            return key
        self._size += len(surface) + len(of)
        if len(self._values) >= self._most_values or self._size > _MOST_CHARACTERS:
            raise MaskingLimit(
                f"more than {self._most_values} personal data in one run; ask with less material, or locally"
            )
        number = self._numbers.get((kind, of))
        if number is None:
            self._last[kind] += 1
            number = self._numbers[kind, of] = self._last[kind]
        form = self._forms[kind, number] = self._forms.get((kind, number), 0) + 1
        key = f"{kind.value}_{number}{_letters(form)}"
        self._keys[kind, of, surface] = key
        self._values[key] = surface
        return key

    def _escaped(self, text: str, spans: list[tuple[int, int, str]]) -> str:
        """`text` with placeholders in the spans, and with what else could be read as one escaped."""
        for _ in range(_MOST_ROUNDS):
            pieces: list[str] = []
            given: dict[int, int] = {}  # where a placeholder of ours begins in the masked text -> which span
            length = at = 0
            origin: list[tuple[int, int]] = []  # masked position -> original position, of the stretches between
            for start, end, key in spans:
                origin.append((length, at))
                placeholder = f"[{key}]"
                pieces += [text[at:start], placeholder]
                length += start - at
                given[length] = len(placeholder)
                length += len(placeholder)
                at = end
            origin.append((length, at))
            pieces.append(text[at:])
            masked = "".join(pieces)
            strange = [m for m in PATTERN.finditer(masked) if given.get(m.start()) != len(m[0])]
            if not strange:
                return masked
            spans = sorted([*spans, *self._literals(strange, origin)])
        raise MaskingLimit("the text holds placeholders that cannot be told from ours; ask locally")

    def _literals(self, strange: Sequence[Any], origin: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
        found: list[tuple[int, int, str]] = []
        at = 0
        for match in strange:
            while at + 1 < len(origin) and origin[at + 1][0] <= match.start():
                at += 1
            start = origin[at][1] + match.start() - origin[at][0]
            surface = match[0]
            found.append((start, start + len(surface), self._key(Kind.LITERAL, surface, surface)))
        return found


def _letters(form: int) -> str:
    """Nothing for the first form, then B, C, ... Z, AA, AB."""
    if form == 1:
        return ""
    letters = ""
    while form > 0:
        form, rest = divmod(form - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
