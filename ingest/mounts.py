"""Which folders lie on drives that other machines change, of which the system here does not tell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

_NETWORK = frozenset(
    "9p afs ceph cifs coda davfs drvfs fakeowner glusterfs lustre ncpfs nfs nfs4 prl_fs smb2 smb3 smbfs "
    "vboxsf virtiofs vmhgfs".split()
)
_LOCAL_FUSE = frozenset("fuse.bindfs fuse.encfs fuse.gocryptfs fuse.mergerfs fuse.ntfs-3g fuse.exfat".split())


def network_drive(root: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that a folder lies on, or that is mounted somewhere below it; None: no such.

    File systems in user space count as networks unless they are known to be local. Only Linux has the list of mounts
    that is read; elsewhere the answer is None.
    """
    try:
        text = mounts.read_text(errors="surrogateescape")
    except OSError:
        return None
    place = os.path.realpath(root)
    holding, kind = "", ""
    for point, name in _mounts(text):
        if _is_network(name) and _is_below(point, place):
            return name
        if _is_below(place, point) and len(point) >= len(holding):  # The last one on the same point hides the others.
            holding, kind = point, name
    return kind if _is_network(kind) else None


def _mounts(text: str) -> Iterator[tuple[str, str]]:
    """Mount point and type of each line of a mountinfo file; see proc_pid_mountinfo(5)."""
    for line in text.splitlines():
        fields, separator, rest = line.partition(" - ")
        before, after = fields.split(), rest.split()
        if separator and len(before) > 4 and after:
            yield re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), before[4]), after[0]


def _is_network(kind: str) -> bool:
    return kind in _NETWORK or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def _is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
