"""Child process: dissects a capture file with tshark through pyshark, one line of JSON a packet.

``python -m monitor.forensics.shark TSHARK FILE COUNT CPU_SECONDS``. In a process of its own because tshark
can run without end on a hostile packet, and because pyshark needs the main thread's event loop
and changes how it watches children. The parent ends it; see `dissect`.

PDML is read and not EK: it carries Wireshark's own words for each field, and EK would write a
cache into the home directory. The summary form of pyshark never returns with tshark 4.
"""

import json
import resource
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

FIELDS: Final = 14
"""Most fields that are told of a layer."""

TEXT: Final = 240
"""Characters of a field that are told."""

LOWER: Final = frozenset(
    (
        *("geninfo", "frame", "pkt_comment", "eth", "sll", "vlan", "ieee8021ad", "ip", "ipv6"),
        *(
            "gre",
            "erspan",
            "vxlan",
            "geneve",
            "mpls",
            "pppoes",
            "ppp",
            "raw",
            "null",
            "fake-field-wrapper",
        ),
    )
)
"""Layers below the transport: the columns tell what matters of them."""

INTERESTING: Final[Mapping[str, Sequence[str]]] = {
    "tcp": (
        *("tcp.options.mss_val", "tcp.analysis.retransmission"),
        *("tcp.analysis.out_of_order", "tcp.analysis.lost_segment", "tcp.analysis.zero_window"),
    ),
    "udp": (),
    "icmp": ("icmp.type", "icmp.code"),
    "icmpv6": ("icmpv6.type", "icmpv6.code"),
    "dns": (
        *("dns.qry.name", "dns.qry.type", "dns.flags.rcode", "dns.cname", "dns.a", "dns.aaaa"),
        "dns.resp.ttl",
    ),
    "tls": (
        *("tls.record.content_type", "tls.handshake.type", "tls.handshake.version"),
        *("tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str"),
        *("tls.handshake.ciphersuite", "x509sat.uTF8String", "x509sat.printableString"),
        *("x509ce.dNSName", "tls.alert_message", "tls.record.length"),
    ),
    "http": (
        *("http.request.method", "http.request.uri", "http.request.full_uri", "http.host"),
        *("http.user_agent", "http.content_type", "http.content_length_header"),
        *("http.response.code", "http.response.phrase", "http.server", "http.location"),
        *("http.authorization", "http.www_authenticate"),
    ),
    "quic": (
        *("quic.long.packet_type", "quic.version", "quic.dcid"),
        "tls.handshake.extensions_server_name",
    ),
    "ntp": ("ntp.flags.mode", "ntp.stratum", "ntp.refid", "ntp.xmt"),
    "stun": ("stun.type", "stun.att.type", "stun.att.ipv4", "stun.att.port", "stun.att.software"),
    "mqtt": ("mqtt.msgtype", "mqtt.clientid", "mqtt.username", "mqtt.topic", "mqtt.msg"),
    "rtsp": ("rtsp.method", "rtsp.url", "rtsp.status", "rtsp.transport", "rtsp.session"),
}
"""Fields by layer; of layers that are not here, the first ones are told."""

JOINING: Final = (
    "tcp.segment",
    "tcp.reassembled",
    "ip.fragment",
    "ip.reassembled",
    "ipv6.fragment",
)
"""Fields of what Wireshark joined: they count its own packets, not those of the original."""

ALIKE: Final = 3
"""Most values that are told of one field, such as the ciphers that a client offers."""


def main() -> None:
    """Dissect and print a list of layers for each packet, or an object with the fault."""
    tshark, file, count, cpu_s = sys.argv[1:5]
    # Should the parent die first, a tshark that spins still ends: it inherits this limit.
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s)))
    # pyshark sets a child watcher, which Python deprecates from 3.12 on.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pyshark  # noqa: PLC0415  # slow, and absent where nobody inspects

    options = ["-c", count] if count != "0" else []
    try:
        capture = pyshark.FileCapture(
            file, keep_packets=False, tshark_path=tshark, custom_parameters=options
        )
        for packet in capture:
            sys.stdout.write(json.dumps(list(layers_of(packet))) + "\n")
            sys.stdout.flush()
        capture.close()
    except Exception as error:  # noqa: BLE001  # whatever ends it, the parent tells in one line
        told = " ".join(f"{type(error).__name__}: {error}".split())[:400]
        sys.stdout.write(json.dumps({"fault": told}) + "\n")


def layers_of(packet: Any) -> Iterator[dict[str, Any]]:
    """Yield the layers of a packet of pyshark from the transport up that have something to tell."""
    for layer in packet.layers:
        name = layer.layer_name
        if name not in LOWER:
            fields = _fields(layer, INTERESTING.get(name))
            if fields:
                yield {"layer": name, "fields": fields}


def _fields(layer: Any, wanted: Sequence[str] | None) -> list[str]:
    told: list[str] = []
    for name, container in layer._all_fields.items():  # noqa: SLF001  # its public look-ups lose the order
        if (wanted is not None and name not in wanted) or name.startswith(JOINING):
            continue
        told += _values(name, container.all_fields, is_wanted=wanted is not None)
        if len(told) >= FIELDS:
            break
    return told[:FIELDS]


def _values(name: str, fields: Sequence[Any], *, is_wanted: bool) -> list[str]:
    texts: dict[str, None] = {}
    for field in fields:
        text = " ".join(
            (field.showname or ("" if name else field.show) or "").split()
        ).removesuffix(r"\r\n")
        # A field may be hidden because another tells the same; what is asked for is told.
        if text and (is_wanted or not field.hide):
            texts[text[:TEXT]] = None
    told = list(texts)
    if len(told) > ALIKE:
        told = [*told[:ALIKE], f"(and {len(told) - ALIKE} more)"]
    return told


if __name__ == "__main__":
    main()
