"""From what people have to ten steps of training: every layout, on painted people."""

import csv
import shutil
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from made_pictures import picture
from models import WIDTH, small_model
from PIL import Image

from voice2face.audio import extract
from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.errors import CorpusError
from voice2face.faces.settings import FaceCrop
from voice2face.networks.variants import recipe
from voice2face.settings import Run, change
from voice2face.synthetic import CohortSettings, write_cohort
from voice2face.training.gan.train import train_face

STEPS = 10
N_PEOPLE, N_CLIPS, N_FACES = 6, 2, 3


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people whose pictures are large enough for the detector."""
    folder = tmp_path_factory.mktemp("painted") / "cohort"
    settings = CohortSettings(
        n_identities=N_PEOPLE,
        seed=3,
        clips_per_identity=N_CLIPS,
        faces_per_identity=N_FACES,
        face_px=160,
    )
    write_cohort(folder, settings)
    return folder


def _files(folder: Path, kind: str) -> dict[str, list[Path]]:
    """The cohort's files by person, under names with a first letter for each split."""
    people = sorted(path for path in (folder / kind).iterdir() if path.is_dir())
    names = ("Ann Lee", "Bo", "Cy", "Frank", "Gül", "Zoë")
    return {name: sorted(p.iterdir()) for name, p in zip(names, people, strict=True)}


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _table(folder: Path, painted: Path) -> Path:
    """Raw pictures; one is larger and turned on its side, as a camera does it."""
    rows = []
    for name, clips in _files(painted, "voices").items():
        rows += [(name, str(clip), "", "en") for clip in clips]
    for name, faces in _files(painted, "faces").items():
        for face in faces:
            target = folder / "raw" / name / f"{face.stem}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            image = Image.open(face).convert("RGB").resize((400, 400))
            exif = Image.Exif()
            exif[0x0112] = 6
            turned = image.transpose(Image.Transpose.ROTATE_90)
            turned.save(target, quality=95, exif=exif)
            rows.append((name, "", str(target.relative_to(folder)), "en"))
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("identity", "voice", "face", "language"), *rows])
    return folder / "people.csv"


def _meta(folder: Path, names: list[str]) -> None:
    header = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"
    lines = [f"id{i:05d}\t{name}\tf\tTürkiye\tdev\n" for i, name in enumerate(names, 10001)]
    (folder / "vox1_meta.csv").write_text(header + "".join(lines), "utf-8")


def _voxceleb(folder: Path, painted: Path) -> Path:
    voices = _files(painted, "voices")
    for i, clips in enumerate(voices.values(), 10001):
        for j, clip in enumerate(clips, 1):
            _link(clip, folder / "voices" / f"id{i:05d}" / "xYz-1" / f"{j:05d}.wav")
    for name, faces in _files(painted, "faces").items():
        for face in faces:
            _link(face, folder / "faces" / name / face.name)
    _meta(folder, list(voices))
    return folder


def _processed(folder: Path, painted: Path) -> Path:
    voices = _files(painted, "voices")
    for i, clips in enumerate(voices.values(), 10001):
        for j, clip in enumerate(clips, 1):
            target = folder / "fbank" / f"id{i:05d}" / "xYz-1" / f"{j:05d}.npy"
            target.parent.mkdir(parents=True, exist_ok=True)
            np.save(target, extract(clip, FRONT_ENDS["released"]).log_mel)
    for name, faces in _files(painted, "faces").items():
        for face in faces:
            target = folder / "VGG_ALL_FRONTAL" / name / f"{face.stem}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.open(face).convert("RGB").resize((64, 64)).save(target)
    _meta(folder, list(voices))
    return folder


def _videos(folder: Path, painted: Path) -> Path:
    voices, faces = _files(painted, "voices"), _files(painted, "faces")
    for name, clips in voices.items():
        for clip in clips:
            target = folder / name / f"{clip.stem}.mp4"
            target.parent.mkdir(parents=True, exist_ok=True)
            _film(target, clip, faces[name])
    return folder


def _film(path: Path, clip: Path, faces: list[Path]) -> None:
    """A recording under a picture that changes each second."""
    pictures = [np.asarray(Image.open(face).convert("RGB").resize((192, 192))) for face in faces]
    with av.open(str(path), "w") as film, av.open(str(clip)) as sound:
        video = film.add_stream("mpeg4", rate=10, width=192, height=192, bit_rate=2_000_000)
        audio = film.add_stream("aac", rate=16_000)
        for i in range(30):
            frame = av.VideoFrame.from_ndarray(pictures[i // 10 % len(pictures)], "rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 10)
            film.mux(video.encode(frame))
        film.mux(video.encode())
        for frame in sound.decode(audio=0):
            film.mux(audio.encode(frame))
        film.mux(audio.encode())


def _cohort(folder: Path, painted: Path) -> Path:
    return painted


LAYOUTS: dict[str, Callable[[Path, Path], Path]] = {
    "table": _table,
    "voxceleb": _voxceleb,
    "processed": _processed,
    "videos": _videos,
    "cohort": _cohort,
}


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_corpus_from_each_source_trains(layout: str, painted: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = LAYOUTS[layout](tmp_path / "source", painted)
    split = "hash:100/0/0" if layout == "cohort" else "initials"
    crop = FaceCrop(px=16)
    report = prepare([source], tmp_path / "corpus", split=split, face_crop=crop, workers=1)
    assert report.info.sources[0].layout == layout
    counts = report.info.counts["all"]
    n_faces = N_PEOPLE * N_FACES if layout != "videos" else counts.faces
    assert (counts.identities, counts.voices) == (N_PEOPLE, N_PEOPLE * N_CLIPS)
    assert counts.faces == n_faces >= N_PEOPLE * N_FACES
    if split == "initials":
        parts = {part: report.info.counts[part].identities for part in ("validation", "test")}
        assert parts == {"validation": 2, "test": 1}
    encoder = small_model(tmp_path / "encoder", preset=report.info.preset)
    settings = {
        "generator.face_px": 16,
        "critics.face_px": 16,
        "training.batch_size": 4,
        "training.iterations": STEPS,
        "training.crop_frames": [40, 60],
    }
    chosen = change(recipe("tanh", width=WIDTH), settings)
    model = train_face(
        report.path,
        tmp_path / "run",
        chosen,
        voice_encoder=encoder,
        run=Run(checkpoint_every=100, sample_every=100, log_every=5),
        quiet=True,
    )
    assert (model / "generator.onnx").exists()


@pytest.mark.usefixtures("models")
def test_the_faces_of_a_turned_picture_are_upright(painted: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    table = _table(tmp_path / "source", painted)
    corpus = Corpus.open(prepare([table], tmp_path / "corpus").path)
    turned = corpus.faces()
    upright = Corpus.open(
        prepare([_voxceleb(tmp_path / "v", painted)], tmp_path / "c").path
    ).faces()
    by_name = {
        Path(p).parts[-2:]: pixels for p, pixels in zip(upright.path, upright.pixels, strict=True)
    }
    for path, pixels in zip(turned.path, turned.pixels, strict=True):
        name = Path(path).parts[-2], f"{Path(path).stem}.png"
        assert np.abs(pixels.astype(int) - by_name[name]).mean() < 12
    assert turned.attributes["language"][0] == "en"
    assert (np.abs(turned.figures["yaw_deg"]) < 30).all()


@pytest.mark.usefixtures("models")
@pytest.mark.skipif(sys.platform == "win32", reason="Ray's local cluster")
def test_ray_gives_the_same_bytes(
    painted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an interpreter in a path with a space, which Ray hands to a shell as it is."""
    pytest.importorskip("ray")
    python = tmp_path / "some where" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    (tmp_path / "v").mkdir()
    source = _voxceleb(tmp_path / "v", painted)
    (tmp_path / "v" / "faces" / "Bo" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    options = {"max_skipped": 0.1, "face_crop": FaceCrop(px=16)}
    prepare([source], tmp_path / "one", **options)
    prepare([source], tmp_path / "ray", workers=2, engine="ray", **options)
    for path in sorted((tmp_path / "one").iterdir()):
        assert (tmp_path / "ray" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.skipif(sys.platform == "win32", reason="Ray's local cluster")
def test_a_cluster_whose_workers_do_not_come_up_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")

    def late(*_: object, **__: object) -> None:
        raise ray.exceptions.GetTimeoutError

    monkeypatch.setattr(ray, "init", lambda **_: None)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "remote", lambda **_: lambda f: SimpleNamespace(remote=f))
    monkeypatch.setattr(ray, "get", late)
    picture(0, (64, 64)).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("identity,face\np,a.png\n")
    with pytest.raises(CorpusError, match=r"--engine ray: no worker .* came up within 60 s"):
        prepare([tmp_path / "t.csv"], tmp_path / "out", engine="ray", aligned=True)
