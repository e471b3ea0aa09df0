"""Runs the benchmarks, each in a process of its own, and lets each print its JSON line."""

import subprocess
import sys
from pathlib import Path

SKIPPED = {
    "__init__", "__main__", "report", "servers", "evaldata", "prompts", "prompts_of_talks", "sessions", "articles",
    "shelf", "attacks", "attempts", "talk_cases", "injection_weights",
    "distress_weights", "logistic",
}  # fmt: skip
"""Modules here that are not benchmarks of a limit: shared code, and the trial of prompts on a real model."""


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, or all; returns the worst exit code."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SKIPPED)
    if unknown := [name for name in chosen if name not in known]:
        print(f"no benchmark named {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    return max(
        (subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode for name in chosen or known), default=0
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
