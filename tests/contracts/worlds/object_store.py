"""A bucket on moto's S3 server on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ingest.connectors.object_store import ObjectStoreConnector
from ingest.settings import ObjectStoreSettings
from tests.fakes import EVERYONE

_ACCOUNT = "123456789012"
"""Whom moto takes every caller for."""


class S3World:
    def __init__(self, folder: Path) -> None:
        boto3 = pytest.importorskip("boto3")
        moto = pytest.importorskip("moto.server")
        pytest.importorskip("s3fs")
        self._cache = folder / "cache"
        self._server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self._up = True
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing-secret"}
        self.client: Any = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", **self.keys)
        # All of moto's servers in a process share one state.
        self.bucket = f"papers-{port}"
        self.client.create_bucket(Bucket=self.bucket)

    def put(self, name: str, text: str) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"docs/{name}", Body=text.encode())

    def fill(self, texts: Mapping[str, str]) -> None:
        """Puts many at once, past the server's door: each request would take it some milliseconds."""
        backend = import_module("moto.s3.models").s3_backends[_ACCOUNT]["aws"]
        for name, text in texts.items():
            backend.put_object(self.bucket, f"docs/{name}", text.encode())

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=f"docs/{name}")

    def uri(self, name: str) -> str:
        return f"s3://{self.bucket}/docs/" + quote(name, safe="/!$&'()*+,;=:@~-._")

    def connector(self, url: str = "", **fields: Any) -> ObjectStoreConnector:
        options = {
            "key": self.keys["aws_access_key_id"],
            "secret": self.keys["aws_secret_access_key"],
            "client_kwargs": {"endpoint_url": self.endpoint, "region_name": "us-east-1"},
            "config_kwargs": {"retries": {"max_attempts": 1}, "connect_timeout": 2},
        }
        settings = ObjectStoreSettings(
            name="bucket",
            url=url or f"s3://{self.bucket}/docs",
            **({"access": EVERYONE, "options": options} | fields),
        )
        return ObjectStoreConnector(settings, self._cache)

    def fail(self) -> None:
        if self._up:
            self._up = False
            self._server.stop()

    def close(self) -> None:
        self.client.close()
        self.fail()


def make(folder: Path) -> S3World:
    """A bucket with an empty folder `docs`."""
    return S3World(folder)
