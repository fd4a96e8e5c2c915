"""Tokens estimated from text: for budgets before a call, and for endpoints that do not count."""

from __future__ import annotations

from collections.abc import Sequence

from .ports import Message

_PER_MESSAGE = 6


def estimated_tokens(text: str) -> int:
    """About as many tokens as a model's own tokenizer makes, rather too many: one for three bytes of UTF-8.

    English prose has four to five bytes a token, German and figures about three, other scripts two to three.
    """
    return -(-len(text.encode("utf-8", "replace")) // 3)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """What a prompt comes to, with the marks around each message."""
    return sum(estimated_tokens(one["content"]) + _PER_MESSAGE for one in messages)
