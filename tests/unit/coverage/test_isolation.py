"""Is a VLAN closed? Each of the cases that an operator will be asked about."""

import dataclasses

from monitor.coverage.account import Account
from monitor.coverage.isolation import (
    Attempts,
    Isolation,
    IsolationTally,
    Verdict,
    cover_of,
    isolation,
    percent_text,
)
from monitor.coverage.judge import Judge, Kind, Reason, State
from monitor.coverage.parts import IntervalPart
from monitor.flow import FlowStage
from tests.support.coverage_script import (
    CAMERA,
    CAMERA_MAC,
    CLOUD,
    GATEWAY_MAC,
    RECORDER,
    RECORDER_MAC,
    T0,
    VLAN,
    assembled,
    changed,
    doubled,
    is_from_camera,
    parts_of,
    stream,
)
from tests.support.packets import ACK, PSH, SECOND_NS, SYN, Packet, packet_batch, tcp, udp

CASE_MACS = {CAMERA: CAMERA_MAC, RECORDER: RECORDER_MAC, CLOUD: GATEWAY_MAC}


def at(second: float, packet: Packet) -> Packet:
    return dataclasses.replace(
        packet,
        ts_ns=T0 + round(second * SECOND_NS),
        vlan=VLAN,
        src_mac=CASE_MACS[packet.src],
        dst_mac=CASE_MACS[packet.dst],
    )


def verdict(packets: list[Packet], faults: tuple[Reason, ...] = ()) -> Isolation:
    """Return what is said of VLAN 20, from packets through coverage, flows and records."""
    packets = sorted(packets, key=lambda packet: packet.ts_ns)
    account, judge = Account(), Judge()
    for part in parts_of(packets):
        account.add(part, judge.take(part))
    stage, tally = FlowStage(), IsolationTally()
    for step in (stage.step(packet_batch(packets)), *stage.finish()):
        tally.add(assembled(step))
    attempts = tally.vlans.get(VLAN, Attempts())
    return isolation(VLAN, attempts, cover_of(account, VLAN, faults), whom="camera")


SYN_OUT = at(20, tcp(CAMERA, 40_001, CLOUD, 443, SYN, seq=7))
ASKED = at(30, udp(CAMERA, 40_002, CLOUD, 8800, b"hello cloud"))
ANSWERED = at(30.1, udp(CLOUD, 8800, CAMERA, 40_002, b"hello camera"))


def test_cameras_that_speak_to_their_recorder_only_are_on_a_closed_vlan() -> None:
    one = verdict(stream())
    assert one.verdict is Verdict.CLOSED
    assert one.sentence == (
        "From 2023-11-14 22:14:00 to 2023-11-14 22:16:49 UTC, 1703 frames of 1 camera were seen in "
        "VLAN 20, capture loss at most 0.32 %, mirror proved two-sided, 0 attempts to leave, 0 "
        "answered."
    )
    assert (one.because, one.caveats, one.through) == ((), (), ())


def test_a_syn_without_an_answer_is_an_attempt_and_the_vlan_closed() -> None:
    one = verdict([*stream(), SYN_OUT])
    assert one.verdict is Verdict.CLOSED
    assert "1 attempt to leave, 0 answered." in one.sentence
    (caveat,) = one.caveats
    assert caveat == (
        "54 bytes were sent towards the outside without an answer: whether a firewall stopped them "
        "is seen only behind it"
    )


def test_a_name_asked_of_the_site_s_resolver_leaves_it_closed_with_a_caveat() -> None:
    query = bytes.fromhex("1234010000010000000000000377777707657861 6d706c6503636f6d0000010001")
    answer = query[:2] + b"\x81\x80" + query[4:]
    asked = at(10, udp(CAMERA, 40_003, RECORDER, 53, query))
    told = at(10.01, udp(RECORDER, 53, CAMERA, 40_003, answer))
    one = verdict([*stream(), asked, told])
    assert one.verdict is Verdict.CLOSED
    assert "0 attempts to leave" in one.sentence
    assert one.caveats[0].startswith("1 DNS question went to resolvers of the site")


def test_one_datagram_that_was_answered_makes_it_open_and_says_what_got_through() -> None:
    one = verdict([*stream(), ASKED, ANSWERED])
    assert one.verdict is Verdict.OPEN
    assert "1 attempt to leave, 1 answered." in one.sentence
    (through,) = one.through
    assert (through.camera, through.first_ns) == (CAMERA, ASKED.ts_ns)


def test_somebody_outside_who_reaches_a_camera_makes_it_open() -> None:
    knock = [
        at(40, tcp(CLOUD, 50_000, CAMERA, 80, SYN, seq=1)),
        at(40.1, tcp(CAMERA, 80, CLOUD, 50_000, SYN | ACK, seq=1, ack=2)),
        at(
            40.2, tcp(CLOUD, 50_000, CAMERA, 80, ACK | PSH, b"GET / HTTP/1.1\r\n\r\n", seq=2, ack=2)
        ),
    ]
    one = verdict([*stream(), *knock])
    assert one.verdict is Verdict.OPEN
    assert "0 attempts to leave, 0 answered, 1 attempt from outside, 1 answered." in one.sentence


def test_a_mirror_that_was_unplugged_for_five_minutes_cannot_tell() -> None:
    one = verdict([*stream(59.0), *stream(59.0, first_s=360.0, port=555)])
    assert one.verdict is Verdict.CANNOT_TELL
    assert one.because == ("VLAN 20: not one frame in 300 s (from 2023-11-14 22:15:00 UTC)",)


def test_a_mirror_of_one_direction_cannot_tell() -> None:
    one = verdict([packet for packet in stream() if is_from_camera(packet)])
    assert one.verdict is Verdict.CANNOT_TELL
    assert "mirror seen one-sided" in one.sentence
    assert one.because[0].startswith("1 of 1 TCP conversations that go on were seen from one side")


def test_one_conversation_that_is_answered_past_the_mirror_is_enough_to_not_tell() -> None:
    cloud = [
        at(
            5 + number,
            tcp(CAMERA, 40_009, CLOUD, 443, ACK, 500, seq=500 * number, ack=900 * number),
        )
        for number in range(40)
    ]
    one = verdict([*stream(), *stream(port=555), *stream(port=556), *cloud])
    assert one.verdict is Verdict.CANNOT_TELL
    assert one.because[0].startswith("1 TCP conversations with the outside go on")


def test_a_mirror_that_loses_two_in_a_hundred_cannot_tell() -> None:
    count = iter(range(10_000))
    whole = stream(170.0)
    seen = changed(whole, lambda packet: None if next(count) % 50 == 25 else packet)
    one = verdict(seen)
    assert one.verdict is Verdict.CANNOT_TELL
    assert any("reached their receiver and not the sensor" in text for text in one.because)


def test_a_doubled_mirror_does_not_stand_in_the_way_of_closed() -> None:
    assert verdict(doubled(stream())).verdict is Verdict.CLOSED


def test_without_any_frame_one_cannot_tell() -> None:
    account, judge = Account(), Judge(vlans=(VLAN,))
    part = IntervalPart(start_ns=T0, end_ns=T0 + 60 * SECOND_NS)
    account.add(part, judge.take(part))
    one = isolation(VLAN, Attempts(), cover_of(account, VLAN), whom="camera")
    assert one.verdict is Verdict.CANNOT_TELL


def test_a_mirror_that_is_alive_and_shows_no_camera_cannot_tell() -> None:
    others = [packet for packet in stream(20.0) if not is_from_camera(packet)][:10]
    one = verdict(others)
    assert one.verdict is Verdict.CANNOT_TELL
    assert "no camera sent an IP packet" in one.because


def test_a_syn_alone_proves_no_two_sided_mirror() -> None:
    one = verdict([SYN_OUT])
    assert one.verdict is Verdict.CANNOT_TELL
    assert one.because == (
        "nothing showed that the mirror carries both directions: no camera was answered",
    )


def test_a_capture_that_is_cut_cannot_tell_and_what_got_through_stays_open() -> None:
    fault = Reason(Kind.CAPTURE_LOSS, "x.pcap: cut", State.DEGRADED, breaks_claim=True)
    assert verdict(stream(), (fault,)).because == ("x.pcap: cut",)
    assert verdict([*stream(), ASKED, ANSWERED], (fault,)).verdict is Verdict.OPEN


def test_shares_add_up() -> None:
    packets = sorted([*stream(20.0), SYN_OUT, ASKED, ANSWERED], key=lambda packet: packet.ts_ns)
    stage = FlowStage()
    stage.step(packet_batch(packets))
    batches = [assembled(step) for step in stage.finish()]
    whole, one, two = IsolationTally(), IsolationTally(), IsolationTally()
    for batch in batches:
        whole.add(batch)
        one.add(batch)
        two.add(batch)
    one.merge(two)
    assert one.vlans[VLAN].attempts == 2 * whole.vlans[VLAN].attempts == 4
    assert one.vlans[VLAN].through == whole.vlans[VLAN].through


def test_shares_are_rounded_up_to_two_digits() -> None:
    assert [percent_text(share) for share in (0.0000123, 0.00321, 0.0123, 0.119, 1.0)] == [
        "0.002 %",
        "0.33 %",
        "1.3 %",
        "12 %",
        "100 %",
    ]
