"""Real sounds that are no voice, as a user may drop them: what share is refused.

    python -m benchmarks.not_a_voice FOLDER

FOLDER holds a folder of recordings for each kind. The result was measured on what these packages of
Debian 12 hold: libreoffice-common (sounds of its gallery: applause, gong, horse, train, ...),
sound-theme-freedesktop and yaru-theme-sound (alarms, without the spoken ones), drascula-music,
pushover-data, asterisk-moh-opsound-wav and fretsonfire-songs-sectoid (music),
frozen-bubble-data and colobot-common-sounds (noises of games). Nothing here taught the read-off.
"""

import json
from pathlib import Path

import numpy as np
import typer

from benchmarks.harness import Result, figure, table, write_result
from benchmarks.harness import machine as machine_here
from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError
from voice2face.media import recordings_in
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.heard import check_voice, read_read_offs

CLIP_S, SHORTEST_S = 6, 1
MOST_FILES = 16  # of a folder, evenly spaced
SPOKEN = "audio-channel"  # files of the theme in which somebody says where a loudspeaker stands


def refused(folder: Path, encoder: Ge2e) -> list[bool]:
    """Whether the middle of each file is refused."""
    read_offs, answers = read_read_offs(), []
    files = [path for path in sorted(recordings_in(folder).files) if SPOKEN not in path.name]
    chosen = np.unique(np.linspace(0, len(files) - 1, min(len(files), MOST_FILES)).astype(int))
    for path in (files[number] for number in chosen):
        try:
            whole = read_speech(path)
        except AudioError:
            continue  # not decodable: nothing about voices
        n = CLIP_S * whole.sample_rate
        start = max(len(whole.samples) - n, 0) // 2
        if whole.seconds < SHORTEST_S:
            continue
        try:
            windows = encoder.frames(Speech(whole.samples[start : start + n]))
            check_voice(read_offs.read(windows.mean(axis=0)), read_offs, path)
            answers.append(False)
        except AudioError:
            answers.append(True)
    return answers


def main(folder: Path) -> None:
    encoder = Ge2e()
    found = {
        kind.name: answers
        for kind in sorted(folder.iterdir())
        if kind.is_dir() and (answers := refused(kind, encoder))
    }
    figures = tuple(
        figure(f"refused, {kind}, %", [100 * np.mean(answers)]) for kind, answers in found.items()
    )
    print(table(figures))
    about = {"files": {kind: len(answers) for kind, answers in found.items()}}
    purpose = (__doc__ or "").split("\n", 1)[0]
    result = Result("python -m benchmarks.not_a_voice FOLDER", figures, about)
    print(json.dumps(about), write_result("not_a_voice", purpose, result, machine_here()))


if __name__ == "__main__":
    typer.run(main)
