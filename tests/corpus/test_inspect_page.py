import base64
import hashlib
import io
import re
import wave
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from voice2face.audio import load_clip, log_mel
from voice2face.audio.log_mel import mel_filterbank
from voice2face.audio.settings import LogMel
from voice2face.audio.spectrogram import colours
from voice2face.corpus import Corpus
from voice2face.corpus.inspect import Sampling, inspect_corpus, sound, write_page
from voice2face.corpus.inspect.pictures import face_sheet, ticks_hz, ticks_s
from voice2face.corpus.prepare import prepare
from voice2face.errors import AudioError, one_line
from voice2face.files import is_ours

from .corpus_samples import picture, write_speech
from .inspect_samples import HOSTILE, make_corpus, write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("made"))


@pytest.fixture
def corpus(made: Path) -> Corpus:
    return Corpus.open(made / "corpus")


def page_of(corpus: Corpus, tmp_path: Path, sampling: Sampling = Sampling()) -> str:  # noqa: B008
    write_page(tmp_path / "page.html", corpus, *inspect_corpus(corpus), sampling)
    return (tmp_path / "page.html").read_text("utf-8")


def sources(html: str, mime: str) -> list[bytes]:
    """The files of a kind that a page holds, in its order."""
    return [
        base64.b64decode(code) for code in re.findall(f'src="data:{mime};base64,([^"]+)"', html)
    ]


def test_faces_are_shown_as_they_are_stored(corpus: Corpus, tmp_path: Path) -> None:
    html = page_of(corpus, tmp_path, Sampling(identities=6, clips=0, faces=4))
    faces = corpus.faces()
    sheets = [np.asarray(Image.open(io.BytesIO(data))) for data in sources(html, "image/png")]
    assert len(sheets) == 6 and {sheet.shape for sheet in sheets} == {(16, 67, 4)}
    shown = {
        sheet[:, 17 * i : 17 * i + 16, :3].tobytes() for sheet in sheets for i in range(4)
    }  # the stored pixels, one transparent column apart
    assert shown == {pixels.tobytes() for pixels in faces.pixels}
    assert 'width="536" height="128"' in html  # 16 pixels become 128
    assert html.count('alt="4 faces of ') == 6


def test_a_sheet_breaks_into_rows() -> None:
    data, width, height = face_sheet([np.full((8, 8, 3), i, np.uint8) for i in range(6)])
    sheet = np.asarray(Image.open(io.BytesIO(data)))
    assert sheet.shape == (height, width, 4) == (17, 35, 4)
    assert sheet[9:, 9:17, 0].tolist() == [[5] * 8] * 8
    assert not sheet[9:, 18:, 3].any()


def test_what_is_played_and_drawn_is_what_is_stored(corpus: Corpus, made: Path) -> None:
    settings = corpus.info.front_end.log_mel
    recording = corpus.voices().speech.stored[0]
    stored = recording.speech().samples
    heard = sound.clip_of(recording, settings)
    assert (heard.mime, heard.reason) == ("audio/mpeg", "")
    np.testing.assert_array_equal(heard.log_mel, log_mel(stored, settings))
    samples, stored = load_clip(io.BytesIO(heard.data)).astype(float), stored.astype(float)
    spectrum = np.fft.rfft(samples, 1 << 17) * np.fft.rfft(stored, 1 << 17).conj()
    closeness = np.fft.irfft(spectrum).max() / np.sqrt((samples**2).sum() * (stored**2).sum())
    assert closeness > 0.97  # at the best delay: an encoder has one
    assert abs(len(samples) - len(stored)) < 0.2 * 16_000


def test_without_an_mp3_encoder_it_is_a_wav(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object, **__: object) -> bytes:
        raise AudioError("libmp3lame", "unknown", "an encoder", "install another PyAV")

    monkeypatch.setattr(sound, "encoded", lacking)
    html = page_of(corpus, tmp_path, Sampling(identities=1, clips=1, faces=0))
    (data,) = sources(html, "audio/wav")
    with wave.open(io.BytesIO(data)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert file.getframerate() == 16_000
    kept = [load_clip(path) for path in corpus.path.parent.glob("*.wav")]
    assert any(np.array_equal(samples, whole) for whole in kept)


def test_the_files_need_not_be_there_any_more(tmp_path: Path) -> None:
    path = write_speech(tmp_path / "a.wav")
    table = write_table(tmp_path / "t.csv", ("identity", "voice"), [("p", "a.wav")])
    prepare([table], tmp_path / "corpus", split="hash:100/0/0")
    path.unlink()
    html = page_of(Corpus.open(tmp_path / "corpus"), tmp_path)
    assert len(sources(html, "audio/mpeg")) == len(sources(html, "image/png")) == 1


def test_a_stored_spectrogram_has_no_sound(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "a.npy", rng.normal(size=(200, 64)).astype(np.float32))
    table = write_table(tmp_path / "t.csv", ("identity", "voice"), [("p", "a.npy")])
    prepare([table], tmp_path / "corpus", split="hash:100/0/0")
    html = page_of(Corpus.open(tmp_path / "corpus"), tmp_path)
    assert "there is no recording to play" in html and "<audio" not in html
    (data,) = sources(html, "image/png")
    assert Image.open(io.BytesIO(data)).size == (200, 64)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_hostile_names_stay_text_and_nothing_is_fetched(corpus: Corpus, tmp_path: Path) -> None:
    html = page_of(corpus, tmp_path)
    page = _Page()
    page.feed(html)
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "link", "iframe", "object", "form", "base"})
    shown = one_line(HOSTILE)  # without what turns the writing
    assert shown in page.texts  # as a heading, whole
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        for name in {"src", "href"} & attributes.keys():
            assert attributes[name].startswith(("data:", "#")), attributes
        if tag == "img":
            assert attributes["alt"]
    assert any(shown in (attributes.get("alt") or "") for _, attributes in page.tags)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    style = re.search("<style>(.*?)</style>", html, re.S).group(1)
    checksum = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; img-src data:; media-src data:;")
    assert f"style-src 'sha256-{checksum}'" in policy
    assert "do not publish it" in html and "prefers-color-scheme: dark" in style
    assert "missing file" in html and "gone" in html


def test_the_same_seed_gives_the_same_page(corpus: Corpus, tmp_path: Path) -> None:
    pages = [page_of(corpus, tmp_path, Sampling(3, 1, 2, seed)) for seed in (0, 0, 5)]
    assert pages[0] == pages[1] != pages[2]
    assert is_ours(tmp_path / "page.html")


def test_long_lists_are_cut(tmp_path: Path) -> None:
    picture(0, (16, 16)).save(tmp_path / "a.png")
    rows = [("p", "a.png"), *((f"q{i}", f"gone{i}.png") for i in range(250))]
    table = write_table(tmp_path / "t.csv", ("identity", "face"), rows)
    prepare([table], tmp_path / "corpus", aligned=True, max_skipped=1.0)
    html = page_of(Corpus.open(tmp_path / "corpus"), tmp_path)
    assert "The first 200 of 250" in html
    assert len(re.findall(r"gone\d+\.png", html)) == 200


def test_the_colours_grow_lighter_evenly() -> None:
    linear = (colours() / 255.0) ** 2.2
    y = linear @ (0.2126, 0.7152, 0.0722)
    lightness = np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)  # CIE L*
    steps = np.diff(lightness)
    assert (steps > 0).all()
    straight = np.linspace(lightness[0], lightness[-1], 256)
    assert np.abs(lightness - straight).max() < 6 and lightness[-1] > 95


def test_frequencies_stand_where_their_bands_are() -> None:
    settings = LogMel()
    filters = mel_filterbank(settings)
    for hz, share in ticks_hz(settings):
        band = int(filters[round(hz * settings.n_fft / settings.sample_rate)].argmax())
        assert abs(share * settings.n_mels - (band + 0.5)) < 1.1
    assert [hz for hz, _ in ticks_hz(LogMel(high_hz=4100))][-1] == 4000


@pytest.mark.parametrize("seconds", [0.05, 0.9, 1.0, 3.3, 6.0, 20.0])
def test_times_are_few_and_within(seconds: float) -> None:
    ticks = ticks_s(seconds)
    assert ticks[0] == 0 and ticks[-1] <= seconds + 1e-9 and len(ticks) <= 6
    assert len(ticks) >= 2 or seconds < 0.1
