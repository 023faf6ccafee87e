import shutil
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from face_runs import FAST, STEPS, assert_equal, final_state, small
from models import WIDTH, small_model
from msgspec.structs import replace
from small_steps import in_memory

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError, ModelError, SettingsError, TrainingError
from voice2face.networks.variants import VARIANTS, recipe
from voice2face.release.inference import Model
from voice2face.release.model_folder import read_config
from voice2face.settings import Run, change, to_yaml
from voice2face.training import checkpoint
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.distributed import solo
from voice2face.training.gan import train as face
from voice2face.training.gan.train import train_face

BASE = Path(face.__file__)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("encoder") / "m")


@pytest.mark.parametrize("variant", ["baseline", "bn-tanh", "dropout", "generator-dropout"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(
    variant, corpus, encoder, tmp_path, monkeypatch
):
    options = {"voice_encoder": encoder, "seed": 5, "run": FAST, "quiet": True}
    chosen = small(variant)
    model = train_face(corpus, tmp_path / "whole", chosen, **options)
    stop_at = int(np.random.default_rng().integers(1, STEPS))
    stopping(monkeypatch, stop_at)
    with pytest.raises(KeyboardInterrupt, match=f"step {stop_at}"):
        train_face(corpus, tmp_path / "parts", chosen, **options)
    monkeypatch.undo()
    torch.manual_seed(99)  # nothing may hang on the state that the process happens to be in
    again = train_face(corpus, tmp_path / "parts", chosen, resume=True, **options)
    assert_equal(final_state(tmp_path / "whole"), final_state(tmp_path / "parts"))
    assert model.name == again.name == "model"
    assert (model / "generator.onnx").read_bytes() == (again / "generator.onnx").read_bytes()


def stopping(monkeypatch, step):
    """Send this process SIGTERM while it is within that step."""
    original = face.FaceTrainee.step

    def interrupted(self):
        losses = original(self)
        if self.n_steps == step:
            assert threading.current_thread() is threading.main_thread()
            signal.raise_signal(signal.SIGTERM)
        return losses

    monkeypatch.setattr(face.FaceTrainee, "step", interrupted)


def test_the_same_seed_gives_the_same_run_and_another_another(corpus, encoder, tmp_path):
    options = {"voice_encoder": encoder, "run": FAST, "quiet": True}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train_face(corpus, tmp_path / name, small(), seed=seed, **options)
    a, b, c = (final_state(tmp_path / name) for name in "abc")
    assert_equal(a, b)
    weight = "layers.to_rgb.weight"
    assert not torch.equal(a["average"][weight], c["average"][weight])


def test_only_the_voice_encoder_stays_as_it_was(corpus, encoder, tmp_path):
    short = small(**{"training.iterations": 1})
    options = {"voice_encoder": encoder, "run": FAST, "quiet": True}
    train_face(corpus, tmp_path / "r", short, **options)
    before = final_state(tmp_path / "r")["networks"]
    longer = small(**{"training.iterations": 3})  # a run may be made longer
    train_face(corpus, tmp_path / "r", longer, resume=True, **options)
    after = final_state(tmp_path / "r")["networks"]
    for name in ("generator", "face_trunk", "discriminator", "classifier"):
        moved = [k for k, v in before[name].items() if not torch.equal(v, after[name][k])]
        assert len(moved) == len(before[name]), name
    assert_equal(before["voice_encoder"], after["voice_encoder"])


def test_the_checkpoint_holds_everything(corpus, encoder, tmp_path):
    model = train_face(corpus, tmp_path / "r", small(), voice_encoder=encoder, run=FAST, quiet=True)
    state = final_state(tmp_path / "r")
    assert set(state["networks"]) == {
        "voice_encoder", "generator", "face_trunk", "discriminator", "classifier",
    }  # fmt: skip
    assert set(state["optimisers"]) == set(state["networks"]) - {"voice_encoder"}
    _, whole = checkpoint.load_last(tmp_path / "r" / "checkpoints")
    assert whole["identity"]["corpus"] == Corpus.open(corpus).info.data_hash
    assert whole["recipe"] == to_yaml(small()) == (tmp_path / "r" / "recipe.yaml").read_text()
    assert {p.name for p in (tmp_path / "r" / "checkpoints").iterdir()} == {
        "00000008.pt", "00000009.pt",
    }  # fmt: skip
    assert (tmp_path / "r" / "samples" / "00000009.png").stat().st_size > 100
    assert list((tmp_path / "r" / "tensorboard").iterdir())
    loaded = Model(model)
    assert loaded.faces(np.eye(64)[:2]).shape == (2, 3, 16, 16)
    assert loaded.config.provenance["iterations"] == STEPS


def test_a_loss_that_is_not_finite_stops_with_the_step_and_the_terms(corpus, encoder, tmp_path):
    wild = small(**{"training.learning_rate": 1e6, "training.iterations": 50})
    with pytest.raises(TrainingError, match=r"step \d+: a loss is not finite \(.*nan"):
        train_face(corpus, tmp_path / "r", wild, voice_encoder=encoder, run=FAST, quiet=True)
    assert not (tmp_path / "r" / "model").exists()


def test_another_run_in_the_folder_is_not_touched(corpus, encoder, tmp_path):
    options = {"voice_encoder": encoder, "run": FAST, "quiet": True}
    train_face(corpus, tmp_path / "r", small(), **options)
    record = (tmp_path / "r" / "recipe.yaml").read_text()
    with pytest.raises(TrainingError, match="holds a run of 9 steps"):
        train_face(corpus, tmp_path / "r", small(), **options)
    changed = {
        r"generator\.tanh False.*generator\.tanh True is asked for": small("tanh"),
        r"training\.learning_rate .*learning_rate 0\.0001 is": small(
            **{"training.learning_rate": 1e-4}
        ),
    }
    for said, other in changed.items():
        with pytest.raises(TrainingError, match=rf"another recipe \({said}"):
            train_face(corpus, tmp_path / "r", other, resume=True, **options)
    with pytest.raises(TrainingError, match="another seed"):
        train_face(corpus, tmp_path / "r", small(), resume=True, seed=8, **options)
    assert (tmp_path / "r" / "recipe.yaml").read_text() == record


def test_what_would_show_only_after_hours_is_refused_at_once(corpus, encoder, tmp_path):
    before = sorted(corpus.iterdir())
    with pytest.raises(SettingsError, match=r"beauty; one of diversity.*matching wanted"):
        train_face(corpus, tmp_path / "r", small(), run=Run(best_by="beauty"))
    with pytest.raises(TrainingError, match="a corpus; a folder of its own"):
        train_face(corpus, corpus, small(), voice_encoder=encoder)
    (tmp_path / "file").write_text("notes")
    with pytest.raises(TrainingError, match="a file; a folder of its own"):
        train_face(corpus, tmp_path / "file", small(), voice_encoder=encoder)
    assert sorted(corpus.iterdir()) == before and not (tmp_path / "r").exists()


def test_a_damaged_checkpoint_is_named_and_the_one_before_serves(corpus, encoder, tmp_path, capsys):
    options = {"voice_encoder": encoder, "run": FAST, "quiet": True}
    train_face(corpus, tmp_path / "r", small(), **options)
    whole = final_state(tmp_path / "r")
    last = tmp_path / "r" / "checkpoints" / "00000009.pt"
    last.write_bytes(last.read_bytes()[:-500])
    capsys.readouterr()
    train_face(corpus, tmp_path / "r", small(), resume=True, **options)
    assert "00000009.pt: damaged, kept as 00000009.pt.damaged" in capsys.readouterr().err
    assert_equal(final_state(tmp_path / "r"), whole)


def test_what_does_not_fit_together_is_refused_before_anything_is_written(
    corpus, encoder, tmp_path
):
    out = tmp_path / "r"
    options = {"voice_encoder": encoder, "quiet": True}
    with pytest.raises(TrainingError, match="faces of 16 pixels"):
        train_face(corpus, out, recipe(width=WIDTH), **options)
    with pytest.raises(TrainingError, match="no skin_tone of the train split"):
        train_face(corpus, out, small(**{"training.pair_by": "skin_tone"}), **options)
    with pytest.raises(CorpusError):
        train_face(tmp_path / "nowhere", out, small(), **options)
    with pytest.raises(ModelError):
        train_face(corpus, out, small(), voice_encoder=tmp_path / "nowhere", quiet=True)
    assert not out.exists()


def test_a_corpus_serves_voice_encoders_of_any_front_end(corpus, tmp_path):
    other = small_model(tmp_path / "other")
    config = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(config.replace("aggressiveness: 2", "aggressiveness: 3"))
    model = train_face(corpus, tmp_path / "r", small(), voice_encoder=other, quiet=True)
    front_end = read_config(model).voice_encoder.front_end
    assert front_end.voice_activity.aggressiveness == 3 != 2
    assert Corpus.open(corpus).info.front_end.voice_activity.aggressiveness == 2


def test_voices_and_faces_are_drawn_independently(corpus):
    data = in_memory(CorpusFrames(Corpus.open(corpus)), "identity")
    rng = torch.Generator().manual_seed(0)
    batches = [data.draw(small(), rng) for _ in range(200)]
    heard = torch.cat([b.voice_labels for b in batches])
    seen = torch.cat([b.face_labels for b in batches])
    n = len(data.labels)
    assert (heard == seen).float().mean() == pytest.approx(1 / n, abs=0.06)
    assert len(set(heard.tolist())) == len(set(seen.tolist())) == n
    lengths = {b.voices.shape[2] for b in batches}
    assert min(lengths) == 40 and max(lengths) == 60  # both ends of crop_frames
    assert all(b.faces.abs().max() <= 1 for b in batches)


def test_labels_are_those_of_the_drawn_voices_and_faces(corpus):
    opened = Corpus.open(corpus)
    frames = CorpusFrames(opened)
    data = in_memory(frames, "identity")
    faces, voices = opened.faces("train"), frames.voices("train")
    for i in range(len(data.faces)):
        assert data.labels[data.faces.labels[i]] == faces.identity[i]
        assert torch.equal(data.faces.pixels[i], torch.from_numpy(faces.pixels[i]).permute(2, 0, 1))
    for i in range(len(data.voices)):
        assert data.labels[data.voices.labels[i]] == voices.identity[i]
        assert data.voices.lengths[i] == len(voices.frames[i])


def test_pairing_by_an_attribute_joins_people(corpus):
    data = in_memory(CorpusFrames(Corpus.open(corpus)), "gender")
    assert data.labels == ["female", "male"]


def test_short_recordings_are_repeated_and_long_ones_cut(corpus):
    data = in_memory(CorpusFrames(Corpus.open(corpus)), "identity")
    rng = torch.Generator().manual_seed(0)
    length = int(data.voices.lengths[0])
    chosen = torch.zeros(1, dtype=torch.long)
    (crop,) = data.voices.crops(chosen, length + 7, rng)
    assert torch.equal(crop[:, :7], crop[:, length:])
    whole = data.voices.whole(0, 1)[0]
    (part,) = data.voices.crops(chosen, 20, rng)
    starts = [s for s in range(length - 19) if torch.equal(whole[:, s : s + 20], part)]
    assert len(starts) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_trains_in_either_preset(variant, corpus, encoder, tmp_path):
    for preset in ("released", "paper"):
        chosen = replace(recipe(variant, preset, WIDTH), training=small().training)
        chosen = change(
            chosen,
            {"generator.face_px": 16, "critics.face_px": 16, "training.iterations": 2},
        )
        trained = face_trainee(chosen, corpus, encoder)
        losses = [trained.step() for _ in range(2)]
        assert all(torch.isfinite(v) for terms in losses for v in terms.values())


def face_trainee(chosen, corpus, encoder):
    from voice2face.release.network_parts import read_voice_encoder
    from voice2face.training.gan.samples import sample_voices

    opened = CorpusFrames(Corpus.open(corpus))
    network, _ = read_voice_encoder(encoder)
    return face.FaceTrainee(
        in_memory(opened, "identity"), chosen, network,
        sample_voices(opened, "identity"), 0, solo("cpu"),
    )  # fmt: skip


def test_a_full_disk_while_checkpointing_leaves_the_earlier_one(
    corpus, encoder, tmp_path, monkeypatch
):
    from voice2face.errors import OutputError

    options = {"voice_encoder": encoder, "run": FAST, "quiet": True}
    original = torch.save

    def full(state, path):
        if len(list((tmp_path / "r" / "checkpoints").glob("0*.pt"))) == 1:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        original(state, path)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match="No space left"):
        train_face(corpus, tmp_path / "r", small(), **options)
    monkeypatch.undo()
    assert [p.name for p in (tmp_path / "r" / "checkpoints").iterdir()] == ["00000004.pt"]
    train_face(corpus, tmp_path / "r", small(), resume=True, **options)
    whole = tmp_path / "whole"
    train_face(corpus, whole, small(), **options)
    assert_equal(final_state(tmp_path / "r"), final_state(whole))
    shutil.rmtree(whole)
