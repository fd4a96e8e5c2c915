"""A language model's server for tests: real HTTP on loopback, which says what a script tells it to, or misbehaves.

    with ModelServer(lambda asked: Json({"claims": []})) as server:
        ...  # base_url=server.url speaks OpenAI's protocol, server.host Anthropic's and Ollama's
        assert "Anna" not in server.sent

A script is a function from the request to a behaviour, a list of behaviours that are played in turn (the last one for
good), or one behaviour. A script runs in the request's own thread, so it may wait for another request:

    both = threading.Barrier(2)
    def script(asked: Asked) -> Behaviour:
        both.wait(timeout=5)  # nobody is answered before two have asked
        return Text("yes")

Spoken: POST /v1/chat/completions (OpenAI), /v1/messages (Anthropic), /api/chat (Ollama), each streamed and in one
piece, and GET /v1/models and /api/tags.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

MODEL = "scripted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in. `number` counts from 1; header names are in lower case."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        found = json.loads(self.text) if self.text else {}
        assert isinstance(found, dict)
        return found

    @property
    def messages(self) -> list[dict[str, str]]:
        """Role and text of each message, the system's first, whichever protocol they came in."""
        body = self.body
        found = [{"role": "system", "content": _plain(body["system"])}] if body.get("system") else []
        return found + [{"role": one["role"], "content": _plain(one["content"])} for one in body.get("messages", [])]

    @property
    def system(self) -> str:
        return "\n".join(one["content"] for one in self.messages if one["role"] == "system")

    @property
    def user(self) -> str:
        """What the user said last."""
        return [one["content"] for one in self.messages if one["role"] == "user"][-1]

    @property
    def streamed(self) -> bool:
        # Ollama streams unless told otherwise.
        return bool(self.body.get("stream", self.path.endswith("/api/chat")))

    @property
    def wants_schema(self) -> bool:
        return any(self.body.get(key) for key in ("response_format", "format", "tools"))


@dataclass(frozen=True, slots=True)
class Text:
    """An answer in these words. `usage` is tokens in and out, None for an endpoint that does not count.

    Streamed, it comes in `pieces` parts. `finish` of "length" says that it was cut off at the limit.
    """

    text: str
    usage: tuple[int, int] | None = (100, 20)
    finish: str = "stop"
    pieces: int = 4


@dataclass(frozen=True, slots=True)
class HalfStream:
    """Half the answer; then the connection is cut, or with `clean` the stream ends as if all were said."""

    text: str
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP error: 429 with `retry_after`, 500, 400 ..."""

    code: int
    message: str = "scripted failure"
    retry_after: float | str | None = None


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing at all, for so many seconds or until the server closes; then the connection is closed.

    With `started` a streamed answer begins, and hangs after its first part.
    """

    seconds: float = 30.0
    started: str | None = None


@dataclass(frozen=True, slots=True)
class CloseAtOnce:
    """The connection is closed before a word is said."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Another behaviour, after a wait."""

    seconds: float
    then: Behaviour


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes as the body of a 200, whatever the protocol asks for."""

    body: bytes
    content_type: str = "application/json"


Behaviour = Text | HalfStream | Status | Hang | CloseAtOnce | Slow | Raw
Script = Callable[[Asked], Behaviour] | Sequence[Behaviour] | Behaviour


def Json(value: Any, **options: Any) -> Text:  # noqa: N802 - reads as one of the behaviours
    """An answer whose text is this value as JSON."""
    return Text(json.dumps(value), **options)


def BrokenJson(value: Any, keep: float = 0.6) -> Text:  # noqa: N802 - reads as one of the behaviours
    """An answer whose text is the first part of this value as JSON, so that it cannot be read."""
    text = json.dumps(value)
    return Text(text[: int(len(text) * keep)])


class ModelServer:
    """The server, running from entering its context to leaving it. `lacks` are keys of a request's body, such as
    "response_format", that it answers with a 400, as endpoints do that do not know them."""

    def __init__(self, script: Script, *, lacks: Sequence[str] = ()) -> None:
        self._play = _player(script)
        self._lacks = tuple(lacks)
        self._lock = threading.Lock()
        self._requests: list[Asked] = []
        self._open = 0
        self._most_open = 0
        self.closing = threading.Event()
        self._http = _Server(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), name="model-server", daemon=True)

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.cut_connections()
        self._http.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """Where it listens; the base of Anthropic's and Ollama's addresses."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        """The base of OpenAI's addresses."""
        return f"{self.host}/v1"

    @property
    def requests(self) -> list[Asked]:
        """All that a model was asked, in order."""
        with self._lock:
            return [one for one in self._requests if one.method == "POST"]

    @property
    def sent(self) -> str:
        """Everything that was ever sent to it, with headers, with JSON's escapes undone: for "is it in there"."""
        with self._lock:
            found = list(self._requests)
        lines = [f"{one.path}\n{json.dumps(dict(one.headers))}\n{one.text}" for one in found]
        lines += ["\n".join(_strings(one.body)) for one in found if one.text]
        return "\n".join(lines)

    @property
    def most_open(self) -> int:
        """How many requests were open at once at most."""
        return self._most_open

    def answer(self, handler: _Handler, method: str) -> None:
        """Records a request and plays its behaviour."""
        text = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        with self._lock:
            headers = {name.lower(): value for name, value in handler.headers.items()}
            asked = Asked(number=len(self._requests) + 1, method=method, path=handler.path, headers=headers, text=text)
            self._requests.append(asked)
            self._open += 1
            self._most_open = max(self._most_open, self._open)
        try:
            if method == "GET":
                handler.whole({"object": "list", "data": [{"id": MODEL, "object": "model"}], "models": []})
            elif refused := [key for key in self._lacks if asked.body.get(key)]:
                _behave(handler, asked, Status(400, f"unknown parameter: {refused[0]}"))
            else:
                _behave(handler, asked, self._play(asked))
        finally:
            with self._lock:
                self._open -= 1


def _player(script: Script) -> Callable[[Asked], Behaviour]:
    if isinstance(script, Sequence):
        left, lock = list(script), threading.Lock()

        def play(_: Asked) -> Behaviour:
            with lock:
                return left.pop(0) if len(left) > 1 else left[0]

        return play
    if callable(script):
        return script
    return lambda _: script


def _behave(handler: _Handler, asked: Asked, behaviour: Behaviour) -> None:
    match behaviour:
        case Text():
            protocol = _protocol(asked)
            if asked.streamed:
                handler.stream(protocol.kind, protocol.parts(behaviour))
            else:
                handler.whole(protocol.message(behaviour))
        case HalfStream(text=text, clean=clean):
            _half(handler, asked, text, clean)
        case Status(code=code, message=message, retry_after=wait):
            headers = {} if wait is None else {"Retry-After": str(wait)}
            handler.whole({"error": {"message": message, "type": "scripted"}}, code, headers)
        case Hang(seconds=seconds, started=started):
            if started is not None and asked.streamed:
                protocol = _protocol(asked)
                handler.stream(protocol.kind, protocol.parts(Text(started, pieces=1))[:2], end=False)
            handler.model.closing.wait(seconds)
            handler.cut()
        case CloseAtOnce():
            handler.cut()
        case Slow(seconds=seconds, then=then):
            handler.model.closing.wait(seconds)
            _behave(handler, asked, then)
        case Raw(body=body, content_type=kind):
            handler.plain(200, body, {"Content-Type": kind})


def _half(handler: _Handler, asked: Asked, text: str, clean: bool) -> None:
    protocol = _protocol(asked)
    if asked.streamed:
        parts = protocol.parts(Text(text, pieces=6))
        handler.stream(protocol.kind, parts[: len(parts) // 2], end=clean)
    else:
        body = json.dumps(protocol.message(Text(text))).encode()
        handler.plain(200, body[: len(body) // 2], {"Content-Type": "application/json"}, length=len(body))
    handler.cut()


@dataclass(frozen=True, slots=True)
class _OpenAi:
    asked: Asked
    kind: str = "text/event-stream"

    def message(self, said: Text) -> dict[str, Any]:
        choice = {"index": 0, "message": {"role": "assistant", "content": said.text}, "finish_reason": said.finish}
        found = {"id": "c1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
        return {**found, "usage": self._usage(said)} if said.usage else found

    def parts(self, said: Text) -> list[bytes]:
        found = [self._chunk({"role": "assistant", "content": ""})]
        found += [self._chunk({"content": piece}) for piece in _pieces(said)]
        found.append(self._chunk({}, said.finish))
        if said.usage and (self.asked.body.get("stream_options") or {}).get("include_usage"):
            found.append(self._event({"choices": [], "usage": self._usage(said)}))
        return [*found, b"data: [DONE]\n\n"]

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        return self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    @staticmethod
    def _event(data: dict[str, Any]) -> bytes:
        whole = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, **data}
        return f"data: {json.dumps(whole)}\n\n".encode()

    @staticmethod
    def _usage(said: Text) -> dict[str, int]:
        given, made = said.usage or (0, 0)
        return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


@dataclass(frozen=True, slots=True)
class _Anthropic:
    asked: Asked
    kind: str = "text/event-stream"

    def message(self, said: Text) -> dict[str, Any]:
        given, made = said.usage or (0, 0)
        return {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": [self._content(said)],
            "stop_reason": {"stop": "end_turn", "length": "max_tokens"}.get(said.finish, said.finish),
            "stop_sequence": None,
            "usage": {"input_tokens": given, "output_tokens": made},
        }

    def _content(self, said: Text) -> dict[str, Any]:
        """A call of the tool that the request insists on, where the answer can be one."""
        if self.asked.body.get("tool_choice", {}).get("type") == "tool":
            with suppress(ValueError):
                value = json.loads(said.text)
                if isinstance(value, dict):
                    name = self.asked.body["tool_choice"]["name"]
                    return {"type": "tool_use", "id": "t1", "name": name, "input": value}
        return {"type": "text", "text": said.text}

    def parts(self, said: Text) -> list[bytes]:
        whole = self.message(said)
        start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 0}}
        block = {"type": "text", "text": ""}
        return [
            self._event({"type": "message_start", "message": start}),
            self._event({"type": "content_block_start", "index": 0, "content_block": block}),
            *(
                self._event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
                for piece in _pieces(said)
            ),
            self._event({"type": "content_block_stop", "index": 0}),
            self._event(
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
                    "usage": {"output_tokens": whole["usage"]["output_tokens"]},
                }
            ),
            self._event({"type": "message_stop"}),
        ]

    @staticmethod
    def _event(data: dict[str, Any]) -> bytes:
        return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


@dataclass(frozen=True, slots=True)
class _Ollama:
    asked: Asked
    kind: str = "application/x-ndjson"

    def message(self, said: Text) -> dict[str, Any]:
        return self._line(said.text, said)

    def parts(self, said: Text) -> list[bytes]:
        lines = [self._line(piece) for piece in _pieces(said)] + [self._line("", said)]
        return [json.dumps(line).encode() + b"\n" for line in lines]

    @staticmethod
    def _line(text: str, said: Text | None = None) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        found = {"model": MODEL, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": said is not None}
        if said is not None:
            found["done_reason"] = said.finish
            if said.usage:
                found |= {"prompt_eval_count": said.usage[0], "eval_count": said.usage[1]}
        return found


def _protocol(asked: Asked) -> _OpenAi | _Anthropic | _Ollama:
    if asked.path.endswith("/messages"):
        return _Anthropic(asked)
    return _Ollama(asked) if asked.path.endswith("/api/chat") else _OpenAi(asked)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, model: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Wakes the threads that wait for a next request on a connection kept open."""
        for one in list(self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: clients that give up are part of what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    @property
    def model(self) -> ModelServer:
        return self.server.model

    def do_POST(self) -> None:
        self.model.answer(self, "POST")

    def do_GET(self) -> None:
        self.model.answer(self, "GET")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gives it
        """Keeps the output of tests clean."""

    def whole(self, value: Any, code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.plain(code, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def plain(self, code: int, body: bytes, headers: Mapping[str, str], length: int | None = None) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(body) if length is None else length)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, kind: str, parts: Sequence[bytes], *, end: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        if end:
            self.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Closes the connection, whatever the client still waits for."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _pieces(said: Text) -> list[str]:
    size = max(1, -(-len(said.text) // said.pieces))
    return [said.text[at : at + size] for at in range(0, len(said.text), size)]


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in content or [] if isinstance(block, dict))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
