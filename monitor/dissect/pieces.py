"""From columns of first payload to conversations as dissectors see them."""

from itertools import compress

from monitor.model.facts import Conversation
from monitor.model.flows import ConversationBatch


class Pieces:
    """Cuts conversations out of a batch."""

    def __init__(self, batch: ConversationBatch) -> None:
        self._data = batch.data.tobytes()
        self._cuts, self._bounds = batch.byte_off.tolist(), batch.piece_off.tolist()
        self._is_orig, self._is_resp = batch.is_orig.tolist(), (~batch.is_orig).tolist()
        self._ends = list(
            zip(
                batch.protocol.tolist(),
                batch.orig_port.tolist(),
                batch.resp_port.tolist(),
                strict=True,
            )
        )

    def conversation(self, row: int) -> Conversation:
        """Return the conversation of a row."""
        first, end = self._bounds[row : row + 2]
        cuts, data = self._cuts, self._data
        orig: tuple[bytes, ...]
        resp: tuple[bytes, ...]
        if end - first == 1:
            only = (data[cuts[first] : cuts[end]],)
            orig, resp = (only, ()) if self._is_orig[first] else ((), only)
        else:
            spans = map(slice, cuts[first:end], cuts[first + 1 : end + 1])
            pieces = tuple(map(data.__getitem__, spans))
            orig = tuple(compress(pieces, self._is_orig[first:end]))
            resp = tuple(compress(pieces, self._is_resp[first:end]))
        return Conversation(*self._ends[row], orig, resp)
