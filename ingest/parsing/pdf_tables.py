"""stub"""
from __future__ import annotations
from collections.abc import Sequence
from .pdf_blocks import Block, Typography, blocks_of
from .pdf_lines import Row
from .pdf_rules import Rules
class TableMemory:
    def turn_page(self) -> None: ...
def blocks_with_tables(rows: Sequence[Row], rules: Rules, typography: Typography, memory: TableMemory) -> list[Block]:
    return blocks_of(rows, typography)
