"""What Graph says afterwards, laid over what was observed: the view that is shown. Values."""
