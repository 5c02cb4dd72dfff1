"""What dissectors claim in recorded captures agrees with tshark, or with what was recorded."""

import collections
import shutil
from pathlib import Path

import pytest

from monitor.dissect.registry import Registry
from tests.support.dissect_tshark import Seen, flows_of
from tests.support.shared import shared_path

AGREE: dict[str, set[str]] = {
    "coap": {"CoAP"},
    "dhcp": {"DHCP"},
    "dhcpv6": {"DHCPv6"},
    "ftp": {"FTP"},
    "ipsec": {"ISAKMP", "ESP"},
    "kasa": {"TPLINK-SMARTHOME/JSON"},
    "l2tp": {"L2TP"},
    "llmnr": {"LLMNR"},
    "mqtt": {"MQTT"},
    "nbdgm": {"BROWSER", "NBDS"},
    "nbns": {"NBNS"},
    "nbss": {"NBSS"},
    "ntp": {"NTP"},
    "openvpn": {"OpenVPN"},
    "pptp": {"PPTP"},
    "rdp": {"RDP"},
    "rtcp": {"RTCP", "SRTCP"},
    "rtmp": {"RTMP"},
    "rtp": {"RTP", "SRTP"},
    "rtsp": {"RTSP"},
    "sip": {"SIP", "SIP/SDP"},
    "smb": {"SMB", "SMB2"},
    "smtp": {"SMTP", "SMTP/IMF"},
    "snmp": {"SNMP"},
    "socks": {"Socks"},
    "srt": {"UDT", "SRT"},
    "ssdp": {"SSDP"},
    "ssh": {"SSH", "SSHv2"},
    "stun": {"STUN", "CLASSIC-STUN"},
    "syslog": {"Syslog"},
    "telnet": {"TELNET"},
    "tftp": {"TFTP"},
    "wireguard": {"WireGuard"},
}
"""The names that tshark gives to what we call a service."""

RECORDED: dict[str, tuple[str, ...]] = {
    "baichuan": ("neolink/",),
    "bcudp": ("neolink/",),
    "camera-discovery": ("IoT_Sentinel/D-Link", "IoT_Sentinel/Edimax"),
    "dlink-punch": ("dlink-cam/", "DLinkCamera/"),
    "edimax": ("EdimaxPlug",),
    "hcnetsdk": ("EZVIZ",),
    "hik-lbs": ("EZVIZ",),
    "hik-safe": ("EZVIZ",),
    "hik-talk": ("EZVIZ",),
    "miio": ("xiaobai", "Xiaomi", "xiaomi"),
    "naxclow": ("a9-v720/",),
    "pppp": ("xiaobai", "Xiaomi", "xiaomi", "wansview", "update_traffic"),
    "sadp": ("EZVIZ",),
    "tplink-discovery": ("TapoCamera/",),
    "tuya": ("XiaomiCamera/",),
    "ws-discovery": ("TapoCamera/",),
    "xiaomi-push": ("pcap/xiaomi.pcap",),
    "xmpp": ("EZVIZ",),
    "ysproto": ("EZVIZ",),
}
"""Where a maker's protocol, for which tshark has no name, may be found at all. The network of the
Xiaomi camera held a Tuya plug."""

UNNAMED = frozenset({"TCP", "UDP", "ICMP", "ICMPv6"})
MISNAMED = frozenset({"SMPP", "SSL", "UDT", "ADwin Config", "TLSv1", "TLSv1.2", "H1", "BJNP"})
"""What tshark's guesses make of makers' protocols, and TLS that follows them."""

LATE = frozenset({"smtp", "ssdp"})
"""Services on ports where tshark does not look for them: a mail server on port 8000, an answer
to a search."""

SEEN = {
    "camera-discovery": 7,
    "dhcp": 52,
    "dlink-punch": 22,
    "edimax": 5,
    "hik-safe": 30,
    "kasa": 21,
    "llmnr": 52,
    "miio": 27,
    "mqtt": 13,
    "ntp": 21,
    "pppp": 280,
    "sip": 4,
    "ssdp": 27,
    "stun": 18,
    "tftp": 4,
}
"""Flows of the recorded captures that must be recognised, by tshark's count or, for makers'
protocols, by hand."""


def _is_agreed(service: str, flow: Seen, path: str) -> bool:
    if service in AGREE:
        is_late = service in LATE and flow.names <= UNNAMED
        return bool(AGREE[service] & flow.names) or is_late
    if service in RECORDED:
        return flow.names <= UNNAMED | MISNAMED and any(p in path for p in RECORDED[service])
    return True


def _captures(root: Path) -> list[Path]:
    return sorted(p for p in root.rglob("*") if ".pcap" in p.name and p.is_file())


@pytest.mark.slow
def test_claims_agree_with_tshark_or_with_what_was_recorded() -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    root = shared_path("pcaps")
    registry = Registry()
    wrong: list[str] = []
    seen: collections.Counter[str] = collections.Counter()
    for path in _captures(root):
        name = str(path.relative_to(root))
        for flow in flows_of(path):
            service = registry.dissect(flow.conversation()).service
            seen[service] += 1
            if not _is_agreed(service, flow, name):
                wrong.append(f"{service}: {sorted(flow.names)} in {name}, port {flow.resp_port}")
    assert wrong == []
    assert {service: seen[service] for service in SEEN} == SEEN
