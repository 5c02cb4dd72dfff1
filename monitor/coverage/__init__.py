"""What the sensor could see: columns of packets in, a verdict for each VLAN out.

How the parts fit, in a worker and its keeper:

- worker: ``CoverageStage.step(frames, packets)`` for each batch, ``advance(now_ns)`` when the wire
  is quiet; each gives the intervals that ended, which cross as ``IntervalPart.as_plain()``.
- keeper: ``IntervalPart.merge`` joins those of one ``start_ns`` from all workers; ``CanaryWatch``
  sends (``frame``), checks (``take(part.canaries)``) and settles (``results(part.end_ns)``);
  ``Judge.take(part, losses, canaries)`` gives verdicts, one for each interval.
"""
