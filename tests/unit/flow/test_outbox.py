import numpy as np

from monitor.flow import FlowStage
from monitor.flow.outbox import empty_step
from tests.support.packets import START_NS, packet_batch, udp


def test_an_empty_step_has_empty_batches_of_the_right_shapes() -> None:
    step = empty_step(np.zeros(0, np.int64))
    assert len(step.ended) == 0
    assert len(step.conversations) == 0
    assert step.conversations.piece_off.tolist() == [0]
    assert step.conversations.byte_off.tolist() == [0]
    assert step.community_id.dtype == np.dtype("S30")


def test_offsets_of_conversations_go_on_where_the_outbox_was_emptied() -> None:
    stage = FlowStage()
    contents = [bytes([i % 256]) * (i % 7 + 1) for i in range(9000)]
    stage.step(
        packet_batch(
            [
                udp("10.0.0.2", 1 + i, "203.0.113.5", 9, content)
                for i, content in enumerate(contents)
            ]
        )
    )
    batch = stage.advance(START_NS + 10_000_000_000).conversations
    assert len(batch) == 9000
    assert batch.piece_off.tolist() == list(range(9001))
    assert batch.data.tobytes() == b"".join(contents)
    assert batch.is_orig.all()
