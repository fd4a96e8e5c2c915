"""Host keys of SFTP servers: only those in a known_hosts file are trusted. fsspec would trust any."""

from __future__ import annotations

from pathlib import Path


class UnknownHostKey(Exception):
    """An SFTP server showed a key that no known_hosts file has."""


def known_hosts_policy(known_hosts: object = None) -> object:
    """A paramiko policy that admits the keys of a known_hosts file, by default that of the user's home.

    Raises `UnknownHostKey` while connecting, for any other key; ImportError without paramiko.
    """
    import paramiko

    path = Path(str(known_hosts)) if known_hosts else Path.home() / ".ssh" / "known_hosts"

    def missing_host_key(self: object, client: object, hostname: str, key: object) -> None:
        del self, client
        keys = paramiko.HostKeys(str(path)) if path.is_file() else paramiko.HostKeys()
        if not keys.check(hostname, key):
            raise UnknownHostKey(hostname)

    # Made by a call, for the base class is loaded only when it is used.
    policy = type("KnownHosts", (paramiko.MissingHostKeyPolicy,), {"missing_host_key": missing_host_key})
    return policy()
