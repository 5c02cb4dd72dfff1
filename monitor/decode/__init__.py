"""Frame bytes to packet columns: links, tags, encapsulations, IP, TCP, UDP and ICMP."""

from monitor.decode.decoder import GENEVE_PORT, VXLAN_PORTS, Decoder

__all__ = ["GENEVE_PORT", "VXLAN_PORTS", "Decoder"]
