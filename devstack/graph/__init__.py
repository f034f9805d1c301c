"""A stand-in for Microsoft Graph: meetings, the bot's calls, callbacks, and a log of the truth."""
