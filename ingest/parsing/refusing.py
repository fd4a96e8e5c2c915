"""How a parser says no: a `ParseError` whose words a person can act on."""

from __future__ import annotations

from typing import NoReturn

from ..errors import ParseError, Problem


def refuse(code: str, reason: str, mend: str, *, cause: BaseException | None = None) -> NoReturn:
    """Raise the `ParseError` that sends this file to quarantine."""
    raise ParseError(Problem(code=code, reason=reason, mend=mend)) from cause


def refuse_empty() -> NoReturn:
    """Refuse a file that holds no text at all."""
    refuse("empty", "The file holds no text.", "Add content, or exclude the file with `exclude`.")


def refuse_damaged(format_name: str, cause: BaseException) -> NoReturn:
    """Refuse a file whose library failed on it; the library's own words are kept, shortened."""
    detail = " ".join(str(cause).split())[:200] or type(cause).__name__
    refuse(
        "damaged",
        f"The file cannot be read as {format_name}: {detail}",
        "Open the file in its own program, save it again, and sync once more.",
        cause=cause,
    )


def refuse_protected(format_name: str) -> NoReturn:
    """Refuse a file that needs a password."""
    refuse(
        "password_protected",
        f"The {format_name} file is encrypted with a password.",
        "Save a copy without the password, or exclude the file with `exclude`.",
    )


def refuse_unsupported(what: str, mend: str | None = None) -> NoReturn:
    """Refuse a format that no parser reads; `what` names it with its article ("a ZIP archive")."""
    refuse(
        "unsupported_format",
        f"The file is {what}, which holds no text that can be read here.",
        mend or "Export it as PDF or text, or exclude it with `exclude` in the source's configuration.",
    )
