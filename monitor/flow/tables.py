"""The memory of the flow stage: what a flow, a conversation and the other tables hold.

Tables are arrays of aligned records, not columns: a packet touches many fields of one flow, which
so lie in few cache lines: records fill whole lines. All are made with zeros, which cost no memory until they are
used. Counters are int64 even where they cannot be negative, because int64 and uint64 together
make a float64; only addresses, MACs and hashes are uint64.
"""

import contextlib
import mmap
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.flow.settings import FlowSettings
from monitor.model.arrays import I32, I64, U8, U32, U64

Rows: TypeAlias = Any
"""An array of records. Their fields are attributes in machine code, which types cannot say."""

TICK_NS = 1_000_000_000
"""Flows that fell silent are looked for when packet time passes a multiple of this."""
WHEEL = 512
"""Ticks that the wheel of timeouts reaches ahead; longer timeouts go round again."""
BLOCK = 256
"""Bytes of one block of the payload store."""
COPY_SETS = 1 << 13
"""Sets of two recent packets in the table of mirror copies."""
AHEAD = 32
"""Rows whose memory is asked for before they are followed."""
LINE = 64
HUGE_PAGE = 2 << 20
NO_VLAN_KEY = 0xFFFF
FRAGMENT_SLOTS = 4096
FRAGMENT_WAYS = 4
SOURCES = 1 << 16
ROOM_ENDED = 8192
ROOM_TALKS = 8192
ROOM_PIECES = 8 * ROOM_TALKS
ROOM_BYTES = 4 << 20
MOST_PIECES = 64
SHA1_LANES = 16

ANSWERED = 1 << 0
SAW_SYN = 1 << 1
SAW_SYN_ACK = 1 << 2
FLIPPED = 1 << 3
ORIG_IS_A = 1 << 4
MIRRORED = 1 << 5
FIN_ORIG = 1 << 6
FIN_RESP = 1 << 7
SAW_RESET = 1 << 8
SPOKE_ORIG = 1 << 9
SPOKE_RESP = 1 << 10
"""Bits of the state of a flow. MIRRORED: a packet of it was seen in two VLANs."""

KIND_TCP, KIND_HALF_OPEN, KIND_CLOSED, KIND_UDP, KIND_ICMP, KIND_OTHER = range(6)
"""Kinds of flows that differ in their idle timeout: indices into `Tables.idle_ns`."""

FLOW = np.dtype(
    [
        # The first cache line finds the flow and says whether it is still alive.
        ("a_hi", "u8"),  # the endpoint that sorts first
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("word", "u8"),  # ports, VLAN and protocol; 0: this record is free
        ("alias", "u8"),  # the same in the VLAN where mirror copies showed; 0: none
        ("seen_ns", "i8"),  # packet clock at the last packet
        ("state", "u2"),
        ("kind", "u1"),
        ("icmp_code", "u1"),
        ("messages", "u2"),
        ("vlan", "u2"),
        # The second: what else every packet touches, and its places in other tables.
        ("part_ns", "i8"),  # packet clock when this part began
        ("end_ns", "i8"),
        ("sure", "i4"),  # packets whose copies would be certain, copies among them
        ("sure_copies", "i4"),  # of these the first copies; more of one are no witness
        ("talk", "i4"),  # 0: no payload yet; -1: was handed on; else number of the talk + 1
        ("hash", "u4"),
        ("copy_end_ns", "i8"),  # time of the last suspected copy
        ("wheel_tick", "i8"),
        ("wheel_prev", "i4"),
        ("wheel_next", "i4"),  # also links the free records
        ("reserve", "i8"),
        # The third: what is told of it, written when it begins.
        ("start_ns", "i8"),
        ("flow_no", "i8"),
        ("frame_no", "u8"),
        ("orig_mac", "u8"),
        ("resp_mac", "u8"),
        ("source", "u2"),
        ("part", "u2"),
        ("refused_by", "u2"),
        ("tunnel", "u1"),
        ("spare", "u1"),
        ("reserves", "u8", 2),
    ],
    align=True,
)
"""One flow. The parts that an active timeout cuts are the same record, with counts from zero."""

SIDE = np.dtype(
    [
        ("pkts", "i8"),
        ("bytes", "i8"),
        ("payload", "i8"),
        ("data_pkts", "i8"),
        ("copy_bytes", "i8"),
        ("copy_payload", "i8"),
        ("copies", "i4"),
        ("copy_data_pkts", "i4"),
        ("base", "u4"),  # TCP: sequence number of the first byte of the stream
        ("has_base", "u1"),  # a SYN told it
        ("flags", "u1"),
        ("spare", "u2"),
    ],
    align=True,
)
"""What one side of a flow sent; row 2 * flow is the originator, the next one the responder."""

TALK = np.dtype(
    [
        ("first_ns", "i8"),  # time of the first payload
        ("clock_ns", "i8"),  # packet clock then
        ("flow", "i4"),
        ("prev", "i4"),  # older talk
        ("next", "i4"),  # younger talk, or next free one
        ("head", "i4"),  # chain of blocks
        ("tail", "i4"),
        ("used", "i4"),  # bytes used in the last block
        ("done", "i4"),  # bit 0: enough of the originator, bit 1: of the responder
        ("pieces", "i4"),
        ("blocks", "i4"),
        ("reserve", "i8"),
    ],
    align=True,
)
"""Payload of one flow that is being collected."""

TALK_SIDE = np.dtype(
    [
        ("base", "u4"),
        ("edge", "u4"),  # all bytes before it are here
        ("early_from", "u4"),  # a run of segments that came before their turn
        ("early_to", "u4"),
        ("stored", "i4"),
        ("wanted", "i4"),
        ("pieces", "i4"),
        ("is_open", "i4"),  # how base is known
    ],
    align=True,
)

COPY = np.dtype(
    [("key", "u8"), ("ts_ns", "i8"), ("flow", "i4"), ("times", "i4"), ("spare", "i8")],
    align=True,
)
"""A recent packet, seen so many times; a set of two is a cache line. Flow -1: it waits for its first fragment."""

SHARE = np.dtype([("sure", "i4"), ("copies", "i4")], align=True)
"""Recent packets of one input that could be told from copies, and the copies among them."""

FRAGMENT = np.dtype(
    [
        ("src_hi", "u8"),
        ("src_lo", "u8"),
        ("dst_hi", "u8"),
        ("dst_lo", "u8"),
        ("word", "u8"),  # identification, protocol, VLAN; 0: free
        ("clock_ns", "i8"),
        ("end_ns", "i8"),
        ("pkts", "i8"),
        ("bytes", "i8"),
        ("payload", "i8"),
        ("data_pkts", "i8"),
        ("copies", "i8"),
        ("copy_data_pkts", "i8"),
        ("copy_bytes", "i8"),
        ("copy_payload", "i8"),
        ("flow_no", "i8"),
        ("flow", "i4"),  # -1: the first fragment has not come
        ("way", "i4"),
    ],
    align=True,
)
"""A fragmented datagram: the flow of its first fragment, or counts of the later ones till then."""

CONTROL = np.dtype(
    [
        ("clock_ns", "i8"),
        ("alarm_ns", "i8"),  # nothing is due before
        ("tick", "i8"),
        ("fragments_due_ns", "i8"),
        ("is_started", "i8"),
        ("seed", "u8"),
        ("flow_no", "i8"),
        ("free_flow", "i4"),  # -1: none
        ("fresh_flow", "i4"),  # records from here on were never used
        ("hand", "i4"),
        ("is_pressed", "i4"),
        ("aliases", "i4"),
        ("free_talk", "i4"),
        ("fresh_talk", "i4"),
        ("oldest", "i4"),
        ("youngest", "i4"),
        ("free_block", "i4"),
        ("fresh_block", "i4"),
        ("blocks_left", "i8"),
        # What waits in the output tables.
        ("out_ended", "i8"),
        ("out_talks", "i8"),
        ("out_pieces", "i8"),
        ("out_bytes", "i8"),
        ("out_messages", "i8"),
        # Running totals, as in FlowCounts.
        ("packets", "i8"),
        ("in_flows", "i8"),
        ("copies", "i8"),
        ("icmp_errors", "i8"),
        ("fragments_joined", "i8"),
        ("fragments_lost", "i8"),
        ("fragments_pending", "i8"),
        ("opened", "i8"),
        ("active", "i8"),
        ("parts", "i8"),
        ("pressure_steps", "i8"),
        ("windows_cut", "i8"),
        ("messages_skipped", "i8"),
        ("packets_late", "i8"),
        # Settings.
        ("max_flows", "i8"),
        ("high_water", "i8"),
        ("low_water", "i8"),
        ("active_ns", "i8"),
        ("window_ns", "i8"),
        ("copy_window_ns", "i8"),
        ("orig_bytes", "i8"),
        ("resp_bytes", "i8"),
        ("segments", "i8"),
        ("datagrams", "i8"),
        ("datagram_bytes", "i8"),
        ("max_messages", "i8"),
        ("max_answers", "i8"),
        ("use_vlan", "i8"),
    ],
    align=True,
)
"""The scalars: one record."""

OUT_TALK = np.dtype([("flow_no", "i8"), ("first_ns", "i8"), ("piece_end", "i8")], align=True)
"""A conversation that was handed on; a copy of its flow stands beside it."""


class Tables(NamedTuple):
    """Everything that lives between two steps."""

    control: Rows
    idle_ns: I64
    ended: I64
    flows: Rows
    sides: Rows
    buckets: U64
    wheel_head: I32
    wheel_tail: I32
    copies: Rows
    shares: Rows
    fragments: Rows
    talks: Rows
    talk_sides: Rows
    blocks: I32
    pool: U8
    pool_words: U32
    scratch: I64
    ahead_hash: U64
    ahead_word: U64
    ahead_from_a: U8
    ahead_slot: I64


class Outbox(NamedTuple):
    """What ended or was handed on, until it is made into columns."""

    flows: Rows
    sides: Rows
    reason: U8
    is_mirrored: U8
    talks: Rows
    talk_flows: Rows
    piece_end: I64
    is_orig: U8
    data: U8
    sha1_words: U32


def make_tables(settings: FlowSettings, seed: int) -> Tables:
    """Return empty tables.

    Args:
        settings: Bounds and timeouts.
        seed: Key of the hash over flow keys. Results do not depend on it.
    """
    blocks = settings.store_bytes // BLOCK
    places = 1 << max(4, (2 * settings.max_flows - 1).bit_length())
    pool = _zeros(blocks * BLOCK, np.dtype("u1"))
    tables = Tables(
        control=np.zeros(1, CONTROL),
        idle_ns=np.array([_ns(getattr(settings, name)) for name in _IDLE], dtype=np.int64),
        ended=np.zeros(6, np.int64),
        flows=_zeros(settings.max_flows, FLOW),
        sides=_zeros(2 * settings.max_flows, SIDE),
        buckets=_zeros(places, np.dtype("u8")),
        wheel_head=np.full(WHEEL, -1, np.int32),
        wheel_tail=np.full(WHEEL, -1, np.int32),
        copies=_zeros(2 * COPY_SETS, COPY),
        shares=np.zeros(SOURCES, SHARE),
        fragments=_zeros(FRAGMENT_SLOTS, FRAGMENT),
        talks=_zeros(blocks, TALK),
        talk_sides=_zeros(2 * blocks, TALK_SIDE),
        blocks=_zeros(blocks, np.dtype("i4")),
        pool=pool,
        pool_words=pool.view(np.uint32),
        scratch=np.zeros(5 * MOST_PIECES, np.int64),
        ahead_hash=np.zeros(AHEAD, np.uint64),
        ahead_word=np.zeros(AHEAD, np.uint64),
        ahead_from_a=np.zeros(AHEAD, np.uint8),
        ahead_slot=np.zeros(AHEAD, np.int64),
    )
    _settle(tables.control[0], settings, seed, blocks)
    return tables


def make_outbox() -> Outbox:
    """Return an empty outbox."""
    return Outbox(
        flows=np.zeros(ROOM_ENDED, FLOW),
        sides=np.zeros(2 * ROOM_ENDED, SIDE),
        reason=np.zeros(ROOM_ENDED, np.uint8),
        is_mirrored=np.zeros(ROOM_ENDED, np.uint8),
        talks=np.zeros(ROOM_TALKS, OUT_TALK),
        talk_flows=np.zeros(ROOM_TALKS, FLOW),
        piece_end=np.zeros(ROOM_PIECES, np.int64),
        is_orig=np.zeros(ROOM_PIECES, np.uint8),
        data=np.zeros(ROOM_BYTES, np.uint8),
        sha1_words=np.zeros((85, SHA1_LANES), np.uint32),
    )


_IDLE = (
    "tcp_idle_s",
    "tcp_half_open_s",
    "tcp_closed_s",
    "udp_idle_s",
    "icmp_idle_s",
    "other_idle_s",
)


def _settle(control: Any, settings: FlowSettings, seed: int, blocks: int) -> None:
    for name in ("free_flow", "free_talk", "oldest", "youngest", "free_block"):
        control[name] = -1
    control["clock_ns"] = control["alarm_ns"] = np.iinfo(np.int64).min
    control["seed"] = seed
    control["blocks_left"] = blocks
    control["max_flows"] = settings.max_flows
    control["high_water"] = max(1, settings.max_flows * 8 // 10)
    control["low_water"] = settings.max_flows * 7 // 10
    control["active_ns"] = _ns(settings.active_s)
    control["window_ns"] = _ns(settings.window_s)
    control["copy_window_ns"] = settings.copy_window_ns
    control["orig_bytes"] = settings.tcp_orig_bytes
    control["resp_bytes"] = settings.tcp_resp_bytes
    control["segments"] = settings.tcp_segments
    control["datagrams"] = settings.datagrams
    control["datagram_bytes"] = settings.datagram_bytes
    control["max_messages"] = settings.messages
    control["max_answers"] = settings.dns_answers
    control["use_vlan"] = settings.use_vlan


def _ns(seconds: float) -> int:
    return round(seconds * 1_000_000_000)


def _zeros(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return zeros that start at a cache line; large tables at a huge page, and in such.

    A packet touches five tables at random places: with pages of 4 KiB most of its time goes into
    finding the pages.
    """
    size = count * dtype.itemsize
    if size < HUGE_PAGE:
        raw = np.zeros(size + LINE, np.uint8)
        skip = -raw.ctypes.data % LINE
    else:
        memory = mmap.mmap(-1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        # A kernel without huge pages refuses the advice, and nothing else changes.
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
        raw = np.frombuffer(memory, np.uint8)
        skip = -raw.ctypes.data % HUGE_PAGE
    return raw[skip : skip + size].view(dtype)
