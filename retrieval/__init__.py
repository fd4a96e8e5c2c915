"""The second floor: finds the passages that one person may read and that bear on a question.

Read `searching.py` first. In the order of the flow: `embedding` and `bert` turn text to vectors, `vectors` (Chroma) and
`lexical` (tantivy) hold the chunks, `index` writes both, `access` says who may read what, `fusing` joins
the two rankings. Imports `ingest`, never `agents` or `api`.
"""
