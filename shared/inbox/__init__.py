"""A queue message from its arrival to its verdict."""
