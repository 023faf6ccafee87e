"""Face stages on any voice encoder, and generators of any kind."""

from pathlib import Path

import numpy as np
import pytest
from face_runs import FAST, assert_equal, final_state, small
from models import small_model

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError, ModelError
from voice2face.networks.modules import Generator
from voice2face.release.inference import Model
from voice2face.training.closed_form import train_closed_form
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.flow.fit import FlowFit
from voice2face.training.flow.matching import FlowTraining
from voice2face.training.frozen import open_frozen
from voice2face.training.gan.train import train_face
from voice2face.training.linear.fit import LinearFit
from voice2face.training.plugin.fit import PluginFit

TOYS = Path(__file__).parents[1] / "toys"
ENCODER, GENERATOR = "band_energies:BandEnergies", "nearest_face:NearestFace"
MODULES = ("band_energies", "nearest_face")
SHORT = FlowTraining(width=32, n_blocks=1, hidden=16, steps=20)


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.syspath_prepend(str(TOYS))


def speech_of(corpus):
    """The first recording of the corpus that was trained on, as it is kept."""
    opened = Corpus.open(corpus)
    shard = opened.shards("voice", "train")[0]
    table = opened.table(shard, ["clip", "sound", "coding", "seconds"])
    return opened.recordings(shard, table)[0].speech()


@pytest.mark.parametrize("name", ["ge2e", ENCODER])
def test_the_report_s_generator_is_trained_on_another_encoder(name, corpus, tmp_path):
    model = Model(
        train_face(corpus, tmp_path / "r", small(), voice_encoder=name, run=FAST, quiet=True),
        plugins=MODULES,
    )
    encoder = open_frozen(name)
    assert model.config.generator.network.embedding_dim == encoder.frames.dim
    made = model.reconstruct_speech(speech_of(corpus))
    assert made.face.shape == (3, 16, 16) and len(made.embedding) == encoder.frames.dim
    np.testing.assert_allclose(made.embedding, encoder.frames.embed(speech_of(corpus)), atol=1e-5)
    assert (made.heard is None) == (name != "ge2e")  # which is shipped with what is read off it
    if name == "ge2e":
        again = train_closed_form(
            corpus, tmp_path / "again", PluginFit(GENERATOR), voice_encoder=model.folder
        )
        told = Model(again, plugins=MODULES).reconstruct_speech(speech_of(corpus)).heard
        assert told == made.heard and 0 < told.male < 1


def test_a_training_on_another_encoder_is_resumed_bit_for_bit(corpus, tmp_path):
    from msgspec.structs import replace

    options = {"voice_encoder": ENCODER, "run": FAST, "quiet": True}
    train_face(corpus, tmp_path / "whole", small(), **options)
    train_face(corpus, tmp_path / "parts", small(**{"training.iterations": 4}), **options)
    options["run"] = replace(FAST, log_every=2)
    train_face(corpus, tmp_path / "parts", small(), resume=True, **options)
    assert_equal(final_state(tmp_path / "whole"), final_state(tmp_path / "parts"))


def test_what_a_training_pools_is_what_the_encoder_gives(corpus, tmp_path):
    import torch

    own = small_model(tmp_path / "own")
    for name in ("ge2e", ENCODER, own):
        encoder = open_frozen(name)
        frames = CorpusFrames(Corpus.open(corpus), encoder.frames).voices("train").frames[0]
        frames = np.asarray(frames, np.float32)
        if name is own:
            frames = np.tile(frames, (-(-1000 // len(frames)), 1))[:1000]
        prepared = torch.from_numpy(encoder.frames.prepared(frames)).T[None]
        with torch.no_grad():
            pooled = encoder.network(prepared)[0].numpy()
        if name is own:  # which its graph makes of length one
            pooled = pooled / np.linalg.norm(pooled)
        np.testing.assert_allclose(pooled, encoder.frames.pooled(frames), atol=2e-4)


@pytest.mark.parametrize("encoder", [ENCODER, None])
@pytest.mark.parametrize(
    "fit", [LinearFit, lambda: FlowFit(training=SHORT), lambda: PluginFit(GENERATOR)]
)
def test_a_generator_without_a_loop_is_trained_and_used(fit, encoder, dozen, tmp_path):
    model = Model(
        train_closed_form(dozen, tmp_path / "r", fit(), voice_encoder=encoder), plugins=MODULES
    )
    made = model.reconstruct_speech(speech_of(dozen))
    assert made.face.shape == (3, 16, 16) and made.faces(3).shape == (3, 3, 16, 16)
    assert model.config.provenance["recordings"] == 24


def test_too_few_people_for_a_linear_map_says_one_line(corpus, tmp_path):
    with pytest.raises(CorpusError, match="people with a voice and a face"):
        train_closed_form(corpus, tmp_path / "r", LinearFit())
    assert not (tmp_path / "r").exists()


def test_what_cannot_be_released_is_refused_before_the_first_step(corpus, tmp_path, monkeypatch):
    from torch import nn

    made = Generator.__init__

    def with_another_layer(self, settings):
        made(self, settings)
        self.layers.append(nn.Softplus())

    monkeypatch.setattr(Generator, "__init__", with_another_layer)
    with pytest.raises(ModelError, match="a layer Softplus"):
        train_face(corpus, tmp_path / "r", small(), run=FAST, quiet=True)
    assert not (tmp_path / "r").exists()


def test_a_folder_with_a_class_of_others_trains_where_it_is_allowed(dozen, tmp_path, monkeypatch):
    from voice2face.plugins import VARIABLE

    first = train_closed_form(dozen, tmp_path / "a", LinearFit(), voice_encoder=ENCODER)
    with pytest.raises(ModelError, match=VARIABLE):
        train_closed_form(dozen, tmp_path / "b", LinearFit(), voice_encoder=first)
    monkeypatch.setenv(VARIABLE, "band_energies")
    again = train_closed_form(dozen, tmp_path / "b", LinearFit(), voice_encoder=first)
    one, other = (Model(folder, plugins=MODULES) for folder in (first, again))
    speech = speech_of(dozen)
    np.testing.assert_allclose(
        one.reconstruct_speech(speech).face, other.reconstruct_speech(speech).face, atol=1e-5
    )


def test_a_network_in_an_onnx_file_is_trained_on_and_goes_into_the_model(corpus, tmp_path):
    import onnx
    from onnx import TensorProto, helper

    nodes = [helper.make_node("ReduceMean", ["input", "time"], ["output"], keepdims=0)]
    time = helper.make_tensor("time", TensorProto.INT64, [1], [1])
    ends = (("input", [1, "frames", 40]), ("output", [1, 40]))
    given, made = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in ends)
    graph = helper.make_graph(nodes, "bands", [given], [made], [time])
    opset = [helper.make_opsetid("", 18)]
    path = tmp_path / "bands.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    path.with_suffix(".yaml").write_text("front_end: {kind: mel_power}\n")
    first = train_closed_form(corpus, tmp_path / "a", PluginFit(GENERATOR), voice_encoder=path)
    path.unlink()
    model = Model(first, plugins=MODULES)
    assert model.config.voice_encoder.kind == "onnx"
    made = model.reconstruct_speech(speech_of(corpus))
    assert made.embedding.shape == (40,) and made.face.shape == (3, 16, 16)
    again = train_closed_form(corpus, tmp_path / "b", PluginFit(GENERATOR), voice_encoder=first)
    face = Model(again, plugins=MODULES).reconstruct_speech(speech_of(corpus)).face
    np.testing.assert_allclose(face, made.face, atol=1e-5)


@pytest.mark.parametrize("pooling", ["linear", "attention"])
def test_a_head_over_a_frozen_encoder_is_released_and_trained_on(pooling, corpus, tmp_path):
    import json

    from voice2face.training.speaker.adaptation import AdaptationRecipe, adapt

    recipe = AdaptationRecipe(pooling=pooling, embedding_dim=8, hidden=4, iterations=5)
    report = adapt(corpus, tmp_path / "head", recipe, seed=1)
    assert json.loads((tmp_path / "head" / "verification.json").read_text()) == report
    model = Model(tmp_path / "head" / "model")
    heard = model.embed(speech_of(corpus))
    assert heard.shape == (8,) and np.linalg.norm(heard) == pytest.approx(1, abs=1e-5)
    folder = train_closed_form(
        corpus, tmp_path / "face", PluginFit(GENERATOR), voice_encoder=tmp_path / "head"
    )
    made = Model(folder, plugins=MODULES).reconstruct_speech(speech_of(corpus))
    np.testing.assert_allclose(made.embedding, heard, atol=1e-5)


def test_an_encoder_that_takes_no_head_is_refused(corpus, tmp_path):
    from voice2face.errors import TrainingError
    from voice2face.training.speaker.adaptation import AdaptationRecipe, adapt

    with pytest.raises(TrainingError, match="of kind voice-encoder-plugin under it; ge2e"):
        adapt(corpus, tmp_path / "head", AdaptationRecipe(), voice_encoder=ENCODER)
    assert not (tmp_path / "head").exists()
