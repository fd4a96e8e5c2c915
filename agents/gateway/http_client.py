"""HTTP clients for model providers: what they send, where to, and how much they take is bounded here.

The providers' own libraries add headers that tell of this machine and read settings from the environment; they
follow redirects, too. A prompt goes where the configuration says and nowhere else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import ModuleType
from typing import Any

from .failures import ModelFailure

MOST_BYTES = 16_000_000
"""Of one response; a longer one is given up."""

_SENT = frozenset(
    {"host", "connection", "accept", "content-type", "content-length", "transfer-encoding", "anthropic-version"}
)


def guarded_arguments(library: ModuleType, *, local: bool, secret: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of an `AsyncClient` of `library` (httpx, or httpx2 which has the same interface).

    `secret` are the headers that hold the key, by name. A local model is never asked through a proxy.
    """

    async def clean(request: Any) -> None:
        for name in {name.lower() for name in request.headers} - _SENT:
            del request.headers[name]
        # Unpacked, a small answer could be of any size.
        request.headers.update({"user-agent": "groundcrew", "accept-encoding": "identity", **secret})

    async def bound(response: Any) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ModelFailure("bad_response", "the model's server sent a packed answer that nobody asked for")
        response.stream = bounded(response.stream)

    bounded = _bounded_stream(library)
    return {
        "event_hooks": {"request": [clean], "response": [bound]},
        "trust_env": not local,
        "follow_redirects": False,
        "limits": library.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=30.0),
    }


def _bounded_stream(library: ModuleType) -> type[Any]:
    """A class of streams that break off after MOST_BYTES, of the kind that the library takes."""

    def start(self: Any, stream: Any) -> None:
        self.stream = stream

    async def parts(self: Any) -> AsyncIterator[bytes]:
        size = 0
        async for part in self.stream:
            size += len(part)
            if size > MOST_BYTES:
                raise ModelFailure("bad_response", f"the model's server sent more than {MOST_BYTES:,} bytes")
            yield part

    async def close(self: Any) -> None:
        await self.stream.aclose()

    return type("BoundedStream", (library.AsyncByteStream,), {"__init__": start, "__aiter__": parts, "aclose": close})
