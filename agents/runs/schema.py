"""The tables of `runs.sqlite`. What belongs to a run goes with it; conversations are found by their owner first."""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Raised with every change below: a file of another version is refused, not guessed at."""

SCHEMA = """
create table meta (key text primary key, value text not null);
create table runs (
    id text primary key, process text not null, started_at text not null, ended_at text, owner text, user text,
    groups text not null, admin integer not null, question text not null, resolved text, conversation_id text,
    mode text not null, status text not null, stage text not null, versions text not null, answer text, held text,
    tier text, claims integer not null default 0, supported integer not null default 0,
    dropped integer not null default 0, model_calls integer not null default 0, tokens_in integer not null default 0,
    tokens_out integer not null default 0, cost_usd real not null default 0, ms integer,
    cut integer not null default 0, stop text);
create index runs_by_time on runs (started_at, id);
create index runs_by_owner on runs (owner, started_at, id);
create index runs_by_conversation on runs (conversation_id) where conversation_id is not null;
create index runs_under_way on runs (process) where status = 'running';
create table events (
    run_id text not null references runs on delete cascade, number integer not null, at_ms integer not null,
    stage text not null, agent text not null, what text not null, data text not null,
    primary key (run_id, number)) without rowid;
create table calls (
    run_id text not null references runs on delete cascade, number integer not null, tier text not null,
    model text not null, outcome text not null, tokens_in integer not null, tokens_out integer not null,
    cost_usd real not null, ms integer not null, body text not null, primary key (run_id, number)) without rowid;
create table reviews (
    run_id text primary key references runs on delete cascade, state text not null, reasons text not null,
    risk text not null, requested_at text not null, expires_at text not null, decided_at text, decided_by text,
    why text);
create index reviews_waiting on reviews (expires_at) where state = 'waiting';
create table feedback (
    run_id text primary key references runs on delete cascade, helpful integer not null, why text, at text not null);
create table conversations (
    owner text not null, id text not null, started_at text not null, last_at text not null,
    primary key (owner, id)) without rowid;
create index conversations_by_age on conversations (last_at);
create table turns (
    owner text not null, conversation_id text not null, number integer not null, run_id text not null,
    question text not null, resolved text not null, open_points text not null, at text not null,
    primary key (owner, conversation_id, number),
    foreign key (owner, conversation_id) references conversations on delete cascade) without rowid
"""
