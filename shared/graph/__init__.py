"""Microsoft Graph: what it is asked, and what its answers and rosters mean."""
