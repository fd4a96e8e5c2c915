"""Errors of the agents floor.

AgentError
├── QuestionRefused     the question cannot be taken at all (empty, too long, unknown mode)
│   └── TooManyQuestions    the asker has asked as many as they may for now
├── RunStopped          somebody stopped the run, or it came to its limit of time
├── TokenStoreError     the file of token vectors cannot be used
├── NotComputable       figures do not go together; no claim is made of them
├── ModelUnavailable    no language model gave a usable reply; the crew goes on without one
├── EngagementError     the rules of engagement or a policy cannot be used
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


class TooManyQuestions(QuestionRefused):
    """The asker has asked as many questions as they may within a minute."""

    code = "too_many_questions"
    retryable = True


class RunStopped(AgentError):
    """The run was stopped before it had an answer."""

    code = "run_stopped"


class ModelUnavailable(AgentError):
    """No language model gave a usable reply; `reason` is one of the codes of `agents.gateway`."""

    code = "model_unavailable"
    retryable = True

    def __init__(self, message: str, reason: str = "unavailable") -> None:
        super().__init__(message)
        self.reason = reason


class EngagementError(AgentError):
    """The rules of engagement or a policy cannot be used; the message names the file and the key."""

    code = "bad_policy"


class EvaluationError(AgentError):
    """A question set cannot be read; the message names the file and the line."""

    code = "bad_question_set"
