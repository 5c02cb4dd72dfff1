"""Names learnt from DNS answers."""

import shutil
import socket
import subprocess

import dpkt
import pytest

from monitor.enrich.names import MAX_RUNS, Name, NameTable
from monitor.model.facts import DnsMessage, DnsRecord
from tests.support.shared import shared_path

CAMERA = "10.0.0.7"
OTHER = "10.0.0.8"
SERVER = "203.0.113.9"
S = 1_000_000_000


def answer(name: str, *records: DnsRecord, rcode: int = 0) -> DnsMessage:
    return DnsMessage(
        id=1,
        is_response=True,
        rcode=rcode,
        questions=((name, 1),),
        answers=records,
        is_cut=False,
    )


def a(name: str, ip: str = SERVER, ttl: int = 60) -> DnsRecord:
    return DnsRecord(name=name, type=1, ttl=ttl, value=ip)


def cname(name: str, target: str, ttl: int = 60) -> DnsRecord:
    return DnsRecord(name=name, type=5, ttl=ttl, value=target)


def test_an_address_has_the_name_that_was_asked_for() -> None:
    table = NameTable()
    table.observe(CAMERA, 10 * S, answer("dev.example.net", a("dev.example.net")))
    assert table.lookup(CAMERA, SERVER, 12 * S) == Name("dev.example.net", "dns", 2 * S, False, ())


def test_aliases_are_followed_and_kept_but_the_name_asked_for_is_the_name() -> None:
    table = NameTable()
    table.observe(
        CAMERA,
        0,
        answer(
            "a.example",
            a("c.example"),
            cname("b.example", "c.example"),
            cname("a.example", "b.example"),
        ),
    )
    name = table.lookup(CAMERA, SERVER, 0)
    assert name is not None
    assert (name.name, name.via) == ("a.example", ("b.example", "c.example"))


def test_the_shortest_ttl_of_a_chain_decides_when_it_expires() -> None:
    table = NameTable()
    table.observe(
        CAMERA, 0, answer("a.example", cname("a.example", "b.example", 5), a("b.example", ttl=500))
    )
    at_5 = table.lookup(CAMERA, SERVER, 5 * S)
    at_6 = table.lookup(CAMERA, SERVER, 6 * S)
    assert at_5 is not None
    assert at_6 is not None
    assert (at_5.is_expired, at_6.is_expired) == (False, True)


def test_a_loop_of_aliases_ends_without_a_name() -> None:
    table = NameTable()
    table.observe(
        CAMERA,
        0,
        answer("a.example", cname("a.example", "b.example"), cname("b.example", "a.example")),
    )
    assert table.counts.learnt == 0


def test_a_very_long_chain_of_aliases_is_not_followed_to_its_end() -> None:
    table = NameTable()
    chain = [cname(f"n{i}.example", f"n{i + 1}.example") for i in range(200)]
    table.observe(CAMERA, 0, answer("n0.example", *chain, a("n200.example")))
    assert table.lookup(CAMERA, SERVER, 0) is None
    assert (table.counts.too_long, table.counts.unrelated) == (1, 1)


def test_an_address_of_a_name_nobody_asked_for_is_not_believed() -> None:
    table = NameTable()
    table.observe(CAMERA, 0, answer("a.example", a("bank.example")))
    assert table.lookup(CAMERA, SERVER, 0) is None
    assert table.counts.unrelated == 1


def test_the_name_asked_for_most_recently_by_then_wins() -> None:
    table = NameTable()
    for second, name in ((0, "a.example"), (10, "b.example"), (20, "a.example")):
        table.observe(CAMERA, second * S, answer(name, a(name)))
    found = [table.lookup(CAMERA, SERVER, second * S) for second in (-1, 5, 15, 25)]
    assert [name and name.name for name in found] == [None, "a.example", "b.example", "a.example"]


def test_a_late_answer_is_put_where_it_belongs() -> None:
    table = NameTable()
    for second, name in ((0, "a.example"), (20, "a.example"), (10, "b.example")):
        table.observe(CAMERA, second * S, answer(name, a(name)))
    found = [table.lookup(CAMERA, SERVER, second * S) for second in (5, 15, 25)]
    assert [name and name.name for name in found] == ["a.example", "b.example", "a.example"]


def test_answers_before_the_last_one_ran_out_are_one_run() -> None:
    table = NameTable()
    for second in range(0, 6000, 30):
        table.observe(CAMERA, second * S, answer("a.example", a("a.example")))
    old = table.lookup(CAMERA, SERVER, 100 * S)
    new = table.lookup(CAMERA, SERVER, 5975 * S)
    assert old == Name("a.example", "dns", 100 * S, False, ())
    assert new == Name("a.example", "dns", 5 * S, False, ())


def test_a_name_of_another_client_is_given_only_when_asked_for_and_marked() -> None:
    table = NameTable()
    table.observe(OTHER, 0, answer("a.example", a("a.example")))
    assert table.lookup(CAMERA, SERVER, S) is None
    assert table.lookup(CAMERA, SERVER, S, others=True) == Name(
        "a.example", "dns-other", S, False, ()
    )


def test_the_own_name_goes_before_that_of_another_client() -> None:
    table = NameTable()
    table.observe(CAMERA, 0, answer("own.example", a("own.example")))
    table.observe(OTHER, S, answer("other.example", a("other.example")))
    found = table.lookup(CAMERA, SERVER, 2 * S, others=True)
    assert found is not None
    assert (found.name, found.source) == ("own.example", "dns")


def test_ipv6_answers_name_addresses_too() -> None:
    table = NameTable()
    record = DnsRecord(name="a.example", type=28, ttl=1, value="2001:db8::1")
    table.observe(CAMERA, 0, answer("a.example", record))
    found = table.lookup(CAMERA, "2001:db8::1", 0)
    assert found is not None
    assert found.name == "a.example"


def test_queries_errors_and_answers_without_a_question_are_counted_and_left() -> None:
    table = NameTable()
    good = answer("a.example", a("a.example"))
    table.observe(CAMERA, 0, good._replace(is_response=False))
    table.observe(CAMERA, 0, good._replace(rcode=3))
    table.observe(CAMERA, 0, good._replace(questions=()))
    assert (table.counts.ignored, table.counts.messages, len(table)) == (3, 0, 0)


def test_a_client_keeps_its_newest_addresses_up_to_the_bound() -> None:
    table = NameTable(max_per_client=2)
    for number in range(4):
        ip = f"203.0.113.{number}"
        table.observe(CAMERA, number, answer(f"n{number}.example", a(f"n{number}.example", ip)))
    found = [table.lookup(CAMERA, f"203.0.113.{number}", 10) for number in range(4)]
    assert [name and name.name for name in found] == [None, None, "n2.example", "n3.example"]
    assert (len(table), table.counts.evicted) == (2, 2)


def test_the_bound_on_all_addresses_takes_from_the_client_heard_longest_ago() -> None:
    table = NameTable(max_total=3)
    for number, client in enumerate((CAMERA, OTHER, OTHER, OTHER)):
        ip = f"203.0.113.{number}"
        table.observe(client, number, answer("a.example", a("a.example", ip)))
    assert table.lookup(CAMERA, "203.0.113.0", 10) is None
    assert table.lookup(OTHER, "203.0.113.1", 10) is not None
    assert (len(table), table.counts.evicted) == (3, 1)


def test_an_address_keeps_a_bounded_number_of_names() -> None:
    table = NameTable()
    for number in range(MAX_RUNS + 5):
        name = f"n{number}.example"
        table.observe(CAMERA, number * S, answer(name, a(name)))
    assert table.lookup(CAMERA, SERVER, 4 * S) is None
    oldest = table.lookup(CAMERA, SERVER, 5 * S)
    assert oldest is not None
    assert oldest.name == "n5.example"


def test_a_name_longer_than_dns_allows_is_not_kept() -> None:
    table = NameTable()
    long = "a" * 300
    table.observe(CAMERA, 0, answer(long, a(long)))
    assert (len(table), table.counts.too_long) == (0, 1)


def told_by_dpkt(payload: bytes) -> DnsMessage:
    read = dpkt.dns.DNS(payload)
    records = []
    for record in read.an:
        if record.type == dpkt.dns.DNS_A:
            value = socket.inet_ntop(socket.AF_INET, record.rdata)
        elif record.type == dpkt.dns.DNS_CNAME:
            value = record.cname.lower()
        else:
            continue
        records.append(DnsRecord(record.name.lower(), record.type, record.ttl, value))
    questions = tuple((question.name.lower(), question.type) for question in read.qd)
    return DnsMessage(read.id, read.qr == 1, read.rcode, questions, tuple(records), False)


@pytest.mark.parametrize("camera", ["TapoCamera", "DLinkCamera"])
def test_the_names_of_a_recorded_start_are_those_that_tshark_shows(camera: str) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    folder = shared_path(
        "pcaps/smart-home-hidden-communication-patterns/devices/cameras",
        camera,
        "node_pruning/boot/0_root/traces",
    )
    path = min(folder.glob("*.pcap"))
    table = NameTable()
    last_ns = 0
    with path.open("rb") as file:
        for seconds, frame in dpkt.pcap.UniversalReader(file):
            packet = dpkt.ethernet.Ethernet(frame).data
            datagram = packet.data if isinstance(packet, dpkt.ip.IP) else None
            if isinstance(datagram, dpkt.udp.UDP) and datagram.sport == 53:
                last_ns = int(seconds * S)
                client = socket.inet_ntop(socket.AF_INET, packet.dst)
                table.observe(client, last_ns, told_by_dpkt(datagram.data))
    command = ["tshark", "-r", str(path), "-Y", "udp.srcport==53 && dns.a", "-T", "fields"]
    for field in ("ip.dst", "dns.qry.name", "dns.a"):
        command += ["-e", field]
    shown = subprocess.run(  # noqa: S603  # a fixed program with fixed arguments
        command, capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split("\t") for line in shown.splitlines()]
    wanted = {(client, ip): name.lower() for client, name, ips in rows for ip in ips.split(",")}
    found = {key: table.lookup(*key, last_ns) for key in wanted}
    assert wanted
    assert {key: name and name.name for key, name in found.items()} == wanted
