"""What for: evidence in, purpose out; `catalog/` holds the knowledge as data."""

from monitor.classify.classifier import Classifier

__all__ = ["Classifier"]
