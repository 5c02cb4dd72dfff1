from tests.support.flowscript import FlowScript, flow
from tests.support.packets import udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"


def test_flows_that_open_after_the_look_ahead_are_found_all_the_same() -> None:
    script = FlowScript()
    script.at(0.0).sees(
        *(udp(CAMERA, 5000 + i % 3, CLOUD, 9) for i in range(300)),
        *(udp(CLOUD, 9, CAMERA, 5000 + i % 3) for i in range(300)),
    )
    script.finishes(
        *(flow(CAMERA, CLOUD, orig_port=5000 + i, orig_pkts=100, resp_pkts=100) for i in range(3))
    ).nothing_else()


def test_flows_that_end_after_the_look_ahead_are_not_followed_further() -> None:
    script = FlowScript(max_flows=1)
    script.at(0.0).sees(*(udp(CAMERA, 5000 + i % 2, CLOUD, 9) for i in range(100)))
    assert script.stage.counts.opened == 100
