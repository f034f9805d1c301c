"""What Rollcall's packages share: the core's values and decisions, the ports, their adapters."""
