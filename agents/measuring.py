"""What a measuring word asks for: "how heavy" and "weigh" ask for what a table calls its weight."""

from __future__ import annotations

from .words import stem, words_of

_ASKED_AND_NAMED = (
    ("weigh weighs weighed heavy heavier heaviest light lighter wiegt wiegen schwer schwerer leichter",
     "weight mass gewicht masse"),
    ("cost costs expensive dearer cheap cheaper cheapest kostet kosten teuer teurer günstiger billiger",
     "price cost fee charge tariff preis kosten gebühr entgelt"),
    ("loud louder quiet quieter noisy laut lauter leiser", "sound noise schall lärm geräusch"),
    ("long longer shorter lang länger kürzer", "length duration term länge dauer laufzeit frist"),
    ("last lasts dauert dauern", "duration length dauer laufzeit"),
    ("high higher tall taller hoch höher", "height höhe"),
    ("wide wider broad breit breiter", "width breite"),
    ("deep deeper tief tiefer", "depth tiefe"),
    ("thick thicker thin thinner dick dicker dünn", "thickness dicke stärke"),
    ("old older young younger alt älter jünger", "age alter"),
    ("fast faster slow slower schnell schneller langsamer", "speed velocity geschwindigkeit tempo"),
    ("far farther further weit entfernt", "distance range entfernung reichweite"),
    ("hot hotter warm warmer cold colder heiß kalt kälter", "temperature temperatur"),
    ("lift lifts carry carries hebt heben trägt tragen", "load capacity traglast tragfähigkeit"),
    ("hold holds contain contains fasst fassen enthält", "capacity volume content inhalt volumen füllmenge"),
    ("people persons employees staff personen mitarbeiter beschäftigte", "headcount employees staff people personen"),
    ("earn earns paid verdient verdienen", "salary pay wage gehalt lohn"),
)  # fmt: skip
_NAMED: dict[str, frozenset[str]] = {
    asked: frozenset(stem(word) for word in named.split())
    for words, named in _ASKED_AND_NAMED
    for asked in words.split()
}


def attributes_asked(text: str) -> frozenset[str]:
    """Stems of the nouns under which a source states what the measuring words of a question ask for."""
    found = [_NAMED.get(word.lower(), frozenset()) for word, _, _ in words_of(text)]
    return frozenset().union(*found)


def is_measuring(word: str) -> bool:
    """Whether a word of a question asks for a measure rather than naming a thing."""
    return word.lower() in _NAMED
