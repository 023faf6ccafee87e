"""A step on a device asks it for nothing: it would wait for all that is queued there.

The device is "meta", whose tensors have shapes and no numbers: who asks for one is refused, and so
is who mixes them with tensors of the processor.
"""

import contextlib

import numpy as np
import pytest
import torch
from models import small_networks
from small_steps import small

from voice2face.networks.modules import Generator
from voice2face.training.data import cuda_streams as streams
from voice2face.training.data.in_memory import FaceBank, VoiceBank
from voice2face.training.data.prefetch import Ahead
from voice2face.training.data.source import FaceData
from voice2face.training.distributed import Team, solo
from voice2face.training.gan import trainee as face_trainee
from voice2face.training.gan.trainee import FaceTrainee
from voice2face.training.run_folder import Writer
from voice2face.training.run_state import LossWatch

META = torch.device("meta")
STEP = {"training.batch_size": 6, "training.crop_frames": [40, 60], "training.ema_decay": 0.9}


def data() -> FaceData:
    rng = np.random.default_rng(0)
    log_mels = [rng.normal(size=(n, 64)).astype(np.float16) for n in (30, 55, 80)]
    pixels = rng.integers(0, 256, (7, 16, 16, 3), dtype=np.uint8)
    voices = VoiceBank.of(log_mels, np.array([0, 1, 1]))
    return FaceData(voices, FaceBank.of(pixels, np.array([0, 0, 1, 1, 1, 0, 1])), ["a", "b"])


def trainee(variant: str, device: torch.device, ahead: bool = False, **changes) -> FaceTrainee:
    recipe = small(variant, **STEP | changes)
    encoder, _ = small_networks(recipe)
    voices = data().voices
    source = Ahead(data().to(device), device) if ahead else data().to(device)
    return FaceTrainee(source, recipe, encoder, voices, 0, solo(device))


@pytest.fixture
def unheard(monkeypatch):
    """Autocast and the sample voices' embeddings are not for this device."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(face_trainee, "hear_all", lambda *_: None)


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(
    ("variant", "changes"),
    [
        ("baseline", {}),
        ("bn-tanh", {}),
        ("dropout", {}),
        ("baseline", {"training.augment": ["colour", "translation", "cutout"]}),
        ("baseline", {"critics.spectral_norm": True, "critics.shared_trunk": False}),
        ("baseline", {"training.r1": 1.0, "training.label_smoothing": 0.1}),
    ],
)
def test_a_step_asks_the_device_for_no_number(variant, changes, ahead, unheard):
    at_work, watch = trainee(variant, META, ahead, **changes), LossWatch(Team(0, 1, META))
    for _ in range(3):
        losses = at_work.step()
        watch.add(losses)
    assert {loss.device for loss in losses.values()} == {META}
    assert all(p.grad.device == META for p in at_work.networks.generator.parameters())
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        watch.look(3)
    at_work.data.close()


def test_without_an_accelerator_there_are_no_streams_and_nothing_to_wait_for():
    cpu = torch.device("cpu")
    assert streams.mark(cpu) is None
    streams.have_own(cpu)
    streams.take_over([torch.ones(1)], None)
    with streams.after(cpu, None):
        pass


def test_a_state_is_copied_where_it_is_and_fetched_by_the_thread_that_writes_it(monkeypatch):
    """On a card the copy is made in its own memory, which nobody waits for."""
    order = []
    monkeypatch.setattr("voice2face.training.run_folder._fetched", lambda s: order.append(s) or s)
    weight = torch.ones(3)
    with Writer(background=True) as writer:
        writer.write(lambda s: order.append("written"), {"weight": weight, "more": [weight, 1]})
    (copied, written) = order
    assert written == "written"
    assert copied["weight"].data_ptr() != weight.data_ptr()
    assert torch.equal(copied["more"][0], weight) and copied["more"][1] == 1


def test_a_state_without_room_for_a_copy_on_the_device_goes_to_the_machine(monkeypatch):
    def full(_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.Tensor, "clone", full)
    weight, found = torch.ones(3), []
    with Writer(background=True) as writer:
        writer.write(found.append, {"weight": weight})
    assert torch.equal(found[0]["weight"], weight)
    assert found[0]["weight"].data_ptr() != weight.data_ptr()


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_the_average_is_what_it_was_when_each_tensor_was_moved_alone(decay):
    at_work = trainee("bn-tanh", torch.device("cpu"), **{"training.ema_decay": decay})
    expected = {k: v.clone() for k, v in at_work.average.state_dict().items()}
    for n in range(1, 4):
        at_work.step()
        share = 1 - (min(decay, (1 + n) / (10 + n)) if decay else 0.0)
        for name, value in at_work.networks.generator.state_dict().items():
            if value.is_floating_point():
                expected[name].lerp_(value, share)
            else:
                expected[name].copy_(value)
    for name, value in at_work.average.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_compiled_network_is_looked_at_as_it_is():
    """A snapshot's numbers of faces would each be compiled for anew."""
    compiled, ran = [], []

    def backend(graph, _):
        compiled.append(graph)
        return lambda *given: ran.append(len(given)) or graph.forward(*given)

    network = Generator(small().generator)
    network.compile(backend=backend, dynamic=False)
    network(torch.ones(4, 64))
    with face_trainee._not_compiled(True):
        network(torch.ones(2, 64))
    assert len(compiled) == len(ran) == 1
    network(torch.ones(4, 64))
    assert (len(compiled), len(ran)) == (1, 2)
    with face_trainee._not_compiled(False):
        network(torch.ones(2, 64))
    assert len(compiled) == 2
