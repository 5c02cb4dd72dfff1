"""Messages that scapy builds are recognised, and say what scapy was told to write."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.contrib.coap import CoAP
from scapy.contrib.ikev2 import IKEv2
from scapy.contrib.mqtt import MQTT, MQTTConnect, MQTTPublish
from scapy.contrib.wireguard import Wireguard, WireguardInitiation, WireguardResponse
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DUID_LL, DHCP6_Solicit, DHCP6OptClientId
from scapy.layers.dns import DNSQR
from scapy.layers.llmnr import LLMNRQuery
from scapy.layers.netbios import NBNSHeader, NBNSQueryRequest
from scapy.layers.ntp import NTPHeader
from scapy.layers.pptp import PPTPStartControlConnectionRequest
from scapy.layers.rtp import RTP
from scapy.layers.snmp import SNMP, SNMPget, SNMPvarbind
from scapy.layers.tftp import TFTP, TFTP_RRQ

from monitor.dissect.dhcp import parse
from monitor.dissect.registry import Registry
from tests.support.payloads_p2p import tcp, udp

REGISTRY = Registry()
names = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=15)


@settings(max_examples=30, deadline=None)
@given(hostname=names, vendor=names, wanted=st.lists(st.integers(1, 254), min_size=1, max_size=20))
def test_a_dhcp_request_is_read_field_by_field(
    hostname: str, vendor: str, wanted: list[int]
) -> None:
    options = [
        ("message-type", "discover"),
        ("hostname", hostname.encode()),
        ("vendor_class_id", vendor.encode()),
        ("param_req_list", wanted),
        "end",
    ]
    packet = BOOTP(chaddr=b"\x02\x00\x00\x00\x00\x01") / DHCP(options=options)
    answer = REGISTRY.dissect(udp(67, bytes(packet)))
    assert answer.service == "dhcp"
    message = parse(bytes(packet))
    assert message is not None
    assert (message.kind, message.hostname, message.vendor_class) == ("discover", hostname, vendor)
    assert message.parameters == tuple(wanted)
    assert message.client_mac == "02:00:00:00:00:01"


@settings(max_examples=30, deadline=None)
@given(
    version=st.integers(1, 4), mode=st.sampled_from((1, 3, 4, 5)), stratum=st.integers(0, 16),
    poll=st.integers(0, 17),
)  # fmt: skip
def test_a_time_message_of_any_version_and_mode_is_ntp(
    version: int, mode: int, stratum: int, poll: int
) -> None:
    packet = NTPHeader(version=version, mode=mode, stratum=stratum, poll=poll)
    answer = REGISTRY.dissect(udp(123, bytes(packet)))
    assert answer.service == "ntp"
    assert answer.first("ntp.version") == str(version)


@settings(max_examples=20, deadline=None)
@given(community=names, version=st.sampled_from((0, 1)))
def test_a_get_is_snmp_whatever_the_community(community: str, version: int) -> None:
    pdu = SNMPget(varbindlist=[SNMPvarbind(oid="1.3.6.1.2.1.1.1.0")])
    answer = REGISTRY.dissect(udp(161, bytes(SNMP(version=version, community=community, PDU=pdu))))
    assert answer.service == "snmp"
    assert answer.first("snmp.operation") == "get"


@settings(max_examples=20, deadline=None)
@given(client=names, topic=names, level=st.sampled_from((3, 4)))
def test_client_and_topic_of_mqtt_are_read(client: str, topic: str, level: int) -> None:
    name = "MQIsdp" if level == 3 else "MQTT"
    connect = MQTT() / MQTTConnect(
        protoname=name, protolevel=level, cleansess=1, klive=60, clientId=client
    )
    stream = bytes(connect) + bytes(MQTT() / MQTTPublish(topic=topic, value=b"x"))
    answer = REGISTRY.dissect(tcp(1883, stream))
    assert answer.service == "mqtt"
    assert answer.first("mqtt.client") == client
    published = topic.replace(client, "<client>") if len(client) >= 6 else topic
    assert answer.all("mqtt.publish") == (published,)


@settings(max_examples=20, deadline=None)
@given(start=st.integers(0, 0xFFFF), ticks=st.integers(0, 0xFFFFFFFF), kind=st.integers(96, 127))
def test_four_datagrams_in_a_row_are_rtp_whatever_their_start(
    start: int, ticks: int, kind: int
) -> None:
    pieces = [
        bytes(
            RTP(
                sequence=(start + n) & 0xFFFF,
                timestamp=(ticks + 3000 * n) & 0xFFFFFFFF,
                payload_type=kind,
                sourcesync=77,
            )
        )
        + b"payload"
        for n in range(4)
    ]
    answer = REGISTRY.dissect(udp(40000, *pieces))
    assert answer.service == "rtp"
    assert answer.first("rtp.payload_type") == str(kind)


@pytest.mark.parametrize(
    ("service", "kind", "value", "port", "packet"),
    [
        (
            "dhcpv6",
            "dhcpv6.type",
            "solicit",
            547,
            DHCP6_Solicit(trid=5) / DHCP6OptClientId(duid=DUID_LL(lladdr="02:00:00:00:00:01")),
        ),
        (
            "llmnr",
            "llmnr.name",
            "office-pc",
            5355,
            LLMNRQuery(id=7, qd=DNSQR(qname="office-pc")),
        ),
        (
            "nbns",
            "nbns.name",
            "OFFICE",
            137,
            NBNSHeader() / NBNSQueryRequest(QUESTION_NAME="OFFICE"),
        ),
        ("tftp", "tftp.file", "a.bin", 69, TFTP() / TFTP_RRQ(filename="a.bin", mode="octet")),
        (
            "ipsec",
            "ipsec.exchange",
            "sa-init",
            500,
            IKEv2(init_SPI=b"initiate", exch_type=34, flags=8),
        ),
        (
            "coap",
            "coap.path",
            "/.well-known/core",
            5683,
            CoAP(
                type=0,
                code=1,
                msg_id=9,
                options=[("Uri-Path", b".well-known"), ("Uri-Path", b"core")],
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_single_datagram_is_known_and_read(
    service: str, kind: str, value: str, port: int, packet: object
) -> None:
    answer = REGISTRY.dissect(udp(port, bytes(packet)))  # type: ignore[call-overload]  # scapy is untyped
    assert answer.service == service
    assert answer.first(kind) == value


def test_a_wireguard_handshake_is_recognised() -> None:
    key = bytes(range(32))
    first = Wireguard() / WireguardInitiation(
        sender_index=5, unencrypted_ephemeral=key, encrypted_static=key + key[:16]
    )
    reply = Wireguard() / WireguardResponse(sender_index=6, receiver_index=5)
    answer = REGISTRY.dissect(udp(51820, bytes(first), resp=(bytes(reply),)))
    assert answer.service == "wireguard"


def test_the_vendor_of_a_pptp_start_is_read() -> None:
    packet = PPTPStartControlConnectionRequest(vendor_string="cananian")
    answer = REGISTRY.dissect(tcp(1723, bytes(packet)))
    assert answer.service == "pptp"
    assert answer.first("pptp.vendor") == "cananian"
