"""Words and signs that stand around names: what announces one, and what speaks against one."""

from __future__ import annotations

import re

from .lexicon import PERSON_VERBS, ROLES

JOINT = re.compile(r"[ \t]{1,3}|[ \t]?\n[ \t>]{0,6}|\.[ ]{0,2}|[ ]?['\"(][^\W\d_]{2,14}['\")][ ]")
COMPANY = frozenset(
    """
    gmbh ag kg ohg ug ev ltd limited inc llc llp plc corp corporation company co sa sarl sas spa srl bv nv oy oyj
    ab aps asa spol sro zoo holding holdings group gruppe university universität institute institut foundation
    stiftung bank airlines systems technologies software solutions consulting partners logistics spedition works
    werke
""".split()
)
ARTICLES = frozenset(
    "the a an our this that these those its der die das dem den des ein eine einen einem einer im am "
    "zum zur in at near unser unsere le la les el los il lo una un".split()
)
SIGN_OFFS = frozenset(
    """
    regards wishes sincerely faithfully truly cheers best thanks you cordially respectfully love grüßen grüße gruß
    grüssen grüsse gruss hochachtungsvoll vg lg mfg cordialement salutations saludos atentamente saluti pozdrawiam
    poważaniem groet groeten hilsen hälsningar saygılarımla gez signed signature unterschrift ppa yours von
""".split()
)
BELOW = re.compile(r"[ \w]{0,24}[,.!:]?[ \t]*(?:\n[ \t>]*){1,3}(?:--?[ \t]*)?|[.:,!][ \t]{1,2}")
FIELDS = frozenset(
    """
    name surname forename person contact owner manager handler author employee customer client patient tenant
    applicant candidate attendee attendees participant participants present absent apologies attendance chair
    signatory signed assignee holder beneficiary payee cardholder sender recipient director lead maker approver by
    spouse kin from to cc bcc attn von an kopie mitarbeiter mitarbeiterin vorname nachname ansprechpartner
    ansprechpartnerin kontakt verantwortlich verantwortliche verantwortlicher inhaber inhaberin kontoinhaber
    kontoinhaberin bearbeiter bearbeiterin teilnehmer teilnehmerin teilnehmerinnen anwesend entschuldigt verfasser
    verfasserin autor autorin absender empfänger leitung geschäftsführer geschäftsführerin unterzeichner
    unterzeichnerin kunde kundin patientin mieter mieterin nom prénom nombre apellidos apellido nome cognome imię
    nazwisko naam ad soyad titulaire titular destinataire expéditeur remitente distribution engineer witness
    witnesses driver auditor auditors inspector buyer guest guests member members trustee representative passenger
    responsible présents présent présente excusé excusée excusés absents participants obecni nieobecni nieobecny
    nieobecna obecny przełożony przełożona kadry vorgesetzter vorgesetzte vertretung stellvertreter stellvertreterin
    zeuge zeugin zeugen referenzen referees references approvals personalakte sachbearbeiter sachbearbeiterin deputy
    supervisor
""".split()
)
NO_FIELD = frozenset(
    "file host user domain product project company branch package class table field column app service "
    "brand model event key group role function method variable tag".split()
)
COLON = re.compile(r"[\"'*_)]{0,3}[ \t]{0,2}[:=][ \t\"'*_\[(]{0,6}(?:\n[ \t>]{0,4}(?:[-*•][ ]{1,3})?)?")
MARKS = frozenset("<=.#`/$\\{-")  # before a word of a program, not of a question
BEFORE_PLACES = frozenset(
    """
    san santa new st saint los las port lake mount fort south north east west
    """.split()
)
MAIL_BEHIND = re.compile(r"[\"']?[ \t]{0,2}(?:\n[ \t>]{0,4})?[<(\[][ \t]?(?:mailto:)?[\w.+%-]{1,64}+@")
MAX_PARTS = 5
BEFORE_PEOPLE = frozenset(
    """
    and with by from to between colleague und mit von zwischen kollege kollegin an ask told et avec y con e
""".split()
)
BEHIND_PEOPLE = re.compile(
    r"[ ]?\((?:the |der |die |our )?[A-Za-z]|[ ]?\||:[ ][a-z]|,[ ][a-z]|"
    r"[ ](?:" + "|".join(sorted(PERSON_VERBS)) + r"|left|has|hat|ist|is|was|war|will|can)[ ]"
)


def tells_person(before: str, text: str, end: int) -> bool:
    """Whether the folded word before two capitalised ones, or what stands behind their end, makes them a person's name,
    though the first is a word of the dictionary."""
    return before in ROLES or before in BEFORE_PEOPLE or BEHIND_PEOPLE.match(text, end) is not None
