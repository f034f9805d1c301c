"""The one way in which a meeting is changed: decided, committed, sent."""
