"use strict";

const GONE = "The server does not answer. Is `groundcrew serve` still running?";
const STAGES = {
  admit: "Reading the question",
  route: "Choosing how to go about it",
  plan: "Planning",
  research: "Searching",
  draft: "Drafting",
  verify: "Checking every sentence against its source",
  repair: "Mending what did not hold",
  release: "Finishing",
};
const KINDS = {
  conflict: "Documents disagree",
  supersession: "One document replaces another",
  computed: "Computed",
};
const MOST_HITS = 5; // Passages of one search that the explanation shows.

const link = new URLSearchParams(location.search); // A link may ask, and open a citation: /?q=…&cite=1
const $ = (selector, root = document) => root.querySelector(selector);

/** What the server says when it refuses; its words are for people. */
class Refusal extends Error {}

/** A new element with text; text is never read as markup. */
function make(tag, { text, className, children = [] } = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  node.append(...children);
  return node;
}

const line = (text, className = "quiet") => make("p", { text, className });

function button(text, act, className = "plain") {
  const made = make("button", { text, className });
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** A closed box; `fill` gives its content when it is first opened, and anew after it failed. */
function opening(title, fill, className) {
  const body = make("div");
  const box = make("details", { className, children: [make("summary", { children: title }), body] });
  let filled = false;
  box.addEventListener("toggle", async () => {
    if (!box.open || filled) return;
    filled = true;
    body.replaceChildren(line("Loading …"));
    try {
      body.replaceChildren(...await fill());
    } catch (error) {
      filled = false;
      body.replaceChildren(line(told(error)));
    }
  });
  return box;
}

const told = (error) => (error instanceof Refusal ? error.message : GONE);
const count = (number, one, many = one + "s") => `${number} ${number === 1 ? one : many}`;
const at = (time) => new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
const lasted = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const sentence = (text) => text[0].toUpperCase() + text.slice(1).replace(/[.!?]?$/, (end) => end || ".");
const quoted = (words) => (words?.length ? ` “${words.join("”, “")}”` : "");

/** Tells those who hear the page what changed. */
function announce(text) {
  $("#said").textContent = text;
}

const posted = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

async function call(path, options) {
  const response = await fetch(path, options);
  const value = await response.json();
  if (!response.ok) throw new Refusal(value.detail);
  return value;
}

/** Each event of a stream of server-sent events: [name, value]. */
async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const name = /^event: (.*)$/m.exec(block);
        const data = /^data: (.*)$/m.exec(block);
        if (name && data) yield [name[1], JSON.parse(data[1])];
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** An answer. `onStage` hears what the crew is at; where no stream gets through, the plain request answers. */
async function askServer(body, onStage) {
  try {
    const response = await fetch("/v1/ask", posted({ ...body, stream: true }));
    if (!response.ok) throw new Refusal((await response.json()).detail);
    for await (const [name, value] of eventsOf(response.body)) {
      if (name === "stage") onStage(STAGES[value.stage] ?? value.stage);
      if (name === "answer") return value;
      if (name === "error") throw new Refusal(value.detail);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
  }
  return call("/v1/ask", posted(body));
}

/* Citations and their sources */

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
  const title = button(citation.document.title, () => showSource(citation), "plain cite");
  const body = make("div", { children: [title, line(place(citation), "place")] });
  if (citation.header.some(Boolean)) body.append(line(citation.header.join(" | "), "place"));
  body.append(make("blockquote", { text: citation.quote }));
  const withheld = citation.withheld.join(", ").toLowerCase();
  if (withheld) body.append(line(`Withheld here: ${withheld}`, "place"));
  return make("li", { children: [make("span", { text: `[${citation.id}]`, className: "number" }), body] });
}

const citationList = (citations) =>
  (citations.length ? [make("ol", { className: "citations", children: citations.map(citationItem) })] : []);

/** The text of a citation's version; null when it is no longer kept. */
async function fetchText({ document: { id, version } }) {
  const response = await fetch(`/v1/documents/${id}/text?version=${encodeURIComponent(version)}`);
  if (response.ok) return response.text();
  if (response.status === 404) return null;
  throw new Error(response.statusText);
}

let wanted = null; // The citation clicked last: an earlier one's text may arrive after it.
let opener = null; // What had the focus before the source was opened.

async function showSource(citation) {
  wanted = citation;
  const panel = $("#source");
  if (panel.hidden) opener = document.activeElement;
  let text = null;
  let problem = "This version is no longer kept.";
  try {
    text = await fetchText(citation);
  } catch {
    problem = "The server does not give the text. Is `groundcrew serve` still running?";
  }
  if (wanted !== citation) return;
  $("h2", panel).textContent = citation.document.title;
  $(".place", panel).textContent = place(citation);
  const view = $("pre", panel);
  panel.hidden = false;
  if (text === null) {
    view.replaceChildren(problem);
  } else {
    // Offsets count code points, JavaScript strings count UTF-16 units.
    const points = Array.from(text);
    const { start, end } = citation.locator;
    const mark = make("mark", { text: points.slice(start, end).join("") });
    view.replaceChildren(points.slice(0, start).join(""), mark, points.slice(end).join(""));
    mark.scrollIntoView({ block: "center" });
  }
  $("#close").focus({ preventScroll: true });
}

function closeSource() {
  wanted = null;
  if ($("#source").hidden) return;
  $("#source").hidden = true;
  opener?.focus();
}

/* An answer */

/** Claims in reading order: those in the sources' words run on, the others stand apart and say what they are. */
function claimBlocks({ claims, citations }) {
  const blocks = [];
  let running = null;
  for (const claim of claims) {
    const marks = claim.citations.map((number) => make("sup", {
      children: [button(`[${number}]`, () => showSource(citations.find((c) => c.id === number)))],
    }));
    const words = [claim.text, make("span", { className: "marks", children: marks }), " "];
    if (KINDS[claim.kind]) {
      running = null;
      blocks.push(make("div", {
        className: `claim ${claim.kind}`,
        children: [line(KINDS[claim.kind], "tag"), make("p", { className: "answer", children: words })],
      }));
      if (claim.computation) {
        const formula = make("code", { text: claim.computation });
        blocks.at(-1).append(opening(["Show the calculation"], () => [formula], "formula"));
      }
    } else {
      if (!running) blocks.push(running = make("p", { className: "answer" }));
      running.append(...words);
    }
  }
  return blocks;
}

/** What became of a question, for whoever asked it. */
function answerNodes(answer, turn) {
  const nodes = [];
  if (answer.resolved_question) nodes.push(line(`Understood as: ${answer.resolved_question}`));
  nodes.push(...answer.notices.map((text) => line(text, "notice")));
  const nearest = (answer.abstention ?? answer.unanswered)?.nearest ?? [];
  switch (answer.status) {
    case "answered":
      nodes.push(...claimBlocks(answer));
      nodes.push(line(`Every sentence was checked against the words it cites · ${answer.timing_ms.total} ms`
        + (answer.review?.decided_by ? ` · approved by ${answer.review.decided_by}` : "")));
      nodes.push(...citationList(answer.citations));
      break;
    case "needs_review":
      nodes.push(...waitingNodes(answer, turn));
      break;
    case "blocked":
      nodes.push(line(answer.review ? "Not approved" : "Not answered here", "tag"), line(answer.answer, "answer"));
      break;
    default:
      nodes.push(line(answer.answer, "answer"));
      nodes.push(line("Nothing is made up" + (nearest.length ? ": what comes nearest is below." : ".")));
      nodes.push(...citationList(nearest));
  }
  if (answer.unanswered) {
    nodes.push(make("div", { className: "open", children: [
      line("Not answered", "tag"), line(answer.unanswered.looked_for, "left"), line(answer.unanswered.reason),
      ...(nearest.length ? [opening([`What comes nearest (${nearest.length})`], () => citationList(nearest))] : []),
    ] }));
  }
  return [...nodes, afterwards(answer)];
}

function waitingNodes(answer, turn) {
  const { reasons, expires_at: until } = answer.review;
  const outcome = line("");
  const look = button("Look whether it is approved", async () => {
    try {
      const run = await call(`/v1/runs/${answer.run_id}`);
      if (run.answer && run.answer.status !== "needs_review") showAnswer(turn, run.answer);
      else outcome.textContent = `Still waiting, ${at(Date.now())}.`;
    } catch (error) {
      outcome.textContent = told(error);
    }
    announce(outcome.textContent);
  }, "second");
  const number = make("p", { className: "quiet", children: ["Run ", make("code", { text: answer.run_id })] });
  return [
    line("Waits for a person", "tag"),
    line(answer.answer, "answer"),
    line(`Why: ${reasons.join("; ")}.`, "left"),
    line(`You get it here once someone approves it. If nobody does until ${at(until)}, it is not released.`),
    number, make("div", { className: "row", children: [look] }), outcome,
  ];
}

/** Under an answer: whether it helped, and how it came about. */
function afterwards(answer) {
  const box = make("div", { className: "after" });
  if (["answered", "abstained"].includes(answer.status)) box.append(feedback(answer.run_id));
  box.append(opening(["How this answer came about"], async () => {
    const { explanation } = await call(`/v1/runs/${answer.run_id}?explain=true`);
    return explanationNodes(explanation);
  }, "how"));
  return box;
}

function feedback(runId) {
  const said = make("p", { className: "quiet" });
  said.setAttribute("role", "status");
  const box = make("div", { className: "feedback" });
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Was this helpful?");
  const send = async (helpful, why) => {
    try {
      await call(`/v1/runs/${runId}/feedback`, posted({ helpful, why }));
      return true;
    } catch (error) {
      said.textContent = told(error);
      return false;
    }
  };
  const choose = async (helpful) => {
    if (!await send(helpful, null)) return;
    const word = make("input");
    word.maxLength = 2000;
    word.placeholder = "A word why, if you like";
    word.setAttribute("aria-label", "Why, if you like");
    const form = make("form", { className: "row", children: [word, make("button", { text: "Send" })] });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (word.value.trim() && await send(helpful, word.value.trim())) box.replaceChildren(line("Thank you."));
    });
    said.textContent = "Thank you.";
    box.replaceChildren(said, form);
    word.focus();
  };
  box.append(make("span", { text: "Was this helpful?" }),
    button("Yes", () => choose(true)), button("No", () => choose(false)), said);
  return box;
}

/* How an answer came about */

function explanationNodes(found) {
  const part = (title, nodes) => (nodes.length ? [make("h3", { text: title }), ...nodes] : []);
  const { route, plan, not_answered: left } = found;
  const steps = plan && plan.steps.length > 1 ? plan.steps : [];
  return [
    ...part("How it was gone about", [
      ...(route ? [line(`${route.mode}: ${route.why} (${route.complexity}, ${route.sensitivity})`)] : []),
      ...found.rerouted.map((one) => line(`${one.from} → ${one.to}: ${one.why}`)),
      ...steps.map(({ id, text, needs }) => line(`${id}: ${text}${needs.length ? `, after ${needs.join(", ")}` : ""}`)),
      ...(plan?.operation ? [line(`then ${plan.operation.replace("_", " ")} of their answers`)] : []),
    ]),
    ...part("What was searched", [...found.searches.map(searchNode), ...found.judged.map(
      (one) => line(`${one.enough ? "Enough was found" : "Not enough was found"}: ${one.why}`))]),
    ...part("Left out for lack of room", found.left_out.filter((one) => one.passages.length).map(leftNode)),
    ...part(found.waits ? "Would be released" : "Released", found.claims.map((one) => claimCard(one, one.citations))),
    ...part("Rejected", found.rejected.map((one) => claimCard(one, one.evidence))),
    ...part("Not answered", left ? [line(`${left.looked_for}: ${left.why}`)] : []),
    ...part("What stepped in", stepped(found)),
    ...part("Models and cost", found.models.length
      ? found.models.map(modelNode) : [line("None: every step went without a model, at no cost.")]),
    ...part("Time", found.ms === null ? [] : [
      line([`${lasted(found.ms)} in all`, ...found.stages.map((s) => `${s.stage} ${lasted(s.ms)}`)].join(" · "))]),
    ...(found.withheld ? [line("Part of this is withheld: it rests on what may not be shown here.")] : []),
    ...(found.cut ? [line(`${count(found.cut, "entry", "entries")} of the record grew too large and were cut.`)] : []),
    make("p", { className: "quiet", children: ["Run ", make("code", { text: found.id })] }),
  ];
}

function searchNode({ query, hits, round }) {
  const items = hits.filter((hit, before) => before < MOST_HITS || hit.cited).map((hit) => {
    const item = make("li", { text: hit.title });
    if (hit.cited) item.append(make("span", { text: "cited", className: "badge" }));
    item.value = hit.rank;
    return item;
  });
  const more = hits.length > items.length ? `, the first ${MOST_HITS} and those that are cited` : "";
  return make("div", { children: [
    line(`“${query}”${round > 1 ? `, round ${round}` : ""}: ${count(hits.length, "passage")}${more}`),
    make("ol", { children: items }),
  ] });
}

function leftNode({ passages, tokens, budget }) {
  const titles = [...new Set(passages.map((one) => one.title))].join("; ");
  return line(`${count(passages.length, "passage")} of ${titles} (${tokens} of ${budget} tokens taken)`);
}

function modelNode(one) {
  const failed = one.outcomes.length ? `, failed: ${one.outcomes.join(", ")}` : "";
  const cost = one.cost_usd ? `$${one.cost_usd.toFixed(4)}` : "no cost";
  return line(`${one.agent}: ${one.model} (${one.tier}, ${one.locality}), ${count(one.calls, "call")}${failed}, `
    + `${one.tokens_in} tokens in, ${one.tokens_out} out, ${cost}, ${lasted(one.ms)}`);
}

/** A claim with its verdict, the words it was held against, and what each check found. */
function claimCard(claim, spans) {
  const score = claim.score === null ? null : `${Math.round(claim.score * 100)} %`;
  const kind = KINDS[claim.kind]?.toLowerCase() ?? claim.kind;
  const verdict = [claim.verdict ?? "not checked", score, kind].filter(Boolean).join(", ");
  const agreed = claim.findings.filter((one) => one.agrees).map((one) => one.check);
  const against = claim.findings.filter((one) => !one.agrees);
  return make("div", { className: "card", children: [
    line(claim.text, "left"),
    line(verdict, `verdict ${claim.verdict ?? ""}`),
    ...(claim.fate ? [line([claim.fate, claim.why].filter(Boolean).join(": "), "against")] : []),
    ...(claim.computation ? [make("code", { text: claim.computation })] : []),
    ...spans.flatMap(({ id, title, quote }) => [
      line(id ? `[${id}] ${title}` : title, "place"), make("blockquote", { text: quote })]),
    ...against.map((one) => line(`${one.check}: ${one.contradicts ? "the source says otherwise" : "not borne out"}${
      quoted(one.words)}${one.note ? ` (${one.note})` : ""}`, "against")),
    ...(agreed.length ? [line(`Nothing against it: ${agreed.join(", ")}`)] : []),
    ...(claim.second_opinions ?? []).map((one) => line(
      `Second opinion by ${one.by}: ${one.agrees ? "agrees" : "disagrees"}${one.note ? `, ${one.note}` : ""}`)),
  ] });
}

/** Policies, planted instructions, limits, masking, and an end before its time. */
function stepped({ warned = [], planted = [], policies = [], masked = [], limits = [], ended = null }) {
  return [
    ...warned.map((one) => line(`The question: ${one.kinds.join(", ")}`)),
    ...planted.map((one) => line(`Instructions in ${one.title}, fenced and not followed:${quoted(one.words)}`)),
    ...policies.map((one) => line(
      `Policy ${one.policy} (${one.effect}): ${[one.why, one.claim].filter(Boolean).join(": ")}`)),
    ...masked.map((one) => line(`Replaced by placeholders before a remote call: ${
      Object.entries(one.kinds).map(([kind, number]) => `${number} ${kind}`).join(", ")}`)),
    ...limits.map((one) => line(`Limit of ${one.limit}, ${one.used} of ${one.allowed}: ${one.why}`)),
    ...(ended ? [line(`Ended early (${ended.code}): ${ended.why}`)] : []),
  ];
}

/* Answers that wait for a person */

const listed = new Map(); // Reviews on the page, by run; a decided one stays with what came of it.

async function showReviews() {
  const { reviews } = await call("/v1/reviews").catch(() => ({ reviews: [] }));
  const waiting = new Set(reviews.map((one) => one.run_id));
  for (const one of reviews) {
    if (listed.has(one.run_id)) continue;
    const item = make("li");
    const title = [make("strong", { text: one.question }), make("span", { text: reviewLine(one), className: "quiet" })];
    item.append(opening(title, () => reviewNodes(one.run_id, item)));
    listed.set(one.run_id, item);
    $("#reviews ul").append(item);
  }
  for (const [runId, item] of listed) {
    if (waiting.has(runId) || item.className === "decided") continue;
    listed.delete(runId); // Decided elsewhere, or expired.
    item.remove();
  }
  $("#reviews").hidden = !listed.size;
  $("#reviews h2").textContent = waiting.size
    ? `${count(waiting.size, "answer waits", "answers wait")} for a person` : "No answer waits for a person any more";
}

const reviewLine = (one) => `Risk ${one.risk} · ${one.reasons.join("; ")} · ${
  one.user ? `asked by ${one.user}, ` : ""}${at(one.requested_at)}, until ${at(one.expires_at)}`;

async function reviewNodes(runId, item) {
  const found = await call(`/v1/reviews/${runId}`);
  const out = stepped(found);
  const cards = (claims) => claims.map((one) => claimCard(one, one.evidence));
  const nodes = [
    ...(found.answer?.notices ?? []).map((text) => line(text, "notice")),
    ...cards(found.claims),
    ...(found.rejected.length ? [make("h3", { text: "Given up before" }), ...cards(found.rejected)] : []),
    ...(out.length ? [make("h3", { text: "What stepped in" }), ...out] : []),
  ];
  return [...nodes, decision(runId, item)];
}

function decision(runId, item) {
  const why = make("input");
  why.id = `why-${runId}`;
  why.maxLength = 2000;
  const label = make("label", { text: "Reason; the asker reads it where you reject" });
  label.htmlFor = why.id;
  const said = make("p", { className: "quiet" });
  const box = make("div", { className: "decision" });
  const decide = async (chosen) => {
    why.required = chosen === "reject";
    if (!why.reportValidity()) return;
    try {
      const decided = posted({ decision: chosen, why: why.value.trim() || null });
      const { answer } = await call(`/v1/reviews/${runId}`, decided);
      item.className = "decided";
      const outcome = make("p", { className: "outcome", children: [make("strong", {
        text: chosen === "approve" ? "Approved. The asker gets: " : "Rejected. The asker gets: " }), answer.answer] });
      outcome.tabIndex = -1;
      box.replaceChildren(outcome);
      outcome.focus();
      const turn = [...$("#turns").children].find((one) => one.dataset.run === runId);
      if (turn) showAnswer(turn, answer);
      announce(outcome.textContent);
      showReviews();
    } catch (error) {
      said.textContent = told(error);
      announce(said.textContent);
    }
  };
  box.append(label, why, make("div", { className: "row", children: [
    button("Approve", () => decide("approve"), ""), button("Reject", () => decide("reject"), "second"),
  ] }), said);
  return box;
}

/* The conversation */

/** An id for a conversation; randomUUID is there on https and localhost alone. */
function newId() {
  return crypto.randomUUID?.()
    ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("-");
}

let conversation = newId();
let cite = link.get("cite"); // The citation that a link opens, once.

function newTurn(question) {
  const stage = make("p", { text: "Asking …", className: "stage" });
  const body = make("div", { className: "body", children: [stage] });
  const turn = make("article", { className: "turn", children: [make("h2", { text: question }), body] });
  $("#turns").append(turn);
  if (turn.previousElementSibling) turn.scrollIntoView();
  return turn;
}

function showAnswer(turn, answer) {
  turn.dataset.run = answer.run_id;
  $(".body", turn).replaceChildren(...answerNodes(answer, turn));
}

$("#ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const ask = $("#ask [type=submit]");
  const field = $("#question");
  const question = field.value;
  const turn = newTurn(question);
  const linked = cite !== null && question === link.get("q");
  ask.disabled = true;
  field.value = "";
  announce("Asking");
  try {
    const body = { question, conversation_id: conversation };
    // A link to a citation asks in one piece: whoever takes a picture of the page then waits for the answer.
    const answer = await (linked ? call("/v1/ask", posted(body)) : askServer(body, (stage) => {
      $(".stage", turn).textContent = `${stage} …`;
      announce(stage);
    }));
    showAnswer(turn, answer);
    announce(answer.answer);
    const shown = [...answer.citations, ...(answer.abstention?.nearest ?? [])];
    const cited = linked && shown.find((c) => String(c.id) === cite);
    if (cited) showSource(cited);
    cite = null;
    $("#anew").hidden = false;
    $("#ask label").textContent = "Ask a follow-up, or something else";
  } catch (error) {
    $(".body", turn).replaceChildren(line(told(error), "answer"));
    announce(told(error));
    field.value ||= question;
  } finally {
    ask.disabled = false;
  }
  showReviews();
});

$("#anew").addEventListener("click", () => {
  conversation = newId();
  closeSource();
  $("#turns").replaceChildren();
  $("#anew").hidden = true;
  $("#ask label").textContent = "Ask your documents";
  announce("A new conversation");
  $("#question").focus();
});

$("#close").addEventListener("click", closeSource);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSource(); });

/* What is indexed */

async function showStock() {
  const [{ sources }, { quarantine }] = await Promise.all([call("/v1/sources"), call("/v1/quarantine")]);
  const documents = sources.reduce((sum, s) => sum + s.documents, 0);
  const synced = sources.map((s) => s.last_sync).filter(Boolean).sort().pop();
  $("#stock").textContent = count(documents, "document") + (synced ? `, last synced ${at(synced)}` : "");
  showList("#troubled", sources.flatMap((s) => [
    ...(s.problem ? [`${s.name} is not in step since ${at(s.problem_at)}: ${s.problem}`] : []),
    ...(s.held ? [`${s.name}: ${s.held} documents are gone from it and still answer, until someone confirms it: ` +
      `groundcrew sources sync ${s.name} --confirm-removals`] : []),
  ]), (n) => `${count(n, "source needs", "sources need")} attention`);
  const planted = quarantine.filter((e) => e.code === "planted_instructions");
  const item = (e) => `${nameOf(e.uri)}${e.part ? ", " + e.part : ""}: ${sentence(e.reason)} ${sentence(e.mend)}`;
  showList("#planted", planted.map(item), () => `${
    count(new Set(planted.map((e) => e.uri)).size, "document holds", "documents hold")} instructions for an assistant`);
  showList("#quarantine", quarantine.filter((e) => !planted.includes(e)).map(item),
    (n) => `${count(n, "item")} could not be read`);
}

function showList(name, lines, title) {
  if (!lines.length) return;
  const box = $(name);
  box.hidden = false;
  $("summary", box).textContent = title(lines.length);
  $("ul", box).append(...lines.map((text) => make("li", { text })));
}

showStock().catch(() => { $("#stock").textContent = "The server does not tell what is indexed."; });
showReviews();
if (link.get("q")) {
  $("#question").value = link.get("q");
  $("#ask").requestSubmit();
}
