"""What Rollcall's packages share: the core's values and decisions, the ports, their adapters."""

VERSION = "0.1.0"
"""The version that runs. pyproject.toml, which is not deployed, has the same."""
