"""One speaker in two languages."""

from dataclasses import replace

import numpy as np

from voice2face.experiments.comparing import MATCHING
from voice2face.experiments.questions import languages
from voice2face.experiments.questions.languages import OTHER, SAME, first_language
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import RECOGNISED


def test_the_first_language_is_english_or_the_commonest() -> None:
    who = np.array(["a", "a", "a", "b", "b", "b", "b", "c", "c"], str)
    spoken = np.array(["fr", "fr", "English", "de", "de", "fr", "", "en", "en"], str)
    wanted = ["English"] * 3 + ["de", "de", "de", ""] + ["", ""]
    assert first_language(who, spoken).tolist() == wanted


def test_speakers_are_looked_for_across_languages(study) -> None:
    speech = study.unseen()
    spoken = np.array(["English", "French"] * len(speech), str)[: len(speech)]
    known = Recordings(
        speech.clip, speech.identity, speech.sounds, speech.attributes | {"language": spoken}
    )
    context = replace(study, _recordings={"unseen": known}, _made={}, _vectors={}, _heard={})
    result = languages.EXPERIMENT.answer(context)
    own = {r.stratum: r for r in result.rows if (r.system, r.measure) == ("bn", RECOGNISED)}
    n_people = len(np.unique(speech.identity))
    assert own[OTHER].n_people == own[SAME].n_people == n_people
    assert any(r.against == f"bn, {SAME}" for r in result.rows)
    by_language = {r.stratum for r in result.rows if r.measure == MATCHING}
    assert by_language == {"English", "French"}
    (grid,) = result.grids
    assert grid.columns == ["first language", "other language", "real face"]
    assert result.claims[0].source == "report, Figure 6 a"


def test_a_corpus_that_knows_no_languages_says_so(study) -> None:
    result = languages.EXPERIMENT.answer(study)
    assert result.left_out.startswith("0 people") and not result.rows
