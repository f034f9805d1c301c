"""`rollcall doctor`: what of a deployment works, what does not, and the command that mends it.

gathering/ looks, and changes nothing that stays. The modules of_….py are pure: they make findings
of what was gathered. docs/doctor.md has the table of checks.
"""
