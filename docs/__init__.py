"""The documentation, and in `contract` the script that writes the generated part of it."""
