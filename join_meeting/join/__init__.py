"""The bot is sent into a meeting, once."""
