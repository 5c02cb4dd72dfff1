import dataclasses

import numpy as np
import pytest

from monitor.flow import FlowSettings, FlowStage
from monitor.model.words import EndReason
from tests.support.flowscript import FlowScript, flow, flow_rows
from tests.support.packets import START_NS, packet_batch, tcp, udp

CAMERA, RELAY, OTHER = "10.0.0.2", "203.0.113.5", "203.0.113.6"


def test_a_reply_counts_for_the_responder_and_does_not_start_a_flow() -> None:
    script = FlowScript(udp_idle_s=60)
    script.at(0.0).sees(udp(CAMERA, 5000, RELAY, 32100, payload=48))
    script.at(0.2).sees(udp(RELAY, 32100, CAMERA, 5000, payload=40))
    script.at(62).ends(
        flow(
            CAMERA,
            RELAY,
            orig_port=5000,
            resp_port=32100,
            orig_pkts=1,
            resp_pkts=1,
            orig_bytes=90,
            resp_bytes=82,
            orig_payload=48,
            resp_payload=40,
            start_ns=START_NS,
            end_ns=START_NS + 200_000_000,
            outcome=1,
            end=EndReason.IDLE,
        )
    )
    script.nothing_else()


def test_nothing_ends_before_its_timeout() -> None:
    script = FlowScript(udp_idle_s=60)
    script.at(0.0).sees(udp(CAMERA, 5000, RELAY, 32100))
    script.at(60.0).passes().nothing_else()
    script.at(61.0).ends(flow(CAMERA, RELAY)).nothing_else()


def test_a_packet_beyond_the_timeout_starts_another_flow() -> None:
    script = FlowScript(udp_idle_s=60)
    script.at(0.5).sees(udp(CAMERA, 5000, RELAY, 32100))
    script.at(60.6).sees(udp(CAMERA, 5000, RELAY, 32100))
    script.ends(flow(CAMERA, RELAY, flow_no=1, orig_pkts=1, end=EndReason.IDLE))
    script.finishes(flow(CAMERA, RELAY, flow_no=2, end=EndReason.FORCED)).nothing_else()


def test_parts_share_a_number_and_differ_in_id_and_only_the_first_has_a_conversation() -> None:
    script = FlowScript(active_s=100)
    for second in range(0, 250, 50):
        script.at(second).sees(udp(CAMERA, 5000, RELAY, 32100, b"hello"))
    script.finishes(
        flow(CAMERA, RELAY, flow_no=1, part=0, orig_pkts=2, end=EndReason.ACTIVE),
        flow(CAMERA, RELAY, flow_no=1, part=1, orig_pkts=2, end=EndReason.ACTIVE),
        flow(CAMERA, RELAY, flow_no=1, part=2, orig_pkts=1, end=EndReason.FORCED),
    ).nothing_else()
    assert len(script.talks) == 1
    assert script.stage.counts.parts == 2
    assert script.stage.counts.opened == 1


def test_a_late_packet_keeps_its_own_time_and_does_not_turn_the_clock_back() -> None:
    script = FlowScript(udp_idle_s=60)
    script.at(100).sees(udp(CAMERA, 5000, RELAY, 32100))
    script.at(10).sees(udp(CAMERA, 5001, RELAY, 32100))
    script.at(162).ends(
        flow(CAMERA, RELAY, orig_port=5000),
        flow(CAMERA, RELAY, orig_port=5001, start_ns=START_NS + 10_000_000_000),
    ).nothing_else()
    assert script.stage.counts.packets_late == 1


def test_a_quiet_year_costs_one_round_of_the_wheel() -> None:
    script = FlowScript()
    script.at(0).sees(udp(CAMERA, 5000, RELAY, 32100))
    script.at(365 * 86400).ends(flow(CAMERA, RELAY, end=EndReason.IDLE)).nothing_else()


def test_times_at_the_edge_of_int64_do_no_harm() -> None:
    stage = FlowStage()
    edge = [np.iinfo(np.int64).min, 0, np.iinfo(np.int64).max, np.iinfo(np.int64).max - 5]
    for ts_ns in edge:
        stage.step(
            packet_batch([dataclasses.replace(udp(CAMERA, 1, RELAY, 2, b"x"), ts_ns=int(ts_ns))])
        )
    for _ in stage.finish():
        pass
    assert stage.counts.active == 0
    assert stage.counts.packets == 4


def test_frames_that_were_not_decoded_are_no_packets_but_move_time() -> None:
    script = FlowScript(udp_idle_s=60)
    script.at(0).sees(udp(CAMERA, 5000, RELAY, 32100))
    stopped = dataclasses.replace(udp(CAMERA, 1, RELAY, 2), stop=4)
    script.at(100).sees(stopped)
    script.ends(flow(CAMERA, RELAY)).nothing_else()
    assert script.stage.counts.packets == 1


def test_finish_says_of_each_flow_how_it_ended() -> None:
    script = FlowScript()
    script.at(0).sees(udp(CAMERA, 5000, RELAY, 32100))
    script.at(0.1).sees(tcp(CAMERA, 6000, RELAY, 443, 4))
    script.at(0.2).sees(udp(CAMERA, 7000, RELAY, 32100))
    script.finishes(
        flow(CAMERA, RELAY, orig_port=5000, end=EndReason.FORCED),
        flow(CAMERA, RELAY, orig_port=6000, end=EndReason.END_OF_FLOW),
        flow(CAMERA, RELAY, orig_port=7000, end=EndReason.FORCED),
    ).nothing_else()


def test_more_ends_than_the_outbox_holds_come_in_one_step_in_order() -> None:
    stage = FlowStage()
    many = [
        dataclasses.replace(udp(CAMERA, 1 + i % 60000, RELAY, 1 + i // 60000, b"x" * 40, ident=i))
        for i in range(20_000)
    ]
    stage.step(packet_batch(many))
    step = stage.advance(START_NS + 100 * 1_000_000_000)
    assert step.ended.flow_no.tolist() == list(range(1, 20_001))
    assert len(step.conversations) == 20_000
    assert step.conversations.byte_off[-1] == 20_000 * 40


def test_what_a_step_gave_does_not_change_with_the_next() -> None:
    stage = FlowStage()
    stage.step(packet_batch([udp(CAMERA, 5000, RELAY, 1, b"first")]))
    step = stage.advance(START_NS + 100_000_000_000)
    kept = flow_rows(step), step.conversations.data.tobytes()
    stage.step(packet_batch([udp(OTHER, 9, CAMERA, 9, b"other")]))
    stage.advance(START_NS + 300_000_000_000)
    assert (flow_rows(step), step.conversations.data.tobytes()) == kept


def test_columns_that_are_views_with_steps_are_read_as_well() -> None:
    batch = packet_batch([udp(CAMERA, 5000, RELAY, 1, b"x"), udp(CAMERA, 5001, RELAY, 1, b"y")])
    wide = np.repeat(batch.wire_len, 2)[::2]
    stage = FlowStage()
    stage.step(dataclasses.replace(batch, wire_len=wide))
    (step,) = stage.finish()
    assert step.ended.orig_bytes.tolist() == [43, 43]


@pytest.mark.parametrize("max_flows", [1, 16, 1000])
def test_opened_flows_are_active_or_ended_under_overload(max_flows: int) -> None:
    script = FlowScript(max_flows=max_flows)
    for i in range(100):
        script.at(i / 10).sees(*(udp(CAMERA, 1000 + 20 * i + j, RELAY, 53) for j in range(20)))
    assert script.stage.counts.opened == 2000
    assert script.stage.counts.active == min(max_flows, 2000)
    assert script.stage.counts.ended[EndReason.NO_RESOURCES] == 2000 - min(max_flows, 2000)


def test_settings_are_kept() -> None:
    assert FlowStage(FlowSettings(max_flows=5)).settings.max_flows == 5
