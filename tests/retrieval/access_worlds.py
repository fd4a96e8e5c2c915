"""Random companies with access rules, and random people who ask: what `access_oracle` holds results against."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ingest.catalog import Catalog
from ingest.model import Access, Chunk, Document, NewDocument
from ingest.recording import Recorder, edition_of
from retrieval.access import Principal
from retrieval.index import ChunkIndex
from retrieval.lexical import LexicalIndex
from retrieval.searching import Searcher, SearchSettings
from retrieval.vectors import VectorIndex
from tests.fakes import FakeEmbedder, make_chunk, make_document

_NAMES = ("everyone", "user:ana", "user:bo", "group:hr", "group:board", "group:ana")
_LABELS = (None, None, "internal", "secret")
_SOURCES, _FORMATS = ("handbook", "finance", "wiki"), ("markdown", "pdf", "xlsx", "eml", "html")
METADATA = {
    "owner": ("Ana Ruiz", "Bo"),
    "status": ("in force", "draft"),
    "project": ("Lapwing", "Heron"),
    "Ort": ("Kassel", "Bergen"),
}
_TITLES = (
    "Travel policy", "Travel policy 2023", "Reisekosten", "Merger Lapwing", "Hotel rates 2024-Q1", "Password standard",
    "Ferie og permisjon", "Salary bands", "FJ-320 manual", "Meeting notes", "Audit 2024", "Lapwing rates",
)  # fmt: skip
_SENTENCES = (
    "Hotels cost at most {n} euros a night within {city}.",
    "The travel desk in {city} books flights, hotels and trains.",
    "Project {bird} is a merger that the board discusses in secret.",
    "The salaries of directors rise by {n} euros each year.",
    "Pump FJ-320 takes {n} litres of oil and is audited in {city}.",
    "Die Reisekosten werden nach der Reise mit den Belegen in {city} eingereicht.",
    "Der Vorstand beschließt über die Übernahme von {bird} für {n} Euro.",
    "Hotellene i {city} koster ikke mer enn {n} kroner per natt.",
    "Alle ansatte får ferie, og lederen godkjenner reisene.",
    "An invoice above 1,{n} euros needs the approval of a director.",
    "For men at work: the die of press FJ-320 is made in {city} at will.",
)
_STATEMENTS = ("This policy replaces the {title}.", "Superseded by the {title}.", "Ersetzt durch {title}.")
_WORDS = (
    "hotel", "hotels", "Reise", "reisen", "merger", "Lapwing", "salary", "FJ-320", "1,200", "euros", "director", "the",
    "what", "Übernahme", "hotellene", "reisene", "travel", "policy", "2023", "audit", "Kassel", "nothing", "invoice",
    "die", "men", "will", "press",
)  # fmt: skip
_FORMS = (
    "{0}", "{0}", "what does the {0} say", "the latest {0}", "compare {0} with Lapwing", "{0} in 2023",
    'who says "{0}"', "was kosten die {0}", "{0} except Kassel", "hva koster {0}", "table of {0}",
)  # fmt: skip
SURPLUS = 1000
"""More hits than any of these companies has chunks."""
Admits = Callable[[Document, Chunk], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A document that is to be."""

    name: str
    access: Access
    texts: tuple[str, ...]
    about: Mapping[str, Any]

    def made(self) -> tuple[Document, list[Chunk], str]:
        """The document, its chunks and its text. Its access has no number yet."""
        text = "\n".join(self.texts)
        document = make_document(self.name, access=self.access, text=text, **self.about)
        chunks: list[Chunk] = []
        for part in self.texts:
            start = chunks[-1].end + 1 if chunks else 0
            chunks.append(make_chunk(document, part, start=start, ordinal=len(chunks)))
        return document, chunks, text


class Company:
    """Documents in a real catalog and real indexes, and a searcher on them."""

    def __init__(self, folder: Path, settings: SearchSettings) -> None:
        self._folder = folder
        self.catalog = Catalog(_made(folder) / "catalog.sqlite")
        self.index = ChunkIndex(VectorIndex(folder / "vectors", FakeEmbedder()), LexicalIndex(folder / "lexical"))
        self.searcher = Searcher(self.catalog, self.index, settings)
        self._recorder = Recorder(self.catalog)

    def put(self, plans: list[Plan]) -> None:
        """Adds or replaces documents as a sync does: staged, indexed, committed, and then the waste is taken out."""
        made = [plan.made() for plan in plans]
        numbered = [
            (replace(document, access_id=self._recorder.access_id(document.access)), chunks, text)
            for document, chunks, text in made
        ]
        documents = {document.id: document for document, _, _ in numbered}
        every = [chunk for _, chunks, _ in numbered for chunk in chunks]
        self._recorder.stage(every, {d.id: edition_of(d.version, "1") for d in documents.values()})
        self.index.write(every, self.index.embed([chunk.indexed_text for chunk in every]), documents)
        self._recorder.commit(
            [
                NewDocument(
                    document=document, text=text, gaps=(), fingerprint="f", identity="", pipeline="1",
                    created_at="2026-01-01T00:00:00Z",
                )
                for document, _, text in numbered
            ]
        )  # fmt: skip
        self.index.remove(self.catalog.noncurrent_ids())

    def share(self, plan: Plan) -> None:
        """Takes over who may read a document, as a sync does: the indexes first."""
        document, _, _ = plan.made()
        number = self._recorder.access_id(plan.access)
        held = list(self.catalog.chunks(self.catalog.chunk_ids(document.id)).values())
        self.index.set_access(held, {document.id: replace(document, access_id=number)})
        self._recorder.set_access(document.id, number)

    def remove(self, plan: Plan) -> None:
        """Takes a document out."""
        self._recorder.remove([plan.made()[0].id])
        self.index.remove(self.catalog.noncurrent_ids())

    def close(self) -> None:
        """Lets go of the files and deletes them."""
        self.index.close()
        self.catalog.close()
        shutil.rmtree(self._folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query, and the filters in it: each with the key it needs (None: always known) and whom it admits."""

    text: str
    k: int
    where: Mapping[str, str]
    inline: tuple[tuple[str | None, Admits], ...]
    demanded: tuple[tuple[str | None, Admits], ...]


@dataclass
class Chance:
    """All that is random, from one seed."""

    seed: int
    random: random.Random = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def settings(self) -> SearchSettings:
        """Also such small pools that not everything fits in."""
        return SearchSettings(pool=self.random.choice([3, 8, 100]), dense_weight=self.random.choice([0.0, 0.5, 0.9]))

    def plans(self, count: int) -> list[Plan]:
        """Documents, some of which say almost the same as others with other readers."""
        made: list[Plan] = []
        for _ in range(count):
            made.append(self.plan(made))
        return made

    def plan(self, others: list[Plan]) -> Plan:
        """One more document."""
        draw = self.random
        self._count += 1
        told = draw.choice([_SENTENCES[:5] + _SENTENCES[9:], _SENTENCES[:5] + _SENTENCES[9:], _SENTENCES[5:9]])
        texts = [self._sentence(others, told) for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.3:
            texts.insert(0, draw.choice(_STATEMENTS).format(title=draw.choice(_TITLES)))
        taken = {plan.name for plan in others}
        title = draw.choice(_TITLES)
        return Plan(
            name=title if title not in taken else f"{title} {self._count}",
            access=self.access(),
            texts=tuple(texts),
            about={
                "source": draw.choice(_SOURCES),
                "file_format": draw.choice(_FORMATS),
                "modified_at": f"{draw.choice([2023, 2024, 2025])}-0{draw.randint(1, 9)}-15T12:00:00Z",
                "metadata": {key: draw.choice(held) for key, held in METADATA.items() if draw.random() < 0.2},
            },
        )

    def access(self) -> Access:
        """Who may read: nobody but an admin, now and then."""
        allow = self.random.sample(_NAMES, self.random.choice([0, 1, 1, 2]))
        return Access(allow=tuple(allow), label=self.random.choice(_LABELS))

    def principal(self) -> Principal:
        """Somebody with some groups; rarely an admin."""
        groups = [group for group in ("hr", "board", "ana", "everyone") if self.random.random() < 0.35]
        user = self.random.choice(["ana", "bo", "cy", None])
        return Principal(user=user, groups=frozenset(groups), admin=self.random.random() < 0.05)

    def question(self) -> Question:
        """A query with some filters, in its text or beside it, which may ask for what nobody has."""
        draw = self.random
        words = " ".join(draw.choices(_WORDS, k=draw.randint(1, 3)))
        text, inline, demanded = draw.choice(_FORMS).format(words), [], []
        where: dict[str, str] = {}
        if draw.random() < 0.3:
            written, key, admits = self._filter(":")
            text = f"{text} {written}"
            inline.append((key, admits))
        if draw.random() < 0.3:
            written, key, admits = self._filter("=")
            name, _, value = written.partition("=")
            where[name] = value
            demanded.append((key, admits))
        k = draw.choice([1, 2, 3, 5, 10, SURPLUS])
        return Question(text=text, k=k, where=where, inline=tuple(inline), demanded=tuple(demanded))

    def _sentence(self, others: list[Plan], told: tuple[str, ...]) -> str:
        draw = self.random
        if others and draw.random() < 0.25:
            copied = draw.choice(draw.choice(others).texts)
            return draw.choice([copied, f"> {copied}", copied.replace("and", "plus"), copied.rstrip(".")])
        values = {"n": draw.choice([120, 200, 450]), "city": draw.choice(["Kassel", "Bergen", "Hull"])}
        return draw.choice(told).format(bird=draw.choice(["Lapwing", "Heron"]), **values)

    def _filter(self, sign: str) -> tuple[str, str | None, Admits]:
        """A filter as it is written, the metadata key that it needs, and what it admits."""
        draw = self.random
        source, form, label = draw.choice(_SOURCES), draw.choice(_FORMATS), draw.choice(["internal", "secret"])
        key = draw.choice(sorted(METADATA))
        value = draw.choice(METADATA[key])
        quoted = f'"{value}"' if sign == ":" else value
        year = draw.choice([2023, 2024, 2025])
        choices: list[tuple[str, str | None, Admits]] = [
            (f"source{sign}{source}", None, lambda d, c: d.source == source),
            (f"-source{sign}{source}", None, lambda d, c: d.source != source),
            (f"format{sign}{form}", None, lambda d, c: d.format == form),
            (f"label{sign}{label}", None, lambda d, c: d.access.label == label),
            (f"-label{sign}{label}", None, lambda d, c: d.access.label != label),
            (f"title{sign}travel", None, lambda d, c: "travel" in d.title.casefold()),
            (f"kind{sign}mail", None, lambda d, c: d.format == "eml"),
            (f"year{sign}{year}", None, lambda d, c: d.modified_at.startswith(str(year))),
            (f"after{sign}{year}-05", None, lambda d, c: d.modified_at >= f"{year}-05"),
            (f"before{sign}{year}", None, lambda d, c: d.modified_at < f"{year}"),
            (f"{key}{sign}{quoted}", key, lambda d, c: d.metadata.get(key) == value),
            (f"-{key}{sign}{quoted}", key, lambda d, c: d.metadata.get(key) != value),
            (f"{key}{sign}{quoted}", key, lambda d, c: d.metadata.get(key) == value),
        ]
        if sign == ":":
            choices.append(("-hotels", None, lambda d, c: "hotels" not in c.text.lower().replace("hotels,", "hotels ")))
        return draw.choice(choices)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
