"""Every recorded capture is read as capinfos reads it."""

import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.capture_bytes import frames_of, run_tool
from tests.support.shared import shared_path

REFUSED_BY_CAPINFOS = {
    # Link types that Wireshark 4.0 does not know; the frames are delivered, with their number.
    "libpcap/tests/filter/brcm-tag-stp.pcap": (4, ""),
    "ntopng/fuzz/corpus/fuzz_dissect_packet/vtp_asan-2.pcap": (1, ""),
    "tcpdump/tests/brcm-tag-prepend.pcap": (15, ""),
    "tcpdump/tests/dsa-high-vid.pcap": (4, ""),
    "tcpdump/tests/dsa.pcap": (8, ""),
    "tcpdump/tests/edsa-high-vid.pcap": (4, ""),
    "tcpdump/tests/edsa.pcap": (10, ""),
    "tcpdump/tests/juniper_monitor_invalid_cookie_length.pcap": (1, ""),
    "tcpdump/tests/vtp_asan-2.pcap": (1, ""),
    # Damage: what lies before it is delivered.
    "gopacket/pcapgo/tests/be/test901.pcapng": (1, "byte 480: pcapng version 2.0 is not known"),
    "libpcap/tests/linktype-reserved-field-not-zero.pcap": (
        0,
        "byte 20: link type 0x00300000 has reserved bits set",
    ),
    "libpcap/tests/pcapng-invalid-vers-1.pcapng": (0, "byte 0: pcapng version 0.1 is not known"),
    "libpcap/tests/shb-option-too-long.pcapng": (
        0,
        "byte 0: the block's length is given as 808464432 at its end, and otherwise at its start",
    ),
    "suricata-verify/tests/bug-1450-04/tls_DER-incomplete-header.pcap": (
        6,
        "byte 5035: record of 4325376 bytes is longer than any packet",
    ),
    # Wireshark takes the first packet for one with the longer record header, and reads on.
    "suricata-verify/tests/bug-6875-01/fuzz.pcap": (
        1,
        "byte 228: record of 1409179648 bytes is longer than any packet",
    ),
    # Tables of flows that are named like captures.
    "nfstream/tests/results/1kxun.pcap": (0, 'not a capture file: starts with "id,bidir"'),
    "nfstream/tests/results/443-chrome.pcap": (0, 'not a capture file: starts with "id,bidir"'),
    "nfstream/tests/results/443-curl.pcap": (0, 'not a capture file: starts with "id,bidir"'),
}

CUT_SHORT = {
    "smart-home-firewall/eval/cpu/string/wlan5.0.raw.pcap": (
        "byte 28627: the file ends inside a packet record (have 45 of 58 bytes)"
    ),
}

OTHER_TIMES = (
    # Damaged fractions, of a second and more: capinfos makes them nanoseconds in 32 bits.
    "nfstream/tests/pcaps/fuzz-2021-06-07-c6c72a0a56.pcap",
    "ntopng/fuzz/corpus/fuzz_dissect_packet/",
    "tcpdump/tests/atm-oam-loopback-print-overrun.pcap",
    # Times after 2262 that int64 nanoseconds cannot hold.
    "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/file_heuristics/pcapng-example.pcapng.zst",
    "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/pcapng-example.pcapng",
    # capinfos gives no times at all when one packet is a simple one.
    "gopacket/pcapgo/tests/le/test201.pcapng",
)

ATM_LINK_TYPES = {11, 123}
"""Wireshark counts the pseudo-header of these not as part of the packet."""


def recorded() -> list[Path]:
    root = shared_path("pcaps")
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in {".csv", ".md", ".yaml"}
    )


def capinfos(path: Path) -> list[str]:
    """Return frames, data size, earliest and latest time; nothing when the file is refused."""
    if shutil.which("capinfos") is None:
        pytest.skip("capinfos is not installed")
    command = ["capinfos", "-TMr", "-c", "-d", "-a", "-e", "-S", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  fixed command
    return [str(field) for field in done.stdout.strip().split("\t")[1:]]


def nanoseconds(text: str) -> int | None:
    return None if text == "n/a" else int(Decimal(text) * 10**9)


def test_every_recorded_capture_is_read_as_capinfos_reads_it() -> None:
    compared = times = 0
    for path in recorded():
        name = path.relative_to(shared_path("pcaps")).as_posix()
        frames, (info,) = frames_of(path)
        assert info.frames == len(frames), name
        expected = capinfos(path)
        if name in REFUSED_BY_CAPINFOS:
            assert expected == [], name
            assert (info.frames, info.fault) == REFUSED_BY_CAPINFOS[name], name
            continue
        assert info.fault == CUT_SHORT.get(name, ""), name
        assert info.frames == int(expected[0]), name
        if not ATM_LINK_TYPES & set(info.link_types):
            assert info.frame_bytes == int(expected[1]), name
        if not name.startswith(OTHER_TIMES):
            assert info.first_ns == nanoseconds(expected[2]), name
            assert info.last_ns == nanoseconds(expected[3]), name
            times += 1
        compared += 1
    assert compared > 250
    assert times > 230


@pytest.mark.parametrize(
    "name",
    [
        "zeek/testing/btest/Traces/ldap/gap-data-missing.pcapng",
        "gopacket/pcapgo/tests/le/test201.pcapng",
        "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/many_interfaces-1.pcapng",
        "smart-home-firewall/eval/cpu/state/wlan5.0.raw.pcap",
        "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/microsecs_big_endian.pcap",
    ],
)
def test_every_frame_has_the_lengths_and_the_time_that_tshark_shows(name: str) -> None:
    path = shared_path("pcaps", *name.split("/"))
    fields = ["frame.number", "frame.time_epoch", "frame.len", "frame.cap_len"]
    wanted = [part for field in fields for part in ("-e", field)]
    shown = run_tool("tshark", "-n", "-r", path, "-T", "fields", *wanted).decode()
    rows = [line.split("\t") for line in shown.splitlines()]
    frames, _ = frames_of(path)
    assert [(f.frame_no, f.wire_len, len(f.packet)) for f in frames] == [
        (int(number), int(wire), int(captured)) for number, _, wire, captured in rows
    ]
    for frame, (_, time, _, _) in zip(frames, rows, strict=True):
        if time:
            assert frame.ts_ns == int(Decimal(time) * 10**9)
