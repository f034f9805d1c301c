"""The message contract for its readers, from the code; `python -m docs.contract` writes it."""
