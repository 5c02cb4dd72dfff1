"""Formats and transports of alert messages; what is to be sent stands in the store."""
