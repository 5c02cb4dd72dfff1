from monitor.model.words import EndReason
from tests.support.flowscript import FlowScript, flow
from tests.support.packets import udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"


def test_a_full_table_gives_up_an_unanswered_flow_without_payload_first() -> None:
    script = FlowScript(max_flows=4)
    script.at(0.0).sees(udp(CAMERA, 1, CLOUD, 9, b"payload"))
    script.at(0.1).sees(udp(CAMERA, 2, CLOUD, 9))
    script.at(0.2).sees(udp(CAMERA, 3, CLOUD, 9), udp(CLOUD, 9, CAMERA, 3))
    script.at(0.3).sees(udp(CAMERA, 4, CLOUD, 9))
    script.at(0.4).sees(udp(CAMERA, 5, CLOUD, 9))
    script.ends(flow(CAMERA, CLOUD, orig_port=2, end=EndReason.NO_RESOURCES))
    script.at(0.5).sees(udp(CAMERA, 6, CLOUD, 9))
    script.ends(flow(CAMERA, CLOUD, orig_port=4, end=EndReason.NO_RESOURCES)).nothing_else()


def test_among_equals_the_one_that_was_silent_longest_goes() -> None:
    script = FlowScript(max_flows=3)
    script.at(0.0).sees(udp(CAMERA, 1, CLOUD, 9), udp(CAMERA, 2, CLOUD, 9))
    script.at(0.1).sees(udp(CAMERA, 3, CLOUD, 9))
    script.at(0.2).sees(udp(CAMERA, 1, CLOUD, 9))
    script.at(0.3).sees(udp(CAMERA, 4, CLOUD, 9))
    script.ends(flow(CAMERA, CLOUD, orig_port=2, end=EndReason.NO_RESOURCES)).nothing_else()


def test_at_the_high_water_mark_a_quarter_of_the_timeout_is_enough() -> None:
    script = FlowScript(max_flows=10, udp_idle_s=60)
    for port in range(8):
        script.at(0.0).sees(udp(CAMERA, port, CLOUD, 9))
    script.at(16.0).sees(udp(CAMERA, 100, CLOUD, 9))
    script.ends(*(flow(CAMERA, CLOUD, orig_port=port, end=EndReason.IDLE) for port in range(8)))
    script.nothing_else()
    assert script.stage.counts.pressure_steps == 1


def test_without_pressure_the_whole_timeout_applies() -> None:
    script = FlowScript(max_flows=100, udp_idle_s=60)
    for port in range(8):
        script.at(0.0).sees(udp(CAMERA, port, CLOUD, 9))
    script.at(16.0).sees(udp(CAMERA, 100, CLOUD, 9)).nothing_else()
    assert script.stage.counts.pressure_steps == 0


def test_pressure_is_counted_when_it_begins() -> None:
    script = FlowScript(max_flows=10)
    for port in range(10):
        script.at(0.0).sees(udp(CAMERA, port, CLOUD, 9))
    assert script.stage.counts.pressure_steps == 1
    script.at(100).passes()
    for port in range(10):
        script.at(101).sees(udp(CAMERA, port, CLOUD, 9))
    assert script.stage.counts.pressure_steps == 2
