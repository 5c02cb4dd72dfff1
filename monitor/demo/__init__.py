"""A living example: captures played to a real sensor on a wire of its own, and the page over it."""

from monitor.demo.stage import Show, run

__all__ = ["Show", "run"]
