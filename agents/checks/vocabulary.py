"""Words that turn a statement round: of denial, of duty and permission, of scope, and opposites. English and German."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from ..words import stem

Modal = Literal["must", "should", "may", "will"]
Scope = Literal["only", "all", "some", "most", "few", "usually", "always", "sometimes", "except", "up to", "at least"]

NEGATIONS = frozenset(
    """
    not no never none nobody nothing neither nor without cannot nowhere hardly barely
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder keinesfalls keineswegs
    """.split()
)

_MODALS: Mapping[Modal, str] = {
    "must": """
        must shall required requires require mandatory obligatory obliged compulsory obligation muss
        müssen musst müsste
        erforderlich verpflichtet verpflichtend vorgeschrieben zwingend""",
    "should": """
        should ought recommended recommend recommends encouraged advised advisable soll sollen sollte
        sollten empfohlen""",
    "may": """may can could might allowed permitted entitled optional optionally eligible permits allows voluntary free
        kann können darf dürfen könnte könnten dürfte berechtigt erlaubt gestattet optional freiwillig""",
    "will": "will would wird werden",
}
MODALS: dict[str, Modal] = {word: level for level, words in _MODALS.items() for word in words.split()}

_SCOPES: Mapping[Scope, str] = {
    "only": "only solely exclusively merely nur ausschließlich ausschliesslich lediglich allein",
    "all": """all every each everyone everybody everything entire any anyone anybody whole
        alle alles allen aller jede jeder jedes jeden jedem sämtliche sämtlichen jegliche""",
    "some": "some several certain partly einige einigen einiger manche manchen mehrere mehreren teilweise",
    "most": "most mostly majority meiste meisten mehrheit überwiegend größtenteils",
    "few": "few wenige wenigen kaum",
    "always": "always immer stets jederzeit",
    "usually": """
        usually normally generally typically often frequently gewöhnlich üblicherweise normalerweise meist
        meistens oft""",
    "sometimes": "sometimes occasionally rarely seldom manchmal gelegentlich selten",
    "except": "except unless excluding excepting außer ausser ausgenommen sofern",
    "up to": "höchstens maximal",
    "at least": "mindestens wenigstens",
}
SCOPES: dict[str, Scope] = {word: kind for kind, words in _SCOPES.items() for word in words.split()}

_ROLES = frozenset(
    """
    manager director employee supervisor supplier customer contractor buyer seller tenant landlord employer officer
    board chair chairman chairwoman secretary treasurer auditor committee council president chief head lead engineer
    driver technician fitter operator planner accountant lawyer doctor nurse teacher student minister agent assistant
    administrator owner keeper user visitor guest member shareholder trustee trainee apprentice intern colleague
    reviewer editor author witness complainant respondent handler inspector receptionist
    mitarbeiter mitarbeiterin vorgesetzter vorgesetzte leiter leiterin geschäftsführer geschäftsführerin kunde kundin
    lieferant arbeitgeber arbeitnehmer betriebsrat vorstand aufsichtsrat beauftragter sekretärin mieter vermieter
    käufer verkäufer auszubildende praktikant buchhalter ingenieur techniker
    """.split()
)

# One line a pair of sides; words of one side mean much the same here, words of both sides exclude each other.
_OPPOSITES = """
allow allowed permit permitted authorise authorised authorize authorized / forbid forbidden prohibit prohibited ban
    banned disallow deny
increase increased rise rose risen grow grew grown raise raised gain up upward / decrease decreased fall fell fallen
    decline declined reduce reduced drop dropped shrink lower lowered loss down downward
before prior earlier previous / after later afterwards subsequent following
minimum least lowest smallest / maximum most highest largest
include includes included including inclusive / exclude excludes excluded excluding exclusive
open opened opens / close closed closes shut
approve approved approves accept accepted accepts agree agreed / reject rejected rejects refuse refused refuses
    decline declined deny denied disagree
above over exceed exceeds more greater higher larger bigger longer older / below under less fewer lower smaller
    shorter younger
mandatory compulsory obligatory required / optional voluntary
internal internally inside inner / external externally outside outer
public publicly / private privately confidential secret
start starts started begin begins began commence opening / end ends ended finish finished stop stops stopped cease
    closing
enable enabled enables activate activated / disable disabled disables deactivate deactivated
always / never
all every everyone everybody / none nobody
with / without
valid / invalid expired
true correct correctly right / false incorrect incorrectly wrong
success succeed succeeds succeeded pass passed / failure fail fails failed
add added adds insert / remove removed removes delete deleted
buy bought purchase purchased / sell sold
win won / lose lost
early / late
first / last
new newer / old older
high / low
long / short
large big / small little
many / few
good well better / bad badly worse poor
easy simple / difficult hard complex
fast quick quickly / slow slowly
strong / weak
full / empty
positive / negative
permanent permanently / temporary temporarily
manual manually / automatic automatically
direct directly / indirect indirectly
online / offline
safe / dangerous unsafe
possible / impossible
same identical / different
encouraged recommended / discouraged
paid / unpaid free
join joined joins / leave left leaves
send sent / receive received
push / pull
present / absent
upload / download
import / export
entry enter / exit
credit / debit
income revenue / expense expenditure
profit / loss
employer / employee
buyer customer / seller supplier vendor
landlord lessor / tenant lessee
lend lender / borrow borrower
gross / net
annual annually yearly / monthly weekly daily quarterly
ascending / descending
primary / secondary
support supports supported favour / oppose opposes opposed
keep keeps kept retain retained / discard discarded destroy destroyed
confirm confirmed / deny denied
appoint appointed hire hired / dismiss dismissed fire fired
helpful / unhelpful
visible shown show / hidden hide
active / inactive
available / unavailable
legal lawful / illegal unlawful
complete completed / incomplete
required / unnecessary
likely / unlikely
erlaubt gestattet zulässig / verboten untersagt unzulässig
steigt stieg gestiegen erhöht zunahme steigen / sinkt sank gesunken verringert gesenkt rückgang sinken
vor vorher / nach nachher danach
mindestens minimum / höchstens maximum maximal
mit / ohne
offen geöffnet öffnet / geschlossen schließt
genehmigt angenommen zugestimmt / abgelehnt verweigert
über mehr größer höher länger / unter weniger kleiner niedriger kürzer
einschließlich inklusive enthält / ausschließlich exklusive ausgenommen
intern / extern
öffentlich / privat vertraulich
beginnt anfang beginn / endet ende
gültig / ungültig
richtig / falsch
immer stets / nie niemals
alle jeder / keiner niemand
bezahlt / unbezahlt
schriftlich / mündlich
verpflichtend obligatorisch / freiwillig optional
früher / später
"""
_ROWS = _OPPOSITES.strip().replace("\n    ", " ").splitlines()
_PREFIXES = ("un", "in", "im", "ir", "il", "non-", "non", "dis", "mis", "nicht", "de")
_NO_PREFIX = frozenset(
    """
    come comes form forms side press port ports stall install cover covers play plays less til der ion ions deed
    derstand put
    puts vest vests tend tends tent sure crease mate migrant pact pair prove proves proved probe posit part parts it its
    volve volved volves dustry ternal clude terest ter tern tire creased charge charges count counts cuss cussed
    crepancy
    tribute tributed trict trict splay fine fines fined tail tails sign signs signed mission sources cor ward
    wards patch
    tance stance stances vent vents vention vite vited box bound land dex fer ferred fect fected formation formal formed
    """.split()
) - {"formal"}
_SIDES: dict[str, list[tuple[int, int]]] = {}
for _line, _row in enumerate(_ROWS):
    for _side, _words in enumerate(_row.split("/")):
        for _word in _words.split():
            for _form in {_word, stem(_word)}:
                if (_line, _side) not in _SIDES.setdefault(_form, []):
                    _SIDES[_form].append((_line, _side))


def is_role(word: str) -> bool:
    """Whether a word says who somebody is to others: "director", "Mitarbeiter"."""
    low = word.lower()
    return low in _ROLES or low.removesuffix("s") in _ROLES


def modal_level(word: str) -> Modal:
    """The force of a modal word; "have" and "need" count as duties, since they are modal only before "to"."""
    return MODALS.get(word.lower(), "must")


@lru_cache(maxsize=65536)
def opposite(first: str, second: str) -> bool:
    """Whether two words, in lower case, exclude each other: "allowed" and "forbidden", "limited" and "unlimited"."""
    if first == second:
        return False
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) >= 4 and any(_prefixed(shorter, longer, prefix) for prefix in _PREFIXES):
        return True
    if first.endswith("less") and second in (first[:-4] + "ful", first[:-4] + "ed"):
        return True
    if second.endswith("less") and first in (second[:-4] + "ful", second[:-4] + "ed"):
        return True
    theirs = _sides(second)
    return any((line, 1 - side) in theirs and (line, side) not in theirs for line, side in _sides(first))


@lru_cache(maxsize=65536)
def alike(first: str, second: str) -> bool:
    """Whether two words stand on one side of a pair of opposites: "allowed" and "permitted"."""
    return any(place in _sides(second) for place in _sides(first))


@lru_cache(maxsize=8192)
def opposites_of(word: str) -> tuple[str, ...]:
    """The words on the other side, in the order of the list; empty for most words."""
    found: list[str] = []
    for row in _ROWS:
        left, right = (side.split() for side in row.split("/"))
        found += right if word in left else left if word in right else []
    return tuple(dict.fromkeys(found))


def _sides(word: str) -> list[tuple[int, int]]:
    return _SIDES.get(word) or _SIDES.get(stem(word)) or []


def _prefixed(shorter: str, longer: str, prefix: str) -> bool:
    if not longer.startswith(prefix):
        return False
    rest = longer[len(prefix) :].lstrip("-")
    return rest not in _NO_PREFIX and (rest == shorter or (len(rest) >= 5 and stem(rest) == stem(shorter)))
