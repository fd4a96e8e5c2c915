"""Does the claim name only whom and what its evidence names, each in its own part?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ..words import STOPWORDS, stem
from .aligning import Alignment, align
from .model import Finding
from .placing import misplaced
from .tokens import Token, tokens_of
from .vocabulary import is_role

_NAME = re.compile(r"\b[^\W\d_a-z][\w'’&.-]*\w|\b[^\W\d_a-z]{2,}\b")
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"[^\W_]+")
_CAPITALS = re.compile(
    r"(?<!\w)(?:[A-ZÄÖÜ][\w'’]*(?:[\s-]+(?:of|and|the|for|und|der|für)\b)?[\s-]+){1,6}[A-ZÄÖÜ][\w'’]*"
)
_FORMS = frozenset(
    "ltd limited gmbh inc ag plc llc corp corporation kg se co company mr mrs ms dr prof herr frau sir".split()
)
_GERMAN = re.compile(
    r"\b(?:der|die|das|und|nicht|ist|sind|wird|werden|für|mit|eine?[nrms]?|auf|zu[mr]?)\b", re.IGNORECASE
)
_COMMON_ENDINGS = (
    "ing", "ion", "ions", "ment", "ments", "ity", "ies", "ness", "ance", "ence",
    "al", "als", "ed", "ally", "ers", "ees",
)  # fmt: skip
_REST_ALIKE = 0.8


def names_agree(claim: str, evidence: Sequence[str]) -> Finding:
    """Every name of the claim stands in the evidence, and those of both play the same parts."""
    shown = _Shown(evidence)
    alignments = align(claim, evidence)
    paired = {token: rival for alignment in alignments for token, rival in _replaced(alignment, shown, claim)}
    german = len(_GERMAN.findall(claim)) >= 2
    missing = [
        token for token in tokens_of(claim) if _may_be_missing(token, german=german) and not shown.has(token, claim)
    ]
    words = [token.text for token in missing] + [token.text for token in paired]
    notes = [f"{token.text} is not in the source" for token in missing]
    contradicts = any(token.name and rival.name for token, rival in paired.items())
    notes += [f"{token.text}: the source has {rival.text} there" for token, rival in paired.items()]
    has_part = _parts(claim, evidence)
    keys = {token.key for text in evidence for token in tokens_of(text)}
    for alignment in alignments:
        for token, rival in misplaced(alignment, has_part):
            if token.key not in keys:
                continue  # short for what stands there, or missing and told already
            words.append(token.text)
            contradicts = True
            notes.append(f"{token.text}: the source has {rival.text} there")
    found = dict.fromkeys(words)
    return Finding(
        check="names", agrees=not found, score=0.0 if found else 1.0, words=tuple(found), contradicts=contradicts,
        note="; ".join(dict.fromkeys(notes)),
    )  # fmt: skip


class _Shown:
    """The words of the evidence, for looking names up."""

    def __init__(self, evidence: Sequence[str]) -> None:
        text = "\n".join(evidence)
        self.words = {piece.casefold() for piece in _PIECE.findall(text)}
        self.whole = {word.casefold() for line in text.split("\n") for word in line.split()}
        self.stems = {stem(word) for word in self.words}
        self.initials = {word[0] for word in self.words}
        self.squeezed = re.sub(r"[\W_]", "", text).casefold()
        self.acronyms = {_initials(match.group()) for match in _CAPITALS.finditer(text)}
        self.text = text

    def has(self, token: Token, claim: str) -> bool:
        """Whether a name stands here whole, in pieces ("TN 55" for "TN-55"), short, or as its initials."""
        word = re.sub(r"['’]s?\Z", "", token.text)
        low = word.casefold()
        if low in self.words or low in self.whole or low in _FORMS:
            return True
        if token.kind == "code":
            squeezed = re.sub(r"[\W_]", "", low)
            return bool(re.search(rf"(?<![^\W_]){_spaced(squeezed)}(?![^\W_])", self.text, re.IGNORECASE))
        pieces = [piece.casefold() for piece in _PIECE.findall(word)]
        if all(piece in self.words or stem(piece) in self.stems for piece in pieces):
            return True
        if len(word) == 1:
            return low in self.initials
        if word.isupper() and any(run.endswith(word) for run in self.acronyms):
            return True
        return self._spelled_out(token, claim)

    def _spelled_out(self, token: Token, claim: str) -> bool:
        """Whether "John" is the "J." before the same surname, or a word of what the evidence shortens to initials."""
        following = _WORD.search(claim, token.end)
        if following and re.search(rf"\b{re.escape(token.text[0])}\.\s?{re.escape(following.group())}\b", self.text):
            return True
        for run in _CAPITALS.finditer(claim):
            if run.start() <= token.start < run.end() and _initials(run.group()).casefold() in self.words:
                return len(_initials(run.group())) > 1
        return False


def _spaced(letters: str) -> str:
    return r"[\W_]{0,2}".join(re.escape(letter) for letter in letters[:60])


def _initials(run: str) -> str:
    return "".join(word[0] for word in _WORD.findall(run) if word[0].isupper())


def _may_be_missing(token: Token, *, german: bool) -> bool:
    if not token.name:
        return False
    # German writes every noun with a capital, so only codes, capitals inside and replaced words tell a name there.
    return not german or token.kind == "code" or any(c.isupper() for c in token.text[1:])


def _parts(claim: str, evidence: Sequence[str]) -> Callable[[Token], bool]:
    """Tells who or what may play a part: names, roles, and an opening word that is a name elsewhere."""
    known = {token.key for text in (claim, *evidence) for token in tokens_of(text) if token.name}

    text = "\n".join((claim, *evidence))

    def _opening_name(word: str) -> bool:
        return len(word) > 2 and _looks_proper(word) and not re.search(rf"\b{re.escape(word.lower())}\b", text)

    def has_part(token: Token) -> bool:
        if token.name or _is_role(token):
            return True
        return token.opens and token.text[:1].isupper() and (token.key in known or _opening_name(token.text))

    return has_part


def _is_role(token: Token) -> bool:
    return token.kind == "word" and is_role(token.text)


def _replaced(alignment: Alignment, shown: _Shown, claim: str) -> Iterable[tuple[Token, Token]]:
    """Names, roles and opening words of the claim that stand in another's place and that the evidence lacks."""
    content = [i for i, token in enumerate(alignment.claim) if token.content]
    for i in content:
        token, j = alignment.claim[i], alignment.pairs[i]
        if j is None or alignment.same[i] or token.kind not in ("word", "code"):
            continue
        rival = alignment.evidence[j]
        others = [k for k in content if k != i and not (alignment.claim[k].name and abs(k - i) == 1)]
        alike = sum(alignment.same[k] for k in others) / len(others) if others else 0.0
        if alike < _REST_ALIKE or shown.has(token, claim) or not rival.content or rival.kind not in ("word", "code"):
            continue
        if token.name or (_is_role(token) and (_is_role(rival) or rival.name)) or _opens_as_name(token, rival, shown):
            yield token, rival


def _opens_as_name(token: Token, rival: Token, shown: _Shown) -> bool:
    """Whether both open their sentence with a capital, and the evidence's is elsewhere no common word."""
    if not (token.opens and token.text[:1].isupper() and rival.text[:1].isupper()):
        return False
    return rival.name or (
        not re.search(rf"\b{re.escape(rival.text.lower())}\b", shown.text) and _looks_proper(token.text)
    )


def _looks_proper(word: str) -> bool:
    """Whether a capitalised word has none of the endings of common nouns and adverbs."""
    return word.lower() not in STOPWORDS and not word.lower().endswith(_COMMON_ENDINGS)


def _capitalised(text: str) -> set[str]:
    """Capitalised words that do not merely open a sentence, case-folded."""
    found: set[str] = set()
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip(" \"'“„«([*_")
        opens_sentence = not before or before[-1] in ".!?:;|\n•"
        if not opens_sentence or any(c.isupper() for c in match.group()[1:]):
            found.update(word.casefold() for word in _WORD.findall(match.group()))
    return found


def missing_names(claim: str, evidence: str) -> set[str]:
    """Names of the claim that the evidence does not hold; empty is a pass."""
    return _capitalised(claim) - {word.casefold() for word in _WORD.findall(evidence)}
