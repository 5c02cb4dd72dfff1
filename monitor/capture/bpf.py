"""An assembler for classic BPF, the small language in which the kernel is told what to let in.

Source: S. McCanne and V. Jacobson, "The BSD Packet Filter" (1993); linux/filter.h and
Documentation/networking/filter.rst for the numbers and the ancillary loads of Linux.
"""

import dataclasses
import struct
from collections.abc import Sequence

WORD, HALF, BYTE = 0x00, 0x08, 0x10
ABSOLUTE, INDIRECT = 0x20, 0x40

MOST_INSTRUCTIONS = 4096
"""What the kernel takes: BPF_MAXINSNS."""

RANDOM = 0xFFFFF000 + 56
"""SKF_AD_OFF + SKF_AD_RANDOM: position from which a word load gives a random number."""

LINK_LAYER = 0xFFE00000
"""SKF_LL_OFF: position that means the link-layer header, wherever the program starts."""

WHOLE_FRAME = 0x40000
"""A return of more bytes than any frame has: all of it."""

_LD, _LDX, _ST, _ALU, _JMP, _RET, _MISC = 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07
_IMMEDIATE, _MEMORY = 0x00, 0x60
_WITH_X = 0x08
_ARITHMETIC = {"add": 0x00, "mul": 0x20, "or": 0x40, "and": 0x50, "lsh": 0x60, "rsh": 0x70}
_ARITHMETIC |= {"mod": 0x90, "xor": 0xA0}
_TESTS = {"eq": 0x10, "gt": 0x20, "ge": 0x30, "set": 0x40}
_FARTHEST = 255


@dataclasses.dataclass(slots=True)
class _Step:
    code: int
    k: int = 0
    labels: tuple[str, str] = ("", "")
    """Where a test leads when it holds and when it does not; empty: to the next step."""

    is_long: bool = False
    """A target is too far for the eight bits of a test: it goes by jumps of 32 bits."""

    @property
    def size(self) -> int:
        return 1 + (2 if self.is_long else 0)


class Program:
    """Steps, written one after the other; labels are targets further down, as BPF wants."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """Name the next step."""
        if name in self._labels:
            raise ValueError(f"label {name} stands twice")
        self._labels[name] = len(self._steps)

    def load(self, size: int, at: int, *, by_x: bool = False) -> None:
        """A = the bytes at a position, to which X is added when `by_x`; none there: return 0."""
        self._steps.append(_Step(_LD | size | (INDIRECT if by_x else ABSOLUTE), at))

    def load_number(self, number: int) -> None:
        """A = a number."""
        self._steps.append(_Step(_LD | _IMMEDIATE, number))

    def load_x(self, number: int) -> None:
        """X = a number."""
        self._steps.append(_Step(_LDX | _IMMEDIATE, number))

    def keep(self, place: int) -> None:
        """Keep A in one of sixteen places."""
        self._steps.append(_Step(_ST, place))

    def recall(self, place: int) -> None:
        """A = what was kept."""
        self._steps.append(_Step(_LD | _MEMORY, place))

    def recall_x(self, place: int) -> None:
        """X = what was kept."""
        self._steps.append(_Step(_LDX | _MEMORY, place))

    def alter(self, operation: str, number: int) -> None:
        """A = A `operation` number."""
        self._steps.append(_Step(_ALU | _ARITHMETIC[operation], number))

    def alter_by_x(self, operation: str) -> None:
        """A = A `operation` X."""
        self._steps.append(_Step(_ALU | _ARITHMETIC[operation] | _WITH_X))

    def a_to_x(self) -> None:
        """X = A."""
        self._steps.append(_Step(_MISC))

    def x_to_a(self) -> None:
        """A = X."""
        self._steps.append(_Step(_MISC | 0x80))

    def test(self, what: str, number: int, yes: str = "", no: str = "") -> None:
        """Compare A with a number (``eq``, ``gt``, ``ge``, ``set``: has a bit of) and go on."""
        self._steps.append(_Step(_JMP | _TESTS[what], number, (yes, no)))

    def test_x(self, what: str, yes: str = "", no: str = "") -> None:
        """Compare A with X and go on."""
        self._steps.append(_Step(_JMP | _TESTS[what] | _WITH_X, 0, (yes, no)))

    def go(self, target: str) -> None:
        """Go on at a label."""
        self._steps.append(_Step(_JMP, 0, (target, "")))

    def give(self, number: int) -> None:
        """End, and return a number: how many bytes of the frame are let in, 0: none."""
        self._steps.append(_Step(_RET, number))

    def give_a(self) -> None:
        """End, and return A."""
        self._steps.append(_Step(_RET | 0x10))

    def assemble(self) -> bytes:
        """Return the instructions, eight bytes each.

        Raises:
            ValueError: They are more than the kernel takes, or a label is missing or lies above.
        """
        places = self._place()
        if places[-1] > MOST_INSTRUCTIONS:
            raise ValueError(f"{places[-1]} instructions; the kernel takes {MOST_INSTRUCTIONS}")
        made: list[bytes] = []
        for at, step in enumerate(self._steps):
            yes, no = (self._target(label, at, places) for label in step.labels)
            here = places[at] + 1
            if step.code == _JMP:
                made.append(_instruction(step.code, 0, 0, yes - here))
            elif step.code & 0x07 != _JMP:
                made.append(_instruction(step.code, 0, 0, step.k))
            elif step.is_long:
                made.append(_instruction(step.code, 0, 1, step.k))
                made.append(_instruction(_JMP, 0, 0, yes - here - 1))
                made.append(_instruction(_JMP, 0, 0, no - here - 2))
            else:
                made.append(_instruction(step.code, yes - here, no - here, step.k))
        return b"".join(made)

    def _place(self) -> Sequence[int]:
        """Return the position of every step and of the end, once no test is too far from its aim."""
        while True:
            places = [0]
            for step in self._steps:
                places.append(places[-1] + step.size)
            is_settled = True
            for at, step in enumerate(self._steps):
                if step.code & 0x07 != _JMP or step.code == _JMP or step.is_long:
                    continue
                targets = [self._target(label, at, places) for label in step.labels]
                if max(targets) - places[at] - 1 > _FARTHEST:
                    step.is_long, is_settled = True, False
            if is_settled:
                return places

    def _target(self, label: str, at: int, places: Sequence[int]) -> int:
        if not label:
            return places[at + 1]
        step = self._labels.get(label, -1)
        if step <= at:
            raise ValueError(f"label {label} is missing, or lies above its use")
        return places[step]


def _instruction(code: int, yes: int, no: int, k: int) -> bytes:
    return struct.pack("=HBBI", code, yes, no, k)


def _nothing() -> bytes:
    program = Program()
    program.give(0)
    return program.assemble()


NOTHING = _nothing()
"""Lets no frame in."""
