"""Personal data is recognised whatever it looks like; companies, figures and headings are not taken for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.gateway.privacy import Kind, Masker, scrub

PLANTED = {
    "harriet.penhallow@kestholm.example": Kind.EMAIL,
    "+44 1632 960 400": Kind.PHONE,
    "+48 58 000 07 00": Kind.PHONE,
    "(555) 010-4477": Kind.PHONE,
    "020 7946 0123": Kind.PHONE,
    "0171/1234567": Kind.PHONE,
    "06 12 34 56 78": Kind.PHONE,
    "DE89 3704 0044 0532 0130 00": Kind.IBAN,
    "GB82WEST12345698765432": Kind.IBAN,
    "4111 1111 1111 1111": Kind.CARD,
    "3782-822463-10005": Kind.CARD,
    "AB 12 34 56 C": Kind.ID,
    "078-05-1120": Kind.ID,
    "86095742719": Kind.ID,
    "86 095 742 719": Kind.ID,
    "12345678Z": Kind.ID,
    "RSSMRA85T10A562S": Kind.ID,
    "44051401359": Kind.ID,
    "192.168.14.7": Kind.IP,
    "2001:db8::8a2e:370:7334": Kind.IP,
    "00:1A:2B:3C:4D:5E": Kind.MAC,
    "@h_penhallow": Kind.HANDLE,
    "https://www.linkedin.com/in/harriet-penhallow": Kind.URL,
    "14 Ravensgate Road, Hull HU1 2AB": Kind.ADDRESS,
    "Lindenstraße 12a, 34117 Kassel": Kind.ADDRESS,
    "12 rue de la Paix, 75002 Paris": Kind.ADDRESS,
    "ul. Molowa 7, 81-345 Gdynia": Kind.ADDRESS,
    "Calle Mayor 15, 28013 Madrid": Kind.ADDRESS,
    "742 Evergreen Terrace, Springfield, IL 62704": Kind.ADDRESS,
    "PO Box 4417": Kind.ADDRESS,
    "Postfach 10 20 30": Kind.ADDRESS,
    "Harriet Penhallow": Kind.PERSON,
    "Nkechi Quillfeather": Kind.PERSON,
}
DISGUISES: dict[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "zero-width spaces": "\u200b".join,
    "non-breaking spaces": lambda text: text.replace(" ", "\u00a0"),
    "non-breaking hyphens": lambda text: text.replace("-", "\u2011"),
    "full-width digits": lambda text: text.translate({48 + n: 0xFF10 + n for n in range(10)}),
    "soft hyphens": lambda text: text[:3] + "\u00ad" + text[3:],
    "line break": lambda text: text.replace(" ", "\n", 1),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("value", PLANTED)
def test_planted_data_is_masked_and_comes_back(value: str, disguise: str) -> None:
    text = f"We spoke on Monday about {DISGUISES[disguise](value)} and the delivery of pumps."
    masker = Masker()
    masked = masker.mask(text)
    assert masked.startswith("We spoke on Monday about [")
    assert masked.endswith("] and the delivery of pumps.")
    assert masked.count("[") == 1
    assert masker.unmask(masked) == text


@pytest.mark.parametrize(("value", "kind"), PLANTED.items())
def test_the_kind_is_named(value: str, kind: Kind) -> None:
    masker = Masker()
    masker.mask(f"We spoke about {value} on Monday.")
    assert set(masker.counts) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "Reach me: harriet.penhallow at kestholm dot example",
        "Reach me: harriet (at) kestholm (dot) example",
        "Reach me: harriet[at]kestholm.example",
        "Reach me: harriet.penhallow@\n  kestholm.example",
        "Passport number: X1234567",
        "Reisepass-Nr. C01X00T47",
        "Passport No. 533 380 006",
        "Date of birth: 4 March 1981",
        "geboren am 04.03.1981",
        "DOB 1981-03-04",
        "born on March 4, 1981",
        "Steuer-ID: 12 345 678 901",
        "Account number: 31926819",
        "Sort code: 40-47-84",
        "Driving licence no: PENHA803041HJ9IJ",
        "Kontonummer 648 489 890",
        "Her mobile is 960 4471.",
        "Dear Ms Quillfeather,",
        "Sehr geehrter Herr Dr. Wojnarowski,",
        "Kind regards,\nXanthippe",
        "Mit freundlichen Grüßen\nThorwald Üzgür",
        "gez. Wojnarowski",
        'From: "Quillfeather, Nkechi" <nq@kestholm.example>',
        "Quillfeather wrote: see below",
        "Handler: Xilo Brantwick",
        "what is harriet quillfeather's salary?",
        "HARRIET QUILLFEATHER",
        "J. R. Quillfeather",
    ],
)
def test_nothing_that_tells_a_person_is_left(text: str) -> None:
    masker = Masker()
    masked = masker.mask(text)
    assert "[" in masked
    for left in ("uillf", "harriet", "kesth", "8", "1981", "wojna", "xanth", "zg", "brantw", "thorw", "nkechi", "447"):
        assert left not in masked.lower()
    assert masker.unmask(masked) == text


def test_an_accent_that_stands_apart_is_part_of_its_letter() -> None:
    masked = Masker().mask("Wir sprachen mit Ju\u0308rgen Mu\u0308ller am Montag.")
    assert masked == "Wir sprachen mit [PERSON_1] am Montag."


@pytest.mark.parametrize(
    "text",
    [
        "The annual report shows revenue of 118,400,000 EUR in 2025, after 1 234 567 EUR.",
        "Version 4.3.2.1 was released on 2025-11-20, and 20.11.2025 14:35 was the date of the backup.",
        "Kestholm Cooling Systems Ltd and Weserland Spedition GmbH signed the agreement.",
        "## Travel Expenses\n\nThe Finance Team approves all Travel Requests within 14 days.",
        "The flight from London to New York takes 7 hours; the one to San Francisco 11.",
        "Die Geschäftsführung legt die Reisekostenrichtlinie jährlich am Standort Kassel fest.",
        "Read section 3.1 of the Expenses Policy before you order parts TN-55 or FJ-320E.",
        "The service runs at 40 bar and minus 18 degrees, 24 hours a day, 365 days a year.",
    ],
)
def test_companies_figures_and_headings_stay(text: str) -> None:
    assert Masker().mask(text) == text


def test_cells_are_read_by_the_heading_of_their_column() -> None:
    masked = Masker().mask("id,employee,born,item\n7,Price Stone,1981-03-04,Steel Bolt\n")
    assert masked == "id,employee,born,item\n7,[PERSON_1],[BIRTHDATE_1],Steel Bolt\n"


def test_scrubbing_withholds_the_kinds_asked_for_and_counts_them() -> None:
    text = "Harriet Penhallow: +44 1632 960 400 or +44 1632 960 401"
    assert scrub(text, {Kind.PHONE}) == ("Harriet Penhallow: [phone withheld] or [phone withheld]", {Kind.PHONE: 2})
    assert scrub(text, ()) == (text, {})


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "@",
        "A",
        "a@",
        "Ab ",
        "1 ",
        "[",
        "[PERSON_",
        "a.",
        "\u0301",
        "x\u0301",
        ":",
        "1-",
        "a dot ",
        "Dear ",
        "( ",
        "=\n",
        "|",
        "Street 1, ",
        "account ",
        "born ",
        "A1",
        "Ab-",
        "0.",
        "'",
        "a at ",
    ],
)
def test_hostile_texts_are_masked_in_time_that_grows_with_their_length(piece: str) -> None:
    text = (piece * 30_000)[:30_000]
    masker = Masker(most_values=1_000_000)
    assert masker.unmask(masker.mask(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "Rose Field said no.",
        "Mme Field présente le budget.",
        "CURRICULUM VITAE\n\nROSE FIELD\n",
        "Present: Sandy Snow, Rose Field",
        "Distribution: Field, Rose; Snow, Sandy",
        "[09:14] Rose Field: morning\n[09:15] Anna Berg: hello",
        "Mirth Borath agreed; write to mirth.borath@kestholm.example",
        "Minutes. Present: Rose Field. Revenue rose. Rose: order parts. Ask Rose about it.",
    ],
)
def test_people_called_by_words_of_the_dictionary_are_found_by_their_place(text: str) -> None:
    masker = Masker()
    masked = masker.mask(text)
    for left in ("Rose", "Field", "FIELD", "Snow", "Sandy", "Mirth", "Borath"):
        assert left not in masked
    assert masker.unmask(masked) == text


@pytest.mark.parametrize("text", ["Will Finance approve it?", "## Summer Party", "The Grant Agreement of May"])
def test_words_that_may_be_names_stay_where_nobody_is_named(text: str) -> None:
    assert Masker().mask(text) == text
