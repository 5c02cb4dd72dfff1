"""First payload bytes in, facts out: one file a protocol, a registry that picks."""
