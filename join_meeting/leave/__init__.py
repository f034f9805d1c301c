"""The bot is asked to leave."""
