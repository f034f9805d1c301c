"""A message on the queue `join-meeting` puts our bot into a meeting, once."""
