"""What the page's script does, run in Node with a document that stands in for the browser's."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")

_BROWSER = """
const nodes = {};
const element = (name) => nodes[name] ??= {
  name, children: [], hidden: true, textContent: "", addEventListener() {}, focus() {}, scrollIntoView() {},
  querySelector(inner) { return element(name + " " + inner); },
  append(...more) { this.children.push(...more); },
  replaceChildren(...more) { this.children = more; },
  requestSubmit() {},
};
let made = 0;
globalThis.document = {
  querySelector: element, addEventListener() {}, createElement: (tag) => element(tag + ++made),
  createTextNode: (text) => text,
};
globalThis.location = { search: "" };
const answers = {};
globalThis.fetch = (url) => new Promise((resolve, reject) => { answers[url] = { resolve, reject }; });
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
"""


def run_page(script: str) -> Any:
    """What `script` reports, run after the page's own."""
    page = (REPOSITORY / "api" / "web" / "page.js").read_text(encoding="utf-8")
    program = f"{_BROWSER}\n{page}\n(async () => {{ {script} }})();"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_names_are_read_from_any_uri() -> None:
    assert run_page(
        """console.log(JSON.stringify(
          ["file:///a/b%20c.md", "file:///a/board/", "file:///a/bad%FF.md"].map(nameOf)));"""
    ) == ["b c.md", "board", "bad%FF.md"]


def test_the_last_click_wins() -> None:
    shown = run_page(
        """
        const locator = { start: 0, end: 1, page: null, slide: null, sheet: null, line_start: null, headings: [] };
        const cite = (id) => ({ locator, document: { id, version: "v", title: id, uri: "file:///" + id } });
        showSource(cite("slow")); showSource(cite("fast"));
        for (const id of ["fast", "slow"]) {
          answers[`/v1/documents/${id}/text?version=v`].resolve({ ok: true, status: 200, text: async () => id });
          await settle();
        }
        console.log(JSON.stringify([nodes["#source h2"].textContent, nodes["#source pre"].children.at(-1)]));
        """
    )
    assert shown == ["fast", "ast"]


def test_a_server_that_is_gone_is_told() -> None:
    stock, text = run_page(
        """
        const locator = { start: 0, end: 1, page: null, slide: null, sheet: null, line_start: null, headings: [] };
        showSource({ locator, document: { id: "d", version: "v", title: "d", uri: "file:///d" } });
        for (const { reject } of Object.values(answers)) reject(new TypeError("gone"));
        await settle();
        console.log(JSON.stringify([nodes["#stock"].textContent, nodes["#source pre"].children[0]]));
        """
    )
    assert "does not tell" in stock
    assert "does not give the text" in text
