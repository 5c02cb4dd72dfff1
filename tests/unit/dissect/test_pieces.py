from monitor.dissect.pieces import Pieces
from monitor.model.facts import Conversation
from tests.support.payloads_names import tcp, udp
from tests.support.talks import talks


def test_a_conversation_is_cut_out_as_it_was() -> None:
    made = [
        tcp(b"GET /", b"HTTP/1.1 200"),
        udp(b"one", b"two", resp=(b"three",), port=32100),
        udp(b"alone", port=53),
        Conversation(17, 5, 6, (), (b"only an answer",)),
        Conversation(6, 1, 2, (), ()),
    ]
    pieces = Pieces(talks(made))
    assert [pieces.conversation(row) for row in range(len(made))] == made
