"""From a corpus to a model that matches voices with real faces, without making any."""

from dataclasses import replace
from pathlib import Path

import msgspec

from voice2face.corpus import Corpus
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.matchers.heads import FILE, HeadsPart, Matcher
from voice2face.parts import PartSource
from voice2face.release.model_folder import Facts
from voice2face.release.writing import NewPart, write_release
from voice2face.training.closed_form import read_pairs
from voice2face.training.facts import facts_of
from voice2face.training.frozen import FrozenEncoder, PooledFrames, open_frozen
from voice2face.training.matching.closed import Side, canonical_correlations
from voice2face.training.matching.trained import MatchingRecipe, train_heads
from voice2face.training.run_folder import opened_corpus
from voice2face.voice_encoders.ge2e import Ge2ePart

MIN_PEOPLE = 10  # with voice and face, to fit heads on
EMBEDDER = "face_reid_0095"


def train_matching(
    corpus_folder: Path,
    out: Path,
    recipe: MatchingRecipe,
    *,
    voice_encoder: str | Path = "ge2e",
    embedder: str = EMBEDDER,
    seed: int = 0,
) -> Path:
    """Fit two heads to a corpus; write the released matcher to ``out/model``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` split is used.
        out: Folder of the run.
        recipe: How.
        voice_encoder: The frozen one, as ``training.frozen.open_frozen`` takes it.
        embedder: Embedder of faces, as ``evaluation.embedders.fitted.open_embedder`` takes it.
        seed: Seed of all that is drawn.

    Returns:
        The model's folder.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: Voice encoder or embedder can't be read.
        TrainingError: Too few people have both, or another run is in ``out``.
    """
    network = open_embedder(embedder)
    corpus = opened_corpus(corpus_folder, out)
    encoder = to_compare(open_frozen(voice_encoder))
    data = read_pairs(corpus, encoder, "identity")
    if len(data.labels) < MIN_PEOPLE:
        found = f"{len(data.labels)} people with a voice and a face"
        raise TrainingError(corpus.path, found, f"{MIN_PEOPLE} or more", "add people")
    seen = network.embed(FaceSet.of_crops(data.pixels, corpus.info.face_crop.geometry))
    voices, faces = Side(data.embeddings, data.voice_labels), Side(seen, data.face_labels)
    matcher, told = _fitted(recipe, voices, faces, seed)
    facts: Facts = {
        **facts_of(corpus, "train matching"),
        "classes": len(data.labels),
        "recordings": len(data.embeddings),
        "faces": len(data.pixels),
        **languages_of(corpus),
        "variant": f"direct matching, {recipe.loss}",
        "seed": seed,
        **told,
        **encoder.facts,
    }
    voice_dims, face_dims = matcher.dims
    part = HeadsPart(
        voice_dims=voice_dims, face_dims=face_dims, embedder=network.name,
        embedder_sha256=network.sha256,
    )  # fmt: skip
    parts = (*encoder.new_parts(unit=True), as_part(part, matcher))
    return write_release(out / "model", out.resolve().name, parts, facts)


def _fitted(recipe: MatchingRecipe, voices: Side, faces: Side, seed: int) -> tuple[Matcher, Facts]:
    """The matcher, and what is told of how it was fitted."""
    if recipe.loss == "cca":
        matcher, share = canonical_correlations(voices, faces, seed)
        return matcher, {"1:2 matching of people left out": round(share, 3)}
    return train_heads(voices, faces, recipe, seed), {"iterations": recipe.iterations}


def as_part(part: HeadsPart, matcher: Matcher) -> NewPart:
    """Heads as a part of a model."""
    return NewPart(part, lambda folder: matcher.write(folder / FILE))


def to_compare(encoder: FrozenEncoder) -> FrozenEncoder:
    """The encoder with its output for comparison by cosine, where it has one."""
    part, folder = encoder.part, encoder.folder
    if not isinstance(part, Ge2ePart) or folder is None or part.settings.output == "unit":
        return encoder
    settings = msgspec.structs.replace(part.settings, output="unit")
    part = msgspec.structs.replace(part, settings=settings)
    made = part.open(PartSource(folder, part.files))
    return replace(encoder, part=part, frames=made, network=PooledFrames(made))


def languages_of(corpus: Corpus) -> dict[str, str]:
    """What a model's provenance says of the languages that were heard; nothing if unlabelled."""
    if "language" not in corpus.info.attributes.get("voice", ()):
        return {}
    cells: set[str | None] = set()
    for shard in corpus.info.shards:
        if shard.split == "train" and shard.kind == "voice":
            cells |= {*corpus.table(shard, ["language"])["language"].to_pylist()}
    names = sorted({cell.strip().lower() for cell in cells if cell} - {""})
    return {"languages": ", ".join(names)} if names else {}
