"""Attacks in a question itself: the asker wants the rules dropped, the prompt shown, or more than an answer."""

from __future__ import annotations

import re

from ingest.instructions.unmasking import hidden, lowered, unmask

_ABOUT = re.compile(
    r"\b(?:polic(?:y|ies)|rules? (?:on|about|for)|guidelines? (?:on|about|for)|training|document(?:ation)? (?:on|"
    r"about)|"
    r"say(?:s)? (?:on|about)|said about|what (?:is|are|does|do|happens|should|if)|how (?:do|does|can|should|are|is)|"
    r"why|"
    r"who|when|where|which|was (?:ist|sagt)|wie|qué (?:es|dice)|qu'est-ce|comment|explain (?:what|how|why))\b"
)
_TARGET = (
    r"(?:instructions?|prompts?|rules?|guidelines?|restrictions?|safeguards?|filters?|constraints?|"
    r"your (?:\w+ )?(?:training|programming|polic(?:y|ies))|anweisungen|regeln|vorgaben|instrucciones|reglas|"
    r"consignes|règles)"
)
_SECRET = (
    r"(?:system ?prompts?|system messages?|(?:your|initial|hidden|original|secret|internal|developer) (?:\w+ ){0,2}?"
    r"(?:prompts?|instructions?|messages?|configuration)|your (?:api |secret |access )?(?:keys?|tokens?|credentials|"
    r"passwords?)|"
    r"(?:(?<=all )|(?<=the ))(?:api[ -]?keys|credentials|passwords|environment variables)|systemanweisung(?:en)?|"
    r"deine anweisungen|tus instrucciones|tes instructions|"
    r"message système)"
)
_SHOW = (
    r"(?:reveal|show|print|output|repeat|display|tell|give|leak|dump|recite|expose|return|list|write(?: out)?|copy|"
    r"verrate|"
    r"zeige?|gib|nenne|affiche[zr]?|montre[zr]?|muestra|revela)"
)
_ALL = r"(?:(?:all|every|each|the entire|everything|the complete|the full|alle|sämtliche|toutes?|tous|todos|todas)\b)"
_PATTERNS = {
    "asks to drop the rules": (
        rf"\b(?:ignore|disregard|forget|override|bypass|circumvent|skip|turn off|disable|ignoriere[n]?|vergiss|umgehe|"
        rf"ignorez|oublie[zr]?|ignora|olvida)\b (?:[\w'-]+ ){{0,5}}?(?:{_TARGET}\b|everything (?:you|above|before)|"
        r"(?:the )?(?:above|access control|access rights|permissions))"
    ),
    "asks for the prompt or keys": rf"\b{_SHOW} (?:[\w'-]+ ){{0,4}}?{_SECRET}\b",
    "asks for what it was told": (
        r"\b(?:what (?:is|are|was|were|does) (?:in )?your (?:\w+ )?(?:prompt|instructions?|system message|rules|"
        r"configuration)|"
        r"(?:repeat|print|output|show me) (?:everything|all|the (?:text|words|lines?|message|content)) (?:\w+ ){0,2}?"
        r"(?:above|before|so far|preceding))\b"
    ),
    "gives another role": (
        r"\b(?:you are now (?!able|allowed|required|asked|supposed)\w+|from now on,? (?:you|answer|respond|act|ignore)|"
        r"pretend (?:to be|that (?:you|i)|you(?:'re| are)|i(?:'m| am))|(?:act|respond|answer|behave) as (?:if (?:i|"
        r"you) (?:were|was|"
        r"am|are|had)|an? (?:unrestricted|unfiltered|different|new|admin\w*|root|hacker|dan)\b|(?:admin\w*|root|"
        r"system)\b|though i)|"
        r"(?:developer|debug|god|dan|jailbreak|maintenance|admin) mode|do anything now|"
        r"du bist (?:jetzt|ab sofort) |tu es maintenant |ahora eres |tu als (?:ob|wärst))"
    ),
    "claims rights": (
        r"\b(?:i am|i'm|ich bin|je suis|soy) (?:an? |the |your |der |die |ein |l'|el )?(?:admin\w*|root|developer|"
        r"system owner|"
        r"super ?user|entwickler)\b.{0,60}?\b(?:show|give|list|print|grant|ignore|override|so|tell|zeig|gib|montre|"
        r"muestra)|"
        r"\b(?:treat|consider) me as (?:an? )?(?:admin\w*|root|ceo|owner|board member)|\bas (?:an? )?(?:admin|"
        r"root)\b,? "
        r"(?:show|list|print|give|reveal|tell)|"
        r"\b(?:grant|give) me (?:full |admin |root |unrestricted )+(?:access|rights)\s*(?:now|and|,|$)"
    ),
    "asks for everything there is": (
        rf"\b(?:print|dump|output|export|list|show(?: me)?|give me|send me|copy|reproduce|return|zeige|gib mir|"
        rf"affiche[zr]?|muestra)"
        rf" (?:\w+ )?{_ALL} (?:of )?(?:the |your |our |internal |confidential |restricted |secret |indexed |den |die "
        rf"|les |los |las |"
        r"of )*(?:documents?|files?|passages|chunks|data ?base|index|sources? text|restricted \w+|confidential \w+|"
        r"secrets|"
        r"passwords|credentials|dokumente|dateien|fichiers|documentos)(?: (?:that )?(?:you (?:have|know|can)|word "
        r"for word|verbatim|"
        r"in full|in the (?:system|index|database))\b|\s*[.!?]?$)"
    ),
    "would carry data out": (
        r"\b(?:send|post|upload|forward|exfiltrate|append|encode)\b .{0,80}?(?:https?://|webhook|as a (?:url|link|"
        r"query)|"
        r"in(?:to)? (?:a|the) (?:url|link|image)\b)|!\[[^\]]{0,80}\]\(https?:"
    ),
    "forges the marks of a conversation": (
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?inst\]|<<sys>>|</?system>|### ?(?:system|"
        r"instruction)|"
        r"(?:^|\n) ?(?:system|assistant) ?: ?\w"
    ),
}
_RULES = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS.items())
_ALWAYS = frozenset(("asks for what it was told", "forges the marks of a conversation", "would carry data out"))
_SPACES = re.compile(r"[^\S\n]+")
_CLAUSE = re.compile(r"[.!?;\n]+\s*|,\s+(?:and|then|but|und|et|y)\s+|\s+and then\s+")
_QUOTES = frozenset("\"'“‘«„")
_LONGEST = 4000


def question_attacks(question: str) -> tuple[str, ...]:
    """What a question tries besides asking, in a person's words; empty for an honest one.

    A question about such things ("What does our policy say on prompt injection?") is an honest one.
    """
    said = [unmask(question[:_LONGEST]).text, *(found.text for found in hidden(question[:_LONGEST]))]
    found: dict[str, None] = {}
    for text in said:
        lower = _SPACES.sub(" ", lowered(text)).strip()
        for name, rule in _RULES:
            for hit in rule.finditer(lower):
                if name in _ALWAYS or not _is_about(lower, hit.start()):
                    found[name] = None
                    break
    return tuple(found)


def _is_about(lower: str, start: int) -> bool:
    """Whether the clause before a hit asks about it rather than for it."""
    clause_start = max((cut.end() for cut in _CLAUSE.finditer(lower, 0, start)), default=0)
    return bool(_ABOUT.search(lower, clause_start, start)) or lower[max(0, start - 1) : start] in _QUOTES
