"""Make the bot leave."""
