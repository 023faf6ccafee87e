"""Normalised faces in a corpus: texture, and beside it where the points of each mesh were."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from made_pictures import picture
from PIL import Image

from voice2face.corpus import Corpus
from voice2face.corpus.inspect import Sampling, inspect_corpus, write_page
from voice2face.corpus.inspect.pictures import on_own_shape
from voice2face.corpus.prepare import prepare, shards
from voice2face.corpus.shapes import decoded_shapes, encoded_shape
from voice2face.corpus.stream import parts_of, read_pixels, read_shapes
from voice2face.errors import CorpusError, SettingsError
from voice2face.faces import FaceMaker
from voice2face.faces.layout import Layout
from voice2face.faces.settings import FaceCrop, NormalisedFilters
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import CohortSettings, sample_person

pytest.importorskip("cv2")
N_PEOPLE, PX = 5, 64
# Painted faces are flat, pale and ruddy; what is tested here is not the filters.
ANY = NormalisedFilters(
    max_turned=0.9, max_nodded=0.9, max_mouth=0.9, max_spectacles=9, max_burnt=0.99,
    min_brightness=0, min_colour=0,
)  # fmt: skip
CROP = FaceCrop(px=PX, geometry="normalised", remove=("hair",), normalised=ANY)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Painted people somewhere in larger pictures."""
    folder = tmp_path_factory.mktemp("painted")
    rows = ["identity,face"]
    for person in range(N_PEOPLE):
        rng = np.random.default_rng(person)
        face = draw(sample_person(CohortSettings(), person).seen, rng, 200)
        canvas = np.full((300, 400, 3), 128, np.uint8)
        canvas[40:240, 90:290] = face
        Image.fromarray(canvas).save(folder / f"{person}.png")
        rows.append(f"p{person},{person}.png")
    table = folder / "people.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


@pytest.fixture(scope="module")
def corpus(source, tmp_path_factory) -> Corpus:
    out = tmp_path_factory.mktemp("normalised") / "corpus"
    prepare([source], out, face_crop=CROP, split="hash:100/0/0")
    return Corpus.open(out)


def test_a_corpus_of_normalised_faces_keeps_their_shapes(source, corpus):
    faces = corpus.faces()
    assert faces.shapes is not None and faces.shapes.shape == (N_PEOPLE, 468, 2)
    maker = FaceMaker(CROP)
    for name, pixels, shape in zip(faces.picture, faces.pixels, faces.shapes, strict=True):
        face = maker.from_picture((source.parent / f"{Path(name).stem}.png").read_bytes())
        np.testing.assert_allclose(face.shape, shape, atol=1e-4)
        np.testing.assert_array_equal(face.pixels, pixels)
    assert np.abs(faces.shapes[0] - faces.shapes[1]).max() > 1e-3
    assert faces.only([2]).shapes.shape == (1, 468, 2)


def test_shapes_are_streamed_beside_the_pixels(corpus):
    whole = corpus.faces()
    (part,) = parts_of(corpus, "face", "train", "identity")
    np.testing.assert_array_equal(read_shapes(corpus, part), whole.shapes)
    np.testing.assert_array_equal(read_pixels(corpus, part), whole.pixels)


def test_other_faces_have_no_shapes(corpus, tmp_path):
    picture(1, size=(32, 32)).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("identity,face\na,a.png\n")
    out = prepare([tmp_path / "t.csv"], tmp_path / "c", aligned=True, split="hash:100/0/0").path
    plain = Corpus.open(out)
    assert plain.faces().shapes is None
    with pytest.raises(CorpusError, match="--align normalised"):
        read_shapes(plain, parts_of(plain, "face", "train", "identity")[0])
    taken = prepare(
        [tmp_path / "t.csv"], tmp_path / "d", aligned=True, face_crop=CROP, split="hash:100/0/0"
    ).path
    assert np.isnan(Corpus.open(taken).faces().shapes).all()  # nobody knows where its points were


def test_interrupted_it_ends_at_the_same_bytes(source, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "MAX_ROWS", 2)

    def made(out, **options):
        return prepare([source], out, face_crop=CROP, split="hash:100/0/0", **options).path

    def stop(done, of):
        if done:
            raise KeyboardInterrupt

    whole = made(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "out", progress=stop)
    again = made(tmp_path / "out")
    assert len(list(whole.iterdir())) > 3
    for file in whole.iterdir():
        assert (again / file.name).read_bytes() == file.read_bytes()


def test_the_page_shows_each_face_beside_its_own_shape(corpus, tmp_path):
    page = tmp_path / "page.html"
    write_page(page, corpus, *inspect_corpus(corpus), Sampling(identities=1, faces=1))
    html = page.read_text("utf-8")
    assert "on its own shape" in html
    data = re.search('class="sheet" src="data:image/png;base64,([^"]+)"', html)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))))
    assert sheet.shape == (PX, 2 * PX + 1, 4)
    faces = corpus.faces()
    row = [i for i, face in enumerate(faces.pixels) if (sheet[:, :PX, :3] == face).all()]
    assert len(row) == 1
    drawn = on_own_shape(faces.pixels[row[0]], faces.shapes[row[0]])
    np.testing.assert_array_equal(sheet[:, PX + 1 :, :3], drawn)
    unmoved = on_own_shape(faces.pixels[row[0]], Layout.read().shape.astype(np.float32))
    assert np.abs(unmoved.astype(int) - faces.pixels[row[0]]).mean() < 1


def test_a_shape_of_another_length_is_damage(corpus):
    shape = Layout.read().shape
    np.testing.assert_allclose(decoded_shapes([encoded_shape(shape)])[0], shape, atol=4e-5)
    with pytest.raises(ValueError, match="7 bytes"):
        decoded_shapes([b"1234567"])


def test_the_filters_are_settings_and_each_is_counted(source, tmp_path):
    strict = FaceCrop(px=PX, geometry="normalised", normalised=NormalisedFilters(min_colour=255))
    with pytest.raises(CorpusError, match="grey"):
        prepare([source], tmp_path / "c", face_crop=strict, split="hash:100/0/0")
    with pytest.raises(SettingsError):
        prepare([source], tmp_path / "d", face_crop=FaceCrop(geometry="another"))
