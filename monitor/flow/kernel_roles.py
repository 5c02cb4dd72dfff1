"""Who opened a flow, where the first packet that was seen is an answer."""

from monitor.flow.kernel_words import ACK, SYN, TCP, UDP, Int, Truth
from monitor.model.jit import kernel_inner

SYSTEM_PORTS_END = 1024
"""RFC 6335 §6: ports below are assigned to servers, and systems give none of them to a client that
asks for any port: the lowest they give are 1024 (old BSD), 32768 (Linux) and 49152 (RFC 6335)."""
DNS, NTP, NFS = 53, 123, 2049


@kernel_inner
def is_answer(protocol: Int, flags: Int, src_port: Int, dst_port: Int) -> Truth:
    """Tell whether the first packet of a flow is the responder's: a SYN-ACK, or from its port.

    A SYN is its sender's own word. Without one, TCP from a system port to one of 1024 or above was
    sent by the server: every system gives its clients ports from 1024 on. Clients that choose a
    system port on purpose (rsh, rlogin, RPC) speak to another one, save those of NFS.

    Of UDP only DNS and NTP are told by their ports: other protocols have peers on system ports.
    A server's own query from port 53 or 123 goes to the same port, and is no answer.
    """
    if protocol == TCP:
        if flags & SYN:
            return flags & ACK != 0
        return src_port < SYSTEM_PORTS_END <= dst_port and dst_port != NFS
    return protocol == UDP and src_port in (DNS, NTP) and dst_port >= SYSTEM_PORTS_END
