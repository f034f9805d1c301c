"""The message contract as others read it, from the code; `python -m docs.contract` writes it."""
