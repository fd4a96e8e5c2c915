"""Made-up people and their data, in many countries' forms, and texts of many layouts that hold them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from agents.gateway.privacy import Kind
from agents.gateway.privacy.lexicon import is_given

_LISTED = """
    Anna John Peter Maria Stefan Katrin Mehmet Ayşe Piotr Agnieszka Rahul Priya Wei Xiuying Ahmed Fatima
    Pierre Chloé Giulia Marco Lars Ingrid Sofia Dimitris Kwame Yuki Hannah Oliver Emma Jürgen Małgorzata Zoë
    José Łukasz Søren Siobhán
""".split()
_FAMILY = """
    Penhallow Wojnarowski Haberkorn Szczepański Öztürk Chaudhary Nakamura Oyelaran Fitzwarren Delacroix
    Brambilla Lindqvist Papadakis Vandenberghe Iwanow Kowalczyk Trautwein Quillfeather Marchetti Thackeray
    Bhandari Zhou Haddad Smith Müller García Weber Nowak Price Baker Young Rossi Dubois Yılmaz Schäfer
    O'Rourke McAllister Al-Rashid Osei-Thornton Novák Horváth Popescu Jansen Fernandes
""".split()
_WORDLIKE_GIVEN = """
    Rose Mark Will Grace Faith Hunter April June Summer Chase Dean Grant Frank Art Bill Jack Sue Pat Rich Joy Hope Ivy
    Olive Daisy Violet Angel Christian Norman Guy Ray Drew Max Victor Sandy Penny Dawn Robin Rusty Miles
""".split()
_WORDLIKE_FAMILY = """
    Cook Hill Stone Wood King Bishop Field Banks Wolf Koch Lang Vogel Klein Long Brown White Green Black Rich Bush
    Church Cross Day Fisher Ford Fox Gray Hall Hunt Knight Lake Little Marsh Mason Moon Parsons Pike Poole Potter
    Rivers Rose Sharp Short Snow Speed Summers Swift Ward Waters Wells West Winter Best Bond Carter Cooper Law Gold
    Sommer Winter Kaiser Richter Schneider Zimmermann Bauer Engel Stein Petit Legrand Blanc Leblanc Roux Boulanger
    Kowal Zając Wilk Wrona Sikora
""".split()
_SYLLABLES = """
    ba be bri da del do fa fen ga go hal il jor ka ke li lo ma mir na ni or pel qua ra ri sa sel ta tho u va
    ve wen xi ya zo
""".split()
_GIVEN_ENDS = "dra lin mir na ric sa th vyn wen zia bert lan dis nor".split()
_FAMILY_ENDS = (
    "brook combe feld grad hurst kovic mantle nescu quist rath sson thwaite veld wick yama zov ellini oglu".split()
)
_TOWNS = ("Hull HU1 2AB", "Leeds LS1 4DY", "York YO1 7HH")
_ZIPS = ("Springfield, IL 62704", "Dayton, OH 45402", "Portland, ME 04101")
_GERMAN_STREETS = ("Lindenstraße", "Am Hang", "Goethestr.", "Fuldablick", "Königsallee", "Kurt-Schumacher-Platz")
_GERMAN_TOWNS = ("34117 Kassel", "20095 Hamburg", "80331 München", "01067 Dresden", "99084 Erfurt", "52062 Aachen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody made up. `listed` says whether the given name is one that the masker's list holds."""

    given: str
    family: str
    listed: bool

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def person(pick: random.Random) -> Person:
    """Four in ten have names that no list holds; two in ten are called by words of the dictionary."""
    kind = pick.random()
    if kind < 0.2:
        return Person(given=pick.choice(_WORDLIKE_GIVEN), family=pick.choice(_WORDLIKE_FAMILY), listed=True)
    if kind < 0.6:
        return Person(given=pick.choice(_LISTED), family=pick.choice(_FAMILY), listed=True)
    while True:
        given = (
            pick.choice(_SYLLABLES) + pick.choice(_SYLLABLES) * pick.randint(0, 1) + pick.choice(_GIVEN_ENDS)
        ).title()
        if not is_given(given):
            break
    family = (
        pick.choice(_SYLLABLES) + pick.choice(_SYLLABLES) * pick.randint(0, 1) + pick.choice(_FAMILY_ENDS)
    ).title()
    return Person(given=given, family=family, listed=False)


def _digits(pick: random.Random, count: int) -> str:
    return "".join(str(pick.randint(0, 9)) for _ in range(count))


def _mod97(country: str, body: str) -> str:
    letters = "".join(str(int(c, 36)) for c in body + country + "00")
    return f"{country}{98 - int(letters) % 97:02d}{body}"


def _grouped(pick: random.Random, text: str, size: int = 4) -> str:
    mark = pick.choice(["", " ", " ", "-"])
    return mark.join(text[at : at + size] for at in range(0, len(text), size))


def iban(pick: random.Random) -> str:
    """With right check digits, in one piece or in groups."""
    country, size = pick.choice([("DE", 18), ("NL", 0), ("PL", 24), ("ES", 20), ("GB", 0), ("CH", 17), ("FR", 23)])
    body = {"NL": f"ABNA{_digits(pick, 10)}", "GB": f"WEST{_digits(pick, 14)}"}.get(country) or _digits(pick, size)
    whole = _mod97(country, body)
    return pick.choice([whole, " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))])


def card(pick: random.Random) -> str:
    """With Luhn's check digit."""
    body = pick.choice(["4", "51", "53", "37", "6011"])
    body += _digits(pick, (14 if body == "37" else 15) - len(body))
    total = 0
    for n, c in enumerate(reversed(body)):
        value = int(c) * (2 if n % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return _grouped(pick, body + str(-total % 10))


def phone(pick: random.Random) -> str:
    """Of many countries, in the ways they are written there."""
    forms = [
        "+44 1632 960 ###",
        "01632 960###",
        "020 7946 0###",
        "(0161) 496 0###",
        "07700 900###",
        "+1 (555) 01#-####",
        "555-01#-####",
        "(212) 555-01##",
        "1-800-555-01##",
        "212.555.01##",
        "+49 (0)561 23#####",
        "0561/23####",
        "+49 171 23#####",
        "0171 / 23 45 ###",
        "030-23125###",
        "+33 6 12 34 ## ##",
        "06 12 34 ## ##",
        "+48 58 #00 0# ##",
        "512 345 ###",
        "+34 612 345 ###",
        "+90 532 000 ## ##",
        "0532 000 ## ##",
        "+39 06 698 #####",
        "+91 98765 #####",
        "+86 138 0013 ####",
        "0031 20 123 ####",
        "+41 44 668 ## ##",
        "+353 20 912 ####",
        "+971 50 123 ####",
        "+234 803 123 ####",
        "+46 8 123 ### ##",
        "+4915123456###",
    ]
    return "".join(_digits(pick, 1) if c == "#" else c for c in pick.choice(forms))


def national_id(pick: random.Random) -> str:  # noqa: PLR0911 - one country a case
    """Numbers whose form or check digit tells them."""
    what = pick.randint(0, 7)
    if what == 0:
        groups = " ".join(_digits(pick, 2) for _ in range(3))
        return f"{pick.choice(['AB', 'JK', 'PW'])} {groups} {pick.choice('ABCD')}"
    if what == 1:
        return f"{pick.randint(100, 665)}-{pick.randint(10, 99)}-{pick.randint(1000, 9999)}"
    if what == 2:
        number = pick.randint(10_000_000, 99_999_999)
        return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"
    if what == 3:
        return f"RSS{pick.choice('MBL')}RA{pick.randint(50, 99)}T{pick.randint(10, 28)}A{_digits(pick, 3)}S"
    if what == 4:
        digits = f"{pick.randint(50, 99)}{pick.randint(1, 12):02d}{pick.randint(1, 28):02d}{_digits(pick, 4)}"
        return digits + str(-sum(int(d) * w for d, w in zip(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True)) % 10)
    if what == 5:
        ends = f"{_digits(pick, 3)} {_digits(pick, 3)} {_digits(pick, 2)}"
        return f"1 {pick.randint(50, 99)} {pick.randint(1, 12):02d} 75 {ends}"
    if what == 6:
        return f"756.{_digits(pick, 4)}.{_digits(pick, 4)}.{_digits(pick, 2)}"
    return f"{pick.randint(10, 28)}{pick.randint(1, 12):02d}{pick.randint(50, 99)}-{_digits(pick, 4)}"


def address(pick: random.Random) -> str:
    """Streets and post-office boxes of several countries."""
    n = pick.randint(1, 199)
    return pick.choice(
        [
            f"{n} {pick.choice(['Ravensgate', 'Orchard', 'St Mary', 'Old Mill'])} "
            f"{pick.choice(['Road', 'Lane', 'Street', 'Close'])}, {pick.choice(_TOWNS)}",
            f"{n} {pick.choice(['Evergreen', 'Maple', 'N Lincoln'])} "
            f"{pick.choice(['Ave', 'Terrace', 'Blvd'])}, {pick.choice(_ZIPS)}",
            f"{pick.choice(_GERMAN_STREETS)} {n}, {pick.choice(_GERMAN_TOWNS)}",
            f"{n} rue de la {pick.choice(['Paix', 'République', 'Gare'])}, 7500{pick.randint(1, 9)} Paris",
            f"ul. {pick.choice(['Molowa', 'Długa', 'Marszałkowska'])} {n}, "
            f"{pick.randint(10, 99)}-{pick.randint(100, 999)} Gdynia",
            f"Calle {pick.choice(['Mayor', 'Alcalá'])} {n}, 28013 Madrid",
            f"Via {pick.choice(['Roma', 'Garibaldi'])} {n}, 20121 Milano",
            f"Keizersgracht {n}, 1015 CJ Amsterdam",
            f"Postfach {pick.randint(10, 99)} {pick.randint(10, 99)} {pick.randint(10, 99)}",
            f"PO Box {pick.randint(100, 9999)}",
            f"Storgatan {n}, 114 55 Stockholm",
        ]
    )


def birth(pick: random.Random) -> str:
    """A date, in words or figures."""
    day, month, year = pick.randint(1, 28), pick.randint(1, 12), pick.randint(1945, 2004)
    names = "January February March April May June July August September October November December".split()
    return pick.choice(
        [
            f"{day} {names[month - 1]} {year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day:02d}.{month:02d}.{year}",
            f"{day:02d}/{month:02d}/{year}",
        ]
    )


def passport(pick: random.Random) -> str:
    """Nothing but its label tells it."""
    return pick.choice(
        [f"X{_digits(pick, 7)}", f"C{_digits(pick, 2)}X{_digits(pick, 2)}T{_digits(pick, 2)}", _digits(pick, 9)]
    )


def address_of_machine(pick: random.Random) -> str:
    """IPv4, IPv6 or a network card's."""
    return pick.choice(
        [
            ".".join(str(pick.randint(1, 254)) for _ in range(4)),
            "2001:db8:" + ":".join(f"{pick.randint(1, 65535):x}" for _ in range(6)),
            ":".join(f"{pick.randint(0, 255):02X}" for _ in range(6)),
        ]
    )


VALUES: dict[Kind, Callable[[random.Random], str]] = {
    Kind.IBAN: iban,
    Kind.CARD: card,
    Kind.PHONE: phone,
    Kind.ID: national_id,
    Kind.ADDRESS: address,
    Kind.BIRTHDATE: birth,
    Kind.PASSPORT: passport,
    Kind.IP: address_of_machine,
}
