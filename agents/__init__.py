"""The third floor: a crew that turns a question into an answer whose every claim was checked against its source.

Read `crew.py` first: admit → research → draft → verify → release. The governor admits and releases, the researcher
searches, the analyst drafts claims (`question`, `sentences`, `signals` and `judging` are how it chooses without a
model), compliance checks them (`checks/`). Imports `retrieval` and `ingest`, never `api`.
"""
