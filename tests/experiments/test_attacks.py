"""A reviewer's attack: every verdict on systems that hear nothing, and on one half right."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces
from voice2face.experiments import fitness
from voice2face.experiments.context import Context
from voice2face.experiments.fitness import Fitness, Training, found_in
from voice2face.experiments.questions import (
    attributes,
    durations,
    known_truth,
    matching,
    noise_faces,
    segments,
    voice_or_noise,
)
from voice2face.experiments.summary import Summary
from voice2face.faces.settings import FaceCrop
from voice2face.synthetic import CohortSettings, write_cohort

from .attacks import Attack, attacks

PX = 32
CONSTANT = ("a constant", "one real face", "the mean face")
ASKED = (
    attributes, durations, matching, noise_faces, segments, voice_or_noise,
)  # fmt: skip
# Of the attacks that it is run with too: it asks the measures as well, which takes longer.
WITH_TRUTH = ("noise", "another person's true face", "the right face half of the time")
TOLD = "faces made from voices of unseen people are matched to their speakers better than by chance"
# Claims that what was drawn has nothing to do with.
OF_THE_MEASURES = (known_truth.REACHED, known_truth.AT_CHANCE)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Context:
    """Thirty made-up people, most of whom are asked about; eigenfaces compare."""
    folder = tmp_path_factory.mktemp("crowd")
    settings = CohortSettings(
        n_identities=24, seed=11, clips_per_identity=3, faces_per_identity=3, clip_s=(5, 5),
        face_px=PX,
    )  # fmt: skip
    write_cohort(folder / "people", settings)
    prepare([folder / "people"], folder / "corpus", face_crop=FaceCrop(px=PX), split="hash:25/0/75")
    corpus = Corpus.open(folder / "corpus")
    eigenfaces = Eigenfaces.fit(as_faces(corpus.faces("train").pixels))
    return Context(
        corpus=corpus, models={}, baselines={}, embedders={"eigenfaces": eigenfaces}, judge=None,
        recogniser=None, held_out=0.0, out=folder, n_resamples=200,
    )  # fmt: skip


def _context(crowd: Context, name: str) -> Context:
    """An attack trained, as it were, from three seeds; the mean face stands beside it."""
    of = attacks(crowd.faces("test"))
    seeds = [Attack(f"{name} {seed}", of[name], seed) for seed in range(3)]
    rivals = {"mean face": Attack("mean face", of["the mean face"])}
    return replace(crowd, models={"baseline": seeds}, baselines=rivals)


def _once(add_couplings):
    """What needs no model is the same for all, and measured once."""
    known = []

    def add(summary):
        if not known:
            alone = Summary(summary.context, summary.name)
            add_couplings(alone)
            known.append(alone)
        summary.rows += known[0].rows
        summary.trials |= known[0].trials

    return add


@pytest.fixture(scope="module")
def verdicts(crowd):
    """By attack, the verdict of each claim."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_truth, "COUPLINGS", (0.0, 0.4, 0.7, 0.85, 1.0))
        patch.setattr(known_truth, "N_PEOPLE", 150)
        patch.setattr(voice_or_noise, "N_EACH", 8)
        patch.setattr(durations, "DURATIONS_S", (1, 5))
        patch.setattr(noise_faces, "DURATIONS_S", (1, 3))
        patch.setattr(noise_faces, "N_DRAWS", 5)
        patch.setattr(known_truth, "add_couplings", _once(known_truth.add_couplings))
        for name in attacks(crowd.faces("test")):
            context = _context(crowd, name)
            questions = (*ASKED, known_truth) if name in WITH_TRUTH else ASKED
            results = [question.EXPERIMENT.answer(context) for question in questions]
            found[name] = {c.text: c for result in results for c in result.claims}
    return found


@pytest.mark.parametrize("name", CONSTANT)
def test_one_face_for_all_voices_shows_nothing_of_a_voice(verdicts, name):
    about = {t: c for t, c in verdicts[name].items() if t not in OF_THE_MEASURES}
    assert len(about) >= 10
    for text, claim in about.items():
        assert claim.verdict == "does not hold", (text, claim)
        assert "draws one face" in claim.evidence


def test_noise_holds_nothing(verdicts):
    about = {t: c for t, c in verdicts["noise"].items() if t not in OF_THE_MEASURES}
    assert len(about) >= 10
    held = {text: claim for text, claim in about.items() if claim.verdict == "holds"}
    assert not held


def test_pictures_without_a_face_are_not_worth_judging(crowd, monkeypatch):
    pytest.importorskip("cv2")
    monkeypatch.setattr(fitness, "MOST_FACES", 8)
    context = _context(crowd, "noise")
    detect = context.fitness._detector
    if detect is None:
        pytest.skip("the detector's network is not on this machine")
    assert found_in(detect, crowd.faces("test").pixels[:8]) > 0.9
    assert "a face is found in 0% of its pictures" in context.fitness("baseline").reasons[0]
    assert not _context(crowd, "one real face").fitness("baseline").reasons


def test_another_persons_face_matches_nobody_and_yet_is_the_speakers_own(verdicts):
    """The faces of a speaker are alike, as the claims of consistency say; they are not of him."""
    found = verdicts["another person's true face"]
    assert found[TOLD].verdict in ("does not hold", "cannot be told")
    assert found[f"{TOLD}, among people of one gender too"].verdict != "holds"
    assert found[known_truth.ABOVE].verdict != "holds"
    assert found["faces made from voices of unseen people show the speaker's gender"].verdict != (
        "holds"
    )
    assert found[segments.TOLD].verdict == "holds"


def test_half_right_is_told_and_its_size_too(verdicts):
    found = verdicts["the right face half of the time"]
    assert found[TOLD].verdict == "holds" and found[TOLD].grade in ("clearly", "strongly")
    assert found[known_truth.ABOVE].verdict == "holds"
    assert found[segments.SAME].verdict == "does not hold"  # real pictures are far more alike


@pytest.mark.parametrize("name", WITH_TRUTH)
def test_the_measures_themselves_stay_right(verdicts, name):
    for text in OF_THE_MEASURES:
        assert verdicts[name][text].verdict == "holds"


def test_what_a_true_but_short_training_shows_is_not_told(crowd, monkeypatch):
    """All that half-right faces show is held back where the trainings are too short."""
    context = _context(crowd, "the right face half of the time")
    short = Fitness("baseline", (Training("0", 1.0, None, 120),) * 3, 1.0)
    monkeypatch.setattr(type(context), "fitness", property(lambda self: lambda name: short))
    claims = matching.EXPERIMENT.answer(context).claims
    assert {claim.verdict for claim in claims} == {"too little training to tell"}
    assert all("120 iterations" in claim.why for claim in claims)


def test_attacks_draw_what_they_say(crowd):
    faces, unseen = crowd.faces("test"), crowd.unseen()
    of = {n: Attack(n, draw).make(unseen).pixels for n, draw in attacks(faces).items()}
    for name in CONSTANT:
        assert np.ptp(of[name], axis=0).max() == 0
    own = [
        any((face == faces.pixels[i]).all() for i in np.flatnonzero(faces.identity == person))
        for face, person in zip(of["the right face half of the time"], unseen.identity, strict=True)
    ]
    assert 0.35 < np.mean(own) < 0.7
