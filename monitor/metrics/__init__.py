"""Every Prometheus family."""
