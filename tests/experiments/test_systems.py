"""Systems of others beside the models; and what can be asked before anything is trained."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from voice2face.audio import log_mel
from voice2face.errors import CorpusError, ModelError, SettingsError
from voice2face.experiments.noises import noise
from voice2face.experiments.pipeline.opening import pictures_missing, silent_context
from voice2face.experiments.pipeline.request import Request
from voice2face.experiments.pipeline.systems_of_others import (
    checksums_of,
    open_systems,
    people_warnings,
    table_of,
)
from voice2face.experiments.questions import examples, matching
from voice2face.experiments.registry import EXPERIMENTS
from voice2face.training.facts import PAINTED_OVER, facts_of


@pytest.fixture(scope="module")
def pictured(study, tmp_path_factory):
    """A table of pictures of all recordings of unseen people: a real face of each."""
    pytest.importorskip("cv2")
    folder = tmp_path_factory.mktemp("pictures")
    unseen, faces = study.unseen(), study.faces("test")
    lines = ["identity,voice,other"]
    for i, (clip, person) in enumerate(zip(unseen.clip, unseen.identity, strict=True)):
        own = faces.pixels[np.flatnonzero(faces.identity == person)[0]]
        larger = Image.fromarray(own).resize((128, 128), Image.Resampling.BICUBIC)
        larger.save(folder / f"{i}.png")
        lines.append(f"{person},{clip}.wav,{i}.png")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return folder / "t.csv"


def test_a_place_is_a_model_or_a_table(tmp_path):
    assert table_of("a/b.csv:faces") == (table_of("a/b.csv:faces")[0], "faces")
    assert table_of("org/name@main") is None and table_of("runs/tanh/model") is None
    (tmp_path / "config.yaml").write_text("x")
    seeds = checksums_of([("a", str(tmp_path)), ("a", str(tmp_path))])
    assert len(seeds["a"].split()) == 2
    (tmp_path / "t.csv").write_text("x")
    with pytest.raises(SettingsError, match="'a' twice"):
        checksums_of([("a", str(tmp_path)), ("a", f"{tmp_path}/t.csv:faces")])
    with pytest.raises(CorpusError, match="no such file"):
        checksums_of([("a", f"{tmp_path}/gone.csv:faces")])
    with pytest.raises(ModelError):
        checksums_of([("a", str(tmp_path / "gone"))])


def test_a_table_of_pictures_stands_in_tables_and_figures(study, pictured, tmp_path):
    """Of real faces it is matched nearly always; of what nobody drew for it, it is not asked."""
    models, tables = open_systems([("theirs", f"{pictured}:other")], study.corpus)
    assert not models and list(tables) == ["theirs"]
    context = replace(
        study, tables=tables, out=tmp_path, embedders={"recogniser": study.embedders["recogniser"]}
    )
    assert not pictures_missing(context)
    assert "theirs" in context.systems(context.unseen())
    assert "theirs" not in context.systems(context.heard())
    assert "theirs" not in context.systems(context.unseen().by_person())
    assert any("theirs" in pair for pair in examples.pairs_of(context, context.unseen()))
    rows = [r for r in matching.EXPERIMENT.answer(context).rows if r.system == "theirs"]
    (row,) = [r for r in rows if (r.measure, r.stratum) == (matching.MATCHING, "")]
    assert row.value > 0.8


def test_a_table_that_lacks_recordings_says_so(study, pictured, tmp_path):
    few = pictured.read_text().splitlines()[:4]
    short = pictured.with_name("short.csv")
    short.write_text("\n".join(few) + "\n")
    _, tables = open_systems([("theirs", f"{short}:other")], study.corpus)
    (told,) = pictures_missing(replace(study, tables=tables))
    assert told.startswith("theirs has pictures of 3 of the ")


def test_a_model_of_others_stands_beside_the_models(study):
    folder = study.models["bn"][0].model.folder
    models, _ = open_systems([("ours again", str(folder))], study.corpus)
    (system,) = models["ours again"]
    context = replace(study, models={**study.models, "ours again": [system]})
    speech = study.unseen().only([0, 1])
    own = study.made(study.models["bn"][0], speech).pixels
    assert np.array_equal(context.made(system, speech).pixels, own)
    assert context.main == "baseline" and "model ours again" in context.sources()


def test_models_that_know_people_who_are_asked_about_are_pointed_out(study):
    model = study.models["bn"][0]
    assert people_warnings([model], study.unseen().identity) == []
    known = set(study.heard().identity)
    (told,) = people_warnings([model], known)
    assert f"trained on {len(known)} of the {len(known)} people" in told


def test_what_cannot_be_asked_is_known_before_anything_is_trained(study, study_corpus, tmp_path):
    """By the same rule as afterwards, from names, attributes and lengths alone."""
    context = silent_context(Request(study_corpus, tmp_path, variants=("baseline",), n_seeds=1))
    assert context.unseen().clip.tolist() == study.unseen().clip.tolist()
    np.testing.assert_allclose(context.unseen().seconds, study.unseen().seconds, atol=0.1)
    told = {n: why for n, e in EXPERIMENTS.items() if (why := e.lacking(context))}
    assert {"languages", "ethnic_groups", "examples"} <= set(told)
    assert "one model alone" in told["examples"] and "matching" not in told
    with pytest.raises(ModelError, match="not trained yet"):
        context.models["baseline"][0].make(context.unseen())


def test_a_model_says_what_was_painted_over_in_its_faces():
    def corpus(*removed):
        return SimpleNamespace(
            info=SimpleNamespace(
                shards=[], face_crop=SimpleNamespace(remove=removed), source_names=[], data_hash=""
            )
        )

    assert facts_of(corpus("hair", "background"), "train face")[PAINTED_OVER] == "background, hair"
    assert PAINTED_OVER not in facts_of(corpus(), "train face")


TOYS = Path(__file__).parents[1] / "toys"


def test_a_voice_encoder_and_a_generator_of_others_are_asked_too(study, tmp_path, monkeypatch):
    from voice2face.plugins import VARIABLE
    from voice2face.training.closed_form import train_closed_form
    from voice2face.training.plugin.fit import PluginFit

    monkeypatch.syspath_prepend(str(TOYS))
    monkeypatch.setenv(VARIABLE, "band_energies,nearest_face")
    folder = train_closed_form(
        study.corpus.path, tmp_path / "run", PluginFit("nearest_face:NearestFace"),
        voice_encoder="band_energies:BandEnergies",
    )  # fmt: skip
    models, _ = open_systems([("toys", str(folder))], study.corpus)
    context = replace(
        study, models={**study.models, **models}, out=tmp_path,
        embedders={"recogniser": study.embedders["recogniser"]},
    )  # fmt: skip
    rows = [r for r in matching.EXPERIMENT.answer(context).rows if r.system == "toys"]
    assert any((r.measure, r.stratum) == (matching.MATCHING, "") for r in rows)
    (toys,) = models["toys"]
    for some in (
        study.unseen().cut(1.0, 0.5),
        study.unseen().by_person(),
        noise("white", 2, 2, study.unseen(), study.corpus.info.front_end),
        noise("babble", 2, 2, study.unseen(), study.corpus.info.front_end),
    ):
        heard = toys.embed(some)
        assert heard.shape == (len(some), 8) and (np.abs(heard).sum(axis=1) > 0).all()


def test_the_sound_of_an_excerpt_is_that_of_its_frames(study):
    """An encoder hears in the sound what is kept of it: log-mel of both is the same."""
    people = study.unseen().only([0, 1]).cut(2.0, 0.5)
    whole = study.unseen().by_person().cut(1.0, 0.3)
    for some in (people, whole):
        bands = log_mel(some.samples(0), study.corpus.info.front_end.log_mel)
        kept = np.asarray(some.sounds[0], np.float32)[: len(bands)]
        # The pre-emphasis of the first sample, and where two recordings meet.
        apart = np.abs(bands - kept).max(axis=1)
        assert np.median(apart) < 0.02 and (apart < 0.02).mean() > 0.95


def test_what_is_too_short_for_an_encoder_is_repeated_and_no_speech_is_zero(study):
    (system,) = study.models["bn"][:1]
    other = replace(study.unseen().only([0]).cut(0.5), frames_hash="another front end")
    heard = system.embed(other)
    assert np.linalg.norm(heard) == pytest.approx(1, abs=1e-4)
    quiet = noise("white", 2, 1, study.unseen(), study.corpus.info.front_end)
    assert not system.embed(replace(quiet, frames_hash="another front end")).any()
