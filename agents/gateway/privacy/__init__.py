"""Privacy: personal data is recognised, masked before a remote model sees it and put back afterwards, or withheld.

In the order of the work: viewing (a text without disguises) -> contacts, identifiers, labelled, phones, addresses,
tables, naming (recognisers, with the words of lexicon, words and announcing) -> knowing (what the run has met) ->
recognising (all together) -> masking, unmasking, scrubbing.
"""

from .kinds import PERSONAL, Find, Kind
from .masking import Masker, MaskingLimit
from .scrubbing import scrub
from .unmasking import StreamUnmasker

__all__ = ["PERSONAL", "Find", "Kind", "Masker", "MaskingLimit", "StreamUnmasker", "scrub"]
