"""Modules that stand in front of installed ones where this folder is on the PYTHONPATH."""
