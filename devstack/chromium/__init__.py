"""A browser for the tests of the pages: Chromium from npm's @sparticuz/chromium, and axe-core.

playwright drives it. It needs no library, font or setting of the machine: the package carries what
a server lacks. It holds binaries for Linux on x86-64 alone.
Source: https://github.com/Sparticuz/chromium
"""

import platform
import sys
from pathlib import Path

HERE = Path(__file__).parent
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
_UNPACKED = HERE / "node_modules" / ".chromium"
EXECUTABLE = _UNPACKED / "chromium"
ENVIRONMENT = {
    "LD_LIBRARY_PATH": str(_UNPACKED / "al2023" / "lib"),
    "FONTCONFIG_FILE": str(HERE / "fonts.conf"),
    "HOME": str(_UNPACKED / "home"),
}
"""All that the browser sees of the environment."""
RUNS_HERE = sys.platform == "linux" and platform.machine() == "x86_64"
