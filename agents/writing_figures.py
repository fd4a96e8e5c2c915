"""How a figure is written, so that another value can be written likewise: "£118.4m", "1.450,00 EUR", "24 months"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

TIMES = {
    "second": ("second", "seconds", "Sekunde", "Sekunden"),
    "minute": ("minute", "minutes", "Minute", "Minuten"),
    "hour": ("hour", "hours", "Stunde", "Stunden"),
    "day": ("day", "days", "Tag", "Tage"),
    "week": ("week", "weeks", "Woche", "Wochen"),
    "month": ("month", "months", "Monat", "Monate"),
    "year": ("year", "years", "Jahr", "Jahre"),
    "night": ("night", "nights", "Nacht", "Nächte"),
    "working day": ("working day", "working days", "Arbeitstag", "Arbeitstage"),
}
"""Words of the units of time: English for one and for many, German for one and for many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a figure is written: what stands before and behind its digits, its marks and decimals.

    `factor` is what one counts for ("m" behind pounds: a million). `unit` is that of time, whose word bends.
    """

    prefix: str = ""
    suffix: str = ""
    group: str = ""
    point: str = "."
    decimals: int = 0
    factor: Decimal = Decimal(1)
    unit: str = ""
    german: bool = False
    is_money: bool = False

    @property
    def style(self) -> tuple[str, str]:
        """Equal for figures whose digits can be reckoned with as they stand."""
        return (self.prefix, self.unit or self.suffix)

    def show(self, value: Decimal, decimals: int) -> str:
        """`value`, in what `factor` counts, with so many decimals; sums of money with none or two."""
        if self.is_money and self.factor == 1 and decimals == 1:
            decimals = 2
        digits = f"{abs(value):,.{decimals}f}".replace(",", "\0").replace(".", self.point).replace("\0", self.group)
        sign = "-" if value < 0 and digits.strip("0.,") else ""
        return f"{sign}{self.prefix}{digits}{self._bent(value)}"

    def bare(self) -> Written:
        """The same marks without a unit."""
        return replace(self, prefix="", suffix="", unit="", factor=Decimal(1), is_money=False)

    def counted(self, suffix: str) -> Written:
        """The same marks with another unit behind."""
        return replace(self.bare(), suffix=suffix)

    def whole(self) -> Written:
        """The same unit without a scale word: pounds instead of millions of pounds."""
        if self.factor == 1:
            return self
        suffix = re.sub(r"^\s?[A-Za-z]+\.?", "", self.suffix)
        return replace(self, suffix=suffix, factor=Decimal(1), group=self.group or ("." if self.point == "," else ","))

    def _bent(self, value: Decimal) -> str:
        if self.unit not in TIMES:
            return self.suffix
        one, many, eins, viele = TIMES[self.unit]
        return f" {(eins if value == 1 else viele) if self.german else (one if value == 1 else many)}"
