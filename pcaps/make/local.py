"""What hosts say on their own network: DHCP, NTP, SSDP, mDNS, LLMNR, NetBIOS, WS-Discovery, IPv6."""

import dataclasses
import struct
import uuid

from pcaps.make import dns, wire
from pcaps.make.scene import Host, Scene, group

NTP_1900 = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (RFC 5905)."""


def _option(code: int, body: bytes) -> bytes:
    return bytes((code, len(body))) + body


def dhcp(
    scene: Scene, at: float, client: Host, lender: Host, *, name: str, vendor: str = "udhcp 1.24.1"
) -> float:
    """Get a lease (RFC 2131): discover, offer, request, acknowledge; options 12, 55, 60 as given."""
    nobody = Host("0.0.0.0", client.mac)  # noqa: S104 - an address on the wire, nothing is bound
    everybody = group("255.255.255.255")
    ident = wire.noise(f"{scene.name}/dhcp/{client.ip}", 4)
    asked = _option(55, bytes((1, 3, 6, 12, 15, 28, 42)))
    who = _option(61, b"\x01" + wire.mac_bytes(client.mac)) + _option(12, name.encode())
    who += _option(60, vendor.encode()) + asked
    wanted = _option(50, wire.packed(client.ip)) + _option(54, wire.packed(lender.ip))
    terms = _option(54, wire.packed(lender.ip)) + _option(51, struct.pack(">I", 86400))
    terms += _option(1, b"\xff\xff\xff\0") + _option(3, wire.packed(scene.gateway.ip))
    terms += _option(6, wire.packed(lender.ip))

    def message(operation: int, kind: int, yours: str, options: bytes) -> bytes:
        head = struct.pack(">BBBB", operation, 1, 6, 0) + ident + struct.pack(">HH", 0, 0x8000)
        head += bytes(4) + wire.packed(yours) + bytes(8) + wire.mac_bytes(client.mac) + bytes(202)
        body = b"\x63\x82\x53\x63" + _option(53, bytes((kind,))) + options + b"\xff"
        return (head + body).ljust(300, b"\0")

    steps = (
        (0.0, (nobody, everybody), (68, 67), message(1, 1, "0.0.0.0", who)),  # noqa: S104 - as above
        (0.35, (lender, everybody), (67, 68), message(2, 2, client.ip, terms)),
        (0.36, (nobody, everybody), (68, 67), message(1, 3, "0.0.0.0", who + wanted)),  # noqa: S104 - as above
        (0.38, (lender, everybody), (67, 68), message(2, 5, client.ip, terms)),
    )
    for delay, ends, ports, body in steps:
        scene.udp(at + delay, ends, ports, body)
    return at + 0.4


def _stamp(scene: Scene, at: float) -> bytes:
    seconds, rest = divmod(scene.start_us + round(at * 1e6), 1_000_000)
    return struct.pack(">II", seconds + NTP_1900, (rest << 32) // 1_000_000)


def ntp(scene: Scene, at: float, ends: tuple[Host, Host], *, rtt: float = 0.03) -> None:
    """Ask for the time and get it (RFC 5905); an `rtt` of 0 is no answer."""
    ask = b"\x23\x00\x06\xec" + bytes(36) + _stamp(scene, at)
    ports = (scene.port(), 123)
    if not rtt:
        scene.udp(at, ends, ports, ask)
        return
    middle = at + rtt / 2
    answer = b"\x24\x02\x06\xe9" + struct.pack(">II", 0x00000A3D, 0x000007E1)
    answer += wire.packed("203.107.6.88") + _stamp(scene, at - 41.3) + _stamp(scene, at)
    answer += _stamp(scene, middle) + _stamp(scene, middle + 0.00003)
    scene.ask(at, ends, ports, (ask, answer), rtt)


def ssdp_search(scene: Scene, at: float, client: Host, target: str = "ssdp:all") -> None:
    """Search by SSDP (UPnP device architecture §1.3.2)."""
    text = (
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        f'MAN: "ssdp:discover"\r\nMX: 3\r\nST: {target}\r\n\r\n'
    )
    ends = (dataclasses.replace(client, ttl=4), group("239.255.255.250"))
    scene.udp(at, ends, (scene.port(), 1900), text.encode())


def mdns_query(scene: Scene, at: float, client: Host, name: str) -> None:
    """Ask for a service by mDNS (RFC 6762)."""
    where = "ff02::fb" if ":" in client.ip else "224.0.0.251"
    ends = (dataclasses.replace(client, ttl=255), group(where))
    scene.udp(at, ends, (5353, 5353), dns.query(0, name, "PTR", 0))


def mdns_announce(scene: Scene, at: float, client: Host, service: str, instance: str) -> None:
    """Announce a service instance by mDNS: PTR, SRV, TXT and the address."""
    where = "ff02::fb" if ":" in client.ip else "224.0.0.251"
    host = instance.replace(" ", "-") + ".local"
    full = f"{instance}.{service}"
    kind = "AAAA" if ":" in client.ip else "A"
    records = [
        (service, "PTR", 4500, dns.plain(full)),
        (full, "SRV", 120, struct.pack(">HHH", 0, 0, 80) + dns.plain(host)),
        (full, "TXT", 4500, b"\x0dtxtvers=1.0.0"),
        (host, kind, 120, wire.packed(client.ip)),
    ]
    ends = (dataclasses.replace(client, ttl=255), group(where))
    scene.udp(at, ends, (5353, 5353), dns.multicast_answer(records))


def llmnr(scene: Scene, at: float, client: Host, name: str) -> None:
    """Ask the neighbours for a name (RFC 4795)."""
    ends = (dataclasses.replace(client, ttl=1), group("224.0.0.252"))
    ident = wire.number(f"{scene.name}/llmnr/{at}", 16)
    scene.udp(at, ends, (scene.port(), 5355), dns.query(ident, name, "A", 0))


def netbios(scene: Scene, at: float, client: Host, name: str, suffix: int = 0x20) -> None:
    """Ask the neighbours for a NetBIOS name by broadcast."""
    ends = (client, group(client.ip.rsplit(".", 1)[0] + ".255"))
    ident = wire.number(f"{scene.name}/nbns/{at}", 16)
    scene.udp(at, ends, (137, 137), dns.netbios_query(ident, name, suffix))


def _envelope(action: str, message: uuid.UUID, relates: str, body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{message}</a:MessageID>{relates}"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        f"<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</a:Action>"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def onvif_discovery(
    scene: Scene, at: float, ends: tuple[Host, Host], scopes: dict[str, str]
) -> None:
    """Let `ends[0]` probe by WS-Discovery and `ends[1]` answer with its ONVIF scopes."""
    asker, camera = ends
    asked = uuid.UUID(bytes=wire.noise(f"{scene.name}/probe/{at}", 16), version=4)
    body = "<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>"
    port = scene.port()
    to_all = (dataclasses.replace(asker, ttl=1), group("239.255.255.250"))
    scene.udp(at, to_all, (port, 3702), _envelope("Probe", asked, "", body))
    endpoint = uuid.UUID(bytes=wire.noise(f"{scene.name}/{camera.mac}", 16), version=4)
    listed = "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming "
    listed += " ".join(f"onvif://www.onvif.org/{key}/{value}" for key, value in scopes.items())
    body = (
        "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference>"
        f"<a:Address>urn:uuid:{endpoint}</a:Address></a:EndpointReference>"
        f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{listed}</d:Scopes>"
        f"<d:XAddrs>http://{camera.ip}/onvif/device_service</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
    )
    answer = uuid.UUID(bytes=wire.noise(f"{scene.name}/match/{camera.ip}/{at}", 16), version=4)
    relates = f"<a:RelatesTo>urn:uuid:{asked}</a:RelatesTo>"
    message = _envelope("ProbeMatches", answer, relates, body)
    scene.udp(at + 0.12, (camera, asker), (3702, port), message)


def router_advertisement(scene: Scene, at: float, router: Host, prefix: str) -> None:
    """Announce a /64 to all nodes (RFC 4861 §4.2)."""
    ends = (dataclasses.replace(router, ttl=255), group("ff02::1"))
    body = struct.pack(">BBHII", 64, 0x40, 1800, 0, 0)
    body += b"\x01\x01" + wire.mac_bytes(router.mac)
    body += struct.pack(">BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + wire.packed(prefix)
    scene.ip(at, ends, wire.ICMPV6, wire.icmpv6((router.ip, "ff02::1"), 134, 0, body))
