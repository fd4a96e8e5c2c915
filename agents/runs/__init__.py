"""Runs: what the crew did, stored whole, explained, counted, replayed and drawn.

`events` and `record` are the types, `store` keeps them, `withholding` takes out what a reader may not see now;
`explaining`, `stats` and `replaying` read them; `graph` draws the rules that runs follow.
"""
