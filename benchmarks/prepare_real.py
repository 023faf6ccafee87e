"""Real people's files: aligned faces of the pictures, target: at least 97 %; all clips with speech.

Counts of corpora are compared with those that the material's own description states, or that its
files give when they are read one by one; each such figure is the share of them that agree.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure, Result, figure
from benchmarks.inputs import Inputs
from benchmarks.prepare_runs import need, prepare, real
from voice2face.assets import pretrained
from voice2face.audio import extract
from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus import Corpus
from voice2face.corpus.prepare.inputs import HARMLESS
from voice2face.errors import AudioError
from voice2face.faces import FaceMaker
from voice2face.faces.align import GEOMETRIES
from voice2face.faces.detect import YuNet
from voice2face.faces.pictures import PictureError
from voice2face.faces.settings import FaceCrop

# As ../shared/data/README.md states them.
STATED = {
    "voxceleb": {"voices": 178, "identities": 68},
    "avspeech": {"voices": 968, "identities": 931},
    "voices": {"voices": 351, "identities": 261, "male": 131, "female": 130},
    "faces": {"faces": 11_843},
}
LEAST_FACES = 0.97
LARGEST_ERROR = 0.02  # of the crop's side
FRONTAL_DEG = 30
CROP_PX = 256  # at which the crops are aligned again


def measure(inputs: Inputs) -> Result:
    folder = inputs.folder / "real"
    folder.mkdir()
    figures: list[Figure] = []
    left_out: dict[str, dict[str, int]] = {}
    for name in ("voxceleb", "avspeech"):
        corpus = _corpus(folder / name, real("pairs", name, "pairs.csv"))
        figures += [*_pictures(name, corpus), *_clips(name, corpus), *_counts(name, corpus)]
        left_out[name] = corpus.info.skipped
    for name in ("voices", "faces"):
        corpus = _corpus(folder / name, real("open", f"{name}.csv"), "--aligned")
        figures += _counts(name, corpus)
        left_out[name] = corpus.info.skipped
    figures += _videos(_corpus(folder / "video", real("video")))
    figures += _realigned(sorted(real("faces").glob("*/*.jpg")))
    return Result("voice2face prepare SOURCE OUT", tuple(figures), {"left out": left_out})


def _corpus(out: Path, source: Path, *words: str) -> Corpus:
    need(prepare(source, out, "--workers", "2", "--max-skipped", "1", *words))
    return Corpus.open(out)


def _pictures(name: str, corpus: Corpus) -> Iterator[Figure]:
    """Share of the pictures that give a face; a picture that is there twice counts once."""
    n_kept = corpus.info.counts["all"].faces
    lost = [s for s in corpus.skipped() if s["kind"] == "face" and s["reason"] not in HARMLESS]
    share = n_kept / (n_kept + len(lost))
    yield figure(f"{name}, aligned faces of pictures", [share], at_least=LEAST_FACES)
    turned_deg = np.abs(corpus.faces().figures["yaw_deg"])
    frontal = float((turned_deg <= FRONTAL_DEG).sum()) / (n_kept + len(lost))
    yield figure(f"{name}, of these turned by {FRONTAL_DEG} degrees at most", [frontal])


def _clips(name: str, corpus: Corpus) -> Iterator[Figure]:
    """Is each clip there that has a second of speech when it is read alone, and no other?"""
    voices, root = corpus.voices(), real("pairs", name)
    kept = dict(zip(voices.path, voices.speech_s, strict=True))
    twice = {s["path"] for s in corpus.skipped() if s["reason"] in HARMLESS}
    paths = {str(path.relative_to(root)): path for path in root.glob("voice/*")}
    agree = [known in twice or kept.get(known) == _speech_s(path) for known, path in paths.items()]
    yield figure(f"{name}, clips as when read alone", [float(np.mean(agree))], at_least=1)


def _speech_s(path: Path) -> float | None:
    """Seconds of speech of a recording, read alone; None if it has too little."""
    try:
        return extract(path, FRONT_ENDS["clean"]).speech_s
    except AudioError:
        return None


def _counts(name: str, corpus: Corpus) -> Iterator[Figure]:
    """Counts beside those that the material's description states; what is left out counts too."""
    counts, voices = corpus.info.counts["all"], corpus.voices()
    listed = Counter(skip["kind"] for skip in corpus.skipped())
    found = {
        "voices": counts.voices + listed["voice"],
        "faces": counts.faces + listed["face"],
        "identities": counts.identities,
    }
    if "gender" in voices.attributes:
        people = dict(zip(voices.identity, voices.attributes["gender"], strict=True))
        found |= Counter(people.values())
    for what, n in STATED[name].items():
        yield figure(f"{name}, {what} of the {n} stated", [found[what]], at_least=n)


def _videos(corpus: Corpus) -> Iterator[Figure]:
    """Every clip gives its speech and some frontal faces."""
    n_clips = len([path for path in real("video").iterdir() if path.suffix in (".mp4", ".mpg")])
    faces = corpus.faces()
    frontal = Counter(faces.path[np.abs(faces.figures["yaw_deg"]) <= FRONTAL_DEG])
    fewest = min(frontal.values()) if len(frontal) == n_clips else 0
    yield figure("video, clips with speech", [len(corpus.voices())], at_least=n_clips)
    yield figure("video, fewest frontal faces of a clip", [fewest], at_least=3)


def _realigned(paths: Sequence[Path]) -> Iterator[Figure]:
    """The released crops aligned once more: where their points lie, in sides of the crop."""
    crop = FaceCrop(px=CROP_PX)
    maker = FaceMaker(crop)
    detector = YuNet(pretrained.find("yunet"), crop.filters.min_score)
    points = []
    for path in paths:
        with suppress(PictureError):
            found = detector(maker.from_picture(path.read_bytes()).pixels)
            points += [face.points / CROP_PX for face in found[:1]]
    wanted = GEOMETRIES["released"]
    of_each = np.linalg.norm(np.array(points) - wanted, axis=2).mean(1)
    of_mean = np.linalg.norm(np.mean(points, axis=0) - wanted, axis=1).mean()
    yield figure("released crops aligned again, share", [len(points) / len(paths)])
    yield figure("their mean points, error", [float(of_mean)], at_most=LARGEST_ERROR)
    yield figure("each crop's points, error", of_each.tolist(), at_most=LARGEST_ERROR)
