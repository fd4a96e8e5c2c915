"""What is known of single words: given names, surnames, dictionary words, places, and the words around names.

Two dictionaries of words (English, German) tell names from words; they load at the first look, in about half a second,
and are kept as numbers, 3 MB of them.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

_NAMES = Path(__file__).with_name("names.txt")
_FREQUENT = 2500  # in the English list: from here on a word, though it be a name too
_RARE = 700
_LONGEST = 40  # letters of a word that is looked at
_FOLDED = str.maketrans({"ł": "l", "ß": "ss", "ı": "i", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})

_TITLES = """
    mr mrs ms miss mx dr prof professor sir dame lord lady madam madame mme mlle monsieur m herr herrn frau
    fräulein hr fr doktor señor señora señorita sr sra srta don doña signor signora signore sig dott dottoressa
    avv ing dipl pan pani panna mgr inż meneer mevrouw dhr mevr mej bay bayan herra rouva fru herre rev reverend
    father sister captain capt colonel col sergeant sgt lieutenant lt major nurse judge justice senator shri smt
    kumari sheikh sayyid hadji ustad panie pana panu panią
"""
_GREETINGS = """
    dear hi hello hey hallo liebe lieber liebes geehrter geehrte geehrten moin servus cher chère bonjour salut
    estimado estimada querido querida hola caro cara gentile egregio ciao szanowny szanowna drogi droga cześć
    beste geachte kære hej sevgili sayın merhaba thanks thank danke merci gracias grazie attn cc bcc
"""
_ROLES = """
    manager director officer engineer secretary leader head chief chair chairman chairwoman chairperson president
    accountant lawyer solicitor attorney nurse doctor teacher fitter technician analyst developer designer
    consultant assistant clerk supervisor coordinator administrator controller buyer planner foreman driver
    operator auditor inspector trainer recruiter executive partner owner founder ceo cfo cto coo cio ciso employee
    colleague customer client tenant patient applicant candidate witness complainant respondent claimant plaintiff
    defendant beneficiary signatory author editor reviewer handler contact representative ombudsperson mediator
    deputy apprentice intern student guest visitor passenger member trustee wife husband son daughter brother
    sister mother father spouse partner neighbour friend boss agent broker landlord geschäftsführer
    geschäftsführerin leiter leiterin ansprechpartner ansprechpartnerin mitarbeiter mitarbeiterin kollege kollegin
    kunde kundin mieter mieterin patientin vorsitzender vorsitzende vorstand prokurist meister meisterin ingenieur
    ingenieurin betriebsrat sachbearbeiter sachbearbeiterin schichtleiter schichtleiterin bewerber bewerberin
    zeuge zeugin anwalt anwältin geschäftsführung abteilungsleiter abteilungsleiterin assistentin sekretärin
    lehrer lehrerin arzt ärztin fahrer fahrerin directeur directrice responsable gérant director directora gerente
    direttore direttrice kierownik dyrektor prezes
"""
_NEVER = """
    the a an and or of for in on at to by from with as is are was were be i we you he she it they my our your his
    her its their this that these those not no yes please if when while but so all any each monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september october
    november december montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar jänner februar
    märz mai juni juli oktober dezember jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat
    sun ltd limited inc llc plc gmbh ag kg se sa sarl sas spa srl bv nv ab oy as corp corporation company co group
    holding university universität college school bank hospital klinik council institute institut foundation
    stiftung verein department ministry ministerium street road avenue lane hall house works werk team board
    committee office support service services sales marketing finance legal product engineering security
    operations system systems software cloud platform project policy report agreement contract invoice order
    number date email mail phone tel telephone fax mobile address name subject page section table figure sir madam
    madame customer colleague colleagues team all everyone friends damen herren kollegen kolleginnen zusammen
    english german french european american british data privacy act north south east west new old great saint st
    san santa los las el la le les mr mrs ms dr prof herr frau herrn hi hello dear regards cheers thanks thank
    best kind sincerely version re fwd aw wg cc bcc und oder der die das den dem des ein eine einen einem einer
    ich wir sie er es ist sind im am zum zur vom von mit für bei nach aus auf an zu als wie wenn dass nicht kein
    keine sehr wurde wird hat haben war straße strasse platz abteilung rechnung vertrag anlage seite betreff datum
    ort telefon adresse nummer kunde firma uhr euro eur usd gbp
"""
_PLACES = """
    london paris berlin hamburg munich münchen köln cologne frankfurt stuttgart düsseldorf leipzig dresden
    hannover hanover bremen nürnberg nuremberg kassel dortmund essen bonn münster mannheim karlsruhe augsburg wien
    vienna graz linz salzburg innsbruck zürich zurich geneva genf basel bern lausanne luzern hull leeds york
    manchester liverpool birmingham sheffield bristol glasgow edinburgh aberdeen cardiff belfast dublin cork
    galway oxford cambridge newcastle nottingham leicester southampton plymouth brighton reading bath exeter
    norwich peterhead grimsby bradford coventry derby swansea dundee inverness perth madrid barcelona sevilla
    seville bilbao málaga zaragoza lisbon lisboa porto rome roma milan milano turin torino naples napoli florence
    firenze venice venezia bologna palermo genoa genova verona amsterdam rotterdam utrecht eindhoven hague
    brussels bruxelles brussel antwerp ghent bruges luxembourg copenhagen københavn aarhus odense stockholm
    göteborg gothenburg malmö uppsala oslo bergen trondheim helsinki tampere espoo turku warsaw warszawa kraków
    krakow gdańsk gdynia gdansk wrocław poznań łódź katowice szczecin lublin prague praha brno ostrava bratislava
    košice budapest debrecen bucharest bucurești sofia belgrade zagreb ljubljana sarajevo athens athen
    thessaloniki istanbul ankara izmir antalya bursa moscow petersburg kyiv lviv minsk riga tallinn vilnius kaunas
    new york boston chicago seattle denver houston dallas austin phoenix miami atlanta detroit philadelphia
    toronto montreal vancouver ottawa calgary sydney melbourne brisbane auckland wellington tokyo osaka kyoto
    seoul beijing shanghai shenzhen guangzhou hong kong taipei singapore bangkok manila jakarta hanoi delhi mumbai
    bangalore bengaluru chennai kolkata hyderabad pune karachi lahore dhaka colombo dubai doha riyadh jeddah cairo
    casablanca tunis algiers lagos nairobi accra johannesburg lyon marseille toulouse nice nantes strasbourg
    bordeaux lille rennes grenoble england scotland wales ireland britain germany deutschland france frankreich
    spain spanien italy italien poland polen turkey türkei india indien china japan korea russia ukraine austria
    österreich switzerland schweiz netherlands niederlande belgium belgien denmark dänemark sweden schweden norway
    norwegen finland finnland portugal greece czechia hungary romania bulgaria croatia serbia slovenia slovakia
    estonia latvia lithuania canada mexico brazil argentina chile colombia peru australia zealand africa asia
    europe europa america egypt morocco israel iran iraq pakistan bangladesh vietnam thailand indonesia malaysia
    philippines taiwan california texas florida virginia carolina georgia nevada arizona oregon washington ohio
    michigan illinois jersey pennsylvania massachusetts colorado bavaria bayern hessen sachsen saxony yorkshire
    kent essex sussex surrey devon cornwall norfolk suffolk lancashire cheshire cumbria francisco angeles diego
    vegas orleans orlando kingdom states united emirates arabia lanka rica republic
"""
_SUFFIXES = tuple("""
    tion tions sion ment ments ness ity ities able ible ance ence ings ing ized ised ship ology graphy ware ung
    ungen heit keit schaft tät lich isch ismus ieren ierung base code based
""".split())  # fmt: skip
_SAXON = """
    müller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schäfer koch bauer richter klein
    wolf schröder neumann schwarz zimmermann braun krüger hofmann hartmann lange schmitt werner krause meier
    lehmann schmid schulze maier köhler herrmann könig walter mayer huber kaiser fuchs peters lang scholz möller
    weiß jung hahn schubert vogel friedrich keller günther frank berger winkler roth beck lorenz baumann franke
    albrecht schuster simon ludwig böhm winter kraus martin schumacher krämer vogt stein jäger otto sommer groß
    seidel heinrich brandt haas schreiber graf schulte dietrich ziegler kuhn kühn pohl engel horn busch bergmann
    thomas voigt sauer arnold wolff pfeiffer rauch loos diehl stoll brandes fessler haberkorn hartlieb wiegand
"""
ADDRESSED = frozenset(
    "mr mrs ms miss mx dr herr herrn frau mme mlle señor señora sr sra pan pani panie pana panu panią panna "
    "signor signora mevrouw meneer fru herre".split()
)
"""Titles that stand before nothing but names."""
PARTICLES = frozenset(
    "van von der den de del della di da dos das du la le al el bin ibn bint abu ben ter ten zu zum y e "
    "san st mac mc o'".split()
)
PERSON_VERBS = frozenset(
    """
    said says told tells wrote writes asked asks replied replies explained explains phoned rang emailed mailed
    resigned retired died lives lived married joined complained confirmed thinks believes signed met agreed
    promised apologised apologized called argued suggested noticed insisted admitted recalled added approves
    approved proposed abstained praised praises wants reported reports joined decides decided disagreed
    sagt sagte schrieb schreibt fragte fragt meinte erklärte antwortete wohnt kündigte unterschrieb
    bestätigte bat rief berichtete erzählte teilte dit écrit dijo escribió disse scrisse powiedział powiedziała
    napisał zei
""".split()
)


def fold(word: str) -> str:
    """A word without case and accents, as the lists hold it."""
    low = word.lower()
    if low.isascii():
        return low
    low = low.translate(_FOLDED)
    return "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))


TITLES, GREETINGS, ROLES = (
    frozenset(words.split()) | {fold(word) for word in words.split()} for words in (_TITLES, _GREETINGS, _ROLES)
)
NEVER = frozenset(fold(word) for word in _NEVER.split())
_PLACE_WORDS = frozenset(fold(word) for word in _PLACES.split())
_SAXON_NAMES = frozenset(fold(word) for word in _SAXON.split())


@cache
def _lists() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Given names, given names that are words too, and surnames that are words too."""
    body = "\n".join(line for line in _NAMES.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    strong, weak, surnames = (frozenset(part.partition("]")[2].split()) for part in body.split("[")[1:])
    return strong, weak, surnames | _SAXON_NAMES


class _Words:
    """A set of words, kept as their hashes in order: 8 bytes a word."""

    def __init__(self, words: list[str]) -> None:
        self._hashes = np.sort(np.fromiter((hash(word) for word in words), dtype=np.int64, count=len(words)))

    def __contains__(self, word: str) -> bool:
        value = hash(word)
        at = int(np.searchsorted(self._hashes, value))
        return at < len(self._hashes) and int(self._hashes[at]) == value


@cache
def _dictionary() -> tuple[_Words, _Words]:
    """Words of English, and those of German that English has not; without those that are names rather than words."""
    from spellchecker import SpellChecker

    strong, weak, surnames = _lists()
    names = strong | weak | surnames
    rare_words = strong | surnames  # of these, what is no very frequent word is a name
    english = SpellChecker(language="en").word_frequency.dictionary
    words = [
        word
        for word, count in english.items()
        if count >= _FREQUENT or fold(word) not in (rare_words if count >= _RARE else names)
    ]
    german = SpellChecker(language="de").word_frequency.dictionary
    return _Words(words), _Words([word for word in german if word not in english and fold(word) not in names])


@lru_cache(maxsize=65536)
def is_given(word: str) -> bool:
    """Whether it is a given name and hardly anything else."""
    return fold(word) in _lists()[0] or (
        "-" in word and all(is_given(part) or is_weak(part) for part in word.split("-"))
    )


@lru_cache(maxsize=65536)
def is_weak(word: str) -> bool:
    """Whether it is a given name and a word or a place too."""
    return fold(word) in _lists()[1]


@lru_cache(maxsize=65536)
def is_place(word: str) -> bool:
    """Whether it is a well-known town, region or country."""
    return fold(word) in _PLACE_WORDS


def is_wordlike(low: str) -> bool:
    """Whether it ends as words of trade and office do, which no name does: "-ment", "-schaft"."""
    return len(low) > 6 and low.endswith(_SUFFIXES)


@lru_cache(maxsize=65536)
def is_word(word: str) -> bool:  # noqa: PLR0911 - one kind of evidence after another
    """Whether a dictionary has it, or the end of it, as in German compounds, or it ends as words do."""
    low = word.lower()
    if "-" in low:
        return all(is_word(part) for part in low.split("-") if part)
    if len(low) > _LONGEST or fold(low) in NEVER or low in ROLES or low in TITLES or low in GREETINGS:
        return True
    english, german = _dictionary()
    if low in english or low in german:
        return True
    strong, weak, surnames = _lists()
    if fold(low) in surnames or fold(low) in strong or fold(low) in weak:
        return False
    if is_wordlike(low):
        return True
    if low.endswith("s") and low[:-1] in english and len(low) > 4:
        return True
    return len(low) > 9 and any(low[at:] in german for at in range(3, len(low) - 5))
