"""Errors of the records of runs.

RunError
├── RunStoreError     the file of runs is damaged, locked or from another version
├── RunNotFound       no such run, or none that the caller may see
├── RunNotStoppable   the run is over, or another process has it
├── ReviewNotFound    no such review, or none that the caller may see
├── ReviewClosed      the review does not wait any more: decided, or expired
├── ReviewRefused     the caller may not decide, or gives no reason where one is needed
└── ConversationNotFound  no such conversation of the caller's
"""

from __future__ import annotations

from ..errors import AgentError


class RunError(AgentError):
    """Base of the errors about records of runs."""

    code = "run_error"


class RunStoreError(RunError):
    """The file of runs cannot be used; the message names the file and the mend."""

    code = "runs_unusable"


class RunNotFound(RunError):
    """There is no such run, or none that the caller may see."""

    code = "run_not_found"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"no run {run_id!r}; groundcrew runs list shows which there are")


class RunNotStoppable(RunError):
    """The run is over, or it is not this process that works on it."""

    code = "run_not_stoppable"


class ReviewNotFound(RunError):
    """There is no such review, or none that the caller may see."""

    code = "review_not_found"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"no answer of a run {run_id!r} waits for review; groundcrew review list shows which do")


class ReviewClosed(RunError):
    """The review was decided or has expired; the message says by whom and when."""

    code = "review_closed"


class ReviewRefused(RunError):
    """The caller may not decide on this, or must say why."""

    code = "review_refused"


class ConversationNotFound(RunError):
    """The caller has no such conversation."""

    code = "conversation_not_found"

    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"no conversation {conversation_id!r}; groundcrew conversations list shows which there are")
