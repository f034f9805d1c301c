"""The one way to change a meeting: decide, commit, send."""
