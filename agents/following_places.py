"""Where in an earlier question the words of a later one go, and what an earlier question is about.

"And in Berlin?" after "What is the hotel cap in London?" takes the place of "in London"; "and an FJ-200?" that of
"an FJ-120". What has no place to go to is put at the end.
"""

from __future__ import annotations

import re

LONGEST = 400
"""Characters of a question that is completed or that completes another."""

PREPOSITIONS = (
    "in|at|for|on|with|within|outside|inside|under|from|by|of|to|during|after|before"
    "|im|am|an|auf|für|mit|bei|unter|aus|von|nach|innerhalb|außerhalb|während"
)
_SAME = {"for": "für", "für": "for", "im": "in", "from": "von", "von": "from", "with": "mit", "mit": "with"}
_PLACED = re.compile(rf"^(?P<preposition>{PREPOSITIONS}) (?P<object>\S.*)$", re.IGNORECASE)
_DETERMINER = r"(?:(?:the|a|an|our|my|your|der|die|das|den|dem|des|ein|eine|einen|einem|einer) )?"
_STOP = (
    r"(?=$|,| (?:in|at|for|on|with|under|from|by|of|to|per|and|or|when|if|than|is|are|was|were|do|does|did|can|may"
    r"|must|should"
    r"|will|has|have|give|gives|get|gets|cost|costs|hold|holds|take|takes|earn|need|needs|im|am|an|auf|für|mit|bei"
    r"|unter|aus"
    r"|von|nach|und|oder|wenn|als|ist|sind|hat|haben|kann|darf|muss|gilt|gelten|geben|bekommt|bekommen|kosten"
    r"|kostet)\b)"
)
_CODE = re.compile(r"\b(?=[\w./-]{0,20}\d)(?=[\w./-]{0,20}[A-Za-z])[\w/-]{2,20}\b")
_YEAR = re.compile(r"\b(?:(?:FY|GJ) ?)?(?:19|20)\d{2}\b")
_NAME = re.compile(r"(?<=\s)(?:[A-ZÄÖÜ][\w&’'-]{1,40})(?: [A-ZÄÖÜ][\w&’'-]{1,40}){0,4}")
_SUBJECTS = (
    r"(?:(?:an? |the |our )?(?:employees?|engineers?|service engineers?|managers?|apprentices?|contractors?"
    r"|visitors?|directors?|buyers?"
    r"|customers?|suppliers?|team leaders?|new joiners?|temporary staff|staff|part-time (?:staff|employees)|working"
    r" students?)"
    r"|mitarbeiter\w{0,5}|beschäftigte\w{0,1}|auszubildende\w{0,1}|azubis|führungskräfte\w{0,1}|ingenieure?\w{0,1}"
    r"|kunden|lieferanten"
    r"|leiharbeiter\w{0,5})"
)
_SUBJECT = re.compile(rf"\b{_SUBJECTS}\b", re.IGNORECASE)
_SPEAKER = re.compile(r"\b(?:do|can|may|must|should|will|am) (?P<who>i|we)\b", re.IGNORECASE)
_TOPICS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:what|who|which|how (?:much|many|long|high|large|big|old|heavy|often|far|expensive)) (?:is|are|was"
        r"|were) (?P<topic>.{2,160})$",
        r"^(?:is|are|was|were) there (?P<topic>.{2,120})$",
        r"^(?:what|how much|how (?:many|much) [\w -]{1,40}?|how long) (?:do|does|did|will|would|can)"
        r" (?P<topic>(?:the|a|an|our|my|your) .{2,100}?)"
        r" (?:cost|take|hold|last|weigh|mean|need|contain|lift|say|do|carry|give|get|earn|run|include|cover)(?:"
        r" .{0,80})?$",
        r"^(?:what|how much|how (?:many|much) [\w -]{1,40}?|how long) (?:do|does|did|will|would|can)"
        r" (?P<topic>[A-Z].{1,80}?)"
        r" (?:cost|take|hold|last|weigh|mean|need|contain|lift|say|do|carry|give|get|earn|run|include|cover)(?:"
        r" .{0,80})?$",
        r"^(?:how|when|where|why) (?:do|does|did|can|could|may|must|should|will) (?:i|we|you|one|they) \w{1,20}"
        r" (?P<topic>(?:the|a|an|our|my) .{2,120})$",
        r"^(?:can|could|may|must|should|do|does|will) (?:i|we|you|they) (?:have to |need to )?\w{1,20}"
        r" (?P<topic>(?:the|a|an|our|my) .{2,120})$",
        r"^(?:who|which \w{1,20}) (?:has to |have to |must |may |can |should )?(?:\w{1,20}) (?P<topic>(?:the|a|an"
        r"|our|my|all|every) .{2,120})$",
        r"^(?:when|where|how) (?:is|are|was|were) (?P<topic>(?:the|a|an|our|my) .{2,80}?) \w{2,20}(?:ed|en|t|ne|ld"
        r"|de)$",
        r"^(?:when|where|how|why) (?:is|are|was|were|does|do|did|will|can) (?P<topic>(?:the|a|an|our|my)"
        r" .{2,120}?)(?: (?:begin|start|end|open"
        r"|close|take place|happen|work|apply|come|expire|be \w{1,20}))?$",
        r"^(?:was|wer|wie (?:hoch|lang|lange|teuer|groß|viel|oft)) (?:ist|sind|war|waren|gilt|gelten|kostet|dauert"
        r"|beträgt) (?P<topic>.{2,160})$",
        r"^(?:wo|wann|wie|warum) (?:ist|sind|war|wird|werden|beginnt|endet|gilt) (?P<topic>(?:der|die|das|ein|eine"
        r"|unser|unsere) .{2,120}?)$",
        r"^wer \w{2,20} (?P<topic>(?:der|die|das|den|dem|ein|eine|einen|unsere?n?) .{2,120})$",
        r"^gibt es (?P<topic>.{2,120})$",
        r"^(?:compare|describe|explain|show|list|nenne|erkläre|zeige|vergleiche) (?P<topic>.{2,160})$",
    )
)
_RUN = r"(?:the )?[A-ZÄÖÜ][\w&’'-]{0,40}(?: [A-ZÄÖÜ][\w&’'-]{0,40}){0,4}"
_VERB = (
    r"(?=$|,| (?:is|are|was|were|do|does|did|can|may|must|should|will|has|have|cost|costs|take|takes|hold|holds"
    r"|need|needs|give"
    r"|gives|get|gets|ist|sind|hat|haben|kann|darf|muss|gilt|kostet|dauert|per|pro)\b)"
)
_VAGUE = frozenset(("about", "same", "other", "another"))
_GERMAN = re.compile(r"\b(?:wie|wer|wann|wo|ist|sind|darf|kann|der|das|ich|und)\b", re.IGNORECASE)
# "What notice does a service engineer give": the notice that a service engineer gives.
_GIVEN = re.compile(
    r"^(?:what|which) (?P<noun>[a-z][\w-]{2,30}(?: [\w-]{2,30}){0,2}) (?:do|does|did|can|may|must|will)"
    r" (?P<rest>.{3,120})$",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"^(?:when|where|how|why) (?:do|does|did|will|can) (?P<topic>(?:the|a|an|our|my) [^,]{2,80}?) (?:begin|start"
    r"|end|open|close"
    r"|take place|happen|work|apply|expire)(?P<rest> (?:in|at|for|on|of) [^,]{2,60})?$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r",? (?:when|if|because|while|so that|after i|before i|once|wenn|falls|weil|sobald) .*$",
    re.IGNORECASE,
)


def put_in_place(words: str, before: str) -> str | None:
    """The earlier question with `words` in the place of what they stand for; None where nothing tells which."""
    placed = _PLACED.match(words)
    if placed is None:
        return _put_thing(words, before)
    preposition, thing = placed["preposition"].lower(), placed["object"]
    if (_YEAR.fullmatch(thing) or _CODE.fullmatch(thing)) and (found := _alike(thing, before)):
        return _replaced(before, found, thing)
    phrase = _RUN if thing[:1].isupper() else rf"(?i:{_DETERMINER})\S[^,?]{{0,60}}?(?i:{_STOP})"
    for one in dict.fromkeys((preposition, _SAME.get(preposition, preposition))):
        if found := _last(re.compile(rf"\b(?i:{one}) {phrase}"), before):
            return _replaced(before, found, words)
    if found := _alike(thing, before):
        return _agreeing(_replaced(before, found, thing), thing)
    return f"{before} {words}"


def _put_thing(words: str, before: str) -> str | None:
    if same := _same_kind(words, before):
        return _replaced(before, same, words)
    if found := _alike(words, before):
        if words.rsplit(maxsplit=1)[-1].islower() and (
            noun := re.match(rf" [a-zäöü]{{3,30}}{_STOP}", before[found[1] :])
        ):
            found = (found[0], found[1] + noun.end())  # "the Skerry racks" for "Tarn pumps", with both nouns.
        return _agreeing(_replaced(before, found, _with_determiner(words, before, found)), words)
    if found := _last(rf"(?<=\bfor ){_DETERMINER}\S[^,?]{{0,60}}?{_STOP}", before):
        return _replaced(before, found, words)
    return f"{before} {'für' if _GERMAN.search(before) else 'for'} {words}"


def _same_kind(words: str, before: str) -> tuple[int, int] | None:
    """ "a trip to Norway" takes the place of "a trip outside Europe": the same noun, with what follows it."""
    for noun in re.findall(r"[a-zäöü]{4,30}", re.split(rf" (?:{PREPOSITIONS}) ", words, maxsplit=1)[0])[::-1]:
        if noun in _VAGUE:
            continue
        pattern = (
            r"\b(?:(?:an?|the|our|my|ein|eine|der|die|das) )(?:[\w-]{1,30} ){0,3}?"
            rf"{noun}\b[^,?]{{0,80}}?{_VERB}"
        )
        if found := _last(pattern, before):
            # Without words of its own after the noun, what followed it stays.
            kept = words.rstrip().endswith(noun)
            end = before.rindex(noun, *found) + len(noun) if kept else found[1]
            return found[0], end
    return None


def topic_of(before: str) -> str | None:
    """The thing that a question asks about, as its own words name it, or None."""
    if given := _GIVEN.match(before):
        return f"the {given['noun']} that {given['rest']}"
    if begins := _BEGINS.match(before):
        return f"{begins['topic']}{begins['rest'] or ''}"
    for pattern in _TOPICS:
        if match := pattern.match(before):
            topic = _CLAUSE.sub("", match["topic"]).strip(" ,;")
            if topic and not re.match(r"(?:it|they|that|this|es|sie|das)\b", topic, re.IGNORECASE):
                return topic
    return None


def _alike(words: str, before: str) -> tuple[int, int] | None:
    """The last stretch of `before` of the same form: a year for a year, a code for a code, a name for a name."""
    bare = re.sub(r"^(?:the|a|an|our|der|die|das|den|dem|ein|eine|einen) ", "", words, flags=re.IGNORECASE)
    if _SUBJECT.fullmatch(words) or _SUBJECT.fullmatch(bare):
        speaker = _SPEAKER.search(before)
        return _last(_SUBJECT, before) or (speaker.span("who") if speaker else None)
    if _YEAR.fullmatch(bare):
        return _last(_YEAR, before)
    if _CODE.fullmatch(bare):
        return _last(_CODE, before)
    if re.fullmatch(r"[A-ZÄÖÜ].*", bare):
        return _last(_NAME, before)
    return None


def is_plural(topic: str) -> bool:
    """Whether a topic's own noun ends as a plural does."""
    words = re.split(rf" (?:{PREPOSITIONS}|that) ", topic, maxsplit=1)[0].split()
    return bool(words) and words[-1].endswith(("s", "en")) and words[0].lower() not in ("a", "an", "ein", "eine")


def _agreeing(text: str, words: str) -> str:
    """ "does contractors" is "do contractors"."""
    plural = words.endswith("s") and words[:1].islower() and not words.startswith(("a ", "an "))
    return text.replace(f"does {words}", f"do {words}") if plural else text


def _last(pattern: str | re.Pattern[str], text: str) -> tuple[int, int] | None:
    compiled = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
    spans = [match.span() for match in compiled.finditer(text)]
    return spans[-1] if spans else None


def _with_determiner(words: str, before: str, span: tuple[int, int]) -> str:
    """ "an FJ-200" for "FJ-120" of "an FJ-120": the article is there already."""
    if not re.search(r"\b(?:the|a|an|der|die|das|den|dem|ein|eine) $", before[: span[0]], re.IGNORECASE):
        return words
    return re.sub(r"^(?:the|a|an|der|die|das|den|dem|ein|eine|einen) ", "", words, flags=re.IGNORECASE)


def _replaced(text: str, span: tuple[int, int], words: str) -> str:
    return f"{text[: span[0]]}{words}{text[span[1] :]}"
