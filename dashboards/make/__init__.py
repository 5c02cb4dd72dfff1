"""The boards, as code."""
