"""``train face --generator face-space``: a face space from a corpus of normalised faces."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from voice2face.corpus import Corpus
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Embedder, open_embedder
from voice2face.generators.face_space import FILE, FaceSpacePart
from voice2face.release.writing import NewPart
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.face_space.collected import Collected, collected
from voice2face.training.face_space.fit import Arrays, Sizes, fit, write
from voice2face.training.face_space.reading import fit_answer

READER = "face_reid_0095"  # reads faces, in training and in evaluation
# How faces are drawn; chosen on held-out people of AVSpeech.
DRAWN = FaceSpacePart(gender_emphasis=1.5, age_emphasis=0.5, liveliness=1.5, shape_emphasis=1.5)
SIZES = Sizes()
LEAST = 10  # people with a face, and voices of people with a face


@dataclass(frozen=True)
class FaceSpaceFit:
    """Principal components of faces and regressions on voices, in closed form.

    All faces of the corpus teach how faces look, all voices what voices tell, with a partner or
    without: gender from voices whose gender is a column, age from those whose age is known, the
    rest from people with both.

    Attributes:
        drawn: How faces are drawn.
        sizes: Components kept, at most a third of the faces.
    """

    drawn: FaceSpacePart = DRAWN
    sizes: Sizes = SIZES

    @property
    def name(self) -> str:
        """In the card."""
        return "face-space"

    def check(self, corpus: Corpus) -> None:
        """Refuse a corpus whose faces are not normalised.

        Raises:
            TrainingError: They aren't.
        """
        if not corpus.info.keeps_shapes:
            found = f"{corpus.info.face_crop.geometry} faces"
            wanted, remedy = "normalised faces", "prepare it with --align normalised"
            raise TrainingError(corpus.path, found, wanted, remedy)

    def __call__(self, data: VoicesAndFaces, seed: int) -> NewPart:
        """The face space as a part.

        Raises:
            CorpusError: There are no women or no men among the faces.
            ModelError: A network that looks at faces is not to be had.
            TrainingError: Too few people.
        """
        found = collected(data.everyone, AgeGender().judge)
        heard = data.everyone.embeddings
        if min(len(found.owners), len(data.embeddings)) < LEAST:
            are = f"{len(found.owners)} faces, {len(data.embeddings)} voices of people with a face"
            raise TrainingError("face-space", are, f"{LEAST} of each", "add people")
        arrays = fit(found.people, found.speakers, None, self.sizes.within(len(found.owners)))
        part = replace(self.drawn, embedding_dim=heard.shape[1])
        arrays |= answer(arrays, part, found, open_embedder(READER), seed)
        return as_part(arrays, part)


def answer(
    arrays: Arrays, part: FaceSpacePart, found: Collected, embedder: Embedder, seed: int
) -> Arrays:
    """What makes drawn faces be read by a network as the speakers' own faces are."""
    reading = embedder.embed(found.faces)
    names, number = np.unique(found.owners, return_inverse=True)
    sums = np.zeros((len(names), reading.shape[1]))
    np.add.at(sums, number, reading / np.linalg.norm(reading, axis=1, keepdims=True))
    heard, seen = [], []
    for one in found.speakers:
        if one.face is not None:
            rows = one.face >= 0
            heard.append(one.embedding[rows])
            seen.append(sums[one.face[rows]])

    def read(
        faces: npt.NDArray[np.uint8], points: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float32]:
        return embedder.embed(FaceSet(faces, points))

    teaching = np.concatenate(seen).astype(np.float32)
    return fit_answer(arrays, part, np.concatenate(heard), teaching, read, seed)


def as_part(arrays: Arrays, part: FaceSpacePart) -> NewPart:
    """A fitted face space as a part of a model."""

    def write_into(folder: Path) -> None:
        write(arrays, folder / FILE)

    return NewPart(part, write_into)
