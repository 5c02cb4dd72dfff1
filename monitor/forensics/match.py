"""Which rows of a batch have to do with one flow: by columns, so that a large file is read quickly."""

import dataclasses
import ipaddress
from typing import Any, Final, Self, TypeAlias

import numpy as np

from monitor.flow.kernel_words import PAIRS_4, PAIRS_6
from monitor.model.addresses import V4_PREFIX
from monitor.model.arrays import I64, VLAN_NONE, Bool
from monitor.model.packets import PacketBatch, QuoteBatch
from monitor.model.records import FlowRecord
from monitor.model.words import Fragment, Protocol

Words: TypeAlias = tuple[int, int]

DNS_PORT: Final = 53
_ICMP: Final = (Protocol.ICMP.value, Protocol.ICMPV6.value)
_LATER: Final = Fragment.LATER.value


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FlowKey:
    """What the packets of a flow have in common."""

    protocol: int
    orig: Words
    resp: Words
    orig_port: int
    """For ICMP: the type of the first packet."""

    resp_port: int
    """For ICMP: its code."""

    vlan: int
    camera: Words
    destination: str

    @classmethod
    def of(cls, record: FlowRecord) -> Self:
        """Return the key of a record.

        Raises:
            ValueError: Its protocol or addresses are none.
        """
        name = record.protocol.upper()
        return cls(
            protocol=Protocol[name].value if name in Protocol.__members__ else int(name),
            orig=address_words(record.orig.ip),
            resp=address_words(record.resp.ip),
            orig_port=record.orig.port,
            resp_port=record.resp.port,
            vlan=VLAN_NONE if record.vlan is None else record.vlan,
            camera=address_words(record.camera.ip),
            destination=record.destination.ip,
        )


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Rows of a batch that belong to the key of a flow, in order, and which way each goes."""

    row: I64
    is_from_orig: Bool


def address_words(text: str) -> Words:
    """Return an address as two words, as columns hold it."""
    address = ipaddress.ip_address(text)
    if address.version == 4:
        return 0, V4_PREFIX | int(address)
    return int(address) >> 64, int(address) & 0xFFFF_FFFF_FFFF_FFFF


def packets_of(packets: PacketBatch, key: FlowKey) -> Matches:
    """Return the packets between both ends with the ports of the flow, in any VLAN.

    Later fragments, which have no ports, are among them whatever datagram they are of.
    """
    lo_one, lo_other = np.uint64(key.orig[1]), np.uint64(key.resp[1])
    near = (packets.src_lo == lo_one) & (packets.dst_lo == lo_other)
    near |= (packets.src_lo == lo_other) & (packets.dst_lo == lo_one)
    row = np.flatnonzero(near)
    # Few rows are left, mostly of the flow: what follows costs little.
    row = row[(packets.stop[row] == 0) & (packets.protocol[row] == key.protocol)]
    src_port, dst_port = packets.src_port[row], packets.dst_port[row]
    is_later = packets.fragment[row] == _LATER
    is_way_out = _is_pair(packets, row, key.orig, key.resp)
    is_way_back = _is_pair(packets, row, key.resp, key.orig)
    if key.protocol in _ICMP:
        kind, code = key.orig_port, key.resp_port
        answer = int((PAIRS_4 if key.protocol == Protocol.ICMP else PAIRS_6)[kind & 255])
        if answer >= 0:
            is_out, is_back = src_port == kind, src_port == answer
        else:
            is_out = (src_port == kind) & (dst_port == code)
            is_back = np.zeros(len(row), dtype=np.bool_)
    else:
        is_out = (src_port == key.orig_port) & (dst_port == key.resp_port)
        is_back = (src_port == key.resp_port) & (dst_port == key.orig_port)
    is_from_orig = is_way_out & (is_out | is_later)
    is_from_resp = is_way_back & (is_back | is_later)
    is_ours = is_from_orig | is_from_resp
    return Matches(row[is_ours], is_from_orig[is_ours])


def errors_of(quotes: QuoteBatch, key: FlowKey) -> Matches:
    """Return the ICMP errors that quote a packet of the flow; the way is that of the quoted one."""
    if not len(quotes):
        return Matches(np.zeros(0, np.int64), np.zeros(0, np.bool_))
    every = np.arange(len(quotes))
    is_out = _is_pair(quotes, every, key.orig, key.resp)
    is_back = _is_pair(quotes, every, key.resp, key.orig)
    if key.protocol in _ICMP:
        answer = int((PAIRS_4 if key.protocol == Protocol.ICMP else PAIRS_6)[key.orig_port & 255])
        is_out &= quotes.src_port == key.orig_port
        is_back &= quotes.src_port == answer
    else:
        is_out &= (quotes.src_port == key.orig_port) & (quotes.dst_port == key.resp_port)
        is_back &= (quotes.src_port == key.resp_port) & (quotes.dst_port == key.orig_port)
    is_ours = (quotes.protocol == key.protocol) & (is_out | is_back)
    return Matches(quotes.row[is_ours], is_out[is_ours])


def names_of(packets: PacketBatch, key: FlowKey) -> I64:
    """Return the DNS messages to and from the camera over UDP."""
    camera = np.uint64(key.camera[1])
    found = (packets.dst_port == DNS_PORT) & (packets.src_lo == camera)
    found |= (packets.src_port == DNS_PORT) & (packets.dst_lo == camera)
    found &= (packets.protocol == Protocol.UDP.value) & (packets.stop == 0)
    found &= packets.fragment != _LATER
    return np.flatnonzero(found)


def _is_pair(batch: Any, row: I64, src: Words, dst: Words) -> Bool:
    """Tell of each row whether it goes from one address to another; the batch may be of quotes."""
    found: Bool = batch.src_lo[row] == np.uint64(src[1])
    found &= batch.src_hi[row] == np.uint64(src[0])
    found &= batch.dst_lo[row] == np.uint64(dst[1])
    found &= batch.dst_hi[row] == np.uint64(dst[0])
    return found
