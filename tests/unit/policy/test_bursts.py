import numpy as np

from monitor.model.facts import Dissection, Fact
from monitor.policy.bursts import ManyHosts, ManyNames
from monitor.policy.load import shipped_rules
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, destination, flow

RULES = {rule.id: rule for rule in shipped_rules()}
SECOND = 10**9


def calls(count: int, gap_s: int, ip: str = "10.20.4.{}") -> list[str]:
    watch = ManyHosts(RULES["spread"])
    made = []
    for n in range(count):
        to = destination(ip=ip.format(n), port=23)
        resp = flow().resp._replace(ip=to.ip, port=23)
        batch = batch_of([flow(start_ns=n * gap_s * SECOND, destination=to, resp=resp)])
        made += [burst.evidence.value for burst in watch.take(batch, np.arange(1))]
    return made


def test_ten_hosts_in_ten_minutes_are_too_many() -> None:
    assert calls(11, 5) == [
        "10.20.4.9 port 23, one of 10 hosts",
        "10.20.4.10 port 23, one of 11 hosts",
    ]


def test_the_same_host_again_and_hosts_over_hours_are_not() -> None:
    assert calls(50, 5, "10.20.4.7") == []
    assert calls(50, 600) == []


def look_ups(names: list[str], camera: str = CAMERA.mac) -> int:
    watch = ManyNames(RULES["dns-tunnel"])
    found = 0
    for n, name in enumerate(names):
        seen = Dissection("dns", (Fact("dns.query", name),))
        made = flow(start_ns=n * SECOND, camera=CAMERA._replace(mac=camera), service="dns")
        found += len(list(watch.take(batch_of([made], seen), np.arange(1))))
    return found


def test_many_long_names_below_one_domain_are_told() -> None:
    assert look_ups([f"{n:032x}.t.example.org" for n in range(61)]) == 2


def test_short_names_few_names_and_many_domains_are_not() -> None:
    assert look_ups([f"{n:08x}.example.org" for n in range(200)]) == 0
    assert look_ups([f"{n % 20:032x}.example.org" for n in range(200)]) == 0
    assert look_ups([f"{n:032x}.example{n}.org" for n in range(200)]) == 0
