"""A process is alive for as long as it holds its lock; what dead ones left is cleared away."""

from __future__ import annotations

import os
import time
from pathlib import Path

from agents.runs.liveness import Liveness


def test_a_process_is_alive_from_when_it_holds_until_it_lets_go(tmp_path: Path) -> None:
    one, other = Liveness(tmp_path / "alive", "one"), Liveness(tmp_path / "alive", "other")
    assert not other.is_alive("one")
    one.hold()
    one.hold()
    assert other.is_alive("one")
    assert one.is_alive("one")
    one.close()
    assert not other.is_alive("one")
    other.close()


def test_old_locks_of_the_dead_go_and_all_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "alive"
    living = Liveness(folder, "living")
    living.hold()
    for name in ("dead", "young"):
        (folder / f"{name}.lock").touch()
    long_ago = time.time() - 7200
    for name in ("dead", "living"):
        os.utime(folder / f"{name}.lock", (long_ago, long_ago))
    newcomer = Liveness(folder, "newcomer")
    newcomer.hold()
    assert {place.stem for place in folder.iterdir()} == {"living", "newcomer", "young"}
    newcomer.close()
    living.close()
