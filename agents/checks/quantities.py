"""Units, currencies, scale words and numbers in words, as English and German write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

_CURRENCY_NAMES = """
    EUR: eur € euro euros / USD: usd $ us$ dollar dollars us-dollar / GBP: gbp £ pound pounds sterling pfund /
    CHF: chf franken francs / PLN: pln zł zloty zlotys złoty / JPY: jpy ¥ yen / SEK: sek / NOK: nok / DKK: dkk /
    CZK: czk / CAD: cad c$ / AUD: aud a$ / CNY: cny rmb yuan / INR: inr rupees / HUF: huf / SGD: sgd
"""
CURRENCIES = {
    name: row.split(":")[0].strip() for row in _CURRENCY_NAMES.split("/") for name in row.split(":")[1].split()
}
# canonical unit: names / ... ; names with a star only right behind the figure ("5d").
_UNIT_NAMES = """
    %: % percent pct prozent v.h. / percentage point: prozentpunkt prozentpunkte prozentpunkten pp /
    basis point: bps /
    second: s sec secs second seconds sekunde sekunden / minute: min mins minute minutes minuten /
    hour: h hr hrs hour hours stunde stunden std / day: d* day days tag tage tagen tages /
    week: wk wks week weeks woche wochen / month: month months monat monate monaten monats mo* /
    year: yr yrs year years jahr jahre jahren jahres / night: night nights nacht nächte nächten /
    quarter: quarters quartale quartalen / millisecond: ms millisecond milliseconds millisekunden /
    working day: working-day workday workdays arbeitstag arbeitstage arbeitstagen werktag werktage werktagen /
    km: km kilometre kilometres kilometer kilometers kilometern / m: m metre metres meter meters metern /
    cm: cm centimetre centimetres zentimeter / mm: mm millimetre millimetres millimeter /
    inch: inch inches zoll / foot: ft feet foot / mile: mile miles meile meilen / yard: yards /
    kg: kg kilo kilos kilogram kilograms kilogramm / g: g gram grams gramm / mg: mg / t: t tonne tonnes tonnen ton
    tons /
    lb: lb lbs / l: l litre litres liter liters litern / ml: ml / B: byte bytes / KB: kb / MB: mb / GB: gb / TB: tb /
    kWh: kwh / MWh: mwh / W: watt / kW: kw / MW: mw / °C: °c degrees celsius grad / °F: °f / bar: bar / V: volt /
    Hz: hz / kHz: khz / MHz: mhz / GHz: ghz / dB: db db(a) / m²: m² sqm m2 quadratmeter / m³: m³ m3 kubikmeter /
    km/h: km/h kph / ppm: ppm / mph: mph / point: points punkte punkten / hectare: ha hectares hektar /
    Mbit/s: mbps mbit/s / Gbit/s: gbps gbit/s / rpm: rpm / cent: cent cents / px: px pixels
"""
_UNITS: dict[str, str] = {}
_ATTACHED: dict[str, str] = {}
for _row in _UNIT_NAMES.replace("m/h", "m÷h").replace("bit/s", "bit÷s").split("/"):
    _canonical, _names = _row.replace("÷", "/").split(":", 1)
    for _name in _names.split():
        (_ATTACHED if _name.endswith("*") else _UNITS)[_name.rstrip("*")] = _canonical.strip()
_UNITS |= CURRENCIES
_UNITS.pop("$")  # stands before its figure in English, yet is read behind it too
_UNITS |= {"$": "USD", "p": "penny", "pence": "penny"}

# In which smaller unit, and how many of it.
_BASES: dict[str, tuple[str, Decimal]] = {
    unit: (base, Decimal(factor))
    for unit, base, factor in (
        ("millisecond", "second", "0.001"), ("minute", "second", "60"), ("hour", "second", "3600"),
        ("day", "second", "86400"), ("week", "second", "604800"), ("year", "month", "12"), ("quarter", "month", "3"),
        ("km", "mm", "1000000"), ("m", "mm", "1000"), ("cm", "mm", "10"),
        ("kg", "g", "1000"), ("t", "g", "1000000"), ("mg", "g", "0.001"), ("l", "ml", "1000"),
        ("KB", "B", "1000"), ("MB", "B", "1000000"), ("GB", "B", "1000000000"), ("TB", "B", "1000000000000"),
        ("kW", "W", "1000"), ("MW", "W", "1000000"), ("MWh", "kWh", "1000"),
        ("kHz", "Hz", "1000"), ("MHz", "Hz", "1000000"), ("GHz", "Hz", "1000000000"),
        ("basis point", "percentage point", "0.01"), ("penny", "GBP", "0.01"), ("Gbit/s", "Mbit/s", "1000"),
    )
}  # fmt: skip
SCALES = (Decimal(10) ** 9, Decimal(10) ** 6, Decimal(10) ** 3)
_SCALE_WORDS = {
    word: Decimal(10) ** power
    for power, words in (
        (2, "hundred hundert"),
        (3, "thousand tausend tsd tsd. k"),
        (6, "million millions mn mio mio. millionen mill. mm"),
        (9, "billion billions bn mrd mrd. milliarde milliarden"),
        (12, "trillion trillions tn billionen"),
    )
    for word in words.split()
}
_WORD = re.compile(r"(?P<gap>[\s\u00a0\u202f]?-?)(?P<word>%|€|\$|£|°[CF]\b|[A-Za-zäöüÄÖÜß]+(?:/[hs]\b|[²³]|\.)?)")
_TWO_WORDS = re.compile(
    r"[\s\u00a0-]?(?P<words>per cent|percentage points?|basis points?|(?:working|business)[\s-]days?|pounds sterling"
    r"|us dollars?|v\. ?h\.)(?!\w)",
    re.IGNORECASE,
)
_SMALL = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
_KLEIN = """
    null ein* zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn
    achtzehn neunzehn zwanzig
"""
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ZEHNER = {
    "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70,
    "achtzig": 80, "neunzig": 90,
}  # fmt: skip
_NUMBERS = {word: n for n, word in enumerate(_SMALL.split())} | _TENS
_NUMBERS |= {word: n for n, word in enumerate(_KLEIN.split()) if n != 1} | _ZEHNER
_NUMBERS |= {f"{'ein' if n == 1 else word}und{tens}": n + value for n, word in enumerate(_KLEIN.split()) if 1 <= n <= 9
             for tens, value in _ZEHNER.items()}  # fmt: skip
_NUMBERS |= {"dozen": 12, "dutzend": 12, "hundred": 100, "hundert": 100, "thousand": 1000, "tausend": 1000}
_NUMBERS |= {f"{word}hundert": n * 100 for n, word in enumerate(_KLEIN.split()) if 2 <= n <= 9} | {"einhundert": 100}
_ORDINALS = {
    word: n
    for n, words in enumerate(
        "first erst / second zweit / third dritt / fourth viert / fifth fünft / sixth sechst / seventh siebt /"
        "eighth acht / ninth neunt / tenth zehnt / eleventh elft / twelfth zwölft".split("/"), 1
    )
    for word in words.split()
}  # fmt: skip
_GERMAN_ORDINAL = re.compile(
    r"(?P<stem>erst|zweit|dritt|viert|fünft|sechst|siebt|acht|neunt|zehnt|elft|zwölft)e[nrsm]?\Z"
)
_PLAIN_WORD = re.compile(r"[A-Za-zäöüÄÖÜß]+")
_ONE = re.compile(r"(?:eine[nrms]?|ein)\Z")
_TIME_UNITS = frozenset(
    "tag tages tage woche wochen monat monats jahr jahres stunde minute arbeitstag werktag sekunde".split()
)


def in_base(value: Decimal, unit: str | None) -> tuple[Decimal, str | None]:
    """Value and unit in the smallest unit of its kind; unchanged for a unit that stands alone."""
    base = _BASES.get(unit or "")
    return (value * base[1], base[0]) if base else (value, unit)


def scale_after(text: str, at: int, *, currency: bool) -> tuple[Decimal, int]:
    """The factor of the scale word behind a figure and where it ends; 1 where there is none.

    "m" and "b" are scales only of money, since "5 m" is a length; "M" and "B" right behind a figure too.
    """
    match = _WORD.match(text, at)
    if match is None:
        return Decimal(1), at
    word, attached = match["word"], not match["gap"]
    end = match.end()
    low = word.lower()
    if low.endswith(".") and low not in _SCALE_WORDS:
        low, end = low[:-1], end - 1
    if low in ("m", "b") and (currency or (attached and word[0].isupper())):
        return Decimal(10) ** (6 if low == "m" else 9), end
    if low == "mm" and not (currency and attached):
        return Decimal(1), at
    if low == "k" and not attached and not currency:
        return Decimal(1), at
    return (_SCALE_WORDS[low], end) if low in _SCALE_WORDS else (Decimal(1), at)


def unit_after(text: str, at: int) -> tuple[str | None, Decimal, int]:
    """The canonical unit behind a figure, its factor (pence are hundredths of a pound) and where it ends."""
    pair = _TWO_WORDS.match(text, at)
    if pair:
        return _pair(pair["words"].lower()), Decimal(1), pair.end()
    match = _WORD.match(text, at)
    if match is None:
        return None, Decimal(1), at
    word, end = match["word"], match.end()
    low = word.lower()
    if low.endswith("."):
        low, end = low[:-1], end - 1
    unit = _UNITS.get(low) or (_ATTACHED.get(low) if not match["gap"] else None)
    if unit is None or (end < len(text) and (text[end].isalnum() or text[end] == "_")):
        return None, Decimal(1), at
    if low in ("s", "h", "g", "l", "t", "m", "p", "d", "min") and word[0].isupper():
        return None, Decimal(1), at  # "5 M" and "3 G" name things
    return unit, Decimal(1), end


def number_words(text: str) -> Iterator[tuple[int, int, Decimal, bool]]:
    """Numbers in words with their spans and whether they are ordinals: "twenty-five", "two hundred and fifty"."""
    words = [(match.group().lower(), match.start(), match.end()) for match in _PLAIN_WORD.finditer(text)]
    at = 0
    while at < len(words):
        word, start, end = words[at]
        german = _GERMAN_ORDINAL.match(word)
        ordinal = _ORDINALS.get(german["stem"] if german else word if len(word) > 4 or word == "first" else "")
        if ordinal is not None:
            yield start, end, Decimal(ordinal), True
            at += 1
            continue
        if _ONE.match(word) and at + 1 < len(words) and words[at + 1][0] in _TIME_UNITS:
            yield start, end, Decimal(1), False
            at += 1
            continue
        if word not in _NUMBERS:
            at += 1
            continue
        value, last = _run(text, words, at)
        yield start, words[last][2], Decimal(value), False
        at = last + 1


def _run(text: str, words: list[tuple[str, int, int]], at: int) -> tuple[int, int]:
    """The value of the longest number that begins with word `at`, and its last word."""
    total, last = _NUMBERS[words[at][0]], at
    while last + 1 < len(words):
        word, start, _end = words[last + 1]
        between = text[words[last][2] : start]
        if between not in (" ", "-"):
            break
        if word in ("hundred", "thousand", "dozen") and total < (1000 if word == "thousand" else 100):
            total, last = total * _NUMBERS[word], last + 1
        elif (word in _NUMBERS and _NUMBERS[word] < 10 and total % 100 in _TENS.values() and between in ("-", " ")) or (
            word in _NUMBERS and total % 100 == 0 and total and _NUMBERS[word] < 100
        ):
            total, last = total + _NUMBERS[word], last + 1
        elif word == "and" and total % 100 == 0 and total and last + 2 < len(words):
            following = _NUMBERS.get(words[last + 2][0], 1000)
            if following >= 100:
                break
            total, last = total + following, last + 2
        else:
            break
    return total, last


def _pair(words: str) -> str:
    if words.startswith(("per cent", "v.")):
        return "%"
    if words.startswith(("working", "business")):
        return "working day"
    if words.startswith("us"):
        return "USD"
    return "GBP" if words.startswith("pounds") else words.rstrip("s")
