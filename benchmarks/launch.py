"""Run one command and write its wall time, processor time and peak memory as JSON.

    python -S launch.py RESULT.json LOG CORES COMMAND...

A program of its own, because the peak that the kernel reports for a child counts the memory of the
process that started it: this one holds 10 MB, a benchmark that has made a model holds 400.
"""

import json
import os
import sys
import time


def main() -> None:
    result, log, n_cores, *command = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(n_cores)])
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    onto = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=onto)
    _, status, usage = os.wait4(child, 0)
    wall_s = time.perf_counter() - start
    peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    answer = {
        "wall_s": wall_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": peak_bytes / 1e6,
        "status": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w") as stream:  # noqa: PTH123  (importing pathlib takes as long as the rest)
        json.dump(answer, stream)


if __name__ == "__main__":
    main()
