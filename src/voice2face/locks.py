"""Locks on files, which end with the process that has them."""

import time

try:
    import fcntl
except ImportError:  # not on Windows, where nobody is kept out
    fcntl = None  # type: ignore[assignment]


def locked(descriptor: int, *, exclusive: bool = True, wait_s: float = 0.0) -> bool:
    """Lock an open file or folder until it is closed; whether that was possible.

    Where the system or its file system knows no locks, it always is.

    Args:
        descriptor: Descriptor of the file.
        exclusive: For this process alone; else together with others who ask so.
        wait_s: How long to wait for a process that has it.
    """
    if fcntl is None:
        return True
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.1)
        except OSError:
            return True
