"""Instructions that somebody planted in a document for whoever answers from it: `planted_instructions` is the door.

units        sentences, lines, cells         vocabulary   the words of requests, in four languages
features     how a unit differs from its surroundings, for the model in weights.json
phrases      wordings only meant for a machine             unmasking    hidden, turned and encoded text
planted      all of it together              reporting    what the quarantine says of a document
"""

from .planted import PlantedInstruction, planted_instructions
from .reporting import CODE, few_words, instruction_gaps

__all__ = ["CODE", "PlantedInstruction", "few_words", "instruction_gaps", "planted_instructions"]
