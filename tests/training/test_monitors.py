import io
import math
import signal
from contextlib import redirect_stderr

import numpy as np
import pytest
import torch
from models import WIDTH, lively
from torch import nn

from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.errors import OutputError
from voice2face.faces.settings import FaceCrop
from voice2face.networks.modules import Critics, Generator, VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.runs import readings
from voice2face.runs.readings import Alarms, Reading
from voice2face.settings import VoiceEncoderSettings, change
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import faces_of
from voice2face.training.gan import monitors
from voice2face.training.gan.monitors import Matcher, Monitors

LATE = 100_000  # a step at which every alarm may ring


class Shows(nn.Module):
    """A generator that shows given pictures, whatever it hears."""

    def __init__(self, faces):
        super().__init__()
        self.faces = faces

    def forward(self, embedding):
        return self.faces.repeat(-(-len(embedding) // len(self.faces)), 1, 1, 1)[: len(embedding)]


class Calls(nn.Module):
    """A discriminator that calls real what the rule says."""

    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def real(self, faces):
        return torch.tensor([1.0 if self.rule(face) else -1.0 for face in faces])


def chosen(variant="baseline"):
    changes = {"generator.face_px": 16, "critics.face_px": 16}
    return change(recipe(variant, width=WIDTH), changes)


def watched(corpus, variant="baseline", seed=0):
    encoder = lively(VoiceEncoder(VoiceEncoderSettings(width=WIDTH)))
    return Monitors(CorpusFrames(Corpus.open(corpus)), encoder, chosen(variant), seed)


def networks(variant="baseline"):
    torch.manual_seed(1)
    return Generator(chosen(variant).generator), Critics(chosen(variant).critics, 5)


def faces_in(corpus, split):
    return faces_of(Corpus.open(corpus).faces(split).pixels)


def measured(watch, generator, critics=None, step=LATE):
    found = watch.measure(generator, step, critics or networks()[1])
    return {reading.name: reading for reading in found}


@pytest.fixture(scope="module")
def held_out(people, tmp_path_factory):
    """A corpus most of whose people are held out."""
    out = tmp_path_factory.mktemp("held_out") / "corpus"
    options = {"face_crop": FaceCrop(px=16), "split": "hash:50/50/0", "aligned": True}
    return prepare([people], out, **options).path


@pytest.fixture
def watch(held_out, monkeypatch):
    monkeypatch.setattr(monitors, "MIN_PEOPLE", 2)
    return watched(held_out)


def test_looking_changes_neither_random_state_nor_networks(watch, held_out):
    generator, critics = networks("bn-tanh")
    generator.train(), critics.eval()
    critics.discriminator.train()  # parts keep modes of their own
    modes = [part.training for part in (*generator.modules(), *critics.modules())]
    before = {k: v.clone() for net in (generator, critics) for k, v in net.state_dict().items()}
    encoder = lively(VoiceEncoder(VoiceEncoderSettings(width=WIDTH)))
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    made = Monitors(CorpusFrames(Corpus.open(held_out)), encoder, chosen("bn-tanh"), 0)
    found = made.measure(generator, 0, critics)
    assert torch.equal(torch.rand(3), expected)
    after = {k: v for net in (generator, critics) for k, v in net.state_dict().items()}
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert [part.training for part in (*generator.modules(), *critics.modules())] == modes
    assert found == made.measure(generator, 0, critics)
    assert all(p.grad is None for net in (generator, critics) for p in net.parameters())


def test_unseen_real_faces_ring_no_alarm_of_the_faces(watch, held_out):
    found = measured(watch, Shows(faces_in(held_out, "validation")[::3]))  # one of each person
    for name in ("diversity", "memorisation", "saturated"):
        assert not found[name].alarmed, found[name]
    assert 0.6 < found["diversity"].value < 1.4
    assert 0.7 < found["memorisation"].value < 1.3


def test_copies_and_their_mirror_images_ring_for_memorisation(watch, held_out):
    learned = faces_in(held_out, "train")
    for copies in (learned, learned.flip(3)):
        reading = measured(watch, Shows(copies))["memorisation"]
        assert reading.alarmed and reading.value < 0.01
    assert not measured(watch, Shows(learned.flip(2)))["memorisation"].alarmed  # upside down


def test_one_face_for_all_voices_rings_for_diversity(watch, held_out):
    one = faces_in(held_out, "validation")[:1]
    reading = measured(watch, Shows(one))["diversity"]
    assert reading.alarmed and reading.value == pytest.approx(0, abs=1e-3)
    assert measured(watch, Shows(one), step=100)["diversity"].alarmed is False  # too early to say


def test_pixels_beyond_their_range_ring_for_saturation(held_out):
    faces = faces_in(held_out, "validation")
    plain, tanh = watched(held_out), watched(held_out, "tanh")
    assert measured(plain, Shows(faces * 4))["saturated"].alarmed
    grey = torch.full((1, 3, 16, 16), 0.995)  # beyond 0.99, which only tanh can't pass
    assert measured(plain, Shows(grey))["saturated"].value == 0
    assert measured(tanh, Shows(grey))["saturated"].value == 1
    half = torch.cat([torch.full((1, 3, 8, 16), -1.0), torch.zeros(1, 3, 8, 16)], dim=2)
    assert measured(plain, Shows(half))["saturated"].value == 0.5
    assert measured(plain, Shows(half))["saturated"].alarmed
    plain._real_saturated = 0.45  # real faces with a white background
    assert not measured(plain, Shows(half))["saturated"].alarmed


def test_faces_that_are_not_finite_ring_every_alarm_of_theirs(watch):
    found = measured(watch, Shows(torch.full((1, 3, 16, 16), math.nan)))
    for name in ("diversity", "memorisation", "saturated", "matching", "discriminator_made"):
        assert found[name].alarmed and math.isnan(found[name].value), name


def test_a_discriminator_that_knows_faces_by_heart_or_is_fooled_rings(watch, held_out):
    learned, unseen = faces_in(held_out, "train"), faces_in(held_out, "validation")

    def known(face):
        return any(torch.allclose(face, other) for other in learned)

    found = measured(watch, Shows(unseen), Calls(known))
    assert found["discriminator_held_out"].alarmed
    assert found["discriminator_held_out"].value == 0
    assert found["discriminator_held_out"].threshold == pytest.approx(0.75)
    assert found["discriminator_made"].value == 1 and not found["discriminator_made"].alarmed
    found = measured(watch, Shows(unseen), Calls(lambda face: True))
    assert found["discriminator_made"].alarmed and not found["discriminator_held_out"].alarmed


def test_critics_with_batch_norm_judge_by_the_batch_and_not_by_their_memory(watch, held_out):
    generator, critics = networks("bn")
    faces = faces_in(held_out, "train")
    critics.train()
    with torch.no_grad():
        critics.face_trunk(faces)
    expected = measured(watch, generator, critics)
    assert expected == measured(watch, generator, lively(critics))  # another memory
    assert all(part.track_running_stats for part in critics.modules() if hasattr(part, "momentum"))


def test_matching_is_right_for_the_true_faces_and_wrong_for_others(watch, held_out):
    part = Corpus.open(held_out).faces("validation")
    pixels, who = faces_of(part.pixels), np.asarray(part.identity, str)
    asked = watch._matcher.voice_label
    right = torch.stack([pixels[who == name][0] for name in asked])
    assert watch._matcher.accuracy(right) > 0.7
    names = sorted(set(asked))
    shares = []
    for shift in range(1, len(names)):
        other = dict(zip(names, names[shift:] + names[:shift], strict=True))
        wrong = torch.stack([pixels[who == other[name]][0] for name in asked])
        shares.append(watch._matcher.accuracy(wrong))
    assert np.mean(shares) < 0.5


def test_matching_by_a_known_embedding():
    class Plain:
        def embed(self, faces):
            return faces.reshape(len(faces), -1)[:, :2]

    real = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    matcher = Matcher(Plain(), real, np.array(list("abcd")), np.array(list("abcd")))
    made = torch.zeros(4, 1, 8, 8)
    made[:, 0, 0, :2] = torch.from_numpy(real).float()
    assert matcher.accuracy(made) == 1
    assert matcher.accuracy(-made) == 0


def test_what_a_corpus_has_too_little_for_is_left_out_and_said(people, held_out, tmp_path):
    options = {"face_crop": FaceCrop(px=16), "aligned": True}
    corpus = prepare([people], tmp_path / "all", split="hash:100/0/0", **options).path
    watch = watched(corpus)
    assert set(measured(watch, networks()[0])) == {"diversity", "saturated", "discriminator_made"}
    assert set(watch.left_out) == {"memorisation", "discriminator_held_out", "matching"}
    assert "8 or more wanted" in watched(held_out).left_out["matching"]


def test_voices_and_faces_of_different_people_are_paired_by_what_they_share(
    people, tmp_path, monkeypatch
):
    monkeypatch.setattr(monitors, "MIN_PEOPLE", 2)
    header, *rows = (people / "cohort.csv").read_text().splitlines()
    apart = [f"voice-{row}" if ".wav" in row else f"face-{row}" for row in rows]
    table = people / "apart.csv"
    table.write_text("\n".join([header, *apart]) + "\n")
    options = {"face_crop": FaceCrop(px=16), "split": "hash:40/60/0", "aligned": True}
    corpus = Corpus.open(prepare([table], tmp_path / "apart", **options).path)
    sexes = {str(sex) for sex in corpus.voices("validation").attributes["gender"]}
    assert len(sexes) == 2
    encoder = lively(VoiceEncoder(VoiceEncoderSettings(width=WIDTH)))
    frames = CorpusFrames(corpus)
    by_sex = Monitors(frames, encoder, change(chosen(), {"training.pair_by": "gender"}), 0)
    assert set(by_sex._matcher.voice_label) == sexes
    assert measured(by_sex, networks()[0])["matching"].value >= 0
    assert "0 people" in Monitors(frames, encoder, chosen(), 0).left_out["matching"]


def reading(name, alarmed, value=0.5):
    return Reading(name, value, 0.3, alarmed, "look alike")


def test_rows_are_read_back_past_a_torn_line(tmp_path):
    path = tmp_path / "out" / "readings.jsonl"
    readings.append_readings(path, 10, [reading("diversity", False, math.nan)])
    with path.open("ab") as stream:
        stream.write(b'{"step":20,"readi')
    assert [row["step"] for row in readings.read_rows(path)[0]] == [10]
    assert readings.read_rows(path)[1] == 0
    readings.append_readings(path, 30, [reading("diversity", True)])
    rows, n_damaged = readings.read_rows(path)
    assert [row["step"] for row in rows] == [10, 30] and n_damaged == 1
    assert math.isnan(readings.number(rows[0]["readings"]["diversity"]["value"]))
    assert rows[1]["readings"]["diversity"] == {"value": 0.5, "threshold": 0.3, "alarmed": True}


def test_rows_beyond_the_checkpoint_are_dropped(tmp_path):
    path = tmp_path / "losses.jsonl"
    readings.drop_after(path, 0)
    assert not path.exists()
    for step in (10, 20, 30, 20):
        readings.append_losses(path, step, {"a": float(step)})
    assert [row["step"] for row in readings.read_rows(path)[0]] == [10, 20, 30]
    readings.drop_after(path, 20)
    assert [row["step"] for row in readings.read_rows(path)[0]] == [10, 20]
    readings.drop_after(path, 0)
    assert readings.read_rows(path) == ([], 0)


def test_a_full_disk_leaves_the_rows_that_were_there(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "losses.jsonl"
    readings.append_losses(path, 1, {"a": 1.0})
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"losses\.jsonl"):
            readings.append_losses(path, 2, {"a": 1.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before


def test_an_alarm_is_told_once_when_it_begins_and_once_when_it_ends(tmp_path):
    path, err = tmp_path / "readings.jsonl", io.StringIO()
    alarms = Alarms(path)
    with redirect_stderr(err):
        for step, alarmed in ((1, False), (2, True), (3, True)):
            alarms.tell(step, [reading("diversity", alarmed)])
            readings.append_readings(path, step, [reading("diversity", alarmed)])
        again = Alarms(path)  # a resumed run
        again.tell(4, [reading("diversity", True)])
        again.tell(5, [reading("diversity", False)])
        again.tell(6, [reading("diversity", False)])
    lines = err.getvalue().splitlines()
    assert lines == [
        "step 2: ALARM: diversity 0.5 (alarm at 0.3): look alike",
        "step 5: diversity 0.5: no alarm any more",
    ]
