"""Layouts in which people are named as people name each other: minutes, chats, letters, CVs, notes, in four languages.

Each layout names somebody in full once, or with a title, a label or a sign-off; elsewhere by one part of the name only.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from .masking_data import Person

# {a}, {b}, {c}: three people in full; {ag} is a's given name, {af} the family name, {ai} the initial, {au} in capitals.
_MINUTES = (
    "Minutes of the weekly meeting\nPresent: {a}, {b} and {c}\n\n1. {af} reported on the audit. {bg} will send the "
    "list by Friday.\n2. {cg} and {ag} disagree about the supplier; {bf} decides.",
    "MINUTES\n\nAttendees: {a} (chair), {b} (minutes)\nApologies: {c}\n\nActions\n- {af}: order spare parts\n"
    "- {bf}: call the landlord\n- {cf} to check the lease",
    "Protokoll der Besprechung\nTeilnehmer: {a}, {b}, {c}\n\nTOP 1: {af} berichtet über die Wartung.\n"
    "TOP 2: {bg} {bf} übernimmt die Abstimmung mit dem Kunden, {cf} prüft den Vertrag.",
    "Compte rendu de réunion\nPrésents : {a}, {b}\nExcusé : {c}\n\nMme {af} présente le budget. M. {bf} demande un "
    "délai.",
    "Protokół ze spotkania\nObecni: {a}, {b}\nNieobecny: {c}\n\nPan {af} przedstawił plan. Pani {bf} zgłosiła uwagi.",
    "Board meeting, item 4\n\n{a} proposed the motion, seconded by {b}. {c} abstained. {bf} asked for a written "
    "note; {ag} agreed to draft it.",
)
_CHATS = (
    "[09:14] {a}: morning, is the pump back?\n[09:15] {b}: not yet, ask {cg}\n[09:16] {a}: {c}, any news?\n"
    "[09:20] {c}: on Thursday",
    "{ag}: did you see the invoice?\n{bg}: yes, {a} sent it to me\n{ag}: ok, thanks {bg}\n{bg}: {b} has a copy too",
    "{a}  10:02\nCan somebody call the workshop?\n\n{b}  10:05\nI will. {cg} has the number ({c}).",
    "<{ag}> hi {bg}\n<{bg}> hi {ag}, {a} and {c} are in hall 2\n<{ag}> ok tell {c}",
    "{a} wrote:\n> {b} said that {cf} left.\n> Please ask {c}.\n\nThanks, {ag}",
)
_LETTERS = (
    "Dear {ag},\n\nthank you for your letter. {b} has passed it to me, and {bf} will answer within 14 days.\n\n"
    "Yours sincerely,\n\n{c}\nHead of Claims",
    "Hi {ag} and {bg},\n\nas discussed with {c}, the interview is on Tuesday. {cf}'s notes are attached.\n\nBest,\n{b}",
    "Sehr geehrte Frau {af},\n\nvielen Dank für Ihr Schreiben. Herr {bf} hat den Vorgang geprüft. Rückfragen "
    "beantwortet Ihnen {c}.\n\nMit freundlichen Grüßen\n\ni. A. {b}\nSachbearbeitung",
    "Liebe {ag}, lieber {bg},\n\nich habe gestern mit {c} gesprochen. {cg} kommt am Montag.\n\nViele Grüße\n{af}",
    "Madame {af},\n\nnous accusons réception de votre courrier. Votre dossier est suivi par {b}.\n\nVeuillez agréer, "
    "Madame, nos salutations distinguées.\n\n{c}\nService des sinistres",
    "Bonjour {ag},\n\nj'ai parlé avec {b} hier. {bg} viendra lundi avec {c}.\n\nCordialement,\n{a}",
    "Szanowny Panie {af},\n\ndziękuję za wiadomość. Sprawę prowadzi {b}.\n\nZ poważaniem\n{c}",
    "Cześć {ag},\n\nrozmawiałem z {b}, zadzwoni do Ciebie {c}.\n\nPozdrawiam\n{bg}",
    "From: {a}\nTo: {b}; {c}\nSubject: Leave\n\n{bg}, {cg},\n\nI am away next week. {cf} stands in for me.\n\n{ag}",
)
_NOTES = (
    "Employee file: {a}\n\n{af} joined in 2019. {af}'s line manager is {b}. On 3 March {ag} complained about {c}.",
    "Incident report\n\nReported by {a}. The driver, {b}, was not hurt. {bf} told {cf} ({c}, shift leader) at once.",
    "Performance review of {a}\n\n{ag} works well with {bg} and {cg}. {b} praises the reports; {c} wants them sooner.",
    "The tenant {a} has not paid since May. {b} phoned {af} twice. {c}'s lawyer wrote back.",
    "Reference\n\nI have known {a} for nine years. {ag} is reliable. For questions please contact {b} or {c}.",
    "Personalakte {a}\n\n{af} ist seit 2019 im Betrieb. Vorgesetzter ist {b}. Vertretung: {c}.",
    "Vermerk\n\nAm Montag rief {a} an. {af} bittet um Rückruf durch {b}. Die Kollegin {c} weiß Bescheid.",
    "Die Mieterin {a} und ihr Mann {b} haben den Vertrag unterschrieben. Zeuge war {c}.",
    "Le locataire, {a}, n'a pas payé. {b} a appelé {c} mardi.",
    "Pracownik {a} złożył wypowiedzenie. Przełożony: {b}. Kadry: {c}.",
    "Approvals: {a} (2 May), {b} (3 May), {c} (pending). Escalate to {af} if {bf} is away.",
    "Spoke to {a} re the deposit. Per {b}, hold until {cf} ({c}) is back.",
)
_CVS = (
    "CURRICULUM VITAE\n\n{au}\n\nProfile\n{ag} is a fitter with nine years of experience.\n\nReferences\n"
    "{b}, Works Manager\n{c}, Head of Training",
    "Lebenslauf\n\nName: {af}, {ag}\nFamilienstand: verheiratet mit {b}\n\nReferenzen: {c}, Werkstattleiter",
    "Résumé\n\n{a}\nFitter\n\nReferees:\n- {b} (Plant Manager)\n- {c} (Tutor)",
)
_LISTS = (
    "Team\n\n- {a}\n- {b}\n- {c}\n\nContact {ag} first.",
    "On call this week:\nMon {a}\nTue {b}\nWed {c}",
    "| Name | Role | Deputy |\n|---|---|---|\n| {a} | Buyer | {b} |\n| {c} | Fitter | {a} |\n\n{bf} covers holidays.",
    "Surname,First name,Deputy\n{af},{ag},{b}\n{bf},{bg},{c}\n{cf},{cg},{a}",
    "Nachname;Vorname;Vertretung\n{af};{ag};{b}\n{cf};{cg};{a}",
    '[{{"employee": "{a}", "manager": "{b}"}}, {{"employee": "{c}", "manager": "{b}"}}]',
    "1. {a}, Buyer\n2. {b}, Planner\n3. {c}, Fitter",
    "Signed:\n\n{a}\t\t{b}\nDirector\t\tDirector\n\nWitness: {c}",
    "Distribution: {af}, {ag}; {bf}, {bg}; {cf}, {cg}",
)
_ALL = (_MINUTES, _CHATS, _LETTERS, _NOTES, _CVS, _LISTS)
_FIELD = re.compile(r"\{([abc])([gfu]?)\}")


def layout(pick: random.Random, people: Sequence[Person]) -> tuple[str, list[tuple[Person, str]]]:
    """A text that names three people, and the parts of names in it, each with whose it is."""
    form = pick.choice(pick.choice(_ALL))
    whom = dict(zip("abc", people, strict=True))
    parts: dict[tuple[Person, str], None] = {}
    values: dict[str, str] = {}
    for letter, person in whom.items():
        values |= {letter: person.name, f"{letter}g": person.given, f"{letter}f": person.family}
        values[f"{letter}u"] = person.name.upper()
    for letter, what in _FIELD.findall(form):
        person = whom[letter]
        shown = {"g": [person.given], "f": [person.family], "": [person.given, person.family]}.get(what)
        for part in shown or [person.given.upper(), person.family.upper()]:
            parts[person, part] = None
    return form.format(**values), list(parts)
