from monitor.decode import kernel
from monitor.model.arrays import columns_of
from monitor.model.packets import PacketBatch, QuoteBatch
from monitor.model.words import Stop, Tunnel
from tests.support.decode_bytes import ether, ipv4, tag, udp
from tests.support.decode_one_row import decode


def test_the_kernel_writes_every_column_but_those_of_the_frame() -> None:
    frame_columns = ["ts_ns", "source", "frame_no"]
    declared = [name for name in columns_of(PacketBatch) if name not in frame_columns]
    assert sorted(kernel.PacketColumns._fields) == sorted(declared)
    assert kernel.QuoteColumns._fields == tuple(columns_of(QuoteBatch))


def test_a_row_that_stopped_keeps_link_columns_and_nothing_of_the_row_before() -> None:
    decode(ether(0x8100, tag(20, 0x0800, ipv4(17, udp(b"camera")))))
    row = decode(ether(0x8100, tag(20, 0x0806, bytes(28)), src=1, dst=2))
    assert (row.stop, row.tunnel, row.vlan) == (Stop.ARP, Tunnel.NONE, 20)
    assert (row.src_mac, row.dst_mac, row.wire_len) == (1, 2, 46)
    assert row[6:] == ("::", "::", 0, 0, 0, 0, 0, 0, 0, 0, 0, b"", 0, 0, False, None)


def test_a_frame_stopped_behind_its_ip_header_has_no_addresses() -> None:
    row = decode(ether(0x0800, ipv4(6, b"\x01\xbb")))
    assert (row.stop, row.src, row.protocol, row.ttl) == (Stop.TRANSPORT_CUT, "::", 0, 0)
