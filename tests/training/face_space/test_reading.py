import numpy as np
import pytest
from generators.face_space_samples import DIM, arrays, speakers

from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.training.face_space import reading
from voice2face.training.face_space.reading import fit_answer

PART = FaceSpacePart(px=32, embedding_dim=DIM)


def brightness(faces: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A network that sees how bright faces are, and nothing else."""
    assert points.shape == (len(faces), 5, 2) and 0 < points.min() < points.max() < faces.shape[1]
    angle = faces.mean(axis=(1, 2, 3)) / 15
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def test_an_answer_brings_what_is_read_nearer_to_what_is_told(monkeypatch):
    """Voices that tell brightness by a number that the space was not taught to draw from."""
    monkeypatch.setattr(reading, "N_DRAWN", 40)
    monkeypatch.setattr(reading, "PX", 32)
    space = arrays(heads=False)
    heard = speakers(80, 30).embedding
    tone = np.linspace(-1, 1, 80)
    heard[:, 5] = tone
    angle = 10 + 0.6 * tone
    told = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    space["voice_scale"] = np.maximum(space["voice_scale"], 0.5)
    answered = space | fit_answer(space, PART, heard, told, brightness)

    def seen(made):
        codes = FaceSpace(PART, made).told(heard)
        looks = Looks(codes.codes, codes.male > 0, codes.age)
        return FaceDecoder(made, 32, 0.0)(looks).mean(axis=(1, 2, 3))

    def by_tone(bright):
        """How brightness changes with the tone that is told, all else of the voice being equal."""
        wide = np.column_stack([heard, np.ones(80)])
        return np.linalg.lstsq(wide, bright, rcond=None)[0][5]

    before, after = seen(space), seen(answered)
    assert by_tone(after) > 3 * abs(by_tone(before)) and by_tone(after) > 0.05
    assert after.std() < before.std()  # what was read and not told is taken back
    mean = FaceSpace(PART, space).told(heard).codes.mean(axis=0)
    shifted = FaceSpace(PART, answered).told(heard).codes.mean(axis=0)
    np.testing.assert_allclose(shifted, mean, atol=1e-3)


def test_the_answer_of_a_voice_is_of_the_space_s_length():
    made = arrays(heads=False)
    assert "answer" not in made
    with pytest.raises(ValueError):
        FaceSpace(PART, made | {"answer": np.zeros((DIM, 3), np.float32)})
