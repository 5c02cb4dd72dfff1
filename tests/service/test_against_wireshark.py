"""Replays of every recorded capture: nothing raises, nothing is lost, and Wireshark counts alike."""

import gc
import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor import config, run
from monitor.config import Settings
from monitor.dissect.registry import Registry
from monitor.enrich.oui import OuiTable
from tests.support.shared import shared_path
from tests.support.wireshark import OneWay, conversations, sizes

pytestmark = pytest.mark.slow

NOT_CAPTURES = {".csv", ".md", ".yaml"}
"""What lies among the captures to describe them."""

EVERYTHING = {"site": {"cameras": ["0.0.0.0/0", "::/0"]}}
"""Makes a camera of every address, so that each flow gives a record."""

ONLY_WE_READ_ON = {
    # Wiretap stops at link types that it does not know; the records are whole. Counted by
    # walking the record headers by hand.
    "libpcap/tests/filter/brcm-tag-stp.pcap": (4, 272),  # DSA_TAG_BRCM
    "ntopng/fuzz/corpus/fuzz_dissect_packet/vtp_asan-2.pcap": (1, 262144),  # MFR
    "tcpdump/tests/brcm-tag-prepend.pcap": (15, 1386),  # 282
    "tcpdump/tests/dsa-high-vid.pcap": (4, 408),  # DSA_TAG_DSA
    "tcpdump/tests/dsa.pcap": (8, 722),  # DSA_TAG_DSA
    "tcpdump/tests/edsa-high-vid.pcap": (4, 424),  # DSA_TAG_EDSA
    "tcpdump/tests/edsa.pcap": (10, 872),  # DSA_TAG_EDSA
    "tcpdump/tests/juniper_monitor_invalid_cookie_length.pcap": (1, 82),  # 164
    "tcpdump/tests/vtp_asan-2.pcap": (1, 262144),  # MFR
    # Wiretap leaves the four bytes of the SunATM header out of a frame's length.
    "ntopng/fuzz/corpus/fuzz_dissect_packet/atm-heapoverflow.pcap": (1, 262144),
    "ntopng/fuzz/corpus/fuzz_dissect_packet/atm-oam-heapoverflow.pcap": (1, 262144),
    "tcpdump/tests/atm-oam-loopback-print-overrun.pcap": (1, 65622),
}
"""Frames and bytes of captures that capinfos refuses or measures in another way."""

REFUSED = {
    # capinfos gives no size of a damaged file; the frames before the damage are what it reads
    # ("An error occurred after reading 6 packets"), but for the last of these files, where it
    # takes the damage for another dialect of pcap and goes on for one frame of 1 MiB.
    "gopacket/pcapgo/tests/be/test901.pcapng": (1, 314, "pcapng version 2.0 is not known"),
    "suricata-verify/tests/bug-1450-04/tls_DER-incomplete-header.pcap": (
        6, 4915, "record of 4325376 bytes is longer than any packet",
    ),
    "suricata-verify/tests/bug-6875-01/fuzz.pcap": (
        1, 188, "record of 1409179648 bytes is longer than any packet",
    ),
    "libpcap/tests/linktype-reserved-field-not-zero.pcap": (0, 0, "has reserved bits set"),
    "libpcap/tests/pcapng-invalid-vers-1.pcapng": (0, 0, "pcapng version 0.1 is not known"),
    "libpcap/tests/shb-option-too-long.pcapng": (0, 0, "the block's length is given as"),
    "nfstream/tests/results/1kxun.pcap": (0, 0, "not a capture file"),
    "nfstream/tests/results/443-chrome.pcap": (0, 0, "not a capture file"),
    "nfstream/tests/results/443-curl.pcap": (0, 0, "not a capture file"),
}  # fmt: skip
"""Frames, bytes and the reason, of files that cannot be read to their end by either."""

SAME = {
    "EZVIZ-Security-Camera-Analysis/ADB/capture_tcpdump.pcap": 424,  # Linux cooked
    "EZVIZ-Security-Camera-Analysis/Network/Camera_alone.pcap": 12,
    "IoT_Sentinel/D-LinkHomeHub/Setup-C-3-STA.pcap": 99,  # not in time order
    "IoT_Sentinel/D-LinkSiren/Setup-C-12-STA.pcap": 69,
    "Lifecycle-Based-Traffic-Dataset/xiaobai_Y2camera_lifecycle/xiaobai_Y2camera_idle_local.pcap": 202,
    "MUDscope/outputs/ut-wansview-cam-exp2b/ut_exp2b_wansview_tplink_00004_20211123112953-rejected.pcap": 170,
    "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/file_heuristics/pcapng-example.pcapng.zst": 29,
    "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/four_ipv6_http_streams.pcap": 8,  # raw IPv6
    "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/many_interfaces-1.pcapng": 27,  # mixed link types
    "arkime/tests/pcap/http2-nghttp2.pcap": 2,  # BSD loopback
    "arkime/tests/pcap/mqtt_synthetic.pcap": 14,  # LINKTYPE_IPV4
    "filesamples/simple_http_sll2.pcap": 4,  # Linux cooked, version 2
    "iot-firewall/data/traces/xiaomi-cam/open-app-local.pcap": 8,  # cut by the snap length
    "ja4/pcap/chrome-cloudflare-quic-with-secrets.pcapng": 4,  # IPv6
    "nDPI/tests/cfgs/default/pcap/dns2tcp_tunnel.pcap": 2,
    "nDPI/tests/cfgs/default/pcap/openvpn_nohmac_tcp.pcapng": 2,
    "nDPI/tests/cfgs/default/pcap/stun.pcap": 15,  # VLAN, IPv6, four years
    "nDPI/tests/cfgs/default/pcap/xiaomi.pcap": 13,  # VLAN
    "neolink/crates/core/src/bc/samples/e1_firmwareupgrade.pcapng": 2,
    "scapy/test/pcaps/doip.pcap.gz": 15,
    "smart-home-firewall/eval/latency/all-devices/my-firewall/xiaomi-cam.pcap": 303,  # big-endian
    "smart-home-firewall/eval/latency/dlink-cam/no-firewall/wan.pcap": 67,  # nanoseconds
    "smart-home-hidden-communication-patterns/devices/cameras/XiaomiCamera/node_pruning/boot/0_root/traces/1741531491.anon.pcap": 65,
    "suricata-verify/tests/decode-chdlc-01/hdlc-http_1tx.pcap": 2,  # Cisco HDLC
    "suricata-verify/tests/mqtt-events-missing-connect/input.pcap": 12,  # IPv4 and IPv6
    "tj-oconnor_IoT-Dataset/pcaps/blink-cam-01.pcap": 154,  # VLAN, 24,022 frames, a week
    "zeek/testing/btest/Traces/pppoe.pcap": 2,
    "zeek/testing/btest/Traces/quic/interop/quic-go_quic-go/handshake.pcap": 2,  # PPP
}
"""Captures without fragments, mirror copies and IP in IP, and the directions that have packets."""

CUT_OFTEN = [
    "EZVIZ-Security-Camera-Analysis/ADB/capture_tcpdump.pcap",
    "smart-home-firewall/eval/latency/all-devices/my-firewall/xiaomi-cam.pcap",
    "tj-oconnor_IoT-Dataset/pcaps/blink-cam-01.pcap",
]
"""Captures of those with flows that go on for longer than the short timeouts of a test."""


class Quiet:
    """A progress bar that nobody looks at."""

    def expect(self, total: int | None) -> None:
        pass

    def at(self, consumed: int) -> None:
        pass


class Outcome(NamedTuple):
    """What a replay said of its one input."""

    totals: dict[str, Any]
    counters: dict[str, dict[str, int]]
    input: dict[str, Any]


@contextmanager
def _garbage_collected() -> Iterator[None]:
    """Undo what a replay does to the process, which is its own except here."""
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def replay(path: Path, out: Path, settings: Settings) -> Outcome:
    """Replay one file in this process."""
    job = run.Job(
        files=[str(path)],
        settings=settings,
        out=out,
        store_url="",
        command=["camwatch"],
        replaces=True,
    )
    with _garbage_collected():
        done = run.replay(job, Quiet())  # type: ignore[arg-type]  # two methods of the bar are used
    (read,) = json.loads((out / "manifest.json").read_text())["inputs"]
    return Outcome(done.report["totals"], done.report["counters"], read)


def captures() -> dict[str, Path]:
    """Return all recorded files by the name they have in the lists above."""
    root = shared_path("pcaps")
    files = (f for f in sorted(root.rglob("*")) if f.is_file() and f.suffix not in NOT_CAPTURES)
    return {str(file.relative_to(root)): file for file in files}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome | str]:
    """Every capture, replayed with the settings of a fresh installation; or the traceback."""
    out, settings = tmp_path_factory.mktemp("out"), config.load(None, {})
    found: dict[str, Outcome | str] = {}
    with pytest.MonkeyPatch.context() as patch:
        # Made once instead of for each capture: they answer the same whatever was asked before,
        # and making them is most of the time of a small replay.
        registry, ouis = Registry(), OuiTable.open()
        patch.setattr("monitor.pipeline.Registry", lambda: registry)
        patch.setattr(OuiTable, "open", lambda: ouis)
        for name, path in captures().items():
            try:
                found[name] = replay(path, out, settings)
            except Exception:  # noqa: BLE001  # any exception is what the first test looks for
                found[name] = traceback.format_exc()
    return found


def outcomes(replayed: dict[str, Outcome | str]) -> dict[str, Outcome]:
    return {name: done for name, done in replayed.items() if isinstance(done, Outcome)}


def test_no_recorded_capture_makes_a_replay_fail(replayed: dict[str, Outcome | str]) -> None:
    assert {name: done for name, done in replayed.items() if isinstance(done, str)} == {}
    assert len(replayed) > 250


def test_frames_and_their_bytes_are_those_of_capinfos(replayed: dict[str, Outcome | str]) -> None:
    files = captures()
    told = {name: sizes([path]).get(path) for name, path in files.items()}
    told |= ONLY_WE_READ_ON | {name: refused[:2] for name, refused in REFUSED.items()}
    ours = {
        name: (done.totals["frames"], done.input["frame_bytes"])
        for name, done in outcomes(replayed).items()
    }
    assert {n: (size, told[n]) for n, size in ours.items() if size != told[n]} == {}


def test_a_file_that_wireshark_refuses_is_refused_with_a_reason(
    replayed: dict[str, Outcome | str],
) -> None:
    done = outcomes(replayed)
    for name, (_, _, reason) in REFUSED.items():
        assert reason in done[name].input["fault"], name


def test_every_frame_and_every_flow_of_a_capture_is_accounted_for(
    replayed: dict[str, Outcome | str],
) -> None:
    for name, done in outcomes(replayed).items():
        decode, flow = done.counters["decode"], done.counters["flow"]
        stopped = sum(count for key, count in decode.items() if key.startswith("stopped_"))
        assert done.totals["frames"] == done.input["frames"] == decode["frames"], name
        assert decode["frames"] == decode["packets"] + stopped, name
        assert decode["packets"] == flow["packets"], name
        places = ("in_flows", "copies", "icmp_errors", "fragments_lost", "fragments_pending")
        assert flow["packets"] == sum(flow[place] for place in places), name
        ended = sum(n for key, n in flow.items() if key.startswith("ended_"))
        assert flow["opened"] == ended - flow["ended_active"] + flow["active"], name
        records = done.counters["records"]
        assert records["flows"] == done.totals["flows"], name
        assert records["flows"] + records["without_camera"] == ended + flow["parts"], name


def our_conversations(out: Path) -> dict[OneWay, tuple[int, int]]:
    """Return packets and bytes of each direction, summed over the records of a run."""
    found: dict[OneWay, tuple[int, int]] = {}
    for line in (out / "flows.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["protocol"] not in ("tcp", "udp"):
            continue
        orig, resp = record["orig"], record["resp"]
        for src, dst in ((orig, resp), (resp, orig)):
            if not src["packets"]:
                continue
            way = OneWay(record["protocol"], src["ip"], src["port"], dst["ip"], dst["port"])
            packets, size = found.get(way, (0, 0))
            found[way] = (packets + src["packets"], size + src["bytes"])
    return found


@pytest.mark.parametrize(("name", "directions"), SAME.items(), ids=[n[-40:] for n in SAME])
def test_conversations_are_those_of_tshark(name: str, directions: int, tmp_path: Path) -> None:
    path = shared_path("pcaps", name)
    done = replay(path, tmp_path, config.validate(EVERYTHING, "test"))
    assert done.counters["records"]["without_camera"] == 0
    ours, told = our_conversations(tmp_path), conversations(path)
    assert ours == told.sums
    assert {way: packets for way, (packets, _) in ours.items()} == told.frames
    assert len(ours) == directions


@pytest.mark.parametrize("name", CUT_OFTEN)
def test_records_cut_by_timeouts_add_up_to_the_conversations_of_tshark(
    name: str, tmp_path: Path
) -> None:
    path = shared_path("pcaps", name)
    often = {"active_s": 2, "tcp_idle_s": 1, "udp_idle_s": 0.5}
    done = replay(path, tmp_path, config.validate({**EVERYTHING, "flow": often}, "test"))
    assert done.counters["flow"]["parts"] > 10
    assert done.counters["flow"]["ended_idle"] > 10
    assert our_conversations(tmp_path) == conversations(path).sums
