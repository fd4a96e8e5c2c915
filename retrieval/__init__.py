"""The second floor: finds the passages that one person may read and that bear on a question.

Read `searching.py` first. In the order of the flow: `understanding` reads the query (with `language`), `access` says
who may read what, `embedding` and `bert` turn text to vectors, `vectors` (stored in Chroma, searched by `exact`) and
`lexical` (tantivy, words by `analysis`) hold the chunks, `index` writes both, `fusing` joins their scores, `hinting`
chooses documents (by `affinity`), `superseding` finds what is no longer in force, `collapsing` makes one of what says
the same, `reranking` orders anew, `spreading` serves comparisons, `packing` fills a budget. `metrics` measures;
`llamaindex` is the face to LlamaIndex. Imports `ingest`, never `agents` or `api`.
"""
