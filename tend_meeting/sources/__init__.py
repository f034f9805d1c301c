"""Looks at what Graph says of calls when they are over."""
