"""A message on the queue `create-meeting` becomes a Teams meeting; its coordinates, an answer."""
