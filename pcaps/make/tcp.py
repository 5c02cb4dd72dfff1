"""One TCP connection, as a mirror port beside the client sees it: handshake, data, end."""

import struct

from pcaps.make import wire
from pcaps.make.scene import Host, Scene

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
FIRST_FLIGHT = 10
"""Segments before the first acknowledgement is waited for (RFC 6928)."""

WINDOWS = {
    # (window in the SYN, shift, window field afterwards)
    "linux": (29200, 7, 229),
    "windows": (64240, 8, 1026),
    "lwip": (5840, 0, 5840),
}


class _End:
    """What one side keeps: its next sequence number, clock and options."""

    def __init__(self, host: Host, port: int, label: str) -> None:
        self.host = host
        self.port = port
        self.seq = wire.number(f"{label}/isn", 32)
        self.clock_base = wire.number(f"{label}/clock", 28)
        self.echo = 0

    def clock(self, at: float) -> int:
        return (self.clock_base + int(at * 1000)) & 0xFFFFFFFF


class Tcp:
    """A connection; every call moves its own time `t` on, in seconds from the scene's start."""

    def __init__(
        self, scene: Scene, at: float, ends: tuple[Host, Host], port: int, rtt: float = 0.035
    ) -> None:
        self.scene = scene
        self.t = at
        self.rtt = rtt
        client_port = scene.port()
        label = f"{scene.name}/{ends[0].ip}:{client_port}>{ends[1].ip}:{port}@{at}"
        self.label = label
        self.client = _End(ends[0], client_port, label + "/c")
        self.server = _End(ends[1], port, label + "/s")
        stacks = {ends[0].stack, ends[1].stack}
        self.has_clock = stacks == {"linux"}
        self.mss = 1460 - (20 if ":" in ends[0].ip else 0) - (12 if self.has_clock else 0)

    def _options(self, end: _End, at: float, *, is_syn: bool) -> bytes:
        clock = struct.pack(">BBII", 8, 10, end.clock(at), end.echo) if self.has_clock else b""
        if not is_syn:
            return b"\x01\x01" + clock if clock else b""
        mss = 1440 if ":" in end.host.ip else 1460
        first = struct.pack(">BBH", 2, 4, mss)
        shift = struct.pack(">BBB", 3, 3, WINDOWS[end.host.stack][1])
        if end.host.stack == "lwip":
            return first
        if end.host.stack == "windows":
            return first + b"\x01" + shift + b"\x01\x01\x04\x02"
        if clock:
            return first + b"\x04\x02" + clock + b"\x01" + shift
        return first + b"\x01\x01\x04\x02\x01" + shift

    def _segment(self, end: _End, at: float, flags: int, data: bytes = b"") -> bytes:
        other = self.server if end is self.client else self.client
        is_syn = bool(flags & SYN)
        options = b"" if flags & RST else self._options(end, at, is_syn=is_syn)
        window = WINDOWS[end.host.stack][0 if is_syn else 2]
        acked = other.seq if flags & ACK else 0
        words = ((20 + len(options)) // 4 << 4, flags, 0 if flags & RST else window, 0, 0)
        head = struct.pack(">HHIIBBHHH", end.port, other.port, end.seq, acked, *words)
        pair = (end.host.ip, other.host.ip)
        segment = wire.sealed(pair, wire.TCP, head + options + data, 16)
        other.echo = end.clock(at)
        end.seq = (end.seq + len(data) + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF
        return self.scene.ip(at, (end.host, other.host), wire.TCP, segment)

    def knock(self, *waits: float) -> list[bytes]:
        """Send a SYN, and again after each wait; nobody answers. Gives the packets."""
        packets = []
        for wait in (0.0, *waits):
            self.t += wait
            packets.append(self._segment(self.client, self.t, SYN))
            self.client.seq -= 1
        return packets

    def refuse(self) -> None:
        """Send a SYN that is answered with a reset."""
        self._segment(self.client, self.t, SYN)
        self.t += self.rtt
        self.server.seq = 0
        self._segment(self.server, self.t, RST | ACK)

    def open(self) -> None:
        """Shake hands."""
        self._segment(self.client, self.t, SYN)
        self.t += self.rtt * (0.95 + 0.1 * self.scene.jitter())
        self._segment(self.server, self.t, SYN | ACK)
        self.t += 0.0003
        self._segment(self.client, self.t, ACK)

    def send(self, data: bytes, think: float = 0.004) -> None:
        """Let the client send, after `think` seconds."""
        self._stream(self.client, self.server, data, think)

    def reply(self, data: bytes, think: float = 0.012) -> None:
        """Let the server send, after `think` seconds."""
        self._stream(self.server, self.client, data, think + self.rtt)

    def _stream(self, end: _End, other: _End, data: bytes, think: float) -> None:
        self.t += think * (0.9 + 0.2 * self.scene.jitter())
        pieces = [data[at : at + self.mss] for at in range(0, len(data), self.mss)]
        back = self.rtt if other is self.server else 0.00004
        gap = min(0.00012, self.rtt / 24)
        flight, done = FIRST_FLIGHT, 0
        while done < len(pieces):
            burst = pieces[done : done + flight]
            self._flight(end, other, burst, (gap, back), is_last=done + flight >= len(pieces))
            done += len(burst)
            flight = min(2 * flight, 40)
            if back < self.rtt and done < len(pieces):
                self.t += self.rtt

    def _flight(
        self,
        end: _End,
        other: _End,
        burst: list[bytes],
        pace: tuple[float, float],
        *,
        is_last: bool,
    ) -> None:
        """Send segments; every second one and the last are acknowledged `pace[1]` seconds later."""
        gap, back = pace
        pending = []
        for index, piece in enumerate(burst):
            is_final = index == len(burst) - 1
            flags = ACK | (PSH if is_last and is_final else 0)
            self._segment(end, self.t, flags, piece)
            if index % 2 or is_final:
                pending.append((self.t + back, end.seq, end.clock(self.t)))
            self.t += gap
        sent = end.seq
        for at, seq, clock in pending:
            end.seq, other.echo = seq, clock
            self._segment(other, at, ACK)
            self.t = max(self.t, at)
        end.seq = sent
        self.t += 0.0001

    def wait(self, seconds: float) -> None:
        """Stay silent."""
        self.t += seconds

    def close(self, *, by_server: bool = False) -> None:
        """End the connection with FINs."""
        first, second = (self.server, self.client) if by_server else (self.client, self.server)
        self.t += 0.002
        self._segment(first, self.t, FIN | ACK)
        self.t += self.rtt if first is self.client else 0.0006
        self._segment(second, self.t, FIN | ACK)
        self.t += 0.0004 if first is self.client else self.rtt
        self._segment(first, self.t, ACK)

    def reset(self) -> None:
        """End the connection with the client's reset."""
        self.t += 0.002
        self._segment(self.client, self.t, RST | ACK)
