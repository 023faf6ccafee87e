"""What experiments have at hand: a corpus, the systems that are compared, those who judge."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice2face import __version__
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import Faces
from voice2face.corpus.held_out import held_out_clips
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Embedder
from voice2face.experiments.speech import Speech
from voice2face.experiments.systems import Made, ModelSystem, RivalSystem, System

Vectors = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]

ASKED = ("test", "validation")  # splits of people not trained on, in order of preference
MOST_CLIPS = 3000  # of one set of recordings; of more so many are kept
MOST_KNOWN = 100_000  # faces whose embedding by one embedder is kept: 100 MB of 256 numbers


@dataclass(eq=False)
class Context:
    """All that an experiment may ask.

    Attributes:
        corpus: That the models learned from, with people that they did not learn from.
        models: By variant, one of each seed, in the order of tables.
        rivals: By name.
        embedders: Fixed networks that compare faces, by name.
        judge: Of age and gender; None where it is not at hand.
        recogniser: Of the training people's real faces; None where there is none.
        aside: Share of the training people's recordings that no stage has heard.
        out: Folder of the results.
        geometry: How faces lie in the corpus' pictures, a name of ``faces.GEOMETRIES``.
        seed: Of all that is drawn.
        n_resamples: Behind each interval.
        other: Another corpus, which nothing was trained on.
    """

    corpus: Corpus
    models: Mapping[str, Sequence[ModelSystem]]
    rivals: Mapping[str, RivalSystem]
    embedders: Mapping[str, Embedder]
    judge: AgeGender | None
    recogniser: Path | None
    aside: float
    out: Path
    geometry: str = "released"
    seed: int = 0
    n_resamples: int = 10_000
    other: Corpus | None = None
    _made: dict[tuple[System, str], Made] = field(default_factory=dict)
    _heard: dict[tuple[str, str], Vectors] = field(default_factory=dict)
    _vectors: dict[str, dict[bytes, Vectors]] = field(default_factory=dict)
    _faces: dict[str, Faces] = field(default_factory=dict)
    _speech: dict[str, Speech] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """The split of people whom no stage has met."""
        counts = self.corpus.info.counts
        return next((s for s in ASKED if s in counts and counts[s].voices), "train")

    @property
    def shown(self) -> str:
        """The split of real faces of people whom no stage has met: theirs, if it has any."""
        counts = self.corpus.info.counts
        splits = (self.asked, *ASKED)
        return next((s for s in splits if s in counts and counts[s].faces), "train")

    @property
    def made_by(self) -> str:
        """Program and version."""
        return f"voice2face {__version__}"

    def sources(self) -> dict[str, str]:
        """Checksums of corpus, models and networks that results are computed from."""
        found = {"corpus": self.corpus.info.data_hash}
        for variant, seeds in self.models.items():
            for number, system in enumerate(seeds):
                name = f"model {variant}" + (f" {number}" if len(seeds) > 1 else "")
                found[name] = system.model.sha256
        judges: list[Embedder | AgeGender] = [*self.embedders.values()]
        for judge in [*judges, self.judge] if self.judge else judges:
            if checksum := getattr(judge, "sha256", ""):
                found[judge.name] = checksum
        return found

    def unseen(self) -> Speech:
        """Recordings of people whom no stage has met."""
        return self._of("unseen", lambda: Speech.of_corpus(self.corpus, self.asked))

    def unheard(self) -> Speech:
        """Recordings of training people that no stage has heard; empty if none were set aside."""
        return self._of("unheard", lambda: self._training(aside=True))

    def heard(self) -> Speech:
        """Recordings that were trained on."""
        return self._of("heard", lambda: self._training(aside=False))

    def faces(self, split: str) -> Faces:
        """Real faces of a split."""
        if split not in self._faces:
            self._faces[split] = self.corpus.faces(split)
        return self._faces[split]

    def made(self, system: System, speech: Speech, key: str, *, raw: bool = False) -> Made:
        """Faces of a system for some recordings, made once.

        Args:
            system: Whose.
            speech: The recordings.
            key: Names them, and nothing else.
            raw: Whether what a generator gave before it was cut to [-1, 1] is wanted: four times
                as large as the pictures, it is not kept.
        """
        if raw or (system, key) not in self._made:
            made = self._make(system, speech, key)
            self._made[system, key] = replace(made, raw=None)
            if raw:
                return made
        return self._made[system, key]

    def made_vectors(self, embedder: str, system: System, speech: Speech, key: str) -> Vectors:
        """Embeddings of these faces by one of the embedders, (n, dim)."""
        return self.embed(embedder, self.made(system, speech, key).pixels)

    def real_vectors(self, embedder: str, split: str) -> Vectors:
        """Embeddings of the real faces of a split, (n, dim)."""
        return self.embed(embedder, self.faces(split).pixels)

    def embed(self, embedder: str, pixels: Pictures) -> Vectors:
        """Embeddings of faces that lie as the corpus' do; of equal faces, computed once.

        Rivals give many recordings one face, and questions are asked of the same real ones.

        Args:
            embedder: Name of one of the embedders.
            pixels: RGB, uint8, shape (n, px, px, 3).

        Returns:
            Shape (n, dim).
        """
        known = self._vectors.setdefault(embedder, {})
        names = [
            hashlib.blake2b(one.data, digest_size=16).digest()
            for one in np.ascontiguousarray(pixels)
        ]
        rows = {name: row for row, name in enumerate(names) if name not in known}
        network = self.embedders[embedder]
        found = np.empty((len(pixels), network.dim), np.float32)
        if rows:
            faces = FaceSet.of_crops(pixels[list(rows.values())], self.geometry)
            known.update(zip(rows, network.embed(faces), strict=True))
        for row, name in enumerate(names):
            found[row] = known[name]
        if len(known) > MOST_KNOWN:
            known.clear()
        return found

    def _make(self, system: System, speech: Speech, key: str) -> Made:
        """Faces; what a voice encoder hears is the same for all models that share one."""
        hearing = system.hearing if isinstance(system, RivalSystem) else system
        if not isinstance(hearing, ModelSystem):
            return system.make(speech)
        encoder = hearing.model.config.voice_encoder.sha256
        if (encoder, key) not in self._heard:
            self._heard[encoder, key] = hearing.embed(speech)
        heard = self._heard[encoder, key]
        if isinstance(system, RivalSystem):
            return Made(system.rival(heard), None, heard)
        return hearing.faces(heard)

    def _training(self, aside: bool) -> Speech:
        speech = Speech.of_corpus(self.corpus, "train")
        hidden = held_out_clips(self.corpus, "train", self.aside)
        return speech.only(np.array([clip in hidden for clip in speech.clip], bool) == aside)

    def _of(self, key: str, read: Callable[[], Speech]) -> Speech:
        if key not in self._speech:
            speech = read()
            rng = np.random.default_rng(self.seed)
            if len(speech) > MOST_CLIPS:
                speech = speech.only(np.sort(rng.choice(len(speech), MOST_CLIPS, replace=False)))
            self._speech[key] = speech
        return self._speech[key]


def labels_of(speech: Speech, name: str) -> npt.NDArray[np.str_]:
    """An attribute of each recording's speaker; empty where it is not known."""
    return speech.attributes.get(name, np.full(len(speech), "", str))
