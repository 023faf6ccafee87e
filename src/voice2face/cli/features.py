"""``features``: what a voice encoder gets to see of a recording (no torch)."""

from pathlib import Path
from typing import Annotated

import typer

from voice2face.cli.options import Force, Json
from voice2face.cli.output import print_answer
from voice2face.cli.program import app
from voice2face.errors import OutputError, SettingsError


@app.command(epilog="Example: voice2face features me.wav -o me.npz")
def features(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="Recording or video.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, NAME.npz.")],
    preset: Annotated[str, typer.Option(help="Audio front end: released or clean.")] = "clean",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write the features of a recording as arrays.

    These are what the report's voice encoder hears: the speech as samples (voiced, int16), its
    log-mel spectrogram (log_mel, frames × 64), and the same normalised and repeated to at least
    1000 frames (features).
    """
    import zipfile

    import numpy as np

    from voice2face.audio import extract
    from voice2face.audio.settings import FRONT_ENDS
    from voice2face.files import atomic_write, check_free, made_by

    if preset not in FRONT_ENDS:
        raise SettingsError("--preset", preset, f"one of {', '.join(FRONT_ENDS)}", "choose one")
    if out.suffix != ".npz":
        raise OutputError(out, "another ending", "a name that ends with .npz", "rename it")
    check_free(out, force=force)
    heard = extract(source, FRONT_ENDS[preset])
    with atomic_write(out) as path, path.open("w+b") as stream:
        np.savez(stream, voiced=heard.voiced, log_mel=heard.log_mel, features=heard.features)
        with zipfile.ZipFile(stream, "a") as archive:
            archive.comment = made_by().encode()
    answer = {
        "input": source, "output": out, "preset": preset, "seconds": round(heard.seconds, 3),
        "speech_s": round(heard.speech_s, 3), "frames": len(heard.log_mel),
    }  # fmt: skip
    said = f"{out}: {heard.speech_s:.1f} s of speech in {heard.seconds:.1f} s"
    print_answer(as_json, answer, [said])
