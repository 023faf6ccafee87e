"""What a voice tells: gender, age, and whether it is a voice."""

import numpy as np
import pytest
from audio.audio_samples import RATE_HZ

from voice2face.audio.speech import Speech
from voice2face.errors import AudioError, ModelError
from voice2face.files import sha256_of
from voice2face.synthetic import CohortSettings, sample_person, synthesise
from voice2face.synthetic.sounds import SOUNDS, sound
from voice2face.voice_encoders import ge2e
from voice2face.voice_encoders.heard import (
    AgeReadOff,
    Heard,
    ReadOff,
    ReadOffs,
    VoiceReadOff,
    check_voice,
    read_read_offs,
    write_read_offs,
)
from voice2face.voice_encoders.listening import interpret
from voice2face.voice_encoders.protocol import Listened

SIMPLE = ReadOffs(
    encoder="ge2e",
    encoder_sha256="0" * 64,
    male=ReadOff(weights=(1.0, 0.0, 0.0), offset=0.0),
    age=AgeReadOff(weights=(0.0, 10.0, 0.0), offset=40.0, least=0.6, most=1.5),
    voice=VoiceReadOff(weights=(0.0, 0.0, 1.0), offset=0.0, least=-0.3),
)


def voice(number: int) -> np.ndarray:
    person = sample_person(CohortSettings(n_identities=8), number)
    return synthesise(person.heard, np.random.default_rng(number), 4.0)


@pytest.fixture(scope="module")
def encoder() -> ge2e.Ge2e:
    return ge2e.Ge2e()


@pytest.fixture(scope="module")
def shipped() -> ReadOffs:
    return read_read_offs()


def test_what_is_read_off():
    heard = SIMPLE.read(np.array([-3.0, -1.0, 0.9]))
    assert heard == Heard(
        male=pytest.approx(1 / (1 + np.exp(3))), age=30, age_from=18, age_to=45, voice=0.9
    )
    assert str(heard) == "a woman's voice (95 %), 18 to 45 years"
    assert heard.as_data() == {
        "gender": {"female": 0.953, "male": 0.047},
        "age": {"years": 30.0, "interval_80": [18.0, 45.0]},
        "summary": "a woman's voice (95 %), 18 to 45 years",
    }
    assert str(SIMPLE.read(np.array([0.4, 0, 0]))).startswith("more likely a man's voice (60 %)")


def test_nothing_is_quite_sure_and_nobody_is_below_five():
    heard = SIMPLE.read(np.array([1e6, -1e3, 0.0]))
    assert heard.male == 0.99
    assert (heard.age, heard.age_from, heard.age_to) == (5, 3, 7.5)


def test_what_is_no_voice_is_refused_in_one_line():
    check_voice(SIMPLE.read(np.array([0, 0, -0.29])), SIMPLE, "song.ogg")
    with pytest.raises(AudioError, match=r"^song\.ogg: music, an alarm or noise, no") as told:
        check_voice(SIMPLE.read(np.array([0, 0, -0.9])), SIMPLE, "song.ogg")
    assert told.value.numbers == {"voice (about 1 of speech)": -0.9, "least": -0.3}


def test_read_offs_are_read_back_to_the_same_value(tmp_path):
    write_read_offs(tmp_path / "heard.json", SIMPLE)
    assert read_read_offs(tmp_path / "heard.json") == SIMPLE


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"format_version":1', '"format_version":2', "format 2; at most 1"),
        ('"offset":40.0', '"offset":"forty"', "age.offset"),
        ("[1.0,0.0,0.0]", "[1.0,0.0]", "as many for each read-off"),
        ("[1.0,0.0,0.0]", "[1.0,0.0,1e999]", "out of range"),
        ("{", "[", "fetch it again"),
    ],
)
def test_a_damaged_file_is_said(tmp_path, before, after, message):
    path = tmp_path / "heard.json"
    write_read_offs(path, SIMPLE)
    path.write_text(path.read_text().replace(before, after, 1))
    with pytest.raises(ModelError, match=message):
        read_read_offs(path)
    with pytest.raises(ModelError, match="No such file"):
        read_read_offs(tmp_path / "nothing.json")


def test_the_shipped_read_offs_are_of_the_shipped_encoder(shipped):
    assert shipped.encoder_sha256 == sha256_of(ge2e.SHIPPED)
    assert shipped.dim == ge2e.DIM
    assert shipped.provenance["made_with"].startswith("python -m voice2face.training.heard")


def listen(encoder, speech: Speech, read_offs, **options) -> Listened:
    return interpret(encoder, encoder.listen(speech), read_offs, speech.name, **options)


@pytest.mark.parametrize("kind", SOUNDS)
def test_made_up_sounds_are_no_voice(encoder, shipped, kind):
    refused = 0
    for draw in range(3):
        made = sound(kind, 4.0, np.random.default_rng((99, draw)))
        try:
            listen(encoder, Speech(made, name=kind), shipped)
        except AudioError:
            refused += 1
    assert refused >= 2


def test_made_up_voices_are_voices_of_one_person(encoder, shipped):
    for number in range(6):
        found = listen(encoder, Speech(voice(number)), shipped)
        assert found.speakers.warning is None
        assert found.heard.voice > 0
        np.testing.assert_array_equal(found.embedding, encoder.embed(Speech(voice(number))))


def test_the_longer_of_two_voices_can_be_taken(encoder, shipped):
    settings, rng = CohortSettings(n_identities=20), np.random.default_rng(0)
    people = [sample_person(settings, number).heard for number in range(20)]
    man = max((heard for heard in people if heard.sex == "male"), key=lambda heard: heard.size)
    woman = min((heard for heard in people if heard.sex == "female"), key=lambda heard: heard.size)
    low, high = synthesise(man, rng, 8.0), synthesise(woman, rng, 4.0)
    both = Speech(np.concatenate([low, np.zeros(RATE_HZ // 5, np.int16), high]))
    found = listen(encoder, both, shipped)
    assert found.speakers.n == 2
    assert found.speakers.warning.startswith("2 voices")
    longest = listen(encoder, both, shipped, speaker="longest")
    assert len(longest.frames) == found.speakers.longest.sum()
    alone = encoder.embed(Speech(low))

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert cosine(longest.embedding, alone) > cosine(found.embedding, alone)
