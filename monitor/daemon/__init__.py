"""The live sensor: capture, workers, keeper, and the only reader of a clock."""
