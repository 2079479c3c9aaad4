"""Generates a population in this process and drops it; prints the CPU seconds it took."""

from __future__ import annotations

import sys
import time

from seed.plan import Plan
from seed.pool import batches


def main() -> None:
    """Arguments: people, seed."""
    plan = Plan(int(sys.argv[1]), int(sys.argv[2]))
    begin = time.process_time()
    for _batch in batches(plan, 0):
        pass
    print(time.process_time() - begin)


if __name__ == "__main__":
    main()
