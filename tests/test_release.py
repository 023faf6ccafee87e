import os
import pickle
import shutil

import numpy as np
import pytest
import torch
import yaml
from models import WIDTH, as_format_1, lively, small_model, small_networks

from voice2face.audio.settings import FRONT_ENDS
from voice2face.errors import ModelError, OutputError
from voice2face.generators.deconvolutional import FILE as GENERATOR
from voice2face.generators.deconvolutional import WEIGHTS
from voice2face.generators.kinds import GENERATORS
from voice2face.networks.modules import Generator, VoiceEncoder, unit
from voice2face.networks.variants import PRESETS, VARIANTS, recipe
from voice2face.release.authors_weights import import_released, read_state_dict
from voice2face.release.inference import Model
from voice2face.release.model_folder import CARD, CONFIG, part_class
from voice2face.release.network_parts import (
    convolutional_part,
    deconvolutional_part,
    read_generator,
    read_voice_encoder,
)
from voice2face.release.writing import write_release
from voice2face.settings import GeneratorSettings, VoiceEncoderSettings
from voice2face.voice_encoders.convolutional import CHUNK_FRAMES
from voice2face.voice_encoders.convolutional import FILE as VOICE_ENCODER
from voice2face.voice_encoders.kinds import READ_OFFS, VOICE_ENCODERS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("models") / "small")


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_onnx_gives_what_torch_gives(variant, preset, tmp_path):
    import onnxruntime

    chosen = recipe(variant, preset, WIDTH)
    folder = small_model(tmp_path / "m", chosen)
    encoder, generator = small_networks(chosen)
    listen = onnxruntime.InferenceSession(str(folder / VOICE_ENCODER))
    draw = onnxruntime.InferenceSession(str(folder / GENERATOR))
    rng = np.random.default_rng(0)
    for batch, frames in ((1, 100), (3, 101), (2, 1000), (1, 6000), (5, 317)):
        features = rng.normal(size=(batch, 64, frames)).astype(np.float32)
        (embedding,) = listen.run(["embedding"], {"features": features})
        with torch.no_grad():
            expected = encoder(torch.from_numpy(features))
            expected = unit(expected) if chosen.embedding.unit else expected
            face = generator(expected)
        np.testing.assert_allclose(embedding, expected, atol=1e-4)
        (drawn,) = draw.run(["face"], {"embedding": expected.numpy()})
        np.testing.assert_allclose(drawn, face, atol=1e-4)


@pytest.mark.parametrize("n_hidden", [3, 4, 5])
def test_a_long_recording_is_heard_in_pieces_as_if_at_once(n_hidden, tmp_path):
    shape = VoiceEncoderSettings(channels=(16,) * n_hidden)
    torch.manual_seed(0)
    encoder = lively(VoiceEncoder(shape))
    part = convolutional_part(encoder, "clean", FRONT_ENDS["clean"])
    heard = Model(write_release(tmp_path / "m", "long", [part])).voice_encoder
    rng = np.random.default_rng(1)
    for n_frames in (CHUNK_FRAMES + 1, 2 * CHUNK_FRAMES + 777):
        features = rng.normal(size=(n_frames, 64)).astype(np.float32)
        # The middle differs from the ends, so that a piece that is left out shows.
        features[n_frames // 2 :] += 1
        whole = heard._network.floats("embedding", {"features": features.T[None]}, (1, 64))[0]
        np.testing.assert_allclose(heard.encoded(features), whole, atol=2e-6)


def test_torch_reads_back_what_was_released(folder):
    encoder, generator = small_networks(recipe(width=WIDTH))
    again, config = read_voice_encoder(folder)
    assert config.name == "small"
    for network, read in ((encoder, again), (generator, read_generator(folder))):
        for key, value in network.state_dict().items():
            assert torch.equal(value, read.state_dict()[key]), key


def test_half_the_bytes_hold_the_same_rounded_weights(folder, tmp_path):
    half = small_model(tmp_path / "half", half=True)
    for name in (VOICE_ENCODER, GENERATOR, WEIGHTS):
        assert (half / name).stat().st_size < 0.75 * (folder / name).stat().st_size
    embedding = np.random.default_rng(2).normal(size=(2, 64)).astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    face = Model(half).faces(embedding)
    with torch.no_grad():
        np.testing.assert_allclose(
            face, read_generator(half)(torch.from_numpy(embedding)), atol=1e-5
        )
    assert 0 < np.abs(face - Model(folder).faces(embedding)).max() < 0.01


def test_the_card_says_what_the_model_is_not(folder):
    card = (folder / CARD).read_text()
    assert "not a likeness" in card and "64×64" in card
    _, metadata, _ = card.split("---\n", 2)  # which the hub reads
    assert yaml.safe_load(metadata)["library_name"] == "voice2face"


def test_writing_over_a_model_replaces_it_and_over_anything_else_is_refused(tmp_path):
    out = small_model(tmp_path / "m")
    small_model(out, recipe("tanh", width=WIDTH))
    assert Model(out).config.generator.network.tanh
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="other files"):
        small_model(tmp_path / "other")
    assert (tmp_path / "other" / "thesis.tex").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"m", "other"}


@pytest.mark.parametrize("part", [VOICE_ENCODER, GENERATOR, CONFIG])
@pytest.mark.parametrize("harm", ["missing", "cut", "flipped"])
def test_a_missing_or_damaged_part_is_named(folder, part, harm, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / part
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.write_bytes(data[:100] + bytes([data[100] ^ 255]) + data[101:])
    with pytest.raises(ModelError, match=part.replace(".", r"\.")):
        Model(copy).read()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"format_version": 99}, "format 99; at most 2"),
        ({"format_version": "new"}, "format_version"),
        ({"surprise": 1}, "surprise"),
        ({"parts": []}, "parts that are none"),
        ({"parts": "both"}, "parts"),
    ],
)
def test_a_configuration_that_is_not_understood_is_refused(folder, change, part, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    data = yaml.safe_load((copy / CONFIG).read_text()) | change
    (copy / CONFIG).write_text(yaml.safe_dump(data))
    with pytest.raises(ModelError, match=part):
        Model(copy)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"kind": "diffusion"}, "diffusion"),
        ({"kind": "convolutional"}, "convolutional part"),
        ({"kind": ["linear"]}, "a part of kind"),
        ({"network": {"kernel": "3; rm"}}, "kernel"),
        ({"surprise": 1}, "surprise"),
        ({"files": {}}, "checksums of nothing"),
        ({"files": {"generator.onnx": "0"}}, "files"),
        ({"files": {"../../etc/passwd": "0" * 64}}, "files"),
        ({"files": {"generator.pt": "0" * 64}}, "files"),
        ({"files": {"generator.onnx": "0" * 64}}, "checksum"),
    ],
)
def test_a_part_that_is_not_understood_is_refused(folder, change, found, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    data = yaml.safe_load((copy / CONFIG).read_text())
    data["parts"][1] |= change
    (copy / CONFIG).write_text(yaml.safe_dump(data))
    with pytest.raises(ModelError, match=found) as caught:
        Model(copy).read()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"generator": {"kernel": "3; rm"}}, "generator"),
        ({"surprise": 1}, "surprise"),
        ({"sha256": {}}, "checksums of nothing"),
        ({"sha256": dict.fromkeys((VOICE_ENCODER, "weights.safetensors"), "0")}, "checksums of"),
        ({"sha256": {"../../etc/passwd": "0"}}, "checksums of"),
        ({"generator": None}, "checksums of"),
    ],
)
def test_format_1_is_read_as_strictly_as_it_was(folder, change, part, tmp_path):
    old = as_format_1(folder, tmp_path / "old")
    data = yaml.safe_load((old / CONFIG).read_text()) | change
    (old / CONFIG).write_text(yaml.safe_dump(data))
    with pytest.raises(ModelError, match=part):
        Model(old)


def test_a_model_of_format_1_makes_the_same_face_and_is_read_by_torch_too(folder, tmp_path):
    old = as_format_1(folder, tmp_path / "old")
    assert yaml.safe_load((old / CONFIG).read_text())["format_version"] == 1
    assert {path.name for path in old.iterdir()} == {
        CONFIG, VOICE_ENCODER, GENERATOR, "weights.safetensors",
    }  # fmt: skip
    features = np.random.default_rng(0).normal(size=(1000, 64)).astype(np.float32)
    read = [Model(one) for one in (folder, old)]
    heard = [model.voice_encoder.encoded(features)[None] for model in read]
    np.testing.assert_array_equal(*heard)
    made = [model.faces(voice) for model, voice in zip(read, heard, strict=True)]
    np.testing.assert_array_equal(*made)
    assert read_generator(old).settings == Model(old).config.generator.network
    assert read_voice_encoder(old)[0].settings.width == WIDTH


def test_a_model_that_was_changed_by_hand_is_not_written_over(tmp_path):
    out = small_model(tmp_path / "m")
    (out / "voices.npz").write_bytes(b"mine")
    with pytest.raises(OutputError, match="other files"):
        small_model(out)
    assert (out / "voices.npz").exists()


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.yaml"):
        Model(tmp_path)
    with pytest.raises(ModelError, match="no such folder"):
        Model(tmp_path / "nowhere")


def released_names(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The state dict as the released program would save it, ``model.N.PARAM``."""
    positions = {name: i for i, (name, _) in enumerate(network.layers.named_children())}
    return {
        f"model.{positions[key.split('.')[1]]}.{key.split('.')[2]}": value
        for key, value in network.state_dict().items()
    }


@pytest.fixture
def authors(tmp_path):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    torch.manual_seed(3)
    encoder = lively(VoiceEncoder(VoiceEncoderSettings(width=0.125)))
    generator = Generator(GeneratorSettings(width=0.125))
    torch.save(released_names(encoder), folder / "voice_embedding.pth")
    torch.save(released_names(generator), folder / "generator.pth")
    return folder, encoder, generator


def test_the_authors_weights_are_imported(authors, tmp_path):
    folder, encoder, generator = authors
    assert list(released_names(generator))[:2] == ["model.0.weight", "model.0.bias"]
    model = Model(import_released(folder, tmp_path / "released"))
    assert model.config.voice_encoder.front_end_preset == "released"
    features = np.random.default_rng(4).normal(size=(1000, 64)).astype(np.float32)
    with torch.no_grad():
        embedding = unit(encoder(torch.from_numpy(features.T[None].copy())))
        face = generator(embedding)
    np.testing.assert_allclose(model.voice_encoder.encoded(features), embedding[0], atol=1e-5)
    np.testing.assert_allclose(model.faces(embedding.numpy()), face, atol=1e-5)


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (os.mkdir, (str(self.marker),))


def test_code_in_a_pth_file_is_refused_and_not_run(authors, tmp_path):
    folder, _, _ = authors
    marker = tmp_path / "owned"
    torch.save({"model.0.weight": Payload(marker)}, folder / "generator.pth")
    with pytest.raises(ModelError, match=r"generator\.pth: code in the file"):
        import_released(folder, tmp_path / "out")
    (folder / "generator.pth").write_bytes(pickle.dumps(Payload(marker)))
    with pytest.raises(ModelError, match=r"generator\.pth"):
        import_released(folder, tmp_path / "out")
    assert not marker.exists() and not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not a file of torch's", b"PK\x03\x04broken"])
def test_a_file_that_is_no_state_dict_is_refused(content, tmp_path):
    path = tmp_path / "generator.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"generator\.pth"):
        read_state_dict(path)


def test_weights_of_another_network_are_refused(authors, tmp_path):
    folder, encoder, _ = authors
    torch.save(released_names(encoder), folder / "generator.pth")
    with pytest.raises(ModelError, match="shape"):
        import_released(folder, tmp_path / "out")
    torch.save([torch.zeros(1)], folder / "generator.pth")
    with pytest.raises(ModelError, match="not a state dict"):
        import_released(folder, tmp_path / "out")
    torch.save({}, folder / "generator.pth")
    with pytest.raises(ModelError, match="no tensors"):
        import_released(folder, tmp_path / "out")
    (folder / "generator.pth").unlink()
    with pytest.raises(ModelError, match="missing"):
        import_released(folder, tmp_path / "out")


def test_a_project_with_a_config_of_its_own_is_not_taken_for_a_model(authors, tmp_path):
    folder, _, _ = authors
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / CONFIG).write_text("title: x")
    (project / "src" / "thesis.tex").write_text("years of work")
    for out in (project, folder):  # the second holds the authors' files
        (out / CONFIG).write_text("title: x")
        before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
        with pytest.raises(OutputError, match="other files"):
            import_released(folder, out)
        assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "first",
    [
        torch.zeros(()),
        torch.zeros(3),
        torch.zeros(1).expand(10**9, 1, 1),
        torch.zeros(8, 64, 3, dtype=torch.complex64),
        torch.full((8, 64, 3), float("nan")),
        torch.zeros(8, 64, 3).to_sparse(),
        torch.zeros(8, 64, 3, device="meta"),
    ],
    ids=["scalar", "vector", "huge", "complex", "nan", "sparse", "meta"],
)
def test_tensors_that_are_no_weights_are_refused(first, authors, tmp_path):
    folder, encoder, _ = authors
    state = released_names(encoder)
    state["model.0.weight"] = first
    torch.save(state, folder / "voice_embedding.pth")
    with pytest.raises(ModelError):
        import_released(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_that_16_bits_do_not_hold_are_refused(tmp_path):
    chosen = recipe(width=WIDTH)
    encoder, generator = small_networks(chosen)
    with torch.no_grad():
        generator.layers.to_rgb.weight *= 1e7
    parts = (
        convolutional_part(encoder, "clean", FRONT_ENDS["clean"]),
        deconvolutional_part(generator, half=True),
    )
    with pytest.raises(ModelError, match="65504"):
        write_release(tmp_path / "half", "half", parts)
    assert not (tmp_path / "half").exists()


def test_each_kind_of_part_is_found_by_its_name():
    for role, kinds in (
        ("voice_encoder", VOICE_ENCODERS), ("generator", GENERATORS), ("heard", READ_OFFS)
    ):  # fmt: skip
        for kind in kinds:
            found = part_class(kind)
            assert (found.__struct_config__.tag, found.role) == (kind, role)


def test_a_model_imports_no_kind_that_it_has_not(folder):
    import subprocess
    import sys

    program = (
        f"import sys, voice2face; voice2face.load({str(folder)!r}).read(); "
        "print([name for name in sys.modules if name.startswith('voice2face.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "voice2face.voice_encoders.convolutional" in done.stdout, done.stderr
    for other in ("ge2e", "onnx_file", "heard", "generators.linear", "face_space", "faces"):
        assert f"{other}'" not in done.stdout
