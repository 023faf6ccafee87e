import pytest
import torch

from voice2face.networks.modules import Critics, FaceTrunk, Generator, VoiceEncoder
from voice2face.networks.variants import PRESETS, VARIANTS, recipe
from voice2face.settings import CriticSettings, GeneratorSettings, VoiceEncoderSettings

# docs/method.md, "From sound to features" and "From features to a face".
FULL_SIZES = {
    "voice_encoder": (VoiceEncoder(VoiceEncoderSettings()), 2_670_720),
    "generator": (Generator(GeneratorSettings()), 12_191_875),
    "face_trunk": (FaceTrunk(CriticSettings()), 3_310_720),
    "discriminator": (Critics(CriticSettings(width=0.1), 3).discriminator, 64),
    "classifier": (Critics(CriticSettings(width=0.1), 924).classifier, 64 * 924),
}


@pytest.mark.parametrize("name", FULL_SIZES)
def test_full_networks_have_the_counted_parameters(name):
    network, expected = FULL_SIZES[name]
    assert sum(weights.numel() for weights in network.parameters()) == expected


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("px", [64, 128])
def test_every_variant_makes_and_judges_faces_of_the_configured_size(preset, variant, px):
    from voice2face.settings import change

    made = change(
        recipe(variant, preset, width=0.06), {"generator.face_px": px, "critics.face_px": px}
    )
    generator, critics = Generator(made.generator).eval(), Critics(made.critics, 5).eval()
    with torch.no_grad():
        faces = generator(torch.randn(3, 64))
        real, identity = critics(faces)
    assert faces.shape == (3, 3, px, px)
    assert real.shape == (3,) and identity.shape == (3, 5)


@pytest.mark.parametrize("norm_output", [False, True])
@pytest.mark.parametrize("frames", [2, 31, 100, 333, 1000])
def test_voice_encoder_takes_any_length(frames, norm_output):
    encoder = VoiceEncoder(VoiceEncoderSettings(width=0.06, norm_output=norm_output)).eval()
    features = torch.randn(2, 64, frames)
    steps = encoder.frame_embeddings(features)
    assert steps.shape == (2, 64, -(-frames // 32))
    torch.testing.assert_close(encoder(features), steps.mean(dim=2))


def test_generator_sizes_are_those_that_the_report_prints():
    for kernel in (3, 4):
        layers = Generator(GeneratorSettings(kernel=kernel, width=0.06)).layers
        x, sizes = torch.randn(1, 64, 1, 1), []
        for name, layer in layers.named_children():
            x = layer(x)
            if name.startswith("deconv"):
                sizes.append(x.shape[-1])
        assert sizes == [4, 8, 16, 32, 64]


def test_batch_norm_stands_before_every_activation():
    made = recipe("bn", width=0.06)
    for network in (Generator(made.generator), FaceTrunk(made.critics)):
        kinds = [type(layer).__name__ for layer in network.layers]
        activations = [i for i, kind in enumerate(kinds) if kind in ("ReLU", "LeakyReLU")]
        assert len(activations) == 5
        assert all(kinds[i - 1] == "BatchNorm2d" for i in activations)


def test_dropout_follows_every_leaky_relu_and_is_off_in_use():
    trunk = FaceTrunk(recipe("dropout", width=0.06).critics)
    kinds = [type(layer).__name__ for layer in trunk.layers]
    after = [kinds[i + 1] for i, kind in enumerate(kinds) if kind == "LeakyReLU"]
    assert after == ["Dropout"] * 5
    faces = torch.randn(2, 3, 64, 64)
    assert not torch.equal(trunk(faces), trunk(faces))
    trunk.eval()
    assert torch.equal(trunk(faces), trunk(faces))


def test_tanh_keeps_faces_within_range():
    torch.manual_seed(0)
    loud = 1e6 * torch.randn(4, 64)
    bounded = Generator(recipe("tanh", width=0.1).generator)
    free = Generator(recipe("baseline", width=0.1).generator)
    with torch.no_grad():
        assert bounded(loud).abs().max() <= 1
        assert free(loud).abs().max() > 1


def test_separate_trunks_share_no_weights():
    critics = Critics(CriticSettings(width=0.06, shared_trunk=False), 4)
    _, identity = critics(torch.randn(2, 3, 64, 64))
    identity.sum().backward()
    assert all(p.grad is None for p in critics.face_trunk.parameters())
    assert all(p.grad is not None for p in critics.classifier_trunk.parameters())


def test_table_1_normalises_and_rectifies_the_voice_encoders_output_too():
    from voice2face.networks.variants import speaker_recipe

    kinds = {
        preset: [type(layer).__name__ for layer in VoiceEncoder(chosen.voice_encoder).layers]
        for preset, chosen in ((p, speaker_recipe(p)) for p in ("released", "paper"))
    }
    assert kinds["released"] == kinds["paper"][:-2]
    assert kinds["paper"] == ["Conv1d", "BatchNorm1d", "ReLU"] * 5


@pytest.mark.parametrize("norm_output", [False, True])
def test_the_speaker_stage_computes_what_the_encoder_does(norm_output):
    from models import lively

    from voice2face.training.speaker.encoding import encode

    torch.manual_seed(0)
    settings = VoiceEncoderSettings(width=0.06, norm_output=norm_output)
    encoder, features = lively(VoiceEncoder(settings)), torch.randn(4, 64, 317)
    with torch.no_grad():
        torch.testing.assert_close(
            encode(encoder, features), encoder(features), atol=1e-5, rtol=1e-4
        )
