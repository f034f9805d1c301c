"""Send the bot into a meeting, once."""
