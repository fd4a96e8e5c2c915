"""Errors of the retrieval floor.

RetrievalError
├── ModelError      an embedding model is missing, damaged or not of the expected kind
├── SearchIndexError  a search index cannot be opened or written
└── FilterError     a search filter names an unknown key
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class RetrievalError(Exception):
    """Base of every error raised on this floor."""

    code: str = "retrieval_error"
    retryable: bool = False


class ModelError(RetrievalError):
    """An embedding model cannot be used; the message names the file and the mend."""

    code = "model_unusable"


class SearchIndexError(RetrievalError):
    """A search index is damaged or unavailable; the message names the folder and the mend."""

    code = "index_unusable"


class FilterError(RetrievalError):
    """A filter is not understood; the message lists what is."""

    code = "bad_filter"


@contextmanager
def as_index_error(what: str) -> Iterator[None]:
    """Raises whatever an index's library raises, a panic of its Rust code included, as a `SearchIndexError`.

    `what` opens the message: which index, and where it lies.
    """
    try:
        yield
    except (RetrievalError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # pyo3 derives its PanicException from BaseException.
        lines = str(error).strip().splitlines() or [""]
        raise SearchIndexError(
            f"{what} cannot be used ({type(error).__name__}: {lines[0]}); run "
            "`groundcrew doctor --repair`, which makes it anew from the catalog"
        ) from error
