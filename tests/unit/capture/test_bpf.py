"""The assembler: bytes as the kernel's own headers spell them, and jumps of any distance."""

import pytest

from monitor.capture import bpf
from monitor.capture.bpf import BYTE, HALF, WORD, Program
from tests.support.bpf_twin import run


def test_a_program_is_spelt_as_tcpdump_spells_it() -> None:
    # `tcpdump -ddd -y EN10MB ip`: 4 instructions.
    program = Program()
    program.load(HALF, 12)
    program.test("eq", 0x0800, no="drop")
    program.give(262144)
    program.label("drop")
    program.give(0)
    assert program.assemble() == bytes.fromhex(
        "28000000 0c000000 15000001 00080000 06000000 00000400 06000000 00000000"
    )


@pytest.mark.parametrize("between", [0, 1, 253, 254, 255, 256, 257, 1000])
@pytest.mark.parametrize("value", [7, 8])
def test_a_test_leads_to_its_label_at_any_distance(between: int, value: int) -> None:
    program = Program()
    program.load(BYTE, 0)
    program.test("eq", 7, yes="far")
    for _ in range(between):
        program.load(BYTE, 0)
    program.give(1)
    program.label("far")
    program.give(2)
    assert run(program.assemble(), bytes([value])) == (2 if value == 7 else 1)


def test_a_far_test_whose_other_side_is_far_too() -> None:
    program = Program()
    program.load(BYTE, 0)
    program.test("gt", 100, yes="high", no="low")
    for _ in range(300):
        program.give(0)
    program.label("low")
    program.give(1)
    program.label("high")
    program.give(2)
    made = program.assemble()
    assert [run(made, bytes([value])) for value in (100, 101)] == [1, 2]


def test_arithmetic_and_memory() -> None:
    program = Program()
    program.load(WORD, 0)
    program.keep(3)
    program.alter("rsh", 8)
    program.alter("and", 0xFF00)
    program.a_to_x()
    program.recall(3)
    program.alter_by_x("xor")
    program.alter("mod", 1000)
    program.give_a()
    word = 0x0A141E28
    assert run(program.assemble(), word.to_bytes(4)) == (word ^ (word >> 8 & 0xFF00)) % 1000


def test_a_label_above_its_use_is_refused() -> None:
    program = Program()
    program.label("again")
    program.go("again")
    with pytest.raises(ValueError, match="again"):
        program.assemble()


def test_a_label_that_stands_twice_is_refused() -> None:
    program = Program()
    program.label("here")
    with pytest.raises(ValueError, match="twice"):
        program.label("here")


def test_more_instructions_than_the_kernel_takes_are_refused() -> None:
    program = Program()
    for _ in range(4097):
        program.give(0)
    with pytest.raises(ValueError, match="4097"):
        program.assemble()


def test_nothing_lets_nothing_in() -> None:
    assert run(bpf.NOTHING, b"\x00" * 64) == 0
