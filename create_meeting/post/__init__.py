"""A meeting that only a POST can make: the claim to send it, and its answer."""
