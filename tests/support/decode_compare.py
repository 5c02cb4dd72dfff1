"""Compare what the decode stage gives with its slow twin, row by row."""

from typing import Any

from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch
from tests.support.decode_twin import decode_one
from tests.support.frames import frame_bytes

PLAIN = [
    "wire_len",
    "stop",
    "tunnel",
    "vlan",
    "src_mac",
    "dst_mac",
    "protocol",
    "ttl",
    "fragment",
    "fragment_id",
    "src_port",
    "dst_port",
    "tcp_flags",
    "tcp_seq",
    "tcp_ack",
    "payload_wire",
    "is_copy_sure",
]


def address(hi: int, lo: int) -> bytes:
    """Return the 16 bytes of an address that stands in two words."""
    return int(hi).to_bytes(8, "big") + int(lo).to_bytes(8, "big")


def quotes_by_row(packets: PacketBatch) -> dict[int, tuple[int, bytes, bytes, int, int]]:
    """Return row -> (protocol, source, destination, ports) of the quotes."""
    quotes = packets.quotes
    return {
        int(row): (
            int(quotes.protocol[i]),
            address(quotes.src_hi[i], quotes.src_lo[i]),
            address(quotes.dst_hi[i], quotes.dst_lo[i]),
            int(quotes.src_port[i]),
            int(quotes.dst_port[i]),
        )
        for i, row in enumerate(quotes.row)
    }


def row_of(packets: PacketBatch, row: int, frame_off: int) -> dict[str, Any]:
    """Return one row in the shape of the twin's answer, without `copied`."""
    found: dict[str, Any] = {name: getattr(packets, name)[row].item() for name in PLAIN}
    found["src"] = address(packets.src_hi[row], packets.src_lo[row])
    found["dst"] = address(packets.dst_hi[row], packets.dst_lo[row])
    start = int(packets.payload_off[row])
    found["payload"] = packets.data[start : start + int(packets.payload_len[row])].tobytes()
    found["payload_off"] = start - frame_off if found["stop"] == 0 else start
    return found


def assert_same_as_twin(frames: FrameBatch, packets: PacketBatch, **options: Any) -> None:
    """Fail at the first row whose columns, quote or copy key differ from the twin's answer."""
    keys: dict[int, Any] = {}
    quotes = quotes_by_row(packets)
    assert list(quotes) == sorted(quotes)
    for row in range(len(frames)):
        content = frame_bytes(frames, row)
        want = decode_one(
            content,
            link_type=int(frames.link_type[row]),
            wire_len=int(frames.wire_len[row]),
            vlan_tci=int(frames.vlan_tci[row]),
            **options,
        )
        copied, quote = want.pop("copied"), want.pop("quote")
        found = row_of(packets, row, int(frames.off[row]))
        assert found == want, (row, content.hex())
        assert quotes.get(row) == quote, (row, content.hex())
        key = int(packets.copy_key[row])
        if copied is None:
            assert key == 0
        else:
            # One key for one content, and the other way round.
            assert keys.setdefault(key, copied) == copied, (row, content.hex())
            assert keys.setdefault(copied, key) == key, (row, content.hex())
    assert packets.ts_ns.tolist() == frames.ts_ns.tolist()
    assert packets.source.tolist() == frames.source.tolist()
    assert packets.frame_no.tolist() == frames.frame_no.tolist()
