"""Rings, filter and fan-out in the kernel itself: what arrives is what the twins and tcpdump say."""

import ipaddress
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from monitor.capture import open_capture
from monitor.capture import packet_socket as packets
from monitor.capture.bpf_share import share_program
from monitor.capture.bpf_site import WHOLE_PORTS, site_filter
from monitor.capture.live import TICK_NS, InterfaceCounts, LiveCapture, Wish
from monitor.model.addresses import SITE_DEFAULT
from monitor.model.frames import Tick
from tests.service.test_live_parity import RECORDED, SAMPLES
from tests.support import bpf_twin
from tests.support.live import IN, Wire, wire

SITE = [ipaddress.ip_network(text) for text in SITE_DEFAULT]
NO_SAMPLE = site_filter(SITE, 0)
FILES = [*SAMPLES, *(path for path in RECORDED[:3] if path.exists())]
RING = 8 << 20


@pytest.fixture(scope="module")
def on() -> Iterator[Wire]:
    with wire() as made:
        yield made


def frames_of(files: Sequence[Path]) -> list[bytes]:
    found = []
    for file in files:
        with open_capture([str(file)], is_hashed=False) as capture:
            for batch in capture.batches():
                for at, length in zip(batch.off.tolist(), batch.cap_len.tolist(), strict=True):
                    found.append(batch.data[at : at + length].tobytes())
    return found


def untagged(frame: bytes, most: int = 1) -> bytes:
    """A frame without its outer tags: the kernel takes one out."""
    while most and frame[12:14] in (b"\x81\x00", b"\x88\xa8"):
        frame, most = frame[:12] + frame[16:], most - 1
    return frame


def captured(
    on: Wire, wishes: Sequence[Wish], send: Callable[[], int]
) -> list[tuple[list[bytes], InterfaceCounts, packets.Statistics]]:
    """Capture what is sent, by a ring for each wish; return frames and counters of each."""

    def work() -> list[tuple[list[bytes], InterfaceCounts, packets.Statistics]]:
        sockets = [packets.open_socket(IN) for _ in wishes]
        captures = [
            LiveCapture([(IN, sock)], wish, lambda: 0)
            for sock, wish in zip(sockets, wishes, strict=True)
        ]
        send()
        made = []
        for capture, sock in zip(captures, sockets, strict=True):
            capture.stop()
            found = [
                batch.data[at : at + length].tobytes()
                for batch in capture.batches()
                if not isinstance(batch, Tick)
                for at, length in zip(batch.off.tolist(), batch.cap_len.tolist(), strict=True)
            ]
            (counts,) = capture.counts()
            made.append((found, counts, packets.statistics(sock)))
            capture.close()
            sock.close()
        return made

    return on.within(work)


def test_every_frame_arrives_and_is_counted(on: Wire) -> None:
    sent = frames_of(FILES)
    ((found, counts, kernel),) = captured(on, [Wish(ring_bytes=64 << 20)], lambda: on.send(*FILES))
    assert found == [untagged(frame) for frame in sent]
    assert kernel == (len(sent), 0, 0)
    assert (counts.frames, counts.faults) == (len(sent), 0)


def test_the_kernel_lets_in_what_the_twin_does(on: Wire) -> None:
    wanted = [frame for frame in map(untagged, frames_of(FILES)) if bpf_twin.run(NO_SAMPLE, frame)]
    wish = Wish(ring_bytes=64 << 20, filter=NO_SAMPLE)
    ((found, counts, kernel),) = captured(on, [wish], lambda: on.send(*FILES))
    assert found == wanted
    assert kernel.received == counts.frames == len(wanted) < len(frames_of(FILES))


def expression() -> str:
    """The filter in the words of pcap-filter(7), for frames without tags."""
    four = " or ".join(
        f"{{side}} net {net}" for net in (*SITE, "0.0.0.0/32") if ":" not in str(net)
    )
    six = " or ".join(f"{{side}} net {net}" for net in (*SITE, "::/128") if ":" in str(net))
    inside = " or ".join(
        f"(({nets.format(side='src')}) and ({nets.format(side='dst')}))" for nets in (four, six)
    )
    udp = " or ".join(f"udp port {port}" for port in WHOLE_PORTS)
    marks = [
        int.from_bytes(word) for word in (b"HTTP", b"RTSP", b"GET ", b"POST", b"OPTI", b"DESC")
    ]
    first4, first6 = "tcp[((tcp[12] & 0xf0) >> 2):4]", "ip6[40 + ((ip6[52] & 0xf0) >> 2):4]"
    tls4, tls6 = first4.replace(":4]", ":2]"), first6.replace(":4]", ":2]")
    tcp4 = " or ".join(
        ["tcp[13] & 7 != 0", *(f"{first4} = {m}" for m in marks), f"{tls4} = 0x1603"]
    )
    tcp6 = " or ".join(
        ["ip6[53] & 7 != 0", *(f"{first6} = {m}" for m in marks), f"{tls6} = 0x1603"]
    )
    whole = f"{udp} or (ip and tcp and ({tcp4})) or (ip6 and ip6[6] = 6 and ({tcp6}))"
    rest = "(ip and not tcp and not udp) or (ip6 and ip6[6] != 6 and ip6[6] != 17)"
    later = "(ip and ip[6:2] & 0x1fff != 0)"
    # Without the first words libpcap would look into ARP for addresses as well.
    return f"(not ip and not ip6) or ether multicast or not ({inside}) or (not {later} and ({whole} or {rest}))"


def test_tcpdump_gives_the_same_verdicts(on: Wire, tmp_path: Path) -> None:
    del on  # Where there is a wire, there is tcpdump.
    frames = [untagged(frame, 8) for frame in frames_of(FILES)]
    file = tmp_path / "all.pcap"
    file.write_bytes(
        struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
        + b"".join(
            struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame
            for number, frame in enumerate(frames)
        )
    )
    command = ["tcpdump", "-n", "-r", str(file), "-w", str(tmp_path / "in.pcap"), expression()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    assert done.returncode == 0, done.stderr
    let_in = {
        struct.unpack_from("<I", data)[0] for data in records((tmp_path / "in.pcap").read_bytes())
    }
    twin = {n for n, frame in enumerate(frames) if bpf_twin.run(NO_SAMPLE, frame)}
    assert twin == let_in
    assert len(twin) < len(frames)


def records(data: bytes) -> Iterator[bytes]:
    at = 24
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        yield data[at : at + 16 + length]
        at += 16 + length


def test_a_sample_of_the_inside_is_let_in(on: Wire) -> None:
    inside = [f for f in map(untagged, frames_of(FILES)) if not bpf_twin.run(NO_SAMPLE, f)]
    whole = sum(1 for f in frames_of(FILES)) - len(inside)
    wish = Wish(ring_bytes=64 << 20, filter=site_filter(SITE, 4))
    ((found, _, _),) = captured(on, [wish], lambda: on.send(*FILES))
    # Of n frames a quarter, give or take six standard deviations.
    spread = 6 * (len(inside) * 0.25 * 0.75) ** 0.5
    assert abs(len(found) - whole - len(inside) / 4) < spread


@pytest.mark.parametrize("workers", [2, 3])
def test_frames_are_shared_as_the_twin_says(on: Wire, workers: int) -> None:
    program = share_program(SITE, workers)
    wanted: list[list[bytes]] = [[] for _ in range(workers)]
    for frame in map(untagged, frames_of(FILES)):
        # What the program cannot read goes to the first.
        wanted[bpf_twin.run(program, frame)].append(frame)
    wishes = [Wish(ring_bytes=64 << 20, share=program, group=7)] * workers
    shares = captured(on, wishes, lambda: on.send(*FILES))
    assert [found for found, _, _ in shares] == wanted
    assert min(map(len, wanted)) > 0


def test_both_directions_of_a_camera_and_its_names_meet_in_one_worker() -> None:
    program = share_program(SITE, 5)
    homes: dict[bytes, set[int]] = {}
    site = [ipaddress.ip_network(text) for text in SITE_DEFAULT if ":" not in text]
    for frame in map(untagged, frames_of(SAMPLES)):
        if frame[12:14] != b"\x08\x00":
            continue
        src, dst = frame[26:30], frame[30:34]
        is_site = [any(ipaddress.ip_address(a) in net for net in site) for a in (src, dst)]
        is_dns_answer = frame[23] == 17 and frame[34:36] == b"\x00\x35"
        if is_site == [True, False]:
            homes.setdefault(src, set()).add(bpf_twin.run(program, frame))
        elif is_site == [False, True] or (is_site == [True, True] and is_dns_answer):
            homes.setdefault(dst, set()).add(bpf_twin.run(program, frame))
    assert all(len(workers) == 1 for workers in homes.values())
    assert len({worker for workers in homes.values() for worker in workers}) > 1


def test_ticks_come_whatever_the_clock_does(on: Wire) -> None:
    """The clock is set forward by a day, then back by two: a tick follows each within seconds."""
    base = 1_700_000_000 * 10**9
    day = 86_400 * 10**9
    shift = {"ns": 0}

    def work() -> list[int]:
        sock = packets.open_socket(IN)
        started = [0]

        def now_ns() -> int:
            # Each question is half a second later: hardly anything waits for a real clock.
            started[0] += TICK_NS // 2
            return base + started[0] + shift["ns"]

        capture = LiveCapture([(IN, sock)], Wish(ring_bytes=2 << 20), now_ns)
        ticks = []
        for item in capture.batches():
            assert isinstance(item, Tick)
            ticks.append(item.now_ns)
            if len(ticks) == 2:
                shift["ns"] = day
            elif len(ticks) == 4:
                shift["ns"] = -day
            elif len(ticks) == 6:
                capture.stop()
        capture.close()
        sock.close()
        return ticks

    ticks = on.within(work)
    assert len(ticks) == 6
    assert ticks[2] - ticks[1] >= day
    assert ticks[4] - ticks[3] <= -day
