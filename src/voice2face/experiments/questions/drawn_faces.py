"""Faces drawn for one voice: do they differ as people do, and is the speaker's own among them?"""

import numpy as np

from voice2face.arrays import Float32s, Float64s, Texts, UInt8s
from voice2face.corpus.arrays import Faces
from voice2face.evaluation.metrics.cosine import ROUNDING, mean_where, unit
from voice2face.experiments.comparing import REAL, too_few
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_people, chosen_rows
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.systems import ModelSystem
from voice2face.experiments.verdicts import BEYOND, NO_DIFFERENCE, Bound, claim

# If faces are drawn truly, each of N drawn ones and the real one is equally likely to be the
# furthest from the others. So the region that holds all drawn ones holds N of N + 1: nine of ten.
N_DRAWS = 9
MOST_VOICES, MOST_PICTURES = 40, 3  # voices that faces are drawn for; real faces of a person
N_SHOWN, DRAWS_SHOWN = 6, 5

DISTANCE = "distance between faces"
ONE_VOICE, OTHER_VOICES, ALIKE = "of one voice", "of different voices", "of people alike"
STRATA = (ONE_VOICE, OTHER_VOICES, ALIKE)
SHARE = "spread of one voice's faces over that of people alike"
HELD = "real face within the region of nine in ten"
AIM = 0.6
DIFFER = "faces drawn for one voice differ about as people of one gender and decade do"
NEARER = "faces drawn for one voice are more alike than faces drawn for different voices"
COVERED = "the region that holds nine in ten of a voice's faces holds the speaker's own as often"


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    both = np.intersect1d(context.unseen().identity, context.faces(context.asked).identity)
    return too_few(both, "people not trained on have a voice and a face")


def run(summary: Summary) -> None:
    """Add distances of drawn faces within and between voices, of real faces, and coverage."""
    context = summary.context
    speech, faces = _asked(context)
    drawn = {
        name: [context.drawn(one, speech, N_DRAWS) for one in seeds if isinstance(one, ModelSystem)]
        for name, seeds in context.models.items()
    }
    drawn = {name: seeds for name, seeds in drawn.items() if seeds}
    for embedder in context.embedders:
        real = centred(context.embed(embedder, faces.pixels))
        people = alike(real, faces)
        at = {stratum: Cell(DISTANCE, stratum, embedder) for stratum in STRATA}
        summary.means(at[ALIKE], {REAL: [people]}, faces.identity, share=False)
        for name, seeds in drawn.items():
            vectors = [
                centred(context.embed(embedder, one.reshape(-1, *one.shape[2:])))
                .reshape(len(speech), N_DRAWS, -1)
                for one in seeds
            ]  # fmt: skip
            one, other = ([measure(x) for x in vectors] for measure in (within, between))
            who = speech.identity
            summary.means(at[ONE_VOICE], {name: one}, who, share=False)
            summary.means(at[OTHER_VOICES], {name: other}, who, share=False)
            by, n = summary.difference(other, one, who, ends=None)
            summary.add(Cell(DISTANCE, "", embedder), f"{name}, {OTHER_VOICES}", by, n,
                        against=f"{name}, {ONE_VOICE}")  # fmt: skip
            shares = [x / np.nanmean(people) for x in one]
            summary.means(Cell(SHARE, "", embedder), {name: shares}, who, share=False)
            held = [covered(x, real, who, faces.identity) for x in vectors]
            chance = N_DRAWS / (N_DRAWS + 1)
            summary.means(Cell(HELD, "", embedder, chance), {name: held}, who)
    lines = [(name, name, DISTANCE) for name in (REAL, *drawn)]
    summary.curves(
        "distances by {}", STRATA, lines, y_label="1 - cosine (1: unrelated)", chance=None
    )
    _claims(summary)
    _add_faces(summary, speech, drawn)


def _asked(context: Context) -> tuple[Recordings, Faces]:
    """One recording of each of some people, and their faces."""
    faces, speech = context.faces(context.asked), context.unseen()
    speech = speech.only(np.isin(speech.identity, faces.identity))
    speech = speech.only(np.unique(speech.identity, return_index=True)[1])
    speech = speech.of_some_people(MOST_VOICES, context.seed)
    return speech, faces.only(np.isin(faces.identity, speech.identity))


def centred(vectors: Float32s) -> Float64s:
    """Vectors less their mean, at length one, (n, dim); 0 where only rounding is left."""
    values = np.asarray(vectors, np.float64)
    rest = values - values.mean(axis=0)
    left = np.linalg.norm(rest, axis=1) > ROUNDING * np.linalg.norm(values, axis=1)
    return np.asarray(unit(rest) * left[:, None], np.float64)


def within(drawn: Float64s) -> Float64s:
    """Mean of one minus the cosine of two faces of a voice: (voices, draws, dim) → (voices,)."""
    n = drawn.shape[1]
    # Half of the squared distance, which is the same for vectors of length one.
    lengths, total = (drawn**2).sum(axis=(1, 2)), (drawn.sum(axis=1) ** 2).sum(axis=1)
    return np.asarray((n * lengths - total) / (n * (n - 1)))


def between(drawn: Float64s) -> Float64s:
    """Mean of one minus the cosine to faces of other voices: (voices, draws, dim) → (voices,)."""
    means = drawn.mean(axis=1)
    cosines = means @ means.T
    return np.asarray(1 - (cosines.sum(axis=1) - np.diag(cosines)) / max(len(drawn) - 1, 1))


def alike(vectors: Float64s, faces: Faces) -> Float64s:
    """Mean of one minus the cosine to faces of others of that gender and age band, (n,)."""
    group = np.char.add(np.char.add(group_of(faces, "gender"), "|"), group_of(faces, "age"))
    others = (group[:, None] == group) & (faces.identity[:, None] != faces.identity)
    return 1 - mean_where(vectors @ vectors.T, others)


def covered(drawn: Float64s, real: Float64s, voices: Texts, people: Texts) -> Float64s:
    """Share of the speaker's pictures within the region of the faces drawn for the voice.

    A picture is outside if the sum of its distances to the drawn faces is larger than such a sum
    for each of these. If it is drawn like them, that is so in one of ``draws + 1`` cases.

    Args:
        drawn: Vectors of length one, (voices, draws, dim).
        real: Embeddings of real faces, of length one, (n, dim).
        voices: Person of each voice, (voices,).
        people: Person of each picture, (n,).

    Returns:
        Shares, (voices,); NaN if there is no picture.
    """
    found = np.full(len(drawn), np.nan)
    for row, person in enumerate(voices):
        pictures = real[people == person][:MOST_PICTURES]
        shares = []
        for picture in pictures:
            everything = np.vstack([drawn[row], picture])
            far = ((everything[:, None] - everything) ** 2).sum(axis=(1, 2))
            shares.append(float(far[-1] < far[:-1].max()))
        if shares:
            found[row] = np.mean(shares)
    return found


def _claims(summary: Summary) -> None:
    bound = Bound(AIM, "three fifths of what people differ in, this program's own aim", 1.0, REAL)
    claim(summary, DIFFER, BEYOND, bound, summary.found(SHARE), hears=False)
    main = summary.main
    apart = summary.found(DISTANCE, "", f"{main}, {ONE_VOICE}", system=f"{main}, {OTHER_VOICES}")
    claim(summary, NEARER, BEYOND, NO_DIFFERENCE, apart)
    bound = Bound(0.8, "the nine in ten that a true region holds, less one in ten")
    claim(summary, COVERED, BEYOND, bound, summary.found(HELD), hears=False)


def _add_faces(summary: Summary, speech: Recordings, drawn: dict[str, list[UInt8s]]) -> None:
    """Add a row for each voice: the main model's face, drawn faces and the real one."""
    context = summary.context
    if context.main not in drawn:
        return
    rows = chosen_rows(speech, context.seed, N_SHOWN)
    first, draws = context.models[context.main][0], drawn[context.main][0][rows]
    columns = {"the face": context.made(first, speech).pixels[rows]}
    columns |= {f"drawn {k + 1}": draws[:, k] for k in range(DRAWS_SHOWN)}
    add_people(
        summary, speech.only(rows), columns, row_title="speaker", column_title="made of one voice",
        title=f"The face that {context.main} makes of a voice, and faces that it draws for it",
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="drawn_faces",
    title="Who might speak: faces drawn for one voice",
    question="Do faces that are drawn for one voice differ as people with such a voice do, and is "
    "the speaker's own face among them?",
    protocol=f"{N_DRAWS} faces are drawn for one recording each of at most {MOST_VOICES} people "
    "not trained on, by whatever a generator draws by. They are compared with each other, "
    "with those of other voices, and with real faces of different people of one gender and, where "
    "it is known, one decade; drawn and real faces each without what they have in common. The "
    "speaker's real face is outside of a voice's region if, of it and the drawn ones, it is the "
    "furthest from all others.",
    measure="One minus the cosine of embeddings; the spread of one voice's faces as a share of "
    "that of people alike; share of voices whose region holds the real face.",
    chance="The region of a generator that draws true faces holds nine in ten of them; one that "
    "draws one face always has no spread.",
    lacking=lacking,
    run=run,
)
