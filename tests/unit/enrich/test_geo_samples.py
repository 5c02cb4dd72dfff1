"""Sample addresses of databases."""

import random
from ipaddress import IPv4Address
from pathlib import Path

import maxminddb
import pytest

from monitor.enrich import geo_samples
from monitor.enrich.geo_database import open_database
from monitor.enrich.geo_samples import sample_addresses
from monitor.errors import ConfigError
from tests.support.mmdb import write_mmdb

RECORDS = {
    "5.0.0.0/8": {"country_code": "FR"},
    "9.9.128.0/17": {"country_code": "DE"},
    "200.1.2.3/32": {"country_code": "BR"},
}


def samples(path: Path, limit: int = 64) -> list[str]:
    with maxminddb.open_database(str(path)) as reader:
        metadata = reader.metadata()
    return sample_addresses(
        path.read_bytes(),
        metadata.node_count,
        metadata.record_size,
        metadata.ip_version,
        limit,
    )


@pytest.mark.parametrize("record_bits", [24, 28, 32])
def test_every_record_has_an_address_in_order(tmp_path: Path, record_bits: int) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", RECORDS, record_bits=record_bits, ip_version=4)
    assert samples(path) == ["5.0.0.0", "9.9.128.0", "200.1.2.3"]
    assert samples(path, 2) == ["5.0.0.0", "9.9.128.0"]


def test_ipv4_is_given_as_the_ipv6_address_that_the_tree_has(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", RECORDS | {"2a00::/12": {"country_code": "NL"}})
    found = samples(path)
    assert found[:3] == ["::500:0", "::909:8000", "::c801:203"]
    assert "2a00::" in found


def test_a_tree_that_goes_round_or_is_cut_ends() -> None:
    # The only node is its own left child: a branch without end is sampled, to be refused.
    assert sample_addresses(bytes(5) + b"\1", 1, 24, 4, 9) == [str(IPv4Address(0))]
    # Two nodes are promised and one is there; what is missing reads as 0, which is the root.
    assert len(sample_addresses(b"\0\0\1\0\0\1", 2, 24, 4, 9)) <= 9


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geo_samples, "MAX_NODES", 50)
    # Each node leads twice to the next and the last to nothing: 2 to the 30 ways and no record.
    raw = b"".join((i + 1).to_bytes(3, "big") * 2 for i in range(30))
    assert sample_addresses(raw, 30, 24, 6, 64) == []


def test_damaged_databases_are_opened_or_refused_and_never_end_the_program(tmp_path: Path) -> None:
    """With the iterator of the C reader, malloc ended the program on these."""
    chance = random.Random(3)  # noqa: S311  # not for secrets
    records = {
        f"{chance.randrange(1, 223)}.{i}.0.0/16": {"country_code": "FR", "asn": i + 1}
        for i in range(8)
    }
    whole = write_mmdb(tmp_path / "whole.mmdb", records).read_bytes()
    end = whole.rindex(b"\xab\xcd\xefMaxMind.com")
    for i in range(300):
        raw = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            raw[chance.randrange(end)] = chance.randrange(256)
        path = tmp_path / f"{i}.mmdb"
        path.write_bytes(raw)
        try:
            opened = open_database(path)
        except ConfigError:
            continue
        opened.reader.close()
