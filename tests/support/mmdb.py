"""Databases for tests, made by mmdb_writer: an implementation that is not ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it has no stubs


def write_mmdb(
    path: Path,
    records: Mapping[str, Any],
    *,
    database_type: str = "Test",
    epoch: int = 0,
    ip_version: int = 6,
    record_bits: int = 24,
) -> Path:
    """Write a database with a record for each network and return its path."""
    writer = MMDBWriter(
        ip_version=ip_version,
        ipv4_compatible=ip_version == 6,
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
    if record_bits != 24:
        _set_record_bits(path, record_bits)
    return path


def _set_epoch(path: Path, epoch: int) -> None:
    """Write another build time: the writer knows only the present."""
    raw = path.read_bytes()
    key = raw.rindex(b"build_epoch") + len(b"build_epoch")
    size = raw[key] & 0x1F
    assert raw[key + 1] == 2, "an extended type: uint64"
    path.write_bytes(raw[: key + 2] + epoch.to_bytes(size, "big") + raw[key + 2 + size :])


def _set_record_bits(path: Path, bits: int) -> None:
    """Write wider records: the writer takes the narrowest that hold the database.

    Source: the MaxMind DB file format specification 2.0, "Node Layout".
    """
    raw = path.read_bytes()
    with maxminddb.open_database(str(path)) as reader:
        metadata = reader.metadata()
    assert metadata.record_size == 24
    tree = b""
    for at in range(0, metadata.node_count * 6, 6):
        left, right = raw[at : at + 3], raw[at + 3 : at + 6]
        # The middle byte of two 28-bit records holds their highest bits: none in a small one.
        tree += left + b"\0" + right if bits == 28 else b"\0" + left + b"\0" + right
    rest = raw[metadata.node_count * 6 :]
    key = rest.rindex(b"record_size") + len(b"record_size")
    assert rest[key : key + 2] == b"\xa1\x18", "uint16 of one byte: 24"
    path.write_bytes(tree + rest[: key + 1] + bytes([bits]) + rest[key + 2 :])
