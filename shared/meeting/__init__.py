"""A meeting as it is kept, our legs in it, and what follows from it. Values, no I/O."""
