"""The tables of the catalog.

A chunk is `current` when readers may see it. What is not current is *waste*, unless a sync that is under way has just
put it there: the search indexes may still hold it, and must drop it before its row goes.
"""

from __future__ import annotations

SCHEMA_VERSION = 4
"""Raised with every change below: a catalog of another version is refused, not guessed at."""

SCHEMA = """
create table meta (key text primary key, value text not null);
create table access (id integer primary key, allow text not null, label text not null, unique (allow, label));
create table sources (
    name text primary key, kind text not null, location text not null, last_sync text,
    held integer not null default 0, problem text, problem_at text);
create table documents (
    id text primary key, source text not null, uri text not null, title text not null, format text not null,
    version text not null, fingerprint text not null, identity text not null, pipeline text not null,
    modified_at text not null, access_id integer not null references access, metadata text not null,
    title_key text not null, unique (source, uri));
create index documents_by_title on documents (title_key);
create table versions (
    document_id text not null references documents on delete cascade, version text not null, text text not null,
    created_at text not null, superseded_at text, primary key (document_id, version));
create index versions_by_age on versions (superseded_at) where superseded_at is not null;
create table chunks (
    id text primary key, document_id text not null, edition text not null, ordinal integer not null,
    current integer not null, text_key blob not null, body text not null);
create index chunks_by_document on chunks (document_id, ordinal);
create index chunks_by_text on chunks (text_key);
create index chunks_waste on chunks (document_id) where current = 0;
create table successions (
    document_id text not null references documents on delete cascade, kind text not null, name text not null);
create index successions_by_document on successions (document_id);
create table replaced_titles (
    title_key text not null, document_id text not null references documents on delete cascade,
    primary key (title_key, document_id)) without rowid;
create index replaced_titles_by_document on replaced_titles (document_id);
create table changes (number integer primary key, revision integer not null, document_id text not null);
create index changes_by_revision on changes (revision);
create table quarantine (
    source text not null, uri text not null, part text not null, code text not null, reason text not null,
    mend text not null, since text not null, fingerprint text not null, pipeline text not null,
    primary key (source, uri, part));
"""
