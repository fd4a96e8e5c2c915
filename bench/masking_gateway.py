"""Sends texts with planted data through the gateway to a remote model of the bench's own and keeps what it was sent.

The model, an HTTP server on loopback, says the prompt again as it got it, placeholders and all; with every real value
put back that is the text itself.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agents.gateway.gateway import Gateway
from agents.gateway.privacy import Masker
from agents.gateway.settings import Budgets, ModelSpec
from agents.ports import Prompt

_SYSTEM = "Repeat the text word for word."


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the remote model was sent for a run, as it stood in the requests' bodies, its reply as the gateway gave it
    back, and what the reply had to be: the text itself."""

    sent: tuple[str, ...]
    reply: str
    wanted: str


class _Remote(BaseHTTPRequestHandler):
    """Keeps each request whole; answers with the prompt as it came."""

    bodies: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.bodies.append(body)
        said = json.loads(body)["messages"][-1]["content"]
        message = {"role": "assistant", "content": said}
        events = [
            {"choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        ]
        about = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
        lines = [f"data: {json.dumps(about | event)}\n\n" for event in events]
        reply = "".join([*lines, "data: [DONE]\n\n"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def _server() -> Iterator[tuple[str, list[str]]]:
    bodies: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Remote", (_Remote,), {"bodies": bodies}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", bodies
    server.shutdown()
    server.server_close()


def exchanges(runs: Iterator[Sequence[str]]) -> Iterator[Exchange]:
    """One exchange for each run's texts, which go as one prompt, in a session of its own.

    Raises:
        ModelUnavailable: the gateway gave no answer.
    """
    with tempfile.TemporaryDirectory() as folder, _server() as (url, bodies):
        spec = ModelSpec(
            tier="large", kind="openai", model="bench", base_url=url, api_key="bench-only", locality="remote"
        )
        gateway = Gateway([spec], Budgets(), Masker, Path(folder) / "gateway.sqlite")
        for number, texts in enumerate(runs):
            text = "\n\n".join(texts)
            prompt = Prompt(name="bench", version="1", system=_SYSTEM, user=text)
            bodies.clear()
            reply = asyncio.run(_last(gateway, f"run-{number}", prompt))
            sent = [message["content"] for body in bodies for message in json.loads(body)["messages"]]
            yield Exchange(sent=tuple(sent), reply=reply, wanted=text)
        gateway.close()


async def _last(gateway: Gateway, run: str, prompt: Prompt) -> str:
    """The whole answer, the last of the texts that the stream shows."""
    answer = ""
    async for shown in gateway.session(run, "bench", deadline_s=600.0).stream(prompt, agent="bench", tier="large"):
        answer = shown
    return answer
