"""Wordings that are only ever meant for a machine: overrides, role play, forged chat marks, links that carry data out.

Each rule is looked for only around its keys, within bounded windows, so that a text costs time linear in its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_BEFORE, _AFTER = 60, 240
_SPACES = re.compile(r"\s{2,}|[\n\t\r]")
_RUNS = re.compile(r"\s{2,}")


class Phrase(NamedTuple):
    """A stretch [start, end) in such words, and what they are in a person's words."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    reason: str
    keys: Sequence[str]
    pattern: re.Pattern[str]


_AI = (
    r"(?:ais?|a\.i\.|llms?|(?:large |ai )?language models?|ai (?:assistants?|models?|agents?|systems?|readers?)|"
    r"(?:virtual |digital )?assistants?|chat ?bots?|chatgpt|gpt|copilot|gemini|claude|answering (?:engine|system)s?|"
    r"ki|sprachmodelle?|ki-(?:assistente?n?|modelle?)|ia|mod[eè]les? de langage|modelo de lenguaje|asistente)"
)
_ORDERS = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|constraints?|safeguards?|"
    r"messages?|system messages?|programming|training|polic(?:y|ies)|context|anweisungen|anweisung|vorgaben|regeln|"
    r"befehle|consignes?|r[eè]gles|instrucciones|reglas|[oó]rdenes|indicaciones)"
)
_EARLIER = (
    r"(?:previous|prior|preceding|above|earlier|former|initial|original|existing|past|foregoing|system|safety|your|"
    r"bisherigen?|vorherigen?|vorigen|früheren|obigen|deine|ihre|pr[eé]c[eé]dente?s?|ant[eé]rieure?s?|tes|vos|"
    r"ci-dessus|anteriores|previas|tus|sus)"
)
_DROP = (
    r"(?:ignore|disregard|forget|override|bypass|overrule|discard|neglect|skip|circumvent|do not (?:follow|obey)|"
    r"don't (?:follow|obey)|stop following|ignoriere[n]?|vergiss|vergessen sie|missachten?|ignorez|oublie[zr]?|"
    r"ne (?:suis|suivez) pas|ignora|ignore|olvida|olvide|omite)"
)
_SECRET = (
    r"(?:system (?:prompt|message|instructions?)|(?:initial|hidden|secret|internal|original) (?:prompt|instructions?)|"
    r"your (?:\w+ )?(?:prompt|instructions?|configuration|guidelines|rules)|developer message|systemanweisung(?:en)?|"
    r"system-?prompt|message (?:du )?syst[eè]me|mensaje del sistema)"
)
_SHOW = (
    r"(?:print|reveal|show|output|repeat|display|leak|disclose|expose|recite|tell|give|write (?:out|down)|verrate|"
    r"zeige|"
    r"gib|affiche[zr]?|r[eé]v[eè]le[zr]?|montre[zr]?|muestra|muestre|revela|imprime)"
)
_DATA = (
    r"(?:answer|response|conversation|history|summary|context|prompt|secrets?|(?:user|chat|private)[_ -]?\w+|password|"
    r"api[_ -]?keys?|credentials|documents?|data|text|question|content|token)"
)
_FEW = r"(?:[\w'’,-]+ ){0,6}?"


def _rule(reason: str, keys: str, pattern: str) -> _Rule:
    return _Rule(reason=reason, keys=keys.split("|"), pattern=re.compile(pattern))


_RULES = (
    _rule(
        "tells the reader to drop its instructions",
        "ignor|disregard|forget|overrid|overrul|bypass|discard|neglect|skip|circumvent|follow|obey|vergiss|vergessen|"
        "missacht|oubli|suis |suivez|olvid|omite",
        rf"\b{_DROP}\b (?:[\w'’,-]+ ){{0,4}}?(?:{_EARLIER} (?:[\w'’,-]+ ){{0,3}}?{_ORDERS}|"
        rf"{_ORDERS} (?:\w+ ){{0,2}}?(?:{_EARLIER}|that you (?:were|have)|you (?:were|have|received))|"
        r"(?:everything|all|anything)(?: that)? (?:you (?:were|have|know|read|learned)|above|before|so far)|"
        r"alles,? was (?:du|sie)|tout ce (?:que|qui)|todo lo (?:que|anterior)|the (?:user(?:'s)?|question)\b|"
        r"all (?:of )?(?:the )?(?:instructions|rules))",
    ),
    _rule(
        "gives the reader another role",
        "you are now|you're now|from now on|pretend|developer mode|unrestricted mode|god mode|jailbr|dan mode|"
        "do anything now|du bist jetzt|sie sind jetzt|ab jetzt|ab sofort|von jetzt an|tu es maintenant|"
        "vous êtes maintenant|désormais|ahora eres|a partir de ahora|act as|no longer bound|new persona",
        r"\byou(?: are|'re) now (?:an? |the |in |no longer |free |acting |called |operating |known )|"
        r"\bfrom now on,? (?:you (?:are|will|must|should|shall|answer|respond|reply|speak|act)|answer|respond|reply|"
        rf"always|never|only|ignore|act|speak)|\bpretend (?:to be|(?:that )?you(?:'re| are)) (?:[\w-]+ "
        rf"){{0,3}}?(?:{_AI}|admin\w*|"
        r"unrestricted|evil|hacker|the user(?:'s)?)\b|"
        r"\b(?:enter|enable|activate|in) (?:dan|jailbreak|god|unrestricted) mode|\byou are (?:now )?in developer "
        r"mode|\bdo anything now\b|"
        r"\bdu bist (?:jetzt|nun|ab sofort) |\bsie sind (?:jetzt|nun) ein|"
        r"\b(?:ab (?:jetzt|sofort)|von (?:jetzt|nun) an) (?:antworte|bist du|sind sie|sollst du|ignoriere)|"
        r"\btu es maintenant |\bvous êtes maintenant (?:un|une|le|la) |"
        r"\b(?:désormais|à partir de maintenant),? (?:tu|vous|réponds|répondez)|\bahora eres |"
        r"\ba partir de ahora,? (?:eres|responde|debes|actúa)|"
        rf"\bact as (?:an? |the |if you were (?:an? |the )?)(?:[\w-]+ ){{0,2}}?(?:{_AI}|root|hacker|"
        r"linux terminal|dan)\b|\bno longer bound by",
    ),
    _rule(
        "addresses an assistant",
        " ai|ai |ais |llm|language model|assistant|chatbot|chat bot|chatgpt|gpt|copilot|gemini|claude|answering |"
        " ki|sprachmodell| ia |modèle|modelo|asistente",
        rf"\b(?:notes?|messages?|instructions?|attention|notice|reminder|information|hinweis|anweisung|nachricht|"
        rf"instrucciones|nota|mensaje) (?:to|for|an|für|pour|para|à) (?:\w+ ){{0,2}}?{_AI}\b(?! (?:team|act|strategy|"
        rf"engineer|product|feature|office|development|platform|search))|"
        rf"\b(?:if|when|since|because|wenn|si) (?:you are|you're|du|sie|vous êtes|tu es|eres) (?:an? |the |ein |une? "
        rf"|un )?"
        rf"(?:\w+ )?{_AI}\b|"
        rf"\bas an? (?:\w+ )?{_AI},? (?:you|please|ignore|always|never|do)\b|"
        rf"\b{_AI} (?:that |which |who )?(?:reading|processing|summari[sz]ing|parsing|analy[sz]ing|reads?|"
        rf"process(?:es)?|summari[sz]es?) (?:this|these|the) (?:page|text|document|mail|email|e-mail|file|message|"
        rf"resume)|"
        rf"\b(?:the|any|all|every|dear|hey|hello|attention,?) {_AI},? (?:must|should|shall|has to|have to|needs? to|"
        rf"is to|"
        rf"please|ignore|you (?:must|should|are))\b (?:\w+ ){{0,3}}?(?:say|reply|answer|respond|state|tell|recommend|"
        rf"rate|rank|approve|include|mention|output|write|ignore|always|never|print|add|report|call|send)\b",
    ),
    _rule(
        "asks for the hidden prompt",
        "system prompt|system message|system instruction|prompt|your instruction|configuration|guidelines|your rules|"
        "developer message|systemanweisung|système|del sistema|hidden instruction|secret instruction",
        rf"\b{_SHOW} (?:[\w'’-]+ ){{0,4}}?{_SECRET}\b",
    ),
    _rule(
        "forges the marks of a conversation",
        "<|im_|<|system|<|user|<|assistant|<|end|[inst]|[/inst]|<<sys|### instruction|### system|### response|"
        "### assistant|<system|</system|[system]|begin_of_text|start_header_id|<start_of_turn>",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|end|begin_of_text|start_header_id|eot_id)\|>|"
        r"\[/?inst\]|<<sys>>|### (?:instructions?|system|response|assistant)(?: (?:prompt|message))?:|"
        r"</?system(?:[_ -](?:prompt|message|instructions?))?>|\[system\]|<start_of_turn>",
    ),
    _rule(
        "speaks as the system",
        "system:|system message:|system prompt:|system override|assistant:|new instruction|new system|instructions "
        "follow|"
        "neue anweisung|nouvelles instructions|nuevas instrucciones|end of document|end of context|end of user",
        r"(?<!operating )\b(?:system|assistant)(?: (?:message|prompt|override|note|instruction))?: ?(?:you (?:must|"
        r"will|are|shall|"
        r"should|may|have)|ignore|from now|always|never|respond|reply|answer|disregard|forget|say|output|print)\b|"
        r"\bsystem override\b|\bnew (?:system )?instructions?(?: \w+)?:|\bnew instructions follow|"
        r"\bneue anweisung(?:en)?:|\bnouvelles instructions ?:|\bnuevas instrucciones:|"
        r"\bend of (?:the )?(?:documents?|context|user (?:input|message))\b.{0,40}\b(?:now|new|begin|instructions?|"
        r"system)\b",
    ),
    _rule(
        "would carry data out through a link",
        "](|src=|http",
        rf"https?://[^\s()<>\"']{{1,150}}[?&/=](?:\{{|<|\[|%7b|\$\{{|your[_-]|insert[_-]|the[_-])[\w.-]{{0,20}}?{_DATA}",
    ),
    _rule(
        "would carry data out through a link",
        "append|encode|attach|include|add |put |send|replace|exfiltrat|copy|insert",
        rf"\b(?:append|encode|attach|include|add|put|send|post|copy|insert|exfiltrate) {_FEW}{_DATA} {_FEW}"
        r"(?:to|into|in|as|at the end of|after) (?:[\w'’,-]+ ){0,5}?(?:https?://|url\b|link\b|query string|image "
        r"(?:url|link|src)|"
        r"webhook)",
    ),
    _rule(
        "tells the reader what to put in its answer",
        "instead of|do not answer|don't answer|do not mention|when asked|when you are asked|if asked|if you are asked|"
        "if anyone asks|if someone asks|if the user|when the user|whenever the user|before you answer|before answering",
        r"\binstead of (?:answering|summari[sz]ing|translating|responding|replying|doing|following) .{0,60}?,? ?"
        r"(?:say|reply|output|print|write|respond|answer|tell|give|list|show)|"
        r"\b(?:do not|don't) answer (?:the|any|this) (?:user|question)|"
        r"\b(?:when|whenever|if) (?:you are |you're |anyone |someone |the user |a user )?(?:ever )?(?:asked|asks?) "
        r"[^.?!]{0,60}?, ?(?:always |only |just |please )?(?:say|reply|answer|respond|state|claim|output|insist|"
        r"deny)\b|"
        r"\bbefore (?:you answer|answering)[ ,.].{0,30}?(?:run|execute|print|call|fetch|visit|open|send)|"
        r"\b(?:run|execute|print|call|fetch|visit|send) .{0,60}? before (?:you answer|answering)",
    ),
)


def phrases(lower: str) -> Iterator[Phrase]:
    """What the rules find in a text in lower case, rule by rule."""
    flat = _SPACES.sub(" ", lower)
    places = None
    for rule in _RULES:
        for start, end in _windows(flat, rule.keys):
            for found in rule.pattern.finditer(flat, start, end):
                if places is None:
                    places = _Places(lower)
                yield Phrase(places.of(found.start()), places.of(found.end() - 1) + 1, rule.reason)


class _Places:
    """Where characters stood before each run of white space became one space."""

    def __init__(self, text: str) -> None:
        self._flat: list[int] = []
        self._gone: list[int] = []
        gone = 0
        for run in _RUNS.finditer(text):
            self._flat.append(run.start() - gone)
            gone += run.end() - run.start() - 1
            self._gone.append(gone)

    def of(self, place: int) -> int:
        """The place in the text of a place in the flat one."""
        before = bisect_left(self._flat, place)
        return place + (self._gone[before - 1] if before else 0)


def _windows(lower: str, keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Stretches around the keys; those that touch are one."""
    places = sorted(place for key in keys for place in _places(lower, key))
    start = end = 0
    for place in places:
        if place - _BEFORE > end:
            if end:
                yield start, end
            start = max(0, place - _BEFORE)
        end = place + _AFTER
    if end:
        yield start, end


def _places(lower: str, key: str) -> Iterator[int]:
    place = lower.find(key)
    while place >= 0:
        yield place
        place = lower.find(key, place + len(key))
