"""The first floor: documents come in here and leave as chunks that know where they stand.

Read `syncing.py` first. Modules in the order of the flow: `connectors` list and read files, `parsing`
turns bytes into canonical text, `chunking` cuts it, `catalog` remembers it, `syncing` ties them together.
Nothing here imports `retrieval`, `agents` or `api`.
"""
