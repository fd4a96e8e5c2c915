"use strict";

const $ = (selector) => document.querySelector(selector);

/** A new element with text; text is never read as markup. */
function make(tag, { text, className, children = [] } = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** The last name in a uri, of a folder ("…/board/") too. */
function nameOf(uri) {
  const name = uri.replace(/\/+$/, "").split("/").pop();
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // A file name whose bytes are no UTF-8.
  }
}

function place(citation) {
  const { locator, document: source } = citation;
  const parts = [nameOf(source.uri)];
  if (locator.page !== null) parts.push(`page ${locator.page}`);
  if (locator.slide !== null) parts.push(`slide ${locator.slide}`);
  if (locator.sheet !== null) parts.push(locator.cells ? `${locator.sheet}!${locator.cells}` : locator.sheet);
  if (locator.line_start !== null && locator.page === null) {
    parts.push(locator.line_start === locator.line_end
      ? `line ${locator.line_start}` : `lines ${locator.line_start}–${locator.line_end}`);
  }
  if (locator.headings.length) parts.push(locator.headings.join(" › "));
  return parts.join(" · ");
}

function citationItem(citation) {
  const title = make("button", { text: citation.document.title, className: "cite" });
  title.type = "button";
  title.addEventListener("click", () => showSource(citation));
  const body = make("div", { children: [title, make("p", { text: place(citation), className: "place" })] });
  if (citation.header.some(Boolean)) body.append(make("p", { text: citation.header.join(" | "), className: "place" }));
  body.append(make("blockquote", { text: citation.quote }));
  return make("li", { children: [make("span", { text: `[${citation.id}]`, className: "number" }), body] });
}

function claimNodes(claim, citations) {
  const marks = claim.citations.map((number) => {
    const mark = make("button", { text: `[${number}]` });
    mark.type = "button";
    mark.addEventListener("click", () => showSource(citations.find((c) => c.id === number)));
    return make("sup", { children: [mark] });
  });
  return [document.createTextNode(claim.text), ...marks, document.createTextNode(" ")];
}

function showAnswer(answer) {
  const result = $("#result");
  result.replaceChildren();
  const answered = answer.status === "answered";
  const text = make("p", { className: "answer" });
  text.append(...(answered ? answer.claims.flatMap((c) => claimNodes(c, answer.citations)) : [answer.answer]));
  result.append(text);
  const nearest = (answer.abstention ?? answer.unanswered)?.nearest ?? [];
  const cited = answered ? answer.citations : nearest;
  const note = answered
    ? `Every sentence was checked against the words it cites · ${answer.timing_ms.total} ms`
    : "Nothing is made up: what comes nearest is below.";
  result.append(make("p", { text: note, className: "checked" }));
  if (cited.length) result.append(make("ol", { children: cited.map(citationItem) }));
  if (answer.unanswered) {
    result.append(make("p", { text: `Not answered: ${answer.unanswered.looked_for}`, className: "checked" }));
    if (nearest.length) result.append(make("ol", { children: nearest.map(citationItem) }));
  }
  // A link may carry which citation to open: /?q=…&cite=1
  const linked = cited.find((c) => String(c.id) === new URLSearchParams(location.search).get("cite"));
  if (linked && answer.question === new URLSearchParams(location.search).get("q")) showSource(linked);
}

function showProblem(detail) {
  $("#result").replaceChildren(make("p", { text: detail, className: "answer" }));
}

/** The text of a citation's version; null when it is no longer kept. */
async function fetchText({ document: { id, version } }) {
  const response = await fetch(`/v1/documents/${id}/text?version=${encodeURIComponent(version)}`);
  if (response.ok) return response.text();
  if (response.status === 404) return null;
  throw new Error(response.statusText);
}

let wanted = null; // The citation clicked last: an earlier one's text may arrive after it.

async function showSource(citation) {
  wanted = citation;
  let text = null;
  let problem = "This version is no longer kept.";
  try {
    text = await fetchText(citation);
  } catch {
    problem = "The server does not give the text. Is `groundcrew serve` still running?";
  }
  if (wanted !== citation) return;
  const panel = $("#source");
  panel.querySelector("h2").textContent = citation.document.title;
  panel.querySelector(".place").textContent = place(citation);
  const view = panel.querySelector("pre");
  if (text === null) {
    view.replaceChildren(problem);
  } else {
    // Offsets count code points, JavaScript strings count UTF-16 units.
    const points = Array.from(text);
    const { start, end } = citation.locator;
    const mark = make("mark", { text: points.slice(start, end).join("") });
    view.replaceChildren(points.slice(0, start).join(""), mark, points.slice(end).join(""));
    panel.hidden = false;
    mark.scrollIntoView({ block: "center" });
  }
  panel.hidden = false;
  $("#close").focus({ preventScroll: true });
}

$("#ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch("/v1/ask", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question: $("#question").value }),
    });
    const body = await response.json();
    if (response.ok) showAnswer(body);
    else showProblem(body.detail);
  } catch {
    showProblem("The server does not answer. Is `groundcrew serve` still running?");
  } finally {
    button.disabled = false;
  }
});

function closeSource() {
  wanted = null;
  $("#source").hidden = true;
}

$("#close").addEventListener("click", closeSource);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSource(); });

async function showStock() {
  const [sources, quarantine] = await Promise.all(
    ["/v1/sources", "/v1/quarantine"].map(async (path) => {
      const response = await fetch(path);
      if (!response.ok) throw new Error(response.statusText);
      return response.json();
    }));
  const documents = sources.sources.reduce((sum, s) => sum + s.documents, 0);
  const synced = sources.sources.map((s) => s.last_sync).filter(Boolean).sort().pop();
  $("#stock").textContent = `${documents} documents` + (synced ? `, last synced ${new Date(synced).toLocaleString()}` : "");
  const troubled = sources.sources.flatMap((s) => [
    ...(s.problem ? [`${s.name} is not in step since ${new Date(s.problem_at).toLocaleString()}: ${s.problem}`] : []),
    ...(s.held ? [`${s.name}: ${s.held} documents are gone from it and still answer, until someone confirms it: ` +
      `groundcrew sources sync ${s.name} --confirm-removals`] : []),
  ]);
  showList("#troubled", troubled, (n) => `${n} ${n === 1 ? "source needs" : "sources need"} attention`);
  showList("#quarantine", quarantine.quarantine.map(
    (e) => `${nameOf(e.uri)}${e.part ? ", " + e.part : ""}: ${e.reason} ${e.mend}`,
  ), (n) => `${n} ${n === 1 ? "item" : "items"} could not be read`);
}

function showList(name, lines, title) {
  if (!lines.length) return;
  const box = $(name);
  box.hidden = false;
  box.querySelector("summary").textContent = title(lines.length);
  box.querySelector("ul").append(...lines.map((text) => make("li", { text })));
}

showStock().catch(() => { $("#stock").textContent = "The server does not tell what is indexed."; });
const asked = new URLSearchParams(location.search).get("q");
if (asked) {
  $("#question").value = asked;
  $("#ask").requestSubmit();
}
