"""Spans, and the trace context that leads from a message to what it brings about."""
