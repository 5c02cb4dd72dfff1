import numpy as np
import pytest

from monitor.decode import Decoder
from monitor.model.frames import FrameBatch
from monitor.model.words import Stop
from tests.support.decode_bytes import ether, ipv4, udp
from tests.support.frames import frames

PACKET = ether(0x0800, ipv4(17, udp(b"camera")))
ARP = ether(0x0806, bytes(28))
ERROR = ether(0x0800, ipv4(1, b"\x03\x01" + bytes(6) + ipv4(17, udp())))


def test_every_frame_is_a_packet_or_counted_by_reason() -> None:
    _, counts = Decoder().decode(frames([PACKET, ARP, b"", ARP, PACKET[:10], PACKET]))
    assert (counts.frames, counts.packets) == (6, 2)
    stopped = {Stop(n): int(count) for n, count in enumerate(counts.stopped) if count}
    assert stopped == {Stop.ARP: 2, Stop.EMPTY: 1, Stop.LINK_CUT: 1}


def test_rows_keep_time_input_and_number_of_their_frames() -> None:
    batch = frames([PACKET, ARP], ts_ns=[5, 6], source=3, first_no=10)
    packets, _ = Decoder().decode(batch)
    assert packets.ts_ns.tolist() == [5, 6]
    assert packets.source.tolist() == [3, 3]
    assert packets.frame_no.tolist() == [10, 11]


def test_quotes_name_their_rows() -> None:
    packets, _ = Decoder().decode(frames([PACKET, ERROR, ARP, ERROR]))
    assert packets.quotes.row.tolist() == [1, 3]


def test_a_batch_without_frames_is_answered() -> None:
    packets, counts = Decoder().decode(frames([]))
    assert (len(packets), len(packets.quotes), counts.frames, counts.packets) == (0, 0, 0, 0)


def test_a_batch_beyond_the_room_makes_room() -> None:
    decoder = Decoder(max_frames=2)
    packets, counts = decoder.decode(frames([PACKET] * 5 + [ERROR] * 5))
    assert (len(packets), counts.packets, len(packets.quotes)) == (10, 10, 5)


def test_columns_are_read_only_and_used_again() -> None:
    decoder = Decoder(max_frames=4)
    first, _ = decoder.decode(frames([PACKET]))
    assert not first.protocol.flags.writeable
    decoder.decode(frames([ERROR]))
    assert first.protocol.tolist() == [1]


def test_columns_that_are_not_contiguous_are_read_right() -> None:
    batch = frames([PACKET, ARP, PACKET, ARP])
    other = FrameBatch(
        data=batch.data,
        **{
            name: getattr(batch, name)[::2]
            for name in [
                "off",
                "cap_len",
                "wire_len",
                "ts_ns",
                "link_type",
                "vlan_tci",
                "source",
                "frame_no",
            ]
        },
    )
    _, counts = Decoder().decode(other)
    assert (counts.frames, counts.packets) == (2, 2)


@pytest.mark.parametrize(
    ("off", "cap_len"), [(0, 100), (99, 1), (-1, 4), (2**40, 1), (2**63 - 1, 100), (0, 2**32 - 1)]
)
def test_a_frame_outside_the_data_is_a_fault_of_the_reader(off: int, cap_len: int) -> None:
    good = frames([PACKET])
    bad = FrameBatch(
        data=np.zeros(64, dtype=np.uint8),
        off=np.array([off], dtype=np.int64),
        cap_len=np.array([cap_len], dtype=np.uint32),
        **{
            name: getattr(good, name)
            for name in ["wire_len", "ts_ns", "link_type", "vlan_tci", "source", "frame_no"]
        },
    )
    with pytest.raises(ValueError, match="row 0 does not lie within"):
        Decoder().decode(bad)


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_ports_that_are_none_are_refused(port: int) -> None:
    with pytest.raises(ValueError, match="not UDP ports"):
        Decoder(vxlan_ports=(port,))
    with pytest.raises(ValueError, match="not UDP ports"):
        Decoder(geneve_port=port)


def test_no_vxlan_port_at_all_is_allowed() -> None:
    packets, _ = Decoder(vxlan_ports=()).decode(frames([PACKET]))
    assert packets.dst_port.tolist() == [53]
