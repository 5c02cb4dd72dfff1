"""The reused buffer over a stream."""

from monitor.capture.window import Window


class Pieces:
    """A stream that gives its bytes in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.fault = ""
        self._pieces = list(pieces)
        self.rooms: list[int] = []

    def read_into(self, room: memoryview) -> int:
        self.rooms.append(len(room))
        if not self._pieces:
            return 0
        piece = self._pieces.pop(0)
        room[: len(piece)] = piece
        return len(piece)


def test_what_is_not_used_is_carried_to_the_front() -> None:
    window = Window(Pieces(b"abcdef", b"ghij"), 8)
    assert window.fill(4)
    window.skip(4)
    assert window.position == 4
    assert window.fill(3)
    assert (window.head(9), window.position, window.held) == (b"efghij", 4, 6)


def test_one_read_is_enough_when_it_brings_what_is_needed() -> None:
    source = Pieces(b"abc", b"def")
    window = Window(source, 8)
    assert window.fill(1)
    assert window.held == 3
    assert source.rooms == [8]


def test_reads_go_on_until_what_is_needed_is_at_hand() -> None:
    window = Window(Pieces(b"a", b"b", b"c"), 8)
    assert window.fill(3)
    assert window.head(3) == b"abc"


def test_nothing_is_read_when_enough_is_at_hand() -> None:
    source = Pieces(b"abcdef")
    window = Window(source, 8)
    window.fill(1)
    assert window.fill(6)
    assert source.rooms == [8]


def test_a_need_beyond_the_buffer_makes_it_grow() -> None:
    window = Window(Pieces(b"abcd", b"efgh", b"ij"), 4)
    assert window.fill(10)
    assert window.head(20) == b"abcdefghij"


def test_the_end_of_the_stream_leaves_what_there_is() -> None:
    window = Window(Pieces(b"abc"), 8)
    assert not window.fill(4)
    assert window.head(8) == b"abc"
    assert not window.fill(4)
