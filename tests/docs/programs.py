"""``voice2face`` and ``python`` for the commands of a page, without starting Python for each.

``python programs.py serve SOCKET`` imports once what is slow to import, but nothing of voice2face,
and forks for each program that it is asked for; ``programs.py ask SOCKET PROGRAM WORDS...`` asks.
Such a program has the terminal, folder, environment and signals of the one that asks.
"""

import os
import signal
import socket
import sys
from pathlib import Path

HEAVY = (
    "av", "cv2", "httpx", "matplotlib.pyplot", "msgspec", "numpy", "onnx", "onnxruntime",
    "PIL.Image", "pyarrow.parquet", "safetensors.numpy", "starlette.applications", "torch",
    "torch.utils.tensorboard", "tqdm", "typer", "uvicorn", "webrtcvad", "yaml",
)  # fmt: skip


def serve(path: str) -> None:
    """Fork for each program, until killed."""
    import contextlib
    import importlib

    for name in HEAVY:
        with contextlib.suppress(ImportError):  # a block that needs it says so
            importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    while True:
        asking, _ = listening.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            _serve_one(asking)
        asking.close()


def _serve_one(asking: socket.socket) -> None:
    """Run one program in a child, and send its number and how it ended."""
    import json

    message, streams, _, _ = socket.recv_fds(asking, 1 << 20, 3)
    asked = json.loads(message)
    child = os.fork()
    if child == 0:
        asking.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _become(asked)
    for stream in streams:
        os.close(stream)
    asking.send(f"{child}\n".encode())
    _, status, used = os.wait4(child, 0)
    if times := asked["env"].get("DOCS_TIMES"):  # a file, for whoever wants to know what is slow
        with Path(times).open("a") as file:
            file.write(f"{used.ru_utime + used.ru_stime:6.2f} s {' '.join(asked['words'])}\n")
    asking.send(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(asked: dict) -> None:
    """Be that program to its end."""
    import atexit
    import threading
    import traceback

    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        # As they are now, pipe or file.
        setattr(sys, name, os.fdopen(number, mode, closefd=False))
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.path[:0] = [p for p in asked["env"].get("PYTHONPATH", "").split(":") if p]
    status = 0
    try:
        _run(*asked["words"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # what libraries in C do at their end waits for threads that a fork lacks


def _run(name: str, *words: str) -> None:
    import runpy

    if name == "voice2face":
        if os.environ.get("DOCS_SMALL"):
            import sizes

            words = sizes.smaller(list(words))
            if "--dry-run" in words:
                from voice2face.experiments.pipeline import estimates

                estimates.MEASURE_S = sizes.MEASURE_S
        words = ("-m", "voice2face", *words)
    if words[0] == "-m":
        sys.argv = list(words[1:])
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(words[1], {"__name__": "__main__"})
    else:
        sys.argv = list(words)
        sys.path.insert(0, str(Path(words[0]).resolve().parent))
        runpy.run_path(words[0], run_name="__main__")


def ask(path: str, words: list[str]) -> int:
    """Have a program run; its status."""
    import json

    asking = socket.socket(socket.AF_UNIX)
    asking.connect(path)
    message = {"words": words, "cwd": str(Path.cwd()), "env": dict(os.environ)}
    socket.send_fds(asking, [json.dumps(message).encode()], [0, 1, 2])
    answers = asking.makefile()
    child = int(answers.readline())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda signum, _: os.kill(child, signum))
    status = int(answers.readline())
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(ask(sys.argv[2], sys.argv[3:]))
