"""A message on the queue `create-meeting` becomes a Teams meeting; the answer says how to join."""
