"""What the researcher searches for, in which order it hands it over, and when it asks again."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from agents.planning import plan
from agents.question import Question, understand
from agents.researcher import WHOLE, Researcher
from agents.sufficing import MOST_AGAIN, suffices
from ingest.model import Access, Locator
from retrieval.access import Principal
from retrieval.model import Hit, Query
from tests.fakes import make_chunk, make_document

ANA = Principal(user="ana", groups=frozenset({"finance"}))
CAPS = "Hotel caps per night: Berlin 140 EUR. London 165 GBP."


def hit(text: str, *, name: str = "travel.md", label: str | None = None, superseded: bool = False) -> Hit:
    document = make_document(name, access=Access(allow=("everyone",), label=label), text=text)
    chunk = make_chunk(document, text)
    why = {"dense": 0.5} | ({"superseded": 1.0} if superseded else {})
    locator = Locator(start=chunk.start, end=chunk.end)
    return Hit(rank=1, score=1.0, document=document, chunk=chunk, locator=locator, why=why)


class RecordingSearch:
    """Gives hits by words of the query and remembers what it was asked, by whom."""

    def __init__(self, found: dict[str, Sequence[Hit]]) -> None:
        self._found = found
        self._lock = threading.Lock()
        self.queries: list[Query] = []

    def __call__(self, query: Query) -> Sequence[Hit]:
        with self._lock:
            self.queries.append(query)
        return [one for words, hits in self._found.items() if words in query.text for one in hits]

    @property
    def texts(self) -> list[str]:
        return sorted(query.text for query in self.queries)


def test_a_lookup_that_finds_its_words_costs_one_search() -> None:
    search = RecordingSearch({"": [hit(CAPS)]})
    question = understand("What is the hotel cap in Berlin?")
    findings = Researcher(search).research(plan(question), ANA)
    assert search.texts == [question.text]
    assert findings.sufficient
    assert [one.query for one in findings.searches] == [question.text]


def test_every_search_is_made_for_the_asker() -> None:
    search = RecordingSearch({})
    Researcher(search).research(plan(understand("Is the hotel cap higher in Berlin or in London?")), ANA)
    assert len(search.queries) > 3
    assert {query.principal for query in search.queries} == {ANA}


def test_a_comparison_is_searched_as_a_whole_and_by_its_sides() -> None:
    berlin, london, both = hit("Berlin: 140 EUR cap", name="b"), hit("London: 165 GBP cap", name="l"), hit(CAPS)
    search = RecordingSearch({"higher": [both], "cap in Berlin": [berlin], "cap in London": [london]})
    findings = Researcher(search).research(plan(understand("Is the cap higher in Berlin or in London?")), ANA)
    assert findings.hits == (both, berlin, london)
    assert [(one.step.id, one.hits) for one in findings.steps] == [("q1", (berlin,)), ("q2", (london,))]
    assert [one.step for one in findings.searches] == [WHOLE, "q1", "q2"]


def test_passages_come_in_turn_and_none_twice() -> None:
    first, second, third = (
        hit("A pays 5 EUR for x", name="1"),
        hit("B pays 6 EUR for y", name="2"),
        hit("z 3", name="3"),
    )
    search = RecordingSearch({"long": [first, second], "who": [third, first]})
    hits = Researcher(search).gather(understand("How long is x, and who extends the y probation?"), ANA)
    assert [one.document.title for one in hits] == ["1", "3", "2"]


def test_what_was_replaced_is_no_evidence() -> None:
    search = RecordingSearch({"": [hit(CAPS, superseded=True), hit(CAPS, name="new")]})
    hits = Researcher(search).gather(understand("What is the hotel cap in Berlin?"), ANA)
    assert [one.document.title for one in hits] == ["new"]


def test_thin_evidence_is_asked_for_again_in_other_words_and_what_is_new_comes_after() -> None:
    off, right = hit("Meals are 60 EUR.", name="meals"), hit("Lisbon: hotel 120 EUR", name="lisbon")
    noise = hit("Trains are second class.", name="trains")

    class Second(RecordingSearch):
        def __call__(self, query: Query) -> Sequence[Hit]:
            super().__call__(query)
            return [off] if len(self.queries) == 1 else [noise, right]

    search = Second({})
    findings = Researcher(search).research(plan(understand("Could you please tell me the hotel cap in Lisbon?")), ANA)
    assert [one.document.title for one in findings.hits] == ["meals", "lisbon"]
    assert findings.searches[1].query == "hotel cap Lisbon"
    assert findings.searches[1].why == "a name that was asked for stands in no passage"
    assert findings.sufficient


def test_asking_again_has_an_end_and_says_why() -> None:
    search = RecordingSearch({"": [hit("Meals are 60 EUR.")]})
    findings = Researcher(search).research(plan(understand("What is the hotel cap in Lisbon?")), ANA)
    assert 1 < len(search.queries) <= 1 + MOST_AGAIN
    assert len(set(search.texts)) == len(search.texts)
    assert not findings.sufficient
    assert findings.steps[0].missing == ("Lisbon",)


def test_a_step_that_waits_is_searched_for_with_the_answer() -> None:
    site, manager = (
        hit("Fjord packages are built in Hull.", name="range"),
        hit("Manager Hull: G. Ellerby", name="sites"),
    )
    search = RecordingSearch({"Fjord packages made": [site], "manager of Hull": [manager]})
    asked: list[str] = []

    def answer_of(question: Question, hits: Sequence[Hit], principal: Principal) -> str:
        asked.append(question.text)
        assert (list(hits), principal) == ([site], ANA)
        return "Hull"

    made = plan(understand("Who is the manager of the site where the Fjord packages are made?"))
    findings = Researcher(search).research(made, ANA, answer_of)
    assert asked == ["Where are the Fjord packages made?"]
    assert findings.plan.steps[1].question.text == "Who is the manager of Hull?"
    assert sorted(one.document.title for one in findings.hits) == ["range", "sites"]


def test_without_the_answer_it_waits_for_the_question_goes_on_as_a_whole() -> None:
    made = plan(understand("Who is the manager of the site where the Fjord packages are made?"))
    for answer_of in (None, lambda question, hits, principal: ""):
        findings = Researcher(RecordingSearch({"": [hit(CAPS)]})).research(made, ANA, answer_of)
        assert [step.question for step in findings.plan.steps] == [made.question]
        assert findings.plan.steps[0].id == WHOLE


def test_labels_are_those_of_what_was_found() -> None:
    search = RecordingSearch({"": [hit(CAPS, label="restricted")]})
    assert Researcher(search).research(plan(understand("hotel cap Berlin?")), ANA).labels == {"restricted"}


def test_what_is_thin_is_told_by_names_words_and_kind() -> None:
    hits = [hit("The hotel cap in Berlin is low.")]
    assert not suffices(understand("What is the hotel cap in Oslo?"), hits).enough
    assert not suffices(understand("What is the hotel cap in Berlin?"), []).enough
    assert not suffices(understand("By what date does the flash report reach the committee?"), hits).enough
    assert "duration" in suffices(understand("How many days is the hotel cap in Berlin fixed?"), hits).why
