"""One frame through the decoder, as one row that reads well in a test."""

import ipaddress
from typing import Any, NamedTuple

from monitor.decode import Decoder
from monitor.model.words import Fragment, Stop, Tunnel
from tests.support.decode_compare import address, quotes_by_row
from tests.support.frames import frames

DECODER = Decoder(max_frames=16)


class Row(NamedTuple):
    """The columns of one packet, addresses as text and payload as bytes."""

    stop: Stop
    tunnel: Tunnel
    vlan: int
    src_mac: int
    dst_mac: int
    wire_len: int
    src: str
    dst: str
    protocol: int
    ttl: int
    fragment: Fragment
    fragment_id: int
    src_port: int
    dst_port: int
    tcp_flags: int
    tcp_seq: int
    tcp_ack: int
    payload: bytes
    payload_wire: int
    copy_key: int
    is_copy_sure: bool
    quote: tuple[int, str, str, int, int] | None


def as_text(packed: bytes) -> str:
    """Return an address of 16 bytes as text, IPv4 in its own form."""
    found = ipaddress.IPv6Address(packed)
    return str(found.ipv4_mapped or found)


def decode(content: bytes, *, decoder: Decoder = DECODER, **columns: Any) -> Row:
    """Decode one frame; `columns` are those of `frames`, `wire_len` as a plain number."""
    if "wire_len" in columns:
        columns["wire_len"] = [columns["wire_len"]]
    packets, counts = decoder.decode(frames([content], **columns))
    assert counts.frames == 1 == counts.packets + counts.stopped.sum()
    start, size = int(packets.payload_off[0]), int(packets.payload_len[0])
    quote = quotes_by_row(packets).get(0)
    plain = (
        "vlan src_mac dst_mac wire_len protocol ttl fragment_id src_port dst_port tcp_flags "
        "tcp_seq tcp_ack payload_wire copy_key is_copy_sure"
    )
    return Row(
        stop=Stop(packets.stop[0]),
        tunnel=Tunnel(packets.tunnel[0]),
        fragment=Fragment(packets.fragment[0]),
        src=as_text(address(packets.src_hi[0], packets.src_lo[0])),
        dst=as_text(address(packets.dst_hi[0], packets.dst_lo[0])),
        payload=packets.data[start : start + size].tobytes(),
        quote=None
        if quote is None
        else (quote[0], as_text(quote[1]), as_text(quote[2]), *quote[3:]),
        **{name: getattr(packets, name)[0].item() for name in plain.split(" ")},
    )
