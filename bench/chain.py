"""The time of a run with a model against the longest chain of its calls: what the crew adds, what runs side by side.

    python -m bench.chain [--delay 0.4] [--runs 5] [--json]

A server on loopback answers every call after the same delay, citing the evidence that it was shown. A lookup makes one
call; a comparison is drafted in two calls that do not depend on each other. The longest chain is the most time that
calls took one after another, by the run's own record of when each began and ended.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agents.model import Request
from agents.runs.model import ModelCall
from api.commands import sync_sources
from api.settings import load_settings
from api.wiring import Platform
from retrieval.access import Principal

QUESTIONS = {
    "lookup": "What is the hotel cap in Hamburg?",
    "comparison": "Is the hotel cap higher in Munich or in Frankfurt?",
}
_CONFIG = """
[sources.company]
kind = "files"
path = {path}
allow = ["everyone"]
[models.small]
kind = "openai"
base_url = "{url}"
model = "delayed"
locality = "local"
[models.large]
kind = "openai"
base_url = "{url}"
model = "delayed-large"
locality = "local"
"""


class _Delayed(BaseHTTPRequestHandler):
    """Waits, then cites the first sentence shown, word for word."""

    delay = 0.4

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.delay)
        shown = re.search(r"^\[(\d+)\] (.*)$", asked["messages"][-1]["content"], re.MULTILINE)
        claims = [{"text": shown[2], "sentences": [int(shown[1])]}] if shown else []
        reply: dict[str, Any] = {"answerable": bool(claims), "claims": claims}
        if "You plan how" in asked["messages"][0]["content"]:
            reply = {"steps": [{"id": "q1", "question": "What is it?"}]}
        body = json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": asked["model"],
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": json.dumps(reply)},
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def _server(delay: float) -> Iterator[str]:
    handler = type("Handler", (_Delayed,), {"delay": delay})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


def longest_chain(calls: Sequence[ModelCall]) -> int:
    """Milliseconds of the calls that had to wait for each other: the most that any row of calls, each begun after the
    one before had ended, took together."""
    best: list[tuple[int, int]] = []  # (end, milliseconds of the longest chain that ends with this call)
    for call in sorted(calls, key=lambda one: one.at_ms):
        before = max((length for end, length in best if end <= call.at_ms), default=0)
        best.append((call.at_ms + call.ms, before + call.ms))
    return max((length for _, length in best), default=0)


def measure(corpus: Path, delay: float, runs: int) -> dict[str, Any]:
    """For each kind of question: the run's milliseconds, those of its longest chain, and their ratio (medians)."""
    with tempfile.TemporaryDirectory() as folder, _server(delay) as url:
        config = Path(folder) / "groundcrew.toml"
        config.write_text(_CONFIG.format(path=json.dumps(str(corpus.absolute())), url=url), encoding="utf-8")
        platform = Platform(load_settings(config, {"GROUNDCREW_HOME": str(Path(folder) / "home")}))
        sync_sources(platform, None)
        found = {}
        for kind, question in QUESTIONS.items():
            rows = []
            for _ in range(runs + 1):
                answer = platform.crew.ask(Request(question=question, principal=Principal(admin=True)))
                record = platform.crew_parts.store.get(answer.run_id)
                rows.append((answer.timing_ms.total, longest_chain(record.calls), len(record.calls)))
            totals, chains, calls = zip(*rows[1:], strict=True)  # The first run loads what is loaded once.
            found[kind] = {
                "run_ms": statistics.median(totals),
                "chain_ms": statistics.median(chains),
                "calls": max(calls),
                "ratio": round(statistics.median(t / max(c, 1) for t, c in zip(totals, chains, strict=True)), 3),
            }
        platform.close()
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("data/company"))
    parser.add_argument("--delay", type=float, default=0.4, help="seconds that the model takes")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.corpus, options.delay, options.runs)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for kind, row in found.items():
        print(
            f"{kind:<12} run {row['run_ms']:.0f} ms, longest chain of calls {row['chain_ms']:.0f} ms, "
            f"ratio {row['ratio']:.3f}, {row['calls']} calls"
        )


if __name__ == "__main__":
    main()
