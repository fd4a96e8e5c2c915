"""Errors of the retrieval floor.

    RetrievalError
    ├── ModelError      an embedding model is missing, damaged or not of the expected kind
    ├── SearchIndexError  a search index cannot be opened or written
    └── FilterError     a search filter names an unknown key
"""

from __future__ import annotations


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
