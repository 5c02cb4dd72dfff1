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
    """Frames of a camera in capture order: TCP, UDP, fragments, mirror copies."""
    now, made = 0.0, []
    for number in range(draw(st.integers(1, 20))):
        now += draw(st.sampled_from(WAITS))
        is_back, port = draw(st.booleans()), draw(st.sampled_from(PORTS))
        kind = draw(st.sampled_from(("udp", "tcp", "first", "later")))
        ends = {"src": CLOUD, "dst": CAMERA} if is_back else {"src": CAMERA, "dst": CLOUD}
        src, dst = (443, port) if is_back else (port, 443)
        ident = draw(st.integers(1, 3)) if kind in ("first", "later") else number + 10
        if kind == "tcp":
            flags = draw(st.sampled_from((0x02, 0x12, 0x10, 0x11, 0x14)))
            body = struct.pack("!HHIIBBHHH", src, dst, number, 1, 0x50, flags, 8192, 0, 0)
            packet = ipv4(6, body, ident=ident, **ends)  # type: ignore[arg-type]  # two texts
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


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(frames(), st.booleans())
def test_carvings_agree_with_records_and_share_no_packet(
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
        assert all(count == 1 for count in seen.values())
        lost = counters["fragments_lost"] + counters["fragments_pending"]
        assert len(seen) == counters["packets"] - lost
