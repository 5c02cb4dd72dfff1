"""Classic BPF, interpreted step by step: the slow twin of the kernel's, written from its description."""

import struct

LINK_LAYER = -0x200000
ANCILLARY = -0x1000


def run(program: bytes, frame: bytes, *, random: int = 0xFFFF_FFFF) -> int:
    """Return what a program returns for a frame; positions count from its first byte."""
    steps = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    a = x = at = 0
    memory = [0] * 16
    while True:
        code, yes, no, k = steps[at]
        at += 1
        kind = code & 7
        source = x if code & 8 else k
        if kind == 0:
            mode, size = code & 0xE0, {0: 4, 8: 2, 0x10: 1}[code & 0x18]
            if mode == 0x00:
                a = k
            elif mode == 0x60:
                a = memory[k]
            else:
                position = k - (1 << 32) if k >> 31 else k
                position += x if mode == 0x40 else 0
                if ANCILLARY <= position < 0:
                    assert position - ANCILLARY == 56, "only SKF_AD_RANDOM is known here"
                    a = random
                    continue
                if position < 0:
                    position -= LINK_LAYER
                if position < 0 or position + size > len(frame):
                    return 0
                a = int.from_bytes(frame[position : position + size])
        elif kind == 1:
            x = memory[k] if code & 0xE0 == 0x60 else k
        elif kind == 2:
            memory[k] = a
        elif kind == 4:
            a = _arithmetic(code & 0xF0, a, source)
        elif kind == 5:
            test = code & 0xF0
            if test == 0:
                at += k
                continue
            holds = {0x10: a == source, 0x20: a > source, 0x30: a >= source, 0x40: a & source != 0}
            at += yes if holds[test] else no
        elif kind == 6:
            return a if code & 0x10 else k
        elif code & 0x80:
            a = x
        else:
            x = a


def _arithmetic(operation: int, a: int, b: int) -> int:
    made = {
        0x00: a + b,
        0x20: a * b,
        0x40: a | b,
        0x50: a & b,
        0x60: a << min(b, 32),
        0x70: a >> min(b, 32),
        0xA0: a ^ b,
    }
    if operation == 0x90:
        return a % b
    return made[operation] & 0xFFFF_FFFF
