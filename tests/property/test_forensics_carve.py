"""Any mixture of packets: each is in one flow's carving, and each carving agrees with its record."""

import struct
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from monitor.forensics.carve import Job, carve
from tests.support.decode_bytes import CAMERA, CLOUD, ether, ipv4, tag, udp
from tests.support.forensic_runs import IPV4, capture, records, replayed

PORTS = (5000, 5001)
VLANS = (0, 30, 40)
WAITS = (0.00001, 0.0004, 0.01, 3.0, 20.0, 70.0)


@st.composite
def frames(draw: st.DrawFn) -> list[tuple[float, bytes]]:
    """Frames of a camera in capture order: TCP, UDP, fragments, ICMP errors, mirror copies."""
    now, made = 0.0, []
    begun: set[int] = set()
    for number in range(draw(st.integers(1, 20))):
        now += draw(st.sampled_from(WAITS))
        is_back, port = draw(st.booleans()), draw(st.sampled_from(PORTS))
        kind = draw(st.sampled_from(("udp", "tcp", "first", "later", "error")))
        ends = {"src": CLOUD, "dst": CAMERA} if is_back else {"src": CAMERA, "dst": CLOUD}
        src, dst = (443, port) if is_back else (port, 443)
        ident = number + 10
        if kind in ("first", "later"):
            # No identification begins two datagrams: whose a later fragment is would be a guess,
            # which the carving then says to be in doubt.
            free = [one for one in (1, 2, 3) if kind == "later" or one not in begun]
            ident = draw(st.sampled_from(free or [number + 10]))
            begun |= {ident} if kind == "first" else set()
        if kind == "tcp":
            flags = draw(st.sampled_from((0x02, 0x12, 0x10, 0x11, 0x14)))
            body = struct.pack("!HHIIBBHHH", src, dst, number, 1, 0x50, flags, 8192, 0, 0)
            packet = ipv4(6, body, ident=ident, **ends)  # type: ignore[arg-type]  # two texts
        elif kind == "error":
            quoted = ipv4(17, udp(b"x", src=src, dst=dst), ident=1, **ends)  # type: ignore[arg-type]  # two texts
            body = struct.pack("!BBHI", 3, draw(st.sampled_from((1, 3))), 0, 0) + quoted
            packet = ipv4(1, body, ident=ident, src=ends["dst"], dst=ends["src"])
        else:
            place = {"udp": 0, "first": 0x2000, "later": 1}[kind]
            body = (
                bytes([number]) * 8 if kind == "later" else udp(bytes([number]), src=src, dst=dst)
            )
            packet = ipv4(17, body, ident=ident, place=place, **ends)  # type: ignore[arg-type]  # two texts
        vlan = draw(st.sampled_from(VLANS))
        made.append((now, _tagged(packet, vlan)))
        if draw(st.integers(0, 9)) == 0:
            made.append((now + 0.000002, _tagged(packet, draw(st.sampled_from((vlan, 40))))))
            now += 0.000003
    return made


def _tagged(packet: bytes, vlan: int) -> bytes:
    return ether(0x8100, tag(vlan, IPV4, packet)) if vlan else ether(IPV4, packet)


def _is_icmp(frame: bytes) -> bool:
    return frame[27 if frame[12:14] == b"\x81\x00" else 23] == 1


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(frames(), st.booleans())
def test_carvings_agree_with_records_and_share_no_packet_but_errors(
    made: list[tuple[float, bytes]], use_vlan: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = replayed(
            Path(name) / "run", capture(Path(name) / "a.pcap", made), use_vlan=use_vlan
        )
        seen: Counter[int] = Counter()
        for record in records(folder):
            with carve(Job(run=folder, record=record)) as carving:
                assert carving.doubt == "", record
                seen.update(one.packet.frame_no for one in carving)
        counters = folder.manifest["counters"]["flow"]
        # An error that quotes no flow of its VLAN is a flow of its own; the copy of it that a
        # mirror shows in another VLAN can quote one there, and then belongs to both.
        shared = [number for number, count in seen.items() if count > 1]
        assert [number for number in shared if not _is_icmp(made[number - 1][1])] == []
        lost = counters["fragments_lost"] + counters["fragments_pending"]
        assert len(seen) == counters["packets"] - lost
