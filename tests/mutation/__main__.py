"""`python -m tests.mutation`: is there a change to the code that no test notices?

mutmut makes one small change after the other to the modules that [tool.mutmut] in pyproject.toml
names, each time in the copy `mutants/`, and runs the tests named there that reach the changed
function. A change that fails a test, or never ends, is killed. Each other one survives: write the
test that is missing, or list it in survivors.toml beside this file with the reason why no test can
tell it from the code. A change is known by its function and by the lines it takes away and puts
in, so the list outlives edits elsewhere; `nth` tells equal changes in one function apart.
mutmut leaves alone what stands outside functions, and functions under a decorator.

Another module: add it to `only_mutate` and its tests to `pytest_add_cli_args_test_selection`.
One survivor in full: `.venv/bin/mutmut show NAME`, with a name from `.venv/bin/mutmut results`.
"""

import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key
from rich.console import Console

SURVIVORS = Path(__file__).with_name("survivors.toml")
WORKPLACE = Path("mutants")
"""Where mutmut works; its name is mutmut's choice."""
KILLED = {"killed", "timeout"}
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change, as the list of survivors names it."""

    function: str
    change: str
    nth: int = 1
    reason: str = field(default="", compare=False)

    def as_entry(self) -> str:
        """Return the mutant as an entry for the list."""
        nth = f"nth = {self.nth}\n" if self.nth > 1 else ""
        change = f"change = '''\n{self.change}\n'''\n"
        return (
            f'[[survivor]]\nfunction = "{self.function}"\n{change}{nth}reason = "{self.reason}"\n'
        )


def main() -> int:
    """Mutate and test; 1 where the survivors are not those of the list."""
    listed = _listed()
    shutil.rmtree(WORKPLACE, ignore_errors=True)
    mutmut = Path(sys.executable).with_name("mutmut")
    if subprocess.run([mutmut, "run"], check=False).returncode:  # noqa: S603
        return 1
    survives = dict(_tried())
    wrong = [*_disagreements(survives, listed)]
    for line in wrong:
        console.print(line, markup=False)
    killed = sum(not alive for alive in survives.values())
    console.print(
        f"{len(survives)} mutants, {killed} killed, {len(listed)} listed, {len(wrong)} to settle"
    )
    return 1 if wrong else 0


def _listed() -> list[Mutant]:
    entries = tomllib.loads(SURVIVORS.read_text()).get("survivor", [])
    return [Mutant(**{**entry, "change": entry["change"].strip()}) for entry in entries]


def _tried() -> Iterator[tuple[Mutant, bool]]:
    """Yield each mutant, and whether it survives: also where no test reached it, or a run broke."""
    seen: Counter[tuple[str, str]] = Counter()
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            function = _function(path, name)
            change = _change(get_diff_for_mutant(name, path=path))
            seen[function, change] += 1
            mutant = Mutant(function=function, change=change, nth=seen[function, change])
            yield mutant, status_by_exit_code[code] not in KILLED


def _function(path: Path, name: str) -> str:
    function, of_class = orig_function_and_class_names_from_key(name)
    return ".".join(part for part in (*path.with_suffix("").parts, of_class, function) if part)


def _change(diff: str) -> str:
    """Return the lines of a diff that differ, without their indentation."""
    lines = diff.splitlines()[2:]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines if line[0] in "-+")


def _disagreements(survives: Mapping[Mutant, bool], listed: list[Mutant]) -> Iterator[str]:
    for mutant, alive in survives.items():
        if alive and mutant not in listed:
            yield f"No test notices this change:\n{mutant.as_entry()}"
    for mutant in listed:
        if mutant not in survives:
            yield f"Take it off the list, there is no such mutant:\n{mutant.as_entry()}"
        elif not survives[mutant]:
            yield f"Take it off the list, it is killed:\n{mutant.as_entry()}"
        if not mutant.reason.strip():
            yield f"Say why it may survive:\n{mutant.as_entry()}"


if __name__ == "__main__":
    sys.exit(main())
