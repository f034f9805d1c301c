"""`list`, `show`, `export` and `explain`: what the app answers, drawn for a terminal or passed on.

`commands` reads options and does what reads and writes; `records` and `export` are its I/O. All
else is pure: a record, a log or a list in, lines out.
"""
