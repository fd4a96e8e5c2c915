"""Which language a text is in: by its letters, its function words and a few endings.

Made for what is searched and asked, from three words to a page, in the languages that the lexical index can stem.
It says "" rather than guess: for code, numbers, names alone, and languages that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .stop_words import STOP_WORDS

__all__ = ["LANGUAGES", "STOP_WORDS", "language_of"]

LANGUAGES: Mapping[str, str] = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""ISO 639-1 code → the name that the lexical index's stemmers have."""

_ALSO = {
    "da": """
        ikke ingen kun mellem mod uden dag dage år ny nye kræver gælder sammen arbejde arbejder uge uger ændre
        ændrer anden andet blandt bruge bruger
    """,
    "de": """
        nicht kein keine keinen auch noch nur sehr schon mehr ohne gegen durch zwischen seit wurde wurden waren war gibt
        gilt haben hatte sein seine ihre ihren unsere unseren diesem diesen dieser dieses alle jahr jahre tage bitte bei
        beim sowie können dürfen müssen sollte damit wegen einreichen beantragen erhalten bekomme bekommt hoch lange
    """,
    "en": """
        not no but all also only more most than then after before between during without into about over under up out
        been being he she his her him us some each every such other when while because new year must many much often
        long the get need use used per within until since please show list find tell explain describe which
    """,
    "es": "no sin más muy también entre sobre desde hasta todo todos cada según año años durante hace cuánto nuestra",
    "fi": """
        ei eivät vain kanssa ilman sekä mutta vuoden vuosi myös kaikki ennen jälkeen mukaan välillä asti alle yli koko
        vuonna yrityksen kertaa päivää
    """,
    "fr": "ne pas plus sans sous entre vers chez dont depuis tout tous toute toutes très aussi année jour comme selon",
    "hu": """
        nem nincs csak még már is után előtt alatt között szerint nélkül minden több mint vagyis illetve kerül szükséges
        kapcsolatos évben nap éves
    """,
    "it": "non senza più molto anche solo entro sotto dopo prima ogni tutti tutte tutto anno anni azienda tramite",
    "nl": "niet geen zonder nog wel alleen tussen tegen onder zoals worden jaar dagen veel meer alle elke per krijg",
    "no": """
        ikke ingen bare mellom mot uten dag dager år ny nye krever gjelder sammen hver alle gjennom arbeid arbeide
        arbeider uke uker endre endrer annen annet blant bruke bruker
    """,
    "pt": "não sem mais muito também entre sobre desde até todo todos cada ano anos durante nossa já só qualquer",
    "ro": "nu fără mai foarte doar între despre după până toate toți anul ani cel cea cei cele fiecare sau către",
    "ru": "не нет без только уже ещё еще все всех после перед между год года лет также более очень",
    "sv": "inte ingen inga utan mellan mot bara år ny nya kräver gäller varje alla där enligt genom eller behöver",
    "tr": "değil yok sadece sonra önce arasında tarafından yıl yılı yılında gün gerekir gereken yapılır hakkında",
}
"""Words that tell a language although a search should not drop them."""

_ENDINGS = {
    "de": "tung rung lung nung gung dung hung keit heit ungen schaft ische ischen lich",
    "da": "heden ingerne",
    "en": "ness ings ously",
    "es": "ción ciones dades",
    "fi": "ssa ssä sta stä lla llä lle inen minen uksen seen ista istä usta",
    "fr": "ement eaux euse",
    "hu": "ban ben nak nek ság ség hoz hez ról ről ból ből tól től ását ését ként",
    "it": "zione zioni mento menti tà",
    "nl": "heid ijke atie aties",
    "no": "heten ingene sjon sjonen",
    "pt": "ção ções dade dades mente",
    "ro": "ului elor ilor ție ția ării ţie ţia",
    "sv": "heten arna erna ningen ningar",
    "tr": "ları leri lık lik lar ler mak mek ında inde ının inin ları nda nde",
}
"""Endings of words of six letters and more; those of languages with few function words carry the most."""

_LETTERS = {
    "da": "æø å",
    "de": "ß äöü",
    "es": "ñ¿¡ áíóú",
    "fi": " äö",
    "fr": "œ çèêàùûôé",
    "hu": "őű áéíóöüú",
    "it": " àèìòù",
    "nl": " ë",
    "no": "æø å",
    "pt": "ãõ áâçéêíóú",
    "ro": "ățșţ âîş",
    "sv": " äåö",
    "tr": "ığ çöüş",
}
"""Letters that tell a language (before the blank) or speak for it (after)."""

_FOREIGN = frozenset("ąćęłńśźżčďěňřšťůžđģķļņūėįųơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")
"""Letters of none of the languages above."""
_OTHER_SCRIPTS = re.compile("[\u0370-\u1cff\u1f00-\u1fff\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufaff\ufb1d-\ufeff]+")
_SCRIPTS = (
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), None),
    ("ru", re.compile("[\u0400-\u052f]"), re.compile("[іїєґўјљњћђѓќџѝЂ-Џ]|ъ(?=[лрнствзкмдбгпх])")),
    ("ar", re.compile("[\u0600-\u06ff\ufe70-\ufeff]"), re.compile("[پچژگکیےٹڈڑں]")),
    ("ta", re.compile("[\u0b80-\u0bff]"), None),
)
"""A script, and what in it belongs to another language than the one supposed."""
_TOKEN = re.compile(r"\w+")
_CODE = re.compile(r"[{}()\[\];=<>|\\]|::|->")
_NO_EVIDENCE = frozenset("bcdfghjklmnpqrstvwxzI") | {"SS"}
"""Single letters that are variables and parts of words before they are words."""
_SAMPLE = 300
_ENOUGH = 0.5
_FIRST_OF_TWINS = {frozenset(("no", "da")): "no", frozenset(("de", "nl")): "de"}
"""Which of two languages it is where the words are the same in both."""


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language, "" where it cannot be told. Reads 600 characters at most.

    Never raises; the same text always gives the same answer.
    """
    sample = text if len(text) <= 2 * _SAMPLE else f"{text[:_SAMPLE]} {_middle(text)}"
    letters = frozenset(sample)
    if max(letters, default="") > "\u036f" and (other := _by_script(sample)) is not None:
        return other
    if sample.isupper():
        sample = sample.lower()
    # Names of variables and part numbers are one word each, and no word of any language.
    words = _TOKEN.findall(sample)
    scores: dict[str, float] = {}
    distinct = set(words)
    for word in distinct:
        evidence = _TELLING.get(word)
        if evidence is None and len(word) > 5 and word[1:].islower():
            evidence = _BY_ENDING.get(word[-4:]) or _BY_ENDING.get(word[-3:]) or _BY_ENDING.get(word[-5:])
        if evidence is not None:
            for language, weight in evidence:
                scores[language] = scores.get(language, 0.0) + weight
    for letter in letters & _TELLING_LETTERS:
        for language, weight in _BY_LETTER[letter]:
            scores[language] = scores.get(language, 0.0) + weight
    best, score = _best(scores, len(distinct))
    # Keywords of programs are English words: prose has many more of them, and fewer brackets.
    if len(words) > 4 and score < 0.25 * len(distinct) and len(_CODE.findall(sample)) > 0.5 * len(words):
        return ""
    if letters & _FOREIGN and sum(map(sample.count, letters & _FOREIGN)) > 0.02 * len(sample):
        return ""
    return best


def _best(scores: dict[str, float], words: int) -> tuple[str, float]:
    """The language with the most evidence and how much that is; "" where it is little, or as much for another."""
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:2]
    if not ranked or ranked[0][1] < max(_ENOUGH, 0.06 * words):
        return "", 0.0
    best, score = ranked[0]
    if len(ranked) > 1 and score - ranked[1][1] < 0.05 * score + 0.04:
        return _FIRST_OF_TWINS.get(frozenset((best, ranked[1][0])), ""), score
    return best, score


def _by_script(sample: str) -> str | None:
    """The language of a text mainly in another script than the Latin one ("" when unknown), None for a Latin text."""
    other = "".join(_OTHER_SCRIPTS.findall(sample))
    if not other:
        return None
    latin = sum(len(word) for word in re.findall("[A-Za-z\u00c0-\u024f]+", sample))
    for language, script, foreign in _SCRIPTS:
        own = len(script.findall(other))
        if own > 0.6 * (len(other) + latin):
            strange = len(foreign.findall(other.lower())) if foreign is not None else 0
            return language if strange <= 0.01 * own else ""
    return None if latin > 0.6 * (len(other) + latin) else ""


def _middle(text: str) -> str:
    start = len(text) // 2
    return text[start : start + _SAMPLE]


def _telling_words() -> dict[str, tuple[tuple[str, float], ...]]:
    """Word, as in a sentence or at its start → the languages it speaks for; the more of them, the less for each."""
    holders: dict[str, set[str]] = {}
    for language in STOP_WORDS:
        for word in STOP_WORDS[language] | set(_ALSO.get(language, "").split()):
            holders.setdefault(word, set()).add(language)
    table: dict[str, tuple[tuple[str, float], ...]] = {}
    for word, languages in holders.items():
        if word in _NO_EVIDENCE:
            continue
        weight = (1.0 if len(word) > 1 else 0.3) / len(languages) ** 0.75
        evidence = tuple((language, weight) for language in sorted(languages))
        table[word] = table[word.capitalize()] = evidence
    return table


def _endings() -> dict[str, tuple[tuple[str, float], ...]]:
    holders: dict[str, set[str]] = {}
    for language, endings in _ENDINGS.items():
        for ending in endings.split():
            holders.setdefault(ending, set()).add(language)
    return {e: tuple((language, 0.4 / len(held)) for language in sorted(held)) for e, held in holders.items()}


def _letters() -> dict[str, tuple[tuple[str, float], ...]]:
    table: dict[str, tuple[tuple[str, float], ...]] = {}
    for language, letters in _LETTERS.items():
        sure, _, likely = letters.partition(" ")
        for letter in sure + likely:
            weight = 0.6 if letter in sure else 0.25
            for form in {letter, letter.upper()} - _NO_EVIDENCE:
                table[form] = (*table.get(form, ()), (language, weight))
    return table


_TELLING = _telling_words()
_BY_ENDING = _endings()
_BY_LETTER = _letters()
_TELLING_LETTERS = frozenset(_BY_LETTER)
