"""A meeting that only a POST can make: the right to send it, and what it gave."""
