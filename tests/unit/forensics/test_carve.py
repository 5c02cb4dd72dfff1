"""What belongs to a flow, by the numbers of its frames."""

import struct
from collections import Counter
from pathlib import Path

import dpkt
import pytest

from monitor.forensics.carve import Job, carve
from monitor.forensics.gathered import Role
from tests.support.decode_bytes import (
    CAMERA,
    CAMERA6,
    CLOUD,
    CLOUD6,
    SENSOR,
    SWITCH,
    ether,
    ipv4,
    ipv6,
    tag,
    udp,
)
from tests.support.forensic_runs import (
    IPV4,
    IPV6,
    START_S,
    capture,
    carved,
    datagram,
    dns_message,
    frame_numbers,
    records,
    replayed,
    the_flow,
)
from tests.support.shared import ROOT

MORE = 0x2000


def segment(
    flags: int, seq: int, *, back: bool = False, ident: int = 7, port: int = 40000
) -> bytes:
    """A TCP frame without payload between the camera and port 443 of the cloud."""
    src, dst = (443, port) if back else (port, 443)
    ends = {"src": CLOUD, "dst": CAMERA} if back else {"src": CAMERA, "dst": CLOUD}
    header = struct.pack("!HHIIBBHHH", src, dst, seq, 1, 0x50, flags, 8192, 0, 0)
    return ether(IPV4, ipv4(6, header, ident=ident, **ends))  # type: ignore[arg-type]  # two texts


def test_both_directions_are_carved_and_other_ports_are_not(tmp_path: Path) -> None:
    file = capture(
        tmp_path / "a.pcap",
        [
            (0.0, datagram(b"other", port=5001, ident=1)),
            (0.1, datagram(b"ask", ident=2)),
            (0.2, datagram(b"other", to=9001, ident=3)),
            (0.300000007, datagram(b"answer", ident=4, back=True)),
            (0.4, datagram(b"again", ident=5)),
        ],
    )
    folder = replayed(tmp_path / "run", file)
    (flow,) = [one for one in records(folder) if (one.orig.port, one.resp.port) == (5000, 9000)]
    packets = carved(folder, flow)
    assert frame_numbers(packets) == [2, 4, 5]
    assert [one.packet.is_from_orig for one in packets] == [True, False, True]
    assert packets[1].packet.ts_ns == START_S * 10**9 + 300_000_007
    assert packets[0].data == datagram(b"ask", ident=2)
    assert packets[0].comment == f"frame 2 of {file}"


def test_flows_that_share_ports_one_after_the_other_are_told_apart(tmp_path: Path) -> None:
    frames = [
        (0.0, segment(0x02, 100, ident=1)),
        (0.1, segment(0x12, 500, ident=2, back=True)),
        (0.2, segment(0x11, 101, ident=3)),
        (0.3, segment(0x11, 501, ident=4, back=True)),
        (1.0, segment(0x02, 900, ident=5)),
        (1.1, segment(0x14, 0, ident=6, back=True)),
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    first, second = sorted(records(folder), key=lambda one: one.start_ns)
    assert frame_numbers(carved(folder, first)) == [1, 2, 3, 4]
    assert frame_numbers(carved(folder, second)) == [5, 6]


def test_parts_of_a_long_flow_are_told_apart(tmp_path: Path) -> None:
    frames = [(10.0 * n, datagram(b"beat", ident=n + 1)) for n in range(7)]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames), active_s=30)
    parts = sorted(records(folder), key=lambda one: one.start_ns)
    assert [frame_numbers(carved(folder, part)) for part in parts] == [[1, 2, 3], [4, 5, 6], [7]]


def test_fragments_are_carved_even_those_that_came_first(tmp_path: Path) -> None:
    whole = udp(bytes(2000), src=5000, dst=9000)
    frames = [
        (0.0, ether(IPV4, ipv4(17, whole[1480:], ident=9, place=185))),
        (0.1, ether(IPV4, ipv4(17, bytes(30), ident=8, place=185))),
        (0.2, ether(IPV4, ipv4(17, whole[:1480], ident=9, place=MORE))),
        (0.3, ether(IPV4, ipv4(17, whole[:1480], ident=10, place=MORE))),
        (0.4, ether(IPV4, ipv4(17, whole[1480:], ident=10, place=185))),
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    packets = carved(folder, the_flow(folder, port=5000))
    assert frame_numbers(packets) == [1, 3, 4, 5]


@pytest.mark.parametrize("link", ["vlan", "qinq", "gre", "vxlan"])
def test_flows_behind_tags_and_inside_tunnels_are_carved_as_whole_frames(
    tmp_path: Path, link: str
) -> None:
    def wrapped(packet: bytes) -> bytes:
        if link == "vlan":
            return ether(0x8100, tag(30, IPV4, packet))
        if link == "qinq":
            return ether(0x88A8, tag(9, 0x8100, tag(30, IPV4, packet)))
        if link == "gre":
            return ether(
                IPV4, ipv4(47, struct.pack("!HH", 0, IPV4) + packet, src=SWITCH, dst=SENSOR)
            )
        inner = struct.pack("!BxxxI", 8, 5 << 8) + ether(IPV4, packet)
        return ether(IPV4, ipv4(17, udp(inner, src=49152, dst=4789), src=SWITCH, dst=SENSOR))

    asked = wrapped(ipv4(17, udp(b"ask", src=5000, dst=9000), ident=1))
    told = wrapped(ipv4(17, udp(b"told", src=9000, dst=5000), ident=2, src=CLOUD, dst=CAMERA))
    other = wrapped(ipv4(17, udp(b"other", src=5001, dst=9000), ident=3))
    frames = [(0.0, asked), (0.1, other), (0.2, told)]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    packets = carved(folder, the_flow(folder, port=5000))
    assert frame_numbers(packets) == [1, 3]
    assert [one.data for one in packets] == [asked, told]


def test_ipv6_is_carved(tmp_path: Path) -> None:
    frames = [
        (0.0, ether(IPV6, ipv6(17, udp(b"a", src=5000, dst=9000)))),
        (0.1, ether(IPV6, ipv6(17, udp(b"b", src=5000, dst=9000), dst="2001:db8::4"))),
        (0.2, ether(IPV6, ipv6(17, udp(b"c", src=9000, dst=5000), src=CLOUD6, dst=CAMERA6))),
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    flow = next(one for one in records(folder) if one.destination.ip == CLOUD6)
    assert frame_numbers(carved(folder, flow)) == [1, 3]


def test_an_icmp_error_that_quotes_the_flow_comes_along_and_is_named(tmp_path: Path) -> None:
    sent = ipv4(17, udp(b"ask", src=5000, dst=9000), ident=1)
    error = struct.pack("!BBHI", 3, 13, 0, 0) + sent[:28]
    other = struct.pack("!BBHI", 3, 13, 0, 0) + ipv4(17, udp(b"x", src=5001, dst=9000))[:28]
    router = {"src": "10.20.0.1", "dst": CAMERA}
    frames = [
        (0.0, ether(IPV4, sent)),
        (0.1, ether(IPV4, ipv4(1, other, ident=2, **router))),  # type: ignore[arg-type]  # two texts
        (5.0, ether(IPV4, ipv4(1, error, ident=3, **router))),  # type: ignore[arg-type]  # two texts
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    packets = carved(folder, the_flow(folder, port=5000))
    assert frame_numbers(packets) == [1, 3]
    assert packets[1].packet.role is Role.ERROR
    assert packets[1].comment.endswith("ICMP error that quotes the flow")


def test_copies_of_a_doubling_mirror_are_carved_and_marked(tmp_path: Path) -> None:
    frames = []
    for n in range(6):
        frame = datagram(b"ask %d" % n, ident=n + 1, back=n % 2 == 1)
        frames += [(n / 10, frame), (n / 10 + 0.00002, frame)]
    file = capture(tmp_path / "a.pcap", frames)
    folder = replayed(tmp_path / "run", file)
    flow = the_flow(folder, port=5000)
    packets = carved(folder, flow)
    assert (flow.orig.packets, flow.resp.packets) == (3, 3)
    assert frame_numbers(packets) == list(range(1, 13))
    assert [one.copy_of for one in packets[:4]] == ["", "frame 1", "", "frame 3"]
    assert packets[3].comment == f"frame 4 of {file}; mirror copy of frame 3"


def test_honest_repeats_are_not_called_copies(tmp_path: Path) -> None:
    frames = [(n / 10, datagram(b"ask %d" % n, ident=n + 1)) for n in range(12)]
    frames.append((1.1001, datagram(b"ask 11", ident=12)))
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    flow = the_flow(folder, port=5000)
    assert flow.orig.packets == 13
    packets = carved(folder, flow)
    assert len(packets) == 13
    assert {one.copy_of for one in packets} == {""}


def test_a_mirror_on_both_sides_of_a_router_gives_copies_in_another_vlan(tmp_path: Path) -> None:
    frames = []
    for n in range(4):
        inner = ipv4(17, udp(b"ask %d" % n, src=5000, dst=9000), ident=n + 1)
        frames += [
            (n / 10, ether(0x8100, tag(30, IPV4, inner))),
            (n / 10 + 0.0001, ether(0x8100, tag(99, IPV4, inner))),
        ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    flow = the_flow(folder, port=5000)
    assert (flow.orig.packets, flow.vlan) == (4, 30)
    packets = carved(folder, flow)
    assert frame_numbers(packets) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [bool(one.copy_of) for one in packets] == [False, True] * 4


def test_equal_ports_in_two_vlans_are_two_flows(tmp_path: Path) -> None:
    frames = []
    for n, vlan in enumerate((30, 40, 30, 40)):
        inner = ipv4(17, udp(b"ask %d" % n, src=5000, dst=9000), ident=n + 1)
        frames.append((n / 10, ether(0x8100, tag(vlan, IPV4, inner))))
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    by_vlan = {one.vlan: frame_numbers(carved(folder, one)) for one in records(folder)}
    assert by_vlan == {30: [1, 3], 40: [2, 4]}


def test_a_capture_out_of_order_is_followed_in_its_order(tmp_path: Path) -> None:
    frames = [
        (500.0, datagram(b"first", ident=1)),
        (0.1, datagram(b"back in time", ident=2, back=True)),
        (0.2, datagram(b"still", ident=3)),
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    assert frame_numbers(carved(folder, the_flow(folder, port=5000))) == [1, 2, 3]


def test_a_flow_over_two_files_is_carved_from_both(tmp_path: Path) -> None:
    one = capture(
        tmp_path / "1.pcap", [(0.0, datagram(b"a", ident=1)), (1.0, datagram(b"b", ident=2))]
    )
    two = capture(tmp_path / "2.pcap", [(2.0, datagram(b"c", ident=3, back=True))])
    far = capture(tmp_path / "3.pcap", [(9000.0, datagram(b"d", port=7000, ident=4))])
    folder = replayed(tmp_path / "run", far, two, one)
    far.unlink()
    packets = carved(folder, the_flow(folder, port=5000))
    assert [one.comment for one in packets] == [
        f"frame 1 of {one}",
        f"frame 2 of {one}",
        f"frame 1 of {two}",
    ]


def test_the_dns_messages_that_gave_the_address_come_along_when_asked_for(tmp_path: Path) -> None:
    def name(ident: int, text: str, address: str = "") -> bytes:
        ports = (53, 6000) if address else (6000, 53)
        ends = ("10.20.0.1", CAMERA) if address else (CAMERA, "10.20.0.1")
        body = udp(dns_message(ident, text, address), src=ports[0], dst=ports[1])
        return ether(IPV4, ipv4(17, body, src=ends[0], dst=ends[1], ident=ident))

    frames = [
        (0.0, name(1, "old.example")),
        (0.1, name(1, "old.example", CLOUD)),
        (1.0, name(2, "relay.example")),
        (1.05, name(3, "other.example")),
        (1.1, name(2, "relay.example", CLOUD)),
        (1.2, name(3, "other.example", "45.9.9.9")),
        (2.0, datagram(b"ask", ident=9)),
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    flow = the_flow(folder, port=5000)
    assert frame_numbers(carved(folder, flow)) == [7]
    packets = carved(folder, flow, with_names=True)
    assert frame_numbers(packets) == [3, 5, 7]
    assert [one.packet.role for one in packets] == [Role.NAME, Role.NAME, Role.FLOW]


def test_echo_requests_and_their_replies_are_one_flow(tmp_path: Path) -> None:
    def echo(kind: int, ident: int, src: str, dst: str) -> bytes:
        message = struct.pack("!BBHHH", kind, 0, 0, 1, ident)
        return ether(IPV4, ipv4(1, message, ident=ident, src=src, dst=dst))

    frames = [
        (0.0, echo(8, 1, CAMERA, CLOUD)),
        (0.1, echo(0, 2, CLOUD, CAMERA)),
        (0.2, echo(8, 3, CLOUD, CAMERA)),
        (0.3, echo(8, 4, CAMERA, CLOUD)),
    ]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    flows = {one.orig.ip: frame_numbers(carved(folder, one)) for one in records(folder)}
    assert flows == {CAMERA: [1, 2, 4], CLOUD: [3]}


def test_every_flow_of_the_samples_is_carved_byte_for_byte_and_no_frame_twice(
    tmp_path: Path,
) -> None:
    files = sorted(ROOT.glob("pcaps/*/input.pcap"))
    originals = {}
    for file in files:
        with file.open("rb") as stream:
            originals[str(file)] = [data for _, data in dpkt.pcap.UniversalReader(stream)]
    folder = replayed(tmp_path / "run", *files)
    flows = records(folder)
    assert len(flows) > 200
    seen: Counter[tuple[str, int]] = Counter()
    for flow in flows:
        with carve(Job(run=folder, record=flow)) as carving:
            assert carving.doubt == ""
            assert carving.packets == flow.orig.packets + flow.resp.packets
            for one in carving:
                assert one.data == originals[one.input][one.packet.frame_no - 1]
                seen[one.input, one.packet.frame_no] += 1
    assert set(seen.values()) == {1}
    counters = folder.manifest["counters"]
    assert counters["records"]["without_camera"] == 0
    # Every packet that decoding gave is in a flow, is a copy of one that is, or an error about it.
    assert len(seen) == counters["decode"]["packets"]
