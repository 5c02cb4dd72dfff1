"""Databases for tests, made by mmdb_writer: an implementation that is not ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it has no stubs


def write_mmdb(
    path: Path, records: Mapping[str, Any], *, database_type: str = "Test", epoch: int = 0
) -> Path:
    """Write a database with a record for each network and return its path."""
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type=database_type,
        languages=["en"],
        description="made for a test",
    )
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer.to_db_file(str(path))
    if epoch:
        _set_epoch(path, epoch)
    return path


def _set_epoch(path: Path, epoch: int) -> None:
    """Write another build time: the writer knows only the present."""
    raw = path.read_bytes()
    key = raw.rindex(b"build_epoch") + len(b"build_epoch")
    size = raw[key] & 0x1F
    assert raw[key + 1] == 2, "an extended type: uint64"
    path.write_bytes(raw[: key + 2] + epoch.to_bytes(size, "big") + raw[key + 2 + size :])
