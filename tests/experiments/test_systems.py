"""Systems of others beside the models; and what can be asked before anything is trained."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from voice2face.errors import CorpusError, ModelError, SettingsError
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
from voice2face.experiments.systems import ModelOfOthers
from voice2face.networks.variants import recipe


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
    with pytest.raises(SettingsError, match="'a' twice"):
        checksums_of([("a", str(tmp_path)), ("a", str(tmp_path))])
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


def test_a_model_with_another_front_end_hears_whole_recordings(study, study_people, tmp_path):
    """From the sound that the corpus keeps; of cuts and noise it is not asked."""
    from models import small_model

    from voice2face.release.inference import load

    folder = small_model(tmp_path / "m", recipe(width=0.06), preset="released")
    models, _ = open_systems([("theirs", str(folder))], study.corpus)
    (system,) = models["theirs"]
    assert isinstance(system, ModelOfOthers)
    context = replace(study, models={**study.models, "theirs": [system]})
    unseen = study.unseen()
    speech = unseen.only([0, 1])
    assert "theirs" in context.systems(speech) and "theirs" not in context.systems(speech.cut(1))
    assert "theirs" not in context.systems(replace(speech, corpus="another"))
    heard = context.made(system, speech).embeddings
    alone = load(folder).embed(study.corpus.voices("test").speech[0])
    assert study.corpus.voices("test").clip[0] == unseen.clip[0]
    np.testing.assert_allclose(heard[0], alone, atol=2e-3)  # frames are kept in half precision
    assert context.made(system, speech).pixels.shape[1:] == (32, 32, 3)


def test_models_that_know_people_who_are_asked_about_are_pointed_out(study):
    model = study.models["bn"][0]
    assert people_warnings([model], study.unseen().identity) == []
    known = set(study.heard().identity)
    (told,) = people_warnings([model], known)
    assert f"trained on {len(known)} of the {len(known)} people" in told


def test_what_cannot_be_asked_is_known_before_anything_is_trained(study, study_corpus, tmp_path):
    """By the same rule as afterwards, from names, attributes and lengths alone."""
    context = silent_context(Request(study_corpus, tmp_path, variants=("baseline",)))
    assert context.unseen().clip.tolist() == study.unseen().clip.tolist()
    np.testing.assert_allclose(context.unseen().seconds, study.unseen().seconds, atol=0.1)
    told = {n: why for n, e in EXPERIMENTS.items() if (why := e.lacking(context))}
    assert {"languages", "ethnic_groups", "examples"} <= set(told)
    assert "one model alone" in told["examples"] and "matching" not in told
    with pytest.raises(ModelError, match="not trained yet"):
        context.models["baseline"][0].make(context.unseen())
