"""One bot of ours in a meeting, and the right to send it. Values, no I/O."""
