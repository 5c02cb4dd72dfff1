"""Boards, rules, and the program that writes the boards."""
