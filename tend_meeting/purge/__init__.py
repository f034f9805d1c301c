"""Records that were kept long enough are purged."""
