from typing import Any

import pytest

from monitor.flow import FlowSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_flows", 0),
        ("udp_idle_s", 0.0),
        ("active_s", -1.0),
        ("tcp_orig_bytes", 9000),
        ("tcp_segments", 33),
        ("datagrams", 33),
        ("store_bytes", 100),
        ("copy_window_ns", -1),
        ("messages", 70_000),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        FlowSettings(**{name: value})


def test_datagrams_must_fit_the_smallest_store() -> None:
    with pytest.raises(ValueError, match="datagrams"):
        FlowSettings(datagrams=32, datagram_bytes=2048)
