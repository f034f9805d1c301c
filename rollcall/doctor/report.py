"""Findings for people: 80 columns, a line a check, and under it the commands to copy. Pure."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from rollcall.doctor.finding import DOCS, Finding, Verdict
from rollcall.plain import plain

COLUMNS = 80
SEEN = 20
"""The column at which it stands what was seen."""
MEND = " " * 6


def lines(findings: Iterable[Finding]) -> Iterator[tuple[str, Verdict | None]]:
    """Yield each line, and the verdict of one that begins a finding."""
    for one in findings:
        head = f"{one.verdict:<4}  {one.check:<12}".ljust(SEEN)
        first, *others = wrap(plain(one.seen), COLUMNS - SEEN, break_long_words=False) or [""]
        yield f"{head}{first}", one.verdict
        for line in others:
            yield f"{'':<{SEEN}}{line}", None
        for command in one.mend:
            for line in folded(plain(command)):
                yield f"{MEND}{line}", None
        if one.mend or one.link:
            yield f"{MEND}# see {plain(one.link) or DOCS.format(check=one.check.lower())}", None


def folded(command: str) -> Iterator[str]:
    """Yield a command, broken before its options so that a shell reads it as one; text wrapped."""
    room = COLUMNS - len(MEND)
    if command.startswith("#"):
        yield from (
            line if line.startswith("#") else f"# {line}"
            for line in wrap(command, room - 2, break_long_words=False)
        )
        return
    power_shell = command.startswith(("New-Cs", "Grant-Cs"))
    goes_on, option = (" `", " -") if power_shell else (" \\", " --")
    first, *options = command.split(option)
    line = first
    for each in options:
        # Within quotes or a command of its own there is no place to break.
        if len(line) + len(option + each) + len(goes_on) > room and _is_whole(line):
            yield line + goes_on
            line = f"  {option.lstrip()}{each}"
        else:
            line += option + each
    yield line


def _is_whole(text: str) -> bool:
    return not (text.count('"') % 2 or text.count("'") % 2 or text.count("(") - text.count(")"))


def summary(findings: Iterable[Finding]) -> str:
    """Return one line: how many of each."""
    found = [one.verdict for one in findings]
    counted = [f"{found.count(one)} {one}" for one in Verdict if one in found]
    return ", ".join(counted)
