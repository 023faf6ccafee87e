"""``train face --generator face-space``: a face space from a corpus of normalised faces."""

import numpy as np
from msgspec.structs import replace

from voice2face.arrays import Float32s
from voice2face.corpus import Corpus
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.generators.face_space import FILE, FaceSpacePart
from voice2face.parts import Arrays
from voice2face.release.model_folder import Facts
from voice2face.release.writing import NewPart, part_of_arrays
from voice2face.settings import Channels, Settings
from voice2face.training.closed_form import Trained, VoicesAndFaces
from voice2face.training.face_space.collected import Collected, collected
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.fit import Sizes, fit
from voice2face.training.face_space.nearest import Identities, fit_nearest

READER = "face_reid_0095"  # reads faces, in training and in evaluation
# How faces are drawn; chosen on held-out people of AVSpeech.
DRAWN = FaceSpacePart(nearness=1.0, age_emphasis=1.5, drawn_gender=0.5)
REMARKS = """
## What its faces are

The face itself is a mean of faces of the corpus, of people of the gender that is heard who look
most as the voice tells, laid upon one another point by point and drawn on the mean of their shapes,
then moved to the age that is heard. Drawn people are means of three people each, who look alike. So
the faces look like those of the corpus, and the file holds numbers from which these can be drawn
again.
"""
LEAST = 10  # people with a face, and voices of people with a face


class FaceSpaceFit(Settings, frozen=True, kw_only=True):
    """Principal components of faces and regressions on voices, in closed form.

    All faces of the corpus teach how faces look, all voices what voices tell, with a partner or
    without: gender from voices whose gender is a column, age from those whose age is known, the
    rest from people with both. Faces are means of those who look as a voice tells.

    Attributes:
        drawn: How faces are drawn.
        n_texture: Components of texture kept, at most a third of the faces.
        n_shape: Components of shape kept, at most a third of the faces.
    """

    drawn: FaceSpacePart = DRAWN
    n_texture: Channels = 150
    n_shape: Channels = 40

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

    def __call__(self, data: VoicesAndFaces, seed: int) -> Trained:
        """The face space as a part.

        Raises:
            CorpusError: There are no women or no men among the faces.
            ModelError: A network that looks at faces is missing.
            TrainingError: Too few people.
        """
        found = collected(data.everyone, AgeGender().judge)
        n_faces, n_both = len(found.owners), len(data.embeddings)
        if min(n_faces, n_both) < LEAST:
            are = f"{n_faces} faces, {n_both} voices of people with a face"
            raise TrainingError("face-space", are, f"{LEAST} of each", "add people")
        sizes = Sizes(self.n_texture, self.n_shape).within(n_faces)
        side = found.people.texture.shape[1]
        codes = Codes.fit(found.people, np.ones((side, side), bool), sizes.texture, sizes.shape)
        arrays = fit(found.people, found.speakers, codes=codes)
        reading = open_embedder(READER).embed(found.faces)
        own = codes.of(found.people.texture, found.people.shape)
        taught = identities(found, reading, own)
        arrays |= fit_nearest(taught, found.people, reading, own)
        part = replace(self.drawn, embedding_dim=data.embeddings.shape[1])
        facts: Facts = {
            "faces of the space": n_faces,
            "voices, with or without a face": sum(len(one.male) for one in found.speakers),
            "faces are read by": READER,
        }
        return Trained(as_part(arrays, part), facts=facts, remarks=REMARKS)


def identities(found: Collected, reading: Float32s, codes: Float32s) -> Identities:
    """Voices whose speaker's face is there, and what is seen in it, the mean of several.

    Args:
        found: Voices and faces.
        reading: What a network reads in the faces, shape (faces, m).
        codes: Codes of the faces, shape (faces, K).
    """
    _, number, count = np.unique(found.owners, return_inverse=True, return_counts=True)
    read = np.zeros((len(count), reading.shape[1]))
    np.add.at(read, number, reading / np.linalg.norm(reading, axis=1, keepdims=True))
    code = np.zeros((len(count), codes.shape[1]))
    np.add.at(code, number, codes / count[number, None])
    taught = []
    for one in found.speakers:
        face = np.full(len(one.person), -1) if one.face is None else one.face
        rows = np.flatnonzero(face >= 0)
        seen = read[face[rows]], code[face[rows]]
        taught.append((one.embedding[rows], *seen, one.person[rows]))
    return Identities(*(np.concatenate(parts) for parts in zip(*taught, strict=True)))


def as_part(arrays: Arrays, part: FaceSpacePart) -> NewPart:
    """A fitted face space as a part of a model."""
    return part_of_arrays(part, FILE, arrays)
