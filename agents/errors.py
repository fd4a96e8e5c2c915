"""Errors of the agents floor.

AgentError
├── QuestionRefused     the question cannot be taken at all (empty, too long, unknown mode)
└── EvaluationError     a question set cannot be read
"""

from __future__ import annotations


class AgentError(Exception):
    """Base of every error raised on this floor."""

    code: str = "agent_error"
    retryable: bool = False


class QuestionRefused(AgentError):
    """The question cannot be taken; the message says why and how to ask instead."""

    code = "question_refused"


class EvaluationError(AgentError):
    """A question set cannot be read; the message names the file and the line."""

    code = "bad_question_set"
