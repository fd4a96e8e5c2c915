"""Connectors, one file a system: each lists what a source holds and reads one item of it."""
