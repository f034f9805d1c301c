"""A meeting is updated, or cancelled."""
