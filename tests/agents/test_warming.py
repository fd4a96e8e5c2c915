"""The idle thread that embeds ahead, over a real catalog."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agents.remembering import RememberedEmbeddings
from agents.token_store import TokenStore
from agents.units import embedded_texts
from agents.warming import Warmer
from ingest.catalog import Catalog
from ingest.recording import Recorder
from tests.agents.word_embeddings import WordEmbeddings
from tests.fakes import EVERYONE, make_chunk, make_document, store


class Home:
    """A catalog with its store, and an embedding model that counts."""

    def __init__(self, folder: Path) -> None:
        self.catalog = Catalog(folder / "catalog.sqlite")
        self.recorder = Recorder(self.catalog)
        self.store = TokenStore(folder / "tokens.sqlite", "words")
        self.embeddings = WordEmbeddings()
        self.memory = RememberedEmbeddings(self.embeddings, self.store.read)
        self.warmer = Warmer(self.catalog, self.memory, self.store, look_s=0.01)

    def put(self, title: str, text: str) -> str:
        document = replace(make_document(title, text=text), access_id=Recorder(self.catalog).access_id(EVERYONE))
        store(self.catalog, document, [make_chunk(document, text)], text)
        return document.id

    def close(self) -> None:
        self.warmer.stop()
        self.store.close()
        self.catalog.close()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_what_a_question_will_need_is_there_before_it_is_asked(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put("Leave", "Leave is thirty days. It is asked for in the portal.")
    home.warmer.follow(None)
    [chunk] = home.catalog.chunks(home.catalog.chunk_ids()).values()
    texts = embedded_texts(chunk, "Leave")
    assert len(texts) >= 3
    before = home.embeddings.texts_embedded
    RememberedEmbeddings(home.embeddings, home.store.read).token_matrix(texts, 64)
    assert home.embeddings.texts_embedded == before
    home.close()


def test_what_leaves_the_catalog_leaves_the_store(tmp_path: Path) -> None:
    home = Home(tmp_path)
    gone = home.put("Leave", "Leave is thirty days.")
    home.put("Travel", "Trips are booked through the desk.")
    since = home.warmer.follow(None)
    home.recorder.remove([gone])
    home.warmer.follow(since)
    assert home.store.chunk_ids() == set(home.catalog.chunk_ids())
    assert home.store.read(["Leave is thirty days."]) == {}
    assert home.store.read(["Trips are booked through the desk."])
    home.close()


def test_the_thread_follows_the_catalog_until_it_is_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put("Leave", "Leave is thirty days.")
    home.warmer.start()
    assert eventually(lambda: len(home.store.chunk_ids()) == 1)
    home.put("Travel", "Trips are booked through the desk.")
    assert eventually(lambda: len(home.store.chunk_ids()) == 2)
    home.close()


def test_it_waits_while_questions_are_asked_and_stops_at_once_all_the_same(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put("Leave", "Leave is thirty days.")
    memory = RememberedEmbeddings(home.embeddings, clock=lambda: 0.0)  # A question is asked without end.
    memory.embed_tokens(["How long is leave?"])
    home.warmer = Warmer(home.catalog, memory, home.store, look_s=0.01)
    home.warmer.start()
    time.sleep(0.05)
    home.warmer.stop()
    assert home.store.chunk_ids() == set()
    home.close()


def test_a_full_store_keeps_what_it_has_but_takes_what_is_new(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.store.close()
    home.store = TokenStore(tmp_path / "small.sqlite", "words", most_bytes=1)
    home.warmer = Warmer(home.catalog, home.memory, home.store)
    home.put("Leave", "Leave is thirty days.")
    since = home.warmer.follow(None)
    assert home.store.chunk_ids() == set()
    home.put("Travel", "Trips are booked through the desk.")
    assert home.warmer.follow(since) != since
    home.close()
