"""``voice2face serve`` as a process of its own, and how much memory it holds."""

import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import PROGRAM, one_thread

HOST = "127.0.0.1"
PATIENCE_S = 60


@dataclass(frozen=True)
class Serving:
    """A server that runs."""

    process: "subprocess.Popen[str]"
    port: int

    def get(self, path: str) -> bytes:
        """What it answers at an address."""
        with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=PATIENCE_S) as got:
            return bytes(got.read())


@contextmanager
def serving(log: Path, *options: str) -> Iterator[Serving]:
    """A server on a free port until the block ends, which must be its own way: with status 0.

    Args:
        log: What it says on standard error.
        options: Further options of the command.
    """
    command = [*PROGRAM, "serve", "--port", "0", *options]
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            env=one_thread(),
            start_new_session=True,
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.match(r"http://[^/]*:(\d+)/", line)
        if not found:
            raise RuntimeError(f"it did not start: {line}{log.read_text('utf-8')}")
        yield Serving(process, int(found[1]))
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE_S)
        if status:
            raise RuntimeError(f"it ended with status {status}: {log.read_text('utf-8')}")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
