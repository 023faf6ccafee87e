"""What a page takes for granted: recordings, tables, folders of data, trained runs. All made up."""

import csv
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from voice2face.audio import load_clip

from .blocks import ROOT

Make = Callable[[Path, Path], None]  # from the cohort ``people`` and the folder of a page


def _voices(people: Path) -> list[Path]:
    return sorted((people / "voices").rglob("*.wav"))


def _one_voice(name: str, number: int = 0) -> Make:
    def make(people: Path, folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_voices(people)[number], folder / name)

    return make


def _talks(people: Path, folder: Path) -> None:
    for number in range(3):
        _one_voice(f"talks/{number}.wav", number)(people, folder)


def _interview(people: Path, folder: Path) -> None:
    _video(folder / "interview.mp4", _voices(people)[1], sorted(people.rglob("*.png"))[:1])


def _video(path: Path, voice: Path, pictures: list[Path]) -> None:
    """A still picture that speaks, 10 frames a second."""
    import av

    sound = load_clip(voice)
    picture = Image.open(pictures[0]).convert("RGB").resize((256, 256), Image.Resampling.BICUBIC)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        image = file.add_stream("mpeg4", rate=10, width=256, height=256)
        audio = file.add_stream("aac", rate=16_000, layout="mono")
        for _ in range(len(sound) // 1600):
            file.mux(image.encode(av.VideoFrame.from_ndarray(np.asarray(picture), "rgb24")))
        frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        file.mux(audio.encode(frame))
        file.mux(audio.encode(None))
        file.mux(image.encode(None))


def _videos(people: Path, folder: Path) -> None:
    faces = sorted((people / "faces").iterdir())
    for number, voice in enumerate(sorted((people / "voices").iterdir())[:3]):
        own = sorted(faces[number].rglob("*.png"))
        for take, clip in enumerate(sorted(voice.glob("*.wav"))[:1]):
            _video(folder / f"videos/person{number}/{take}.mp4", clip, own)


def _rows(people: Path) -> list[tuple[str, Path, Path, str]]:
    """Identity, recording, picture and gender of each recording of the cohort."""
    with (people / "cohort.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    found = []
    for who in dict.fromkeys(row["identity"] for row in cells):
        own = [row for row in cells if row["identity"] == who]
        voices = [people / row["voice"] for row in own if row["voice"]]
        faces = [people / row["face"] for row in own if row["face"]]
        found += [(who, v, f, own[0]["gender"]) for v, f in zip(voices, faces, strict=False)]
    return found


def _table(people: Path, folder: Path) -> None:
    with (folder / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["identity", "voice", "face", "gender"])
        rows.writerows(_rows(people))


def _pairs(people: Path, folder: Path) -> None:
    """Rows of made and real pictures; what two systems made is another picture of the person."""
    with (folder / "pairs.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        names = ["identity", "voice", "made", "photo", "other", "face", "gender", "age"]
        rows.writerow([*names, "speech2face", "canonical"])
        for who, voice, face, gender in _rows(people):
            own = sorted(face.parent.glob("*.png"))
            made, photo, other = own[0], own[1], own[-1]
            age = "young" if int(who[-1]) % 2 else "old"
            rows.writerow([who, voice, made, photo, other, face, gender, age, made, photo])


def _voxceleb(people: Path, folder: Path) -> None:
    """The two original releases side by side: VoxCeleb1's recordings, VGGFace's pictures."""
    meta = ["VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet"]
    voices, faces = (sorted((people / name).iterdir()) for name in ("voices", "faces"))
    # The first letter decides the split of --split initials.
    names = ("Ada", "Bea", "Carl", "Dora", "Emil", "Fritz", "Grit", "Hans", "Ida", "Jan")
    for number, name in enumerate(names[: len(voices)]):
        vox, vgg = f"id1{number:04d}", f"{name}_Example"
        meta.append(f"{vox}\t{vgg}\t{'mf'[number % 2]}\tNowhere\tdev")
        for take, clip in enumerate(sorted(voices[number].glob("*.wav"))):
            place = folder / f"VoxCeleb/voices/{vox}/video{take}/00001.wav"
            place.parent.mkdir(parents=True)
            shutil.copy(clip, place)
        place = folder / "VoxCeleb/faces" / vgg
        place.mkdir(parents=True)
        for picture in sorted(faces[number].glob("*.png")):
            # A photograph shows more than the face.
            whole = Image.new("RGB", (192, 192), (120, 120, 120))
            whole.paste(Image.open(picture).convert("RGB").resize((128, 128)), (32, 32))
            whole.save(place / f"{picture.stem}.jpg", quality=95)
    (folder / "VoxCeleb/vox1_meta.csv").write_text("\n".join(meta) + "\n")


def _vgg(people: Path, folder: Path) -> None:
    """VGGFace's lists of addresses, and what was fetched from them; one address is gone."""
    for number, own in enumerate(sorted((people / "faces").iterdir())[:3]):
        name, lines = f"Person_{number}", []
        for take, picture in enumerate(sorted(own.glob("*.png"))):
            lines.append(f"{take:08d} http://example.org/{take}.jpg 60.0 60 188 188.5 3.0 4.2 1")
            place = folder / f"vgg/raw/{name}/{take:08d}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            whole = Image.new("RGB", (320, 240), (120, 120, 120))
            whole.paste(Image.open(picture).convert("RGB").resize((128, 128)), (60, 60))
            whole.save(place)
        lines.append("99999999 http://example.org/gone.jpg 1.0 1 50 50 3.0 1.0 0")
        (folder / "vgg/files").mkdir(parents=True, exist_ok=True)
        (folder / f"vgg/files/{name}.txt").write_text("\n".join(lines) + "\n")


def _weights(people: Path, folder: Path) -> None:
    """The two files that the authors released, of small networks."""
    import torch
    from models import lively

    from voice2face.networks.modules import Generator, VoiceEncoder
    from voice2face.settings import GeneratorSettings, VoiceEncoderSettings

    torch.manual_seed(3)
    networks = {
        "voice_embedding.pth": lively(VoiceEncoder(VoiceEncoderSettings(width=0.125))),
        "generator.pth": Generator(GeneratorSettings(width=0.125)),
    }
    (folder / "FOLDER").mkdir()
    for name, network in networks.items():
        torch.save(dict(network.state_dict()), folder / "FOLDER" / name)


def _people(people: Path, folder: Path) -> None:
    shutil.copytree(people, folder / "people")


def _source(people: Path, folder: Path) -> None:
    """A copy of the source; what is large is linked."""

    def copy(source: str, target: str) -> None:
        (shutil.copy if source.endswith(".py") else os.symlink)(source, target)

    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", folder / "src", copy_function=copy, ignore=leave)


def _commands(name: str, *commands: str) -> Make:
    """What commands of the program make; made once, and copied from then on."""

    def make(people: Path, folder: Path) -> None:
        shelf = people.parent
        if not (shelf / name).exists():
            for command in commands:
                subprocess.run(
                    ["bash", "-c", command], cwd=shelf, check=True, timeout=60,
                    capture_output=True, env=os.environ | {"DOCS_SMALL": "1"},
                )  # fmt: skip
        shutil.copytree(shelf / name, folder / name)

    return make


PREPARE = "[ -e corpus ] || voice2face prepare people corpus --split hash:60/15/25 -q"
GIVEN: dict[str, Make] = {
    "me.wav": _one_voice("me.wav"),
    "talks": _talks,
    "interview.mp4": _interview,
    "videos": _videos,
    "people": _people,
    "people.csv": _table,
    "pairs.csv": _pairs,
    "VoxCeleb": _voxceleb,
    "vgg": _vgg,
    "FOLDER": _weights,
    "source": _source,
    "corpus": _commands("corpus", PREPARE),
    "runs/voice": _commands(
        "runs/voice", PREPARE, "voice2face train voice corpus runs/voice -q"
    ),
    "runs/tanh": _commands(
        "runs/tanh", PREPARE, "voice2face train face corpus runs/tanh --variant tanh -q"
    ),
}  # fmt: skip
