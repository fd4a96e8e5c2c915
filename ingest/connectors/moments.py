"""Times as items carry them, UTC and ISO 8601, from what other systems say."""

from __future__ import annotations

from datetime import UTC, date, datetime

UNKNOWN_TIME = "1970-01-01T00:00:00Z"


def moment_of(value: object) -> str:
    """A date, a time or text that says one; `UNKNOWN_TIME` for anything else. A time without a zone is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return UNKNOWN_TIME
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return UNKNOWN_TIME
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return UNKNOWN_TIME
    return moment.isoformat().replace("+00:00", "Z")


def moment_at(seconds: int) -> str:
    """Seconds since 1970; `UNKNOWN_TIME` where no calendar holds them."""
    try:
        return moment_of(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return UNKNOWN_TIME
