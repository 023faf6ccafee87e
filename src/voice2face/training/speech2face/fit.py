"""Speech2Face's route as a part that can be released."""

import numpy as np

from voice2face.arrays import Float32s
from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.generators.speech2face import FILE, Speech2FacePart
from voice2face.release.model_folder import Facts
from voice2face.release.writing import part_of_arrays
from voice2face.settings import Settings
from voice2face.training.closed_form import Trained, VoicesAndFaces
from voice2face.training.speech2face.features import Features, fit_decoder
from voice2face.training.speech2face.head import HeadRecipe, Pairs, train_head

MIN_PEOPLE = 10
REMARKS = """
## How it was trained

By the route of Speech2Face (Oh et al. 2019). A decoder learned from faces alone what a face with a
given feature looks like, the feature being what a face recogniser sees in it; a head learned to
tell, from the embedding of a voice, the feature of the speaker's face, by Speech2Face's loss. A
drawn face gets a feature that the voice leaves open.

The head starts as a ridge regression and learns on for as long as people held out are told better;
0 iterations in the table above mean that the regression was not improved on.

It differs from the paper: the voice encoder is frozen and its head small, where the paper trains a
convolutional network of its own on about a million clips; the recogniser is not VGG-Face, and where
the paper's loss softens the answers of VGG-Face's last layer, it softens the likeness to each
training person; the decoder is linear, where the paper's is convolutional (landmarks are decoded
apart, as there, if faces are normalised). Of one measure beware: a comparison of faces by the
recogniser that taught the model.
"""


class Speech2FaceFit(Settings, frozen=True, kw_only=True):
    """A voice regressed onto a recogniser's feature, and a decoder from features to faces.

    Attributes:
        recogniser: As ``evaluation.embedders.fitted.open_embedder`` takes it.
        training: Size and training of the head.
    """

    recogniser: str = "face_reid_0095"
    training: HeadRecipe = HeadRecipe()

    @property
    def name(self) -> str:
        """In the card."""
        return "speech2face"

    def __call__(self, data: VoicesAndFaces, seed: int) -> Trained:
        """The generator.

        Raises:
            CorpusError: Too few people have both a voice and a face.
            ModelError: The recogniser can't be read.
            TrainingError: The faces' alignment is not known, or they are all alike.
        """
        if (n := len(data.labels)) < MIN_PEOPLE:
            wanted = f"{MIN_PEOPLE} people with a voice and a face"
            raise CorpusError("training split", f"{n}", wanted, "add people")
        recogniser = open_embedder(self.recogniser)
        features = Features.of(data, recogniser)
        decoder = fit_decoder(data, features, seed)
        pairs = Pairs(data.embeddings, data.voice_labels, features.people)
        trained = train_head(pairs, decoder["decode"], self.training, seed)
        spread = left_open(features.people, trained.left)
        arrays = trained.head.arrays() | {"spread": spread} | decoder
        part = Speech2FacePart(
            px=data.pixels.shape[1],
            embedding_dim=data.embeddings.shape[1],
            feature_dim=recogniser.dim,
            recogniser=recogniser.name,
        )
        _, direction, distilled = trained.weights
        facts: Facts = {
            "recogniser": f"{recogniser.name} {recogniser.sha256[:12]}",
            "iterations": trained.iterations,
            "weight of the term of directions": float(f"{direction:.3g}"),
            "weight of the distillation": float(f"{distilled:.3g}"),
            "cosine of told and true features, people held out": round(trained.cosine, 3),
            "the same of a ridge regression": round(trained.regression, 3),
        }
        return Trained(part_of_arrays(part, FILE, arrays), facts=facts, remarks=REMARKS)


def left_open(features: Float32s, left: float) -> Float32s:
    """Factor A of what voices leave open: noise @ A has that covariance.

    It is that of the people's features, in the share that is left over: which directions a voice
    tells better than others takes more people to find out than to learn the features from.

    Args:
        features: Features of the training people, shape (people, feature).
        left: Share of their variance that is left over.
    """
    centred = features - features.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(features))
    scale = np.sqrt(np.maximum(values, 0) * min(left, 1.0))
    return np.asarray(scale[:, None] * vectors.T, np.float32)
