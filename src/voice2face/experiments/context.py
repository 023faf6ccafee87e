"""What experiments work with: a corpus, the compared systems, embedders and the judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from voice2face.arrays import Pictures, Vectors
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import Faces
from voice2face.corpus.held_out import held_out_clips
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, geometry_of
from voice2face.evaluation.embedders.fitted import Embedder
from voice2face.experiments.fitness import FitnessOf
from voice2face.experiments.recordings import Recordings, digest
from voice2face.experiments.systems import BaselineSystem, Made, ModelSystem, System, TableSystem

ASKED = ("test", "validation")  # splits of people not trained on, in order of preference
BASELINE = "baseline"  # the model that figures show and claims are about, as the report's are
MOST_CLIPS = 3000  # recordings of a set; of a larger set so many are drawn
SAME_GREY = 2  # grey levels of 255; smaller differences are rounding
MOST_KNOWN = 100_000  # embeddings that are kept for each embedder: 100 MB of 256 numbers


@dataclass(eq=False)
class Context:
    """What an experiment can work with.

    Attributes:
        corpus: Corpus that the models were trained on; it also holds people not trained on.
        models: Models by variant, one for each seed, in the order of tables; then systems of
            others.
        baselines: Trivial baselines, by name.
        embedders: Fixed networks that compare faces, by name.
        judge: Judge of age and gender; None if there is none.
        recogniser: Recogniser of the training people's real faces; None if there is none.
        held_out: Share of the training people's recordings that is held out from all training.
        out: Folder of results.
        geometry: How faces lie in the corpus' pictures, a name of ``faces.GEOMETRIES``.
        seed: Seed of everything random.
        n_resamples: Number of resamples behind each interval.
        other: Another corpus; nothing was trained on it.
        tables: Pictures that were made elsewhere, by name; only of whole recordings.
        notes: What a reader must know about the systems, one sentence each.
        silent: Whether recordings have a length but no sound: enough to see what can be asked.
    """

    corpus: Corpus
    models: Mapping[str, Sequence[System]]
    baselines: Mapping[str, System]
    embedders: Mapping[str, Embedder]
    judge: AgeGender | None
    recogniser: Path | None
    held_out: float
    out: Path
    geometry: str = "released"
    seed: int = 0
    n_resamples: int = 10_000
    other: Corpus | None = None
    tables: Mapping[str, TableSystem] = field(default_factory=dict)
    notes: Sequence[str] = ()
    silent: bool = False
    _made: dict[tuple[System, bytes], Made] = field(default_factory=dict)
    _heard: dict[tuple[str, bytes], Vectors] = field(default_factory=dict)
    _vectors: dict[str, dict[bytes, Vectors]] = field(default_factory=dict)
    _faces: dict[str, Faces] = field(default_factory=dict)
    _recordings: dict[str, Recordings] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The model that figures show and claims are about: the baseline, or the first."""
        return BASELINE if BASELINE in self.models else next(iter(self.models))

    def systems(self, recordings: Recordings) -> dict[str, list[System]]:
        """All that can make faces of some recordings: models with seeds, tables, baselines."""
        found: dict[str, list[System]] = {name: list(seeds) for name, seeds in self.models.items()}
        found |= {n: [table] for n, table in self.tables.items() if table.has(recordings).all()}
        return found | {name: [one] for name, one in self.baselines.items()}

    @cached_property
    def fitness(self) -> FitnessOf:
        """What speaks for and against judging a model."""
        return FitnessOf(self)

    @property
    def draws(self) -> dict[str, int]:
        """Seed and number of the resamples behind an interval."""
        return {"seed": self.seed, "n_resamples": self.n_resamples}

    @property
    def asked(self) -> str:
        """Split that holds voices of people not trained on."""
        counts = self.corpus.info.counts
        return next((s for s in ASKED if s in counts and counts[s].voices), "train")

    @property
    def shown(self) -> str:
        """Split that holds real faces of people not trained on; the same if it has any."""
        counts = self.corpus.info.counts
        splits = (self.asked, *ASKED)
        return next((s for s in splits if s in counts and counts[s].faces), "train")

    def sources(self) -> dict[str, str]:
        """Checksums of corpus, models and networks that results are computed from."""
        found = {"corpus": self.corpus.info.data_hash}
        systems = {**self.models, **{name: [table] for name, table in self.tables.items()}}
        for variant, seeds in systems.items():
            for number, system in enumerate(seeds):
                if checksum := getattr(system, "sha256", ""):
                    name = f"model {variant}" + (f" {number}" if len(seeds) > 1 else "")
                    found[name] = checksum
        judges: list[Embedder | AgeGender] = [*self.embedders.values()]
        for judge in [*judges, self.judge] if self.judge else judges:
            if checksum := getattr(judge, "sha256", ""):
                found[judge.name] = checksum
        return found

    def unseen(self) -> Recordings:
        """Recordings of people not trained on."""
        return self._recorded("unseen", self.asked)

    def unheard(self) -> Recordings:
        """Held-out recordings of training people; empty if there are none."""
        return self._recorded("unheard", "train", held_out=True)

    def heard(self) -> Recordings:
        """Recordings that were trained on."""
        return self._recorded("heard", "train", held_out=False)

    def faces(self, split: str) -> Faces:
        """Real faces of a split."""
        if split not in self._faces:
            self._faces[split] = self.corpus.faces(split)
        return self._faces[split]

    def made(self, system: System, recordings: Recordings, *, raw: bool = False) -> Made:
        """Faces of a system for some recordings; kept by the content of the recordings.

        Args:
            system: The system.
            recordings: The recordings.
            raw: Whether the generator's output before it was cut to [-1, 1] is wanted too. It is
                four times as large as the pictures, so it is not kept.
        """
        key = system, recordings.key
        if raw or key not in self._made:
            made = self._as_in_corpus(system, self._make(system, recordings))
            self._made[key] = replace(made, raw=None)
            if raw:
                return made
        return self._made[key]

    def made_vectors(self, embedder: str, system: System, recordings: Recordings) -> Vectors:
        """Embeddings of the faces that a system makes of some recordings, (n, dim)."""
        return self.embed(embedder, self.made(system, recordings).pixels)

    def drawn(self, system: ModelSystem, recordings: Recordings, n: int) -> Pictures:
        """Faces that a model draws for some recordings, (recordings, n, px, px, 3)."""
        heard = self.made(system, recordings).embeddings
        assert heard is not None  # of a model
        made = system.faces(np.repeat(heard, n, axis=0), np.random.default_rng(self.seed))
        pixels = self._as_in_corpus(system, made).pixels
        return pixels.reshape(len(recordings), n, *pixels.shape[1:])

    def pixels(self, recordings: Recordings) -> dict[str, list[Pictures]]:
        """Faces that each system makes of some recordings, of each seed."""
        return {
            name: [self.made(one, recordings).pixels for one in seeds]
            for name, seeds in self.systems(recordings).items()
        }

    def vectors(self, embedder: str, recordings: Recordings) -> dict[str, list[Vectors]]:
        """Embeddings of the faces that each system makes of some recordings, of each seed."""
        made = self.pixels(recordings)
        return {name: [self.embed(embedder, one) for one in seeds] for name, seeds in made.items()}

    def one_face(self, variant: str) -> bool:
        """Whether a model draws one and the same face for all voices."""
        recordings = self.unseen()
        first = (self.made(one, recordings).pixels for one in self.models[variant])
        return all(len(p) > 1 and np.ptp(p, axis=0).max() <= SAME_GREY for p in first)

    def embed(self, embedder: str, pixels: Pictures) -> Vectors:
        """Embeddings of faces that lie as those of the corpus do; equal faces are embedded once.

        Baselines give many recordings the same face, and all questions use the same real faces.

        Args:
            embedder: Name of one of the embedders.
            pixels: RGB, uint8, shape (n, px, px, 3).

        Returns:
            Shape (n, dim).
        """
        known = self._vectors.setdefault(embedder, {})
        names = [digest(one) for one in np.ascontiguousarray(pixels)]
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

    def _make(self, system: System, recordings: Recordings) -> Made:
        """Faces of a system; models that share a voice encoder share its embeddings."""
        if not isinstance(system, ModelSystem | BaselineSystem):
            return system.make(recordings)
        hearing = system.hearing
        encoder, names = hearing.encoder_sha256, recordings.digests
        new = [i for i, name in enumerate(names) if (encoder, name) not in self._heard]
        for i, vector in zip(
            new, hearing.embed(recordings.only(np.array(new, np.int64))), strict=True
        ):
            self._heard[encoder, names[i]] = vector
        heard = np.array([self._heard[encoder, name] for name in names], np.float32)
        return system.faces(heard.reshape(len(recordings), -1))

    def _as_in_corpus(self, system: System, made: Made) -> Made:
        """Faces brought to the size of those of the corpus, and to where they lie in pictures."""
        px, geometry = self.corpus.info.face_px, getattr(system, "geometry", self.geometry)
        if not len(made.pixels) or (made.pixels.shape[1] == px and geometry == self.geometry):
            return made
        crops = FaceSet.of_crops(made.pixels, geometry)
        return replace(made, pixels=crops.aligned(geometry_of(self.geometry), px))

    def _recorded(self, name: str, split: str, *, held_out: bool | None = None) -> Recordings:
        """Recordings of a split: all, or those that are (not) held out; at most ``MOST_CLIPS``."""
        if name not in self._recordings:
            found = (Recordings.silent if self.silent else Recordings.of_corpus)(self.corpus, split)
            if held_out is not None:
                hidden = held_out_clips(self.corpus, split, self.held_out)
                found = found.only(np.array([c in hidden for c in found.clip], bool) == held_out)
            if len(found) > MOST_CLIPS:
                rng = np.random.default_rng(self.seed)
                found = found.only(np.sort(rng.choice(len(found), MOST_CLIPS, replace=False)))
            self._recordings[name] = found
        return self._recordings[name]
