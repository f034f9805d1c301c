"""Looks after meetings: confirms by reading, sends what a crash left, mends broken chains."""
