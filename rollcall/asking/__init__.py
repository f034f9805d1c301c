"""Requests to a deployment, what becomes of them, and its events as they happen."""
