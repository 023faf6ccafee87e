import json
import signal

import numpy as np
import onnxruntime
import pytest
import torch
import yaml

from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.errors import TrainingError
from voice2face.faces.settings import FaceCrop
from voice2face.settings import Run
from voice2face.synthetic import CohortSettings, make_face
from voice2face.training import checkpoint
from voice2face.training.data.in_memory import FaceBank
from voice2face.training.recogniser.augmentation import augment, cover, move
from voice2face.training.recogniser.measures import Unseen, held_out, look
from voice2face.training.recogniser.network import Recogniser, RecogniserRecipe
from voice2face.training.recogniser.train import (
    RecogniserTrainee,
    recipe_for,
    train_recogniser,
)

SMALL = RecogniserRecipe(width=0.2, embedding_dim=16, iterations=30, batch_size=16)
OPTIONS = {"run": Run(checkpoint_every=10, sample_every=100, log_every=5), "quiet": True}


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("recogniser") / "run"
    assert train_recogniser(corpus, out, SMALL, **OPTIONS) == out / "recogniser.onnx"
    return out


def test_the_files_tell_whose_the_logits_are_and_how_well_people_are_known(corpus, trained):
    faces = Corpus.open(corpus).faces("train")
    fed = json.loads((trained / "recogniser.json").read_text())
    assert fed["labels"] == sorted({*faces.identity})
    assert fed["size"] == 16 and fed["align"] == "released" and fed["channels"] == "rgb"
    report = yaml.safe_load((trained / "recogniser.yaml").read_text())
    assert report["people"] == len(fed["labels"])
    assert report["pictures"] == len(faces) - report["people"]  # one of each is held out
    assert 0 <= report["verification_auc"] <= 1


def test_the_onnx_file_computes_what_was_trained(corpus, trained):
    faces = Corpus.open(corpus).faces("train")
    fed = json.loads((trained / "recogniser.json").read_text())
    _, state = checkpoint.load_last(trained / "checkpoints")
    recogniser = Recogniser(SMALL, 16, len(fed["labels"]))
    recogniser.load_state_dict(state["trainee"]["recogniser"])
    vectors, cosines = look(recogniser, faces.pixels)
    given = (faces.pixels.astype(np.float32) - fed["mean"]) / np.array(fed["std"])
    given = given.astype(np.float32).transpose(0, 3, 1, 2)
    session = onnxruntime.InferenceSession(trained / "recogniser.onnx")
    embedding, logits = session.run([fed["output"], "logits"], {fed["input"]: given})
    assert np.allclose(embedding, vectors, atol=1e-5)
    assert np.allclose(logits, SMALL.scale * cosines, atol=1e-4)
    (alone,) = session.run([fed["output"]], {fed["input"]: given[:1]})
    assert np.allclose(alone, embedding[:1], atol=1e-5)


def test_unseen_people_are_told_apart_better_than_by_eigenfaces():
    settings = CohortSettings(seed=5, face_px=32)
    known, labels = drawn(settings, range(32), 4)
    others, identity = drawn(settings, range(100, 120), 4)
    recipe = RecogniserRecipe(width=0.25, embedding_dim=32, iterations=120, batch_size=32)
    trainee = RecogniserTrainee(FaceBank.of(known, labels), recipe, 0)
    for _ in range(recipe.iterations):
        trainee.step()
    unseen = Unseen.of(others, identity.astype(str), np.arange(len(others)).astype(object))
    found = unseen.auc(look(trainee.recogniser, others)[0])
    mean = known.reshape(len(known), -1).astype(float).mean(axis=0)
    _, _, axes = np.linalg.svd(known.reshape(len(known), -1) - mean, full_matrices=False)
    projected = (others.reshape(len(others), -1) - mean) @ axes[:96].T
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    assert unseen.trials.same.sum() == 20 * 6
    assert found > max(0.9, unseen.auc(projected) + 0.02)
    fresh, owners = drawn(settings, range(32), 2, first=50)
    assert (look(trainee.recogniser, fresh)[1].argmax(axis=1) == owners).mean() > 0.5


def test_a_resumed_training_equals_an_uninterrupted_one(corpus, trained, tmp_path, monkeypatch):
    original, done = RecogniserTrainee.step, []

    def interrupted(self):
        done.append(1)
        if len(done) == 17:
            signal.raise_signal(signal.SIGINT)
        return original(self)

    monkeypatch.setattr(RecogniserTrainee, "step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="step 17"):
        train_recogniser(corpus, tmp_path, SMALL, **OPTIONS)
    monkeypatch.undo()
    with pytest.raises(TrainingError, match="holds a run of 17 steps"):
        train_recogniser(corpus, tmp_path, SMALL, **OPTIONS)
    path = train_recogniser(corpus, tmp_path, SMALL, resume=True, **OPTIONS)
    assert path.read_bytes() == (trained / "recogniser.onnx").read_bytes()


def test_another_seed_gives_another_recogniser():
    bank = FaceBank.of(*drawn(CohortSettings(face_px=16), range(3), 2))
    weights = [RecogniserTrainee(bank, SMALL, seed).recogniser.people for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1]) and not torch.allclose(weights[0], weights[2])


def test_people_are_drawn_alike_however_many_pictures_there_are_of_them():
    pixels = np.zeros((20, 16, 16, 3), np.uint8)
    labels = np.array([0] * 18 + [1, 2])
    trainee = RecogniserTrainee(FaceBank.of(pixels, labels), SMALL, 0)
    drawn_labels = torch.cat([trainee.draw()[1] for _ in range(60)])
    assert (torch.bincount(drawn_labels) / len(drawn_labels) - 1 / 3).abs().max() < 0.06


def test_every_picture_is_drawn_and_with_the_label_of_its_person():
    labels = np.array([0, 0, 0, 1, 2, 2])
    pixels = np.zeros((6, 16, 16, 3), np.uint8)
    bank = FaceBank.of(pixels, labels)
    trainee = RecogniserTrainee(bank, SMALL, 0)
    seen = []
    pick = FaceBank.pick

    class Watched(FaceBank):
        def pick(self, chosen, mirrored):
            seen.append(chosen)
            return pick(self, chosen, mirrored)

    trainee.faces = Watched(bank.pixels, bank.labels)
    drawn_labels = torch.cat([trainee.draw()[1] for _ in range(20)])
    chosen = torch.cat(seen)
    assert torch.equal(bank.labels[chosen], drawn_labels)
    assert {*chosen.tolist()} == {*range(6)}


def test_pictures_of_one_file_are_held_out_together_and_of_few_files_none():
    identity = np.array(["a"] * 10 + ["b"] * 2 + ["c"] * 5)
    path = np.array([f"a{i // 2}" for i in range(10)] + ["b0", "b1"] + ["c.mp4"] * 5, object)
    aside = held_out(identity, path)
    assert aside.sum() == 2 and len({*path[aside]}) == 1 and {*identity[aside]} == {"a"}
    order = np.random.default_rng(0).permutation(17)
    assert (held_out(identity[order], path[order]) == aside[order]).all()
    fewer = held_out(identity[5:], path[5:])  # of 3 files one is held out, whoever else there is
    assert fewer.sum() in (1, 2)


def test_faces_are_moved_as_drawn():
    faces = torch.rand(3, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    none = torch.zeros(3)
    sides = torch.tensor([1.0, -1.0, 1.0])
    shift = torch.zeros(3, 2)
    moved = move(faces, sides, none, none, shift)
    assert torch.allclose(moved[0], faces[0], atol=1e-5)
    assert torch.allclose(moved[1], faces[1].flip(2), atol=1e-5)
    shift[:, 0] = 1  # to the right, by 0.06 of 20 pixels, and then mirrored about 9.5
    moved = move(spot(10), sides, none, none, shift)
    columns = (moved.sum(dim=(1, 2)) * torch.arange(20)).sum(dim=1) / moved.sum(dim=(1, 2, 3))
    assert torch.allclose(columns, torch.tensor([11.2, 7.8, 11.2]), atol=0.05)
    larger = move(spot(10), sides, none, torch.ones(3), torch.zeros(3, 2))
    assert (larger.sum(dim=(1, 2, 3)) > 1.1 * spot(10).sum(dim=(1, 2, 3))).all()


def test_a_square_hides_half_of_the_faces():
    faces = torch.ones(2, 3, 20, 20)
    hidden = cover(faces, torch.tensor([0.5, -0.5]), torch.zeros(2, 2))
    assert hidden[1].min() == 1 and hidden[0, :, 10, 10].max() == 0
    assert hidden[0, 0].sum() == 400 - 64


def test_augmentation_is_drawn_from_its_generator_alone():
    faces = torch.rand(8, 3, 16, 16) * 2 - 1
    one, other, third = (augment(faces, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(one, other) and torch.isfinite(one).all()
    assert ((one - third).abs().mean(dim=(1, 2, 3)) > 0.01).all()
    assert ((one - faces).abs().mean(dim=(1, 2, 3)) > 0.01).all()


def test_a_face_and_its_mirror_image_are_one():
    recogniser = Recogniser(SMALL, 16, 3).eval()
    faces = torch.rand(4, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(recogniser(faces), recogniser(faces.flip(3)), atol=1e-5)


@pytest.mark.parametrize("px", [8, 48, 96, 128])
def test_any_size_of_face_will_do(px):
    recogniser = Recogniser(SMALL, px, 3)
    assert recogniser(torch.rand(2, 3, px, px)).shape == (2, 3)
    assert torch.allclose(recogniser.embed(torch.rand(2, 3, px, px)).norm(dim=1), torch.ones(2))


def test_the_measure_against_numbers_by_hand():
    vectors = np.array([[1.0, 0], [0.6, 0.8], [0, 1], [0, 1]])
    person, faces = np.array(["a", "a", "b", "b"]), np.zeros((4, 8, 8, 3), np.uint8)
    unseen = Unseen.of(faces, person, np.array(["1", "2", "3", "4"], object))
    # Of one person 0.6 and 1, of two 0, 0, 0.8, 0.8: 0.6 is above half of them.
    assert unseen.auc(vectors) == pytest.approx(0.75)
    assert Unseen.of(faces, person, np.array(["1", "1", "3", "3"], object)) is None


def test_iterations_follow_the_number_of_faces():
    few, some, many = (recipe_for(n).iterations for n in (50, 5000, 10**7))
    assert few < some < many < 10_000


def test_one_person_is_too_few(people, tmp_path):
    rows = (people / "cohort.csv").read_text().splitlines()
    table = people / "one face.csv"
    table.write_text(
        "\n".join([rows[0], *[r for r in rows if r.partition(",")[0].endswith("-000000")]]) + "\n"
    )
    options = {"face_crop": FaceCrop(px=16), "split": "hash:100/0/0", "aligned": True}
    corpus = prepare([table], tmp_path / "one", **options).path
    with pytest.raises(TrainingError, match="faces of 1 people to train on; two or more wanted"):
        train_recogniser(corpus, tmp_path / "run", SMALL, **OPTIONS)


def drawn(settings, people, n_each, first=0):
    """Pictures of made-up people, and the number of each person from 0."""
    pictures = [make_face(settings, p, first + i) for p in people for i in range(n_each)]
    return np.stack(pictures), np.repeat(np.arange(len(people)), n_each)


def spot(place):
    """Three pictures that are black but for a square about a point of the middle row."""
    picture = torch.zeros(3, 3, 20, 20)
    picture[:, :, 8:12, place - 2 : place + 3] = 1
    return picture
