"""Which process handles a flow, where several share the work.

One process follows all packets, and each of the others handles the flows of its own cameras. Whose
flow it is follows from addresses alone, so that results do not depend on how many processes there
are.
"""

from typing import NamedTuple

import numpy as np

from monitor.model.addresses import Networks
from monitor.model.arrays import I64
from monitor.model.flows import ConversationBatch, FlowBatch

_MIX = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


class Shard(NamedTuple):
    """One of some shares of the addresses."""

    number: int
    shares: int

    def owns(self, address: tuple[int, int]) -> bool:
        """Return whether an address, as two words, is in this share."""
        hi, lo = address
        return (((hi ^ lo) * _MIX & _WORD) >> 32) % self.shares == self.number

    def rows(self, batch: FlowBatch | ConversationBatch, site: Networks) -> I64:
        """Return the rows whose flows are handled here.

        The originator decides where it belongs to the site, else the responder.
        """
        if self.shares == 1:
            return np.arange(len(batch))
        is_site = site.holds(batch.orig_hi, batch.orig_lo)
        hi = np.where(is_site, batch.orig_hi, batch.resp_hi)
        lo = np.where(is_site, batch.orig_lo, batch.resp_lo)
        mixed = ((hi ^ lo) * np.uint64(_MIX)) >> np.uint64(32)
        return np.flatnonzero(mixed % np.uint64(self.shares) == np.uint64(self.number))


WHOLE = Shard(0, 1)
"""One process does it all."""
