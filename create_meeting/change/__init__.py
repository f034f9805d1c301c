"""Update or cancel a meeting."""
