"""The rules of engagement as a picture: Mermaid text that says who does which step, who hands to whom, and what may be
called."""

from __future__ import annotations

from ..engagement import LAST, LOOPING, Engagement


def draw(rules: Engagement) -> str:
    """A Mermaid flowchart of the steps, by agent, and of the limits that end a run."""
    lines = ["flowchart TD", '  asker(["asker"])']
    lines += [f"  {_step(name, rules)}" for name in rules.steps]
    first = next(iter(rules.steps))
    lines.append(f"  asker -->|question| {first}")
    for name, rule in rules.steps.items():
        for to in rule.to:
            again = f"|at most {rules.limits.repairs} times|" if to == LOOPING else ""
            lines.append(f"  {name} -->{again} {to}")
    lines.append(f"  {LAST} -->|answer| asker")
    lines.append(f'  {LAST} -.->|"what policy marks"| person(["reviewer"])')
    lines.append(f'  person -.->|"approves or rejects"| {LAST}')
    lines.append(f'  limits[/"{_limits(rules)}"/]')
    for number, name in enumerate(rules.agents):
        steps = ",".join(step for step, rule in rules.steps.items() if rule.agent == name)
        if steps:
            lines.append(f"  classDef agent{number} {_COLOURS[number % len(_COLOURS)]}")
            lines.append(f"  class {steps} agent{number}")
    return "\n".join(lines) + "\n"


_COLOURS = (
    "fill:#e8eef7,stroke:#4a6fa5,color:#1b2a41",
    "fill:#eaf5ea,stroke:#4f8a4f,color:#1c331c",
    "fill:#fdf3e1,stroke:#b98a2f,color:#3d2e10",
    "fill:#f6e9f2,stroke:#96588a,color:#37203a",
    "fill:#fbe9e7,stroke:#b0564a,color:#41201b",
)


def _step(name: str, rules: Engagement) -> str:
    agent = rules.agents[rules.steps[name].agent]
    calls = f"<br/>may call: {', '.join(agent.may_call)}" if agent.may_call else ""
    return f'{name}["<b>{_text(name)}</b> · {_text(rules.steps[name].agent)}{calls}"]'


def _limits(rules: Engagement) -> str:
    found = rules.limits
    return (
        f"a run ends after {found.seconds:g} s, {found.model_calls:,} model calls or {found.tokens:,} tokens;<br/>"
        f"{found.repairs} repairs, {found.parallel_calls} calls at once, {found.evidence_tokens:,} tokens of evidence"
    )


def _text(text: str) -> str:
    """Words that cannot end a label."""
    return " ".join(text.split()).replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
