"""Ranges of addresses, asked by number."""

import ipaddress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.coverage.kernel_hosts import Word, in_spans
from monitor.coverage.tables import Spans, _spans
from monitor.model.addresses import Networks
from monitor.model.jit import kernel_borrowing
from tests.support.packets import words_of

NETWORKS = ("10.0.0.0/8", "192.168.1.0/24", "192.168.2.7/32", "fe80::/10", "fd00::/8", "::1/128")


@kernel_borrowing
def ask(spans: Spans, hi: Word, lo: Word) -> bool:
    return in_spans(spans, hi, lo)


EDGES = [
    "9.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "11.0.0.0",
    "192.168.1.0",
    "192.168.2.7",
    "192.168.2.8",
    "fe80::",
    "febf:ffff::",
    "fec0::",
    "fd12::1",
    "::1",
    "::2",
    "ff02::1",
]


@given(st.sampled_from(EDGES) | st.ip_addresses().map(str))
def test_a_range_holds_what_the_standard_library_says(text: str) -> None:
    networks = [ipaddress.ip_network(one) for one in NETWORKS]
    address = ipaddress.ip_address(text)
    hi, lo = words_of(text)
    wanted = any(address in network for network in networks if network.version == address.version)
    assert ask(_spans(Networks(networks)), np.uint64(hi), np.uint64(lo)) == wanted


def test_no_range_holds_nothing() -> None:
    assert not ask(_spans(Networks(())), np.uint64(0), np.uint64(1))
