"""``python -m voice2face`` and the ``voice2face`` command: parse, run, and end with a status."""

import errno
import io
import os
import sys
import warnings
from typing import Any, NoReturn

OK, FAILED, INTERRUPTED = 0, 2, 130
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM}


# One thread for numpy's linear algebra: its pool costs a twentieth of a second at the start and
# spins beside the threads that compute. Read when numpy is first imported; the user's own wins.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> NoReturn:
    """Run the command line; every foreseeable error is one line and status 2."""
    debug = "--debug" in sys.argv[1:]
    # Wherever it stands, not only before the command, where it would have to stand for Typer.
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may hold what it can't encode
            stream.reconfigure(errors="backslashreplace")
    _tell_notes()
    sys.exit(_run(debug))


def _tell_notes() -> None:
    """Print what is to be known of a recording as one line, and all other warnings as ever."""
    from voice2face.errors import Note

    as_ever = warnings.showwarning

    def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, Note):
            print(f"note: {message}", file=sys.stderr)
        else:
            as_ever(message, category, *place, **more)

    warnings.showwarning = show
    warnings.simplefilter("always", Note)


def _run(debug: bool) -> int:
    from voice2face.cli import UsageError, run
    from voice2face.errors import Voice2FaceError, one_line

    try:
        status = run()
        sys.stdout.flush()  # a full disk shows here, not when the interpreter has ended
        return status
    except KeyboardInterrupt as error:
        print(one_line(str(error)) or "interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # nobody reads our output any more
        _drop_output()
        return FAILED
    except (Voice2FaceError, UsageError, OSError, MemoryError) as error:
        if debug:
            raise
        print(f"error: {_message(error)}", file=sys.stderr)
        if isinstance(error, OSError):
            _drop_output()
        return FAILED


def _message(error: Exception) -> str:
    from voice2face.cli import UsageError, usage_message
    from voice2face.errors import one_line

    if isinstance(error, UsageError):
        return usage_message(error)
    if isinstance(error, OSError):
        thing = os.fsdecode(error.filename or "output")
        wanted = "a path that can be used wanted; check it and its rights"
        if error.errno in NO_ROOM:
            wanted = "more room wanted; free some, and run again"
        return one_line(f"{thing}: {error.strerror or error}; {wanted}")
    if isinstance(error, MemoryError):
        return "memory: too little; more wanted; close other programs, and run again"
    return str(error)


def _drop_output() -> None:
    """Let go of what can't be written to standard output, or Python would try again at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a file
        return


if __name__ == "__main__":
    main()
