"""The third floor: a crew that turns a question into an answer whose every claim was checked against its source.

Read `crew.py` first: admit → route → plan → research → draft → verify → repair → release.

    asking        takes a question, keeps its record, goes on where a person decided
    governor      admits, routes, holds back, with policies and the rules of engagement (engagement.toml)
    planning*     takes a question apart; following* completes one that leans on earlier ones
    researcher    searches; sufficing says whether that is enough
    analyst       drafts: units, question, kinds, signals, matching and judging choose words without a model; composing,
                  calculating, conflicts and supersession say what follows from them; writing drafts with a model
    compliance    checks claims (checks/), opinion asks a second checker
    releasing     makes the answer
    gateway/      language models: tiers, budgets, masking
    runs/         records of runs; conversations and reviewing stand beside

Imports `retrieval` and `ingest`, never `api`.
"""
