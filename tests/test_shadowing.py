"""The top-level packages have common names: those imported must be this repository's own."""

from __future__ import annotations

import importlib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("agents", "api", "ingest", "retrieval")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_this_repositorys_own(name: str) -> None:
    file = importlib.import_module(name).__file__
    assert file is not None
    assert Path(file).resolve().parent == REPOSITORY / name


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_brings_a_package_of_that_name(name: str) -> None:
    others = set(packages_distributions().get(name, [])) - {"groundcrew"}
    assert not others, f"{others} also installs {name!r}: uninstall it"
