from typing import Any

from monitor.model.words import Fragment
from tests.support.flowscript import FlowScript, flow
from tests.support.packets import Packet, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"


def first(**more: Any) -> Packet:
    return udp(CAMERA, 5000, CLOUD, 32100, b"start", ident=7, fragment=Fragment.FIRST, **more)


def later(place: int = 1, **more: Any) -> Packet:
    return Packet(
        src=CAMERA,
        dst=CLOUD,
        protocol=17,
        payload=b"x" * 100,
        ident=7,
        fragment=Fragment.LATER,
        place=place,
        **more,
    )


def test_later_fragments_count_for_the_flow_of_their_first() -> None:
    script = FlowScript()
    script.at(0.0).sees(first(), later(1), later(2))
    script.finishes(
        flow(CAMERA, CLOUD, orig_port=5000, orig_pkts=3, orig_payload=205, orig_data_pkts=3)
    ).nothing_else()
    assert script.talk().orig == (b"start",)
    assert script.stage.counts.fragments_joined == 2


def test_later_fragments_that_come_early_wait_for_their_first() -> None:
    script = FlowScript()
    script.at(0.0).sees(later(2), later(1))
    assert script.stage.counts.fragments_pending == 2
    script.at(0.1).sees(first())
    assert script.stage.counts.fragments_pending == 0
    script.finishes(flow(CAMERA, CLOUD, orig_pkts=3, orig_payload=205)).nothing_else()


def test_later_fragments_without_a_first_are_lost_after_thirty_seconds() -> None:
    script = FlowScript()
    script.at(0.0).sees(later(1))
    script.at(32.0).passes()
    assert script.stage.counts.fragments_lost == 1
    script.at(32.1).sees(first())
    script.finishes(flow(CAMERA, CLOUD, orig_pkts=1)).nothing_else()


def test_the_end_of_the_input_loses_what_waits() -> None:
    script = FlowScript()
    script.at(0.0).sees(later(1), later(2))
    script.finishes().nothing_else()
    assert script.stage.counts.fragments_lost == 2
    assert script.stage.counts.fragments_pending == 0


def test_a_full_table_of_datagrams_forgets_the_oldest_and_counts_them() -> None:
    script = FlowScript()
    script.at(0.0).sees(
        *(
            Packet(src=CAMERA, dst=CLOUD, protocol=17, ident=ident, fragment=Fragment.LATER)
            for ident in range(10_000, 20_000)
        )
    )
    counts = script.stage.counts
    assert counts.fragments_pending <= 4096
    assert counts.fragments_pending + counts.fragments_lost == counts.packets


def test_another_vlan_is_another_datagram() -> None:
    script = FlowScript()
    script.at(0.0).sees(first(vlan=10), later(vlan=20))
    assert script.stage.counts.fragments_pending == 1
