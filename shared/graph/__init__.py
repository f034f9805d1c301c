"""Microsoft Graph: the requests to it, and what its answers and rosters mean."""
