"""``python -m voice2face`` and the ``voice2face`` command: parse, run, and end with a status."""

import os
import sys

OK, FAILED, INTERRUPTED = 0, 2, 130


def main() -> None:
    """Run the command line; every foreseeable error is one line and status 2."""
    from voice2face.errors import Voice2FaceError, one_line

    debug = "--debug" in sys.argv[1:]
    try:
        from voice2face.cli import app

        app(prog_name="voice2face")
    except Voice2FaceError as error:
        _fail(str(error), debug)
    except KeyboardInterrupt as error:
        print(one_line(str(error)) or "interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        thing = getattr(error, "filename", None) or "the system"
        _fail(
            one_line(f"{thing}: {reason}; a machine with room wanted; free some, run again"), debug
        )


def _fail(message: str, debug: bool) -> None:
    if debug:
        raise  # called from an except block: the traceback is what was asked for
    print(f"error: {message}", file=sys.stderr)
    sys.exit(FAILED)


if __name__ == "__main__":
    main()
