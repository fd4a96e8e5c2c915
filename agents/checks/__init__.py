"""Checks of a claim against the spans it cites: one file a check, each a pure function."""
