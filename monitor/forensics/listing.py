"""The packets of a carved flow as lines: what the columns show, without any outside program."""

from typing import Any, Final

from monitor.forensics.carve import Carved
from monitor.forensics.gathered import Role
from monitor.forensics.shown import shown, shown_bytes
from monitor.model.clock import utc_text
from monitor.model.records import FlowRecord
from monitor.model.words import Fragment, Protocol, Tunnel

PREVIEW: Final = 48
"""Payload bytes that a line shows."""

_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_TUNNELS: Final = {
    Tunnel.GRE: "GRE",
    Tunnel.ERSPAN1: "ERSPAN",
    Tunnel.ERSPAN2: "ERSPAN",
    Tunnel.ERSPAN3: "ERSPAN",
    Tunnel.VXLAN: "VXLAN",
    Tunnel.GENEVE: "GENEVE",
    Tunnel.IPIP: "IP in IP",
    Tunnel.PPPOE: "PPPoE",
    Tunnel.MPLS: "MPLS",
}


def packet_data(one: Carved, record: FlowRecord) -> dict[str, Any]:
    """Return a packet as JSON-ready data."""
    packet = one.packet
    sender, receiver = "camera", "destination"
    if packet.role is Role.ERROR:
        sender, receiver = "network", "originator" if packet.is_from_orig else "responder"
    elif packet.role is Role.NAME:
        receiver = "resolver"
    is_from_camera = packet.role is Role.NAME or record.orig.ip == record.camera.ip
    if packet.role is not Role.ERROR and packet.is_from_orig != is_from_camera:
        sender, receiver = receiver, sender
    end = packet.payload_off + min(packet.payload_len, PREVIEW)
    start = one.data[packet.payload_off : end] if packet.payload_len else b""
    return {
        "input": one.input,
        "frame": packet.frame_no,
        "time": utc_text(packet.ts_ns),
        "from": sender,
        "to": receiver,
        "protocol": _protocol(packet.protocol),
        "flags": _flags(packet.tcp_flags),
        "bytes": packet.wire_len,
        "captured": packet.cap_len,
        "payload_bytes": packet.payload_len,
        "payload_start": shown_bytes(start),
        "copy_of": one.copy_of or None,
        "notes": _notes(one),
    }


def packet_line(data: dict[str, Any], first_ns: int, time_ns: int, *, with_input: bool) -> str:
    """Return the line of a packet: frame, time since the first, sender, protocol, sizes."""
    of_input = f" of {shown(data['input'], 80)}" if with_input else ""
    flags = f" {' '.join(data['flags'])}" if data["flags"] else ""
    notes = f"  ({'; '.join(shown(note) for note in data['notes'])})" if data["notes"] else ""
    return (
        f"frame {data['frame']}{of_input}  {_seconds(time_ns - first_ns)}  {data['from']} -> {data['to']}  "
        f"{data['protocol'].upper()}{flags}  {data['bytes']} B, payload {data['payload_bytes']}{notes}"
    )


def _seconds(ns: int) -> str:
    sign = "-" if ns < 0 else "+"
    return f"{sign}{abs(ns) // 10**9}.{abs(ns) % 10**9:09d}"[:-3] + " s"


def _protocol(number: int) -> str:
    known = {protocol.value: protocol.name.lower() for protocol in Protocol}
    return known.get(number) or f"ip-{number}"


def _flags(flags: int) -> list[str]:
    return [name for bit, name in enumerate(_FLAGS) if flags >> bit & 1]


def _notes(one: Carved) -> list[str]:
    packet = one.packet
    notes = []
    if one.copy_of:
        notes.append(f"mirror copy of {one.copy_of}")
    if packet.role is Role.ERROR:
        whose = "originator" if packet.is_from_orig else "responder"
        kind = f"type {packet.src_port} code {packet.dst_port}"
        notes.append(f"ICMP error, {kind}, quotes a packet of the {whose}")
    elif packet.role is Role.NAME:
        notes.append("DNS: asked before" if packet.is_from_orig else "DNS: gave the address")
    if packet.fragment:
        notes.append("first fragment" if packet.fragment == Fragment.FIRST else "later fragment")
    if packet.tunnel:
        notes.append(f"inside {_TUNNELS[Tunnel(packet.tunnel)]}")
    if packet.cap_len < packet.wire_len:
        notes.append(f"{packet.wire_len - packet.cap_len} B were not captured")
    return notes
