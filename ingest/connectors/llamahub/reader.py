"""Finds, makes and runs a LlamaIndex reader, and says what its errors mean."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from ...errors import MissingLibrary, SourceError
from ...settings import LlamaHubSettings

_SECRET = re.compile(r"key|token|secret|password|passwd|credential|auth|pat$", re.IGNORECASE)
_ADDRESS = re.compile(r"(\w+://)(?:[^/@\s'\"]*@)?([^\s?'\"]*)(\?[^\s'\"]*)?")
_QUIET = {"SCARF_NO_ANALYTICS": "true", "DO_NOT_TRACK": "true", "ANONYMIZED_TELEMETRY": "False"}
_FOR_GOOD = (ImportError, TypeError, ValueError, AttributeError, KeyError, NotImplementedError)


class LlamaDocument(Protocol):
    """What is used of `llama_index.core.schema.Document`."""

    @property
    def id_(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def metadata(self) -> Mapping[str, object]: ...


class MissingReader(MissingLibrary):
    """The package that holds the reader is not installed."""

    def __init__(self, reader: str, package: str) -> None:
        SourceError.__init__(
            self,
            f"the reader {reader} needs the package {package}, which is not installed: pip install {package}",
            retryable=False,
        )


class Reader:
    """One reader of the configuration; each `documents` makes it anew and loads everything."""

    def __init__(self, settings: LlamaHubSettings) -> None:
        self._settings = settings

    def documents(self) -> Iterator[LlamaDocument]:
        """Documents as the reader gives them, one at a time where it can do so.

        Raises:
            MissingLibrary: LlamaIndex, or the package of the reader, is not installed.
            SourceError: the reader does not exist or raised an error.
        """
        made = self._found()
        arguments = dict(self._settings.arguments)
        if "raise_on_error" not in arguments and _takes(made, "raise_on_error"):
            arguments["raise_on_error"] = True  # Otherwise what cannot be loaded is left out, and looks deleted.
        # Readers print, and standard output belongs to the command's own result.
        with self._told(), contextlib.redirect_stdout(sys.stderr):
            batches = iter(self._loading(made(**arguments))(**self._settings.load))
        while True:
            with self._told(), contextlib.redirect_stdout(sys.stderr):
                batch = next(batches, None)
            if batch is None:
                return
            for document in batch if isinstance(batch, (list, tuple)) else (batch,):
                if not hasattr(document, "id_") or not hasattr(document, "metadata"):
                    raise self._unusable(f"it gave a {type(document).__name__} where a Document was due")
                yield document

    def _found(self) -> Callable[..., Any]:
        name = self._settings.reader
        module, _, attribute = name.rpartition(".")
        if not module:
            raise self._unusable("its name has to be whole: package.module.Class")
        # Readers bring libraries of their own; one of them reports home when it is imported, unless it is told not to.
        os.environ.update(_QUIET)
        try:
            importlib.import_module("llama_index.core.readers.base")
        except ImportError as error:
            raise MissingLibrary("llama-index-core", "llamahub", "a LlamaIndex reader") from error
        try:
            found = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            raise MissingReader(name, package_of(error.name or module, module)) from error
        except AttributeError as error:
            raise self._unusable(f"the module {module} has no {attribute}") from error
        except Exception as error:
            raise self._explained(error) from error
        if not callable(found):
            raise self._unusable("it is no class")
        made: Callable[..., Any] = found
        return made

    def _loading(self, reader: Any) -> Callable[..., Any]:
        """The method that gives documents, if possible bit by bit."""
        from llama_index.core.readers.base import BaseReader

        for name in ("lazy_load_data", "iter_data"):
            method = getattr(reader, name, None)
            own = getattr(type(reader), name, None) is not getattr(BaseReader, name, None)
            if method is not None and own and all(_takes(method, one) for one in self._settings.load):
                found: Callable[..., Any] = method
                return found
        whole = getattr(reader, "load_data", None)
        if whole is None:
            raise self._unusable("it has no method load_data, so it is no reader")
        loading: Callable[..., Any] = whole
        return loading

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SourceError:
            raise
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> SourceError:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return MissingReader(self._settings.reader, package_of(error.name, ""))
        said = _first_line(error)
        if isinstance(error.__cause__, Exception):
            said += f" ({_first_line(error.__cause__)})"
        for secret in _secrets({**self._settings.arguments, **self._settings.load}):
            said = said.replace(secret, "***")
        said = _ADDRESS.sub(r"\1\2", said)
        return SourceError(
            f"the reader {self._settings.reader} of the source {self._settings.name} failed: {said}",
            retryable=not isinstance(error, _FOR_GOOD),
        )

    def _unusable(self, reason: str) -> SourceError:
        return SourceError(f"the reader {self._settings.reader!r} cannot be used: {reason}", retryable=False)


def text_of(document: LlamaDocument) -> str | None:
    """A document's text, None when it holds a picture or a recording and no text."""
    text = document.text or ""
    media = ("image_resource", "audio_resource", "video_resource", "image", "image_path", "image_url")
    if not text and any(getattr(document, name, None) for name in media):
        return None
    return text


def package_of(missing: str, wanted: str) -> str:
    """The package to install for a module: readers live in packages of their own, named after the module."""
    name = wanted if wanted.startswith(missing) else missing
    if name.startswith("llama_index."):
        parts = name.split(".")[:3]
        return "-".join(parts).replace("_", "-")
    return missing.split(".", maxsplit=1)[0]


def _first_line(error: Exception) -> str:
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _takes(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(one.name == name and one.kind is not one.VAR_KEYWORD for one in parameters)


def _secrets(arguments: Mapping[str, object]) -> Iterator[str]:
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from _secrets({str(inner): one for inner, one in value.items()})
        elif isinstance(value, str) and value and _SECRET.search(name):
            yield value
