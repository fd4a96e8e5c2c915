"""Which document takes another's place, said with the words that state it, where that matters to the answer.

The searcher marks passages of replaced documents and the researcher sets them aside. They come back here for one thing:
to say that an answer rests on a newer document, when the question asks about old and new, or the older one answers it
differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.markup import prose
from ingest.model import Chunk, Document
from ingest.succession import find_successions, title_key
from retrieval.model import Hit

from .aligning import Statement, different, same_thing, statement_of
from .model import ClaimKind, DraftClaim, EvidenceSpan
from .question import Language, Part, Question, Term
from .rows import ChunksOf
from .sentences import split_sentences
from .units import Unit, units_of
from .words import STOPWORDS, stem, words_of

MOST_CHOSEN = 2
MOST_REPLACED = 6
_SCORE = 0.9
_MOST_STATEMENT = 400
_ABOUT_CHANGE = re.compile(
    r"\b(?:still|old|older|previous(?:ly)?|former(?:ly)?|changed|replace[ds]?|supersede[ds]?|used to|no longer"
    r"|any ?more"
    r"|alte[nrsm]?|früher\w{0,3}|vorher\w{0,3}|bisher\w{0,3}|geändert|ersetzt|abgelöst|nicht mehr)\b",
    re.IGNORECASE,
)
_ABOUT_STANDING = re.compile(
    r"\b(?:in force|valid|in effect|superseded?|supersedes|replace[sd]?|withdrawn|took the place|takes the place"
    r"|in kraft|gültig|gilt|ersetzt|abgelöst|aufgehoben)\b",
    re.IGNORECASE,
)
_STANDING = """
    force valid effect superseded supersedes replaced replaces replace withdrawn took takes place still version versions
    document edition current currently new newer old older kraft gültig gilt ersetzt abgelöst aufgehoben noch fassung
"""
_STANDING_WORDS = frozenset(stem(word) for word in _STANDING.split())
_STATES = {"en": "{title} states: “{words}”", "de": "{title} hält fest: „{words}“"}
_OTHERWISE = {
    "en": "; on this, {title} says “{words}”.",
    "de": "; dazu sagt {title} „{words}“.",
}
_DIFFERS = {"en": "; on this, {title} says otherwise.", "de": "; dazu sagt {title} etwas anderes."}
CONNECTING = ("states", "on this", "says", "says otherwise", "hält fest", "dazu sagt", "etwas anderes")
"""The phrases of a supersession claim that no source holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """That `newer` takes the place of `older`, in the words of `span`."""

    newer: Document
    older: Document
    span: EvidenceSpan


def find_supersessions(
    question: Question, chosen: Sequence[Unit], superseded: Sequence[Hit], chunks_of: ChunksOf | None = None
) -> list[DraftClaim]:
    """At most one claim for each document that the answer rests on: which document it replaces, where that matters.

    `superseded` are passages that the asker may read, of documents that others replace.
    """
    claims: list[DraftClaim] = []
    seen: set[str] = set()
    for unit in chosen[:MOST_CHOSEN]:
        document = unit.span.document
        if document.id in seen:
            continue
        seen.add(document.id)
        for older in _documents(superseded):
            replacement = _replacement(unit, older, superseded, chunks_of)
            if replacement is not None:
                claim = _claim(question, unit, replacement, superseded)
                claims += [claim] if claim is not None else []
                break
    return claims


def find_standing(
    part: Part, language: Language, near: Sequence[Unit], superseded: Sequence[Hit], chunks_of: ChunksOf | None = None
) -> list[DraftClaim]:
    """For a part that asks whether a document holds, or which one took its place: the words of the document asked
    about that state it. At most one claim; empty where the part asks something else."""
    if not _ABOUT_STANDING.search(part.text):
        return []
    wanted = [
        term for term in part.terms if stem(term.text) not in _STANDING_WORDS and term.text.lower() not in STOPWORDS
    ]
    documents = {unit.span.document.id: unit.span.document for unit in near}
    documents |= {hit.document.id: hit.document for hit in superseded}
    for document in list(documents.values())[:MOST_REPLACED]:
        at_hand = [unit.span.chunk for unit in near] + [hit.chunk for hit in superseded]
        chunks = [*_opening(document, chunks_of), *(chunk for chunk in at_hand if chunk.document_id == document.id)]
        for kind in ("replaced_by", "replaces"):
            for span, _ in _statements(document, chunks, kind):
                if _names_document(wanted, span):
                    return [_stated(part, span, language)]
    return []


def _names_document(wanted: Sequence[Term], span: EvidenceSpan) -> bool:
    """Whether a statement stands in the document that is asked about: its title and the statement hold all words that
    are asked for, its opening the numbers and names."""
    said = {stem(word) for word, _, _ in words_of(f"{span.document.title} {span.quote}")}
    opening = {stem(word) for word, _, _ in words_of(span.chunk.text)}
    return (
        bool(wanted)
        and all(term.stem in said or (term.kind != "word" and term.stem in opening) for term in wanted)
        and any(term.stem in said for term in wanted)
    )


def _stated(part: Part, span: EvidenceSpan, language: Language) -> DraftClaim:
    words = prose(span.quote, span.chunk.markup).rstrip(".")
    text = _STATES["de" if language == "de" else "en"].format(title=span.document.title, words=words) + "."
    return DraftClaim(parts=(part.text,), text=text, evidence=(span,), score=_SCORE, kind=ClaimKind.SUPERSESSION)


def _documents(hits: Sequence[Hit]) -> list[Document]:
    return list({hit.document.id: hit.document for hit in hits}.values())[:MOST_REPLACED]


def _replacement(
    unit: Unit, older: Document, superseded: Sequence[Hit], chunks_of: ChunksOf | None
) -> Replacement | None:
    """That the unit's document replaces `older`, where either of them says so in a passage at hand."""
    newer = unit.span.document
    if newer.id == older.id:
        return None
    own = [*_opening(newer, chunks_of), unit.span.chunk]
    for span, key in _statements(newer, own, "replaces"):
        if title_key(older.title) in key:
            return Replacement(newer=newer, older=older, span=span)
    theirs = [*_opening(older, chunks_of), *(hit.chunk for hit in superseded if hit.document.id == older.id)]
    for span, key in _statements(older, theirs, "replaced_by"):
        if title_key(newer.title) in key:
            return Replacement(newer=newer, older=older, span=span)
    return None


def _opening(document: Document, chunks_of: ChunksOf | None) -> Sequence[Chunk]:
    return () if chunks_of is None else chunks_of(document.id, 0, 2)


def _statements(
    document: Document, chunks: Sequence[Chunk], kind: str
) -> Iterator[tuple[EvidenceSpan, tuple[str, ...]]]:
    """The sentences that state a succession, with the titles that each may name."""
    for chunk in chunks:
        for start, end in _pieces(chunk.text):
            sentence = chunk.text[start:end]
            if len(sentence) > _MOST_STATEMENT:
                continue
            for succession in find_successions(sentence):
                if succession.kind == kind:
                    span = EvidenceSpan(
                        document=document, chunk=chunk, start=chunk.start + start, end=chunk.start + end
                    )
                    yield span, succession.title_keys()


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Sentences; where one runs over lines, as the fields at a policy's head do, the line that states it alone."""
    for start, end in split_sentences(text):
        at = start
        for line in text[start:end].split("\n"):
            if find_successions(line):
                yield at, at + len(line)
            at += len(line) + 1
        yield start, end


def _claim(question: Question, unit: Unit, replacement: Replacement, superseded: Sequence[Hit]) -> DraftClaim | None:
    about_change = bool(_ABOUT_CHANGE.search(question.text))
    differing = _differing(question, unit, [hit for hit in superseded if hit.document.id == replacement.older.id])
    if differing is None and not about_change:
        return None
    tongue = "de" if question.language == "de" else "en"
    span = replacement.span
    words = prose(span.quote, span.chunk.markup).rstrip(".")
    text = _STATES[tongue].format(title=span.document.title, words=words)
    evidence = [span]
    if differing is not None and differing.figure is not None and not about_change:
        # The figure that no longer holds is cited, but said only to those who ask what it was.
        text += _DIFFERS[tongue].format(title=replacement.older.title)
        evidence.append(differing.unit.span)
    elif differing is not None and differing.figure is not None:
        text += _OTHERWISE[tongue].format(title=replacement.older.title, words=differing.figure.text)
        evidence.append(differing.unit.span)
    else:
        text += "."
    return DraftClaim(
        parts=tuple(part.text for part in question.parts),
        text=text,
        evidence=tuple(evidence),
        score=_SCORE,
        kind=ClaimKind.SUPERSESSION,
    )


def _differing(question: Question, unit: Unit, hits: Sequence[Hit]) -> Statement | None:
    """What the replaced document says on the same thing, where that is another figure."""
    for part in question.parts:
        ours = statement_of(unit, part)
        if ours is None or ours.figure is None:
            continue
        for other in units_of(hits):
            theirs = statement_of(other, part)
            if theirs is None or theirs.figure is None or not different(ours.figure, theirs.figure):
                continue
            if same_thing(ours, theirs, part, editions=True):
                return theirs
    return None
