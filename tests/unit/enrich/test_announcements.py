"""What hosts say of themselves in DHCP and mDNS."""

from monitor.enrich.announcements import MAX_FACTS, dhcp_facts, mdns_facts
from monitor.model.facts import DnsMessage, DnsRecord, Fact
from tests.support.devices import AXIS, dhcp


def heard(*records: DnsRecord) -> list[tuple[str, str]]:
    message = DnsMessage(0, True, 0, (), records, is_cut=False)
    return [tuple(fact) for fact in mdns_facts(message)]  # type: ignore[misc]  # pairs by construction


def test_a_client_tells_its_name_class_and_wishes() -> None:
    facts = dhcp_facts(dhcp(AXIS, hostname="axis-accc8e2291b0", vendor_class="AXIS,x"))
    assert facts == [
        Fact("own-dhcp.hostname", "axis-accc8e2291b0"),
        Fact("own-dhcp.vendor_class", "AXIS,x"),
        Fact("own-dhcp.parameters", "1,3,6"),
    ]


def test_a_pointer_announces_a_service_and_an_instance() -> None:
    record = DnsRecord("_axis-video._tcp.local", 12, 4500, "AXIS M1065._axis-video._tcp.local")
    assert heard(record) == [
        ("own-mdns.service", "_axis-video._tcp"),
        ("own-mdns.instance", "AXIS M1065"),
    ]


def test_a_service_record_announces_the_same_and_an_address_a_host() -> None:
    records = (
        DnsRecord("DCS-935L._http._tcp.local", 33, 120, "dcs-935l.local"),
        DnsRecord("dcs-935l.local", 1, 120, "10.0.0.5"),
        DnsRecord("dcs-935l.local", 28, 120, "fe80::1"),
    )
    assert heard(*records) == [
        ("own-mdns.instance", "DCS-935L"),
        ("own-mdns.service", "_http._tcp"),
        ("own-mdns.host", "dcs-935l.local"),
    ]


def test_reverse_names_and_lists_of_services_announce_nothing() -> None:
    records = (
        DnsRecord("5.0.0.10.in-addr.arpa", 12, 120, "pc.local"),
        DnsRecord("_services._dns-sd._udp.local", 12, 120, "_ipp._tcp.local"),
        DnsRecord("pc.local", 16, 120, ""),
        DnsRecord("_x._tcp.local", 12, 120, ""),
    )
    assert heard(*records) == [("own-mdns.service", "_x._tcp")]


def test_a_long_announcement_is_cut() -> None:
    records = (DnsRecord(f"h{number}.local", 1, 120, "") for number in range(99))
    assert len(heard(*records)) == MAX_FACTS
