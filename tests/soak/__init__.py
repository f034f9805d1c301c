"""Many meetings at once, for minutes, with losses; at the end each record is held to the truth."""
