from typing import Any

from monitor.report.order import by_urgency


def camera(ip: str, kind: str = "camera", *, tried: int = 0, got: int = 0, sent: int = 0) -> Any:
    return {
        "ip": ip,
        "kind": kind,
        "outside_flows": tried,
        "outside_answered": got,
        "outside_bytes_out": sent,
    }


def test_who_spoke_to_the_outside_comes_first_and_who_sent_most_before_all() -> None:
    cameras = [
        camera("10.0.0.1"),
        camera("10.0.0.2", tried=3, sent=900),
        camera("10.0.0.3", tried=1, got=1, sent=20),
        camera("10.0.0.4", tried=1, got=1, sent=70),
        camera("10.0.0.5", "other", tried=9, got=9, sent=5000),
        camera("10.0.0.6"),
    ]
    assert [c["ip"] for c in by_urgency(cameras)] == [
        "10.0.0.4",
        "10.0.0.3",
        "10.0.0.2",
        "10.0.0.5",
        "10.0.0.1",
        "10.0.0.6",
    ]
