from msgspec.structs import replace

from voice2face.corpus import Corpus
from voice2face.faces.settings import FaceCrop


def test_how_the_faces_lie_is_known_where_this_program_cut_them_out_or_a_layout_says(corpus):
    info = Corpus.open(corpus).info
    (cohort,) = info.sources
    assert cohort.layout == "cohort" and cohort.aligned and info.geometry == "released"
    tight = FaceCrop(geometry="tight")
    raw, taken = (replace(cohort, layout="table", aligned=aligned) for aligned in (False, True))
    assert replace(info, sources=(raw,), face_crop=tight).geometry == "tight"
    assert replace(info, sources=(raw, cohort)).geometry == "released"
    assert replace(info, sources=(taken,)).geometry is None
    assert replace(info, sources=(raw, taken)).geometry is None
    assert replace(info, sources=(raw, cohort), face_crop=tight).geometry is None
