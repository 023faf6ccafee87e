import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from small_steps import in_memory

from benchmarks.made_corpus import Made, write_corpus
from voice2face.audio import normalise
from voice2face.corpus import Corpus
from voice2face.errors import CorpusError, TrainingError
from voice2face.settings import Recipe, change
from voice2face.training.data import streamed as stream
from voice2face.training.data.batch import Batch
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import FaceBank, VoiceBank
from voice2face.training.data.memory import least_free
from voice2face.training.data.pairing import Pairing
from voice2face.training.data.prefetch import Ahead
from voice2face.training.data.shuffle import Order
from voice2face.training.data.source import FaceData
from voice2face.training.data.streamed import FaceStream, open_data

SMALL = change(Recipe(), {"training.batch_size": 6, "training.crop_frames": [40, 60]})
N = 400
NAMES = tuple(f"p{i:03}" for i in range(N))
ONE_EACH = Made(NAMES, NAMES, (30, 70), 16, shard_voices=50, shard_faces=80, group_rows=20)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """400 people with a voice and a face each, in 24 and 20 row groups of at most 20."""
    return write_corpus(tmp_path_factory.mktemp("made") / "corpus", ONE_EACH)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def frames_of(folder: Path) -> CorpusFrames:
    return CorpusFrames(Corpus.open(folder))


def streamed(folder: Path, kilobytes: int = 1500, seed: int = 3) -> FaceStream:
    data = open_data(frames_of(folder), "identity", seed=seed, memory_bytes=kilobytes * 1000)
    assert isinstance(data, FaceStream)
    return data


def parts(batch: Batch) -> tuple[torch.Tensor, ...]:
    return batch.voices, batch.voice_labels, batch.faces, batch.face_labels, batch.noise


def assert_same(a: Batch, b: Batch) -> None:
    assert all(torch.equal(x, y) for x, y in zip(parts(a), parts(b), strict=True))


def small_data() -> FaceData:
    noise = np.random.default_rng(3)
    log_mels = [noise.normal(size=(n, 8)).astype(np.float16) for n in (30, 55, 80, 41, 100)]
    pixels = noise.integers(0, 256, (7, 16, 16, 3), dtype=np.uint8)
    voices = VoiceBank.of(log_mels, np.array([0, 1, 1, 2, 0]))
    return FaceData(voices, FaceBank.of(pixels, np.array([0, 0, 1, 2, 2, 1, 0])), ["a", "b", "c"])


def as_first_released(data: FaceData, recipe: Recipe, rng: torch.Generator) -> Batch:
    """How batches were drawn when runs were first resumed; those runs must go on alike."""
    n, voices = recipe.training.batch_size, data.voices
    n_frames = int(torch.randint(40, 61, (1,), generator=rng))
    heard = torch.randint(len(voices), (n,), generator=rng)
    seen = torch.randint(len(data.faces), (n,), generator=rng)
    mirrored = torch.rand(n, generator=rng) < 0.5
    lengths = voices.lengths[heard]
    room = (lengths - n_frames).clamp(min=0) + 1
    offsets = (torch.rand(n, generator=rng) * room).long()
    within = (offsets[:, None] + torch.arange(n_frames)) % lengths[:, None]
    faces = (data.faces.pixels[seen].float() - 127.5) / 127.5
    return Batch(
        voices.frames[voices.starts[heard][:, None] + within].float().transpose(1, 2),
        voices.labels[heard],
        torch.where(mirrored[:, None, None, None], faces.flip(3), faces),
        data.faces.labels[seen],
        0.05 * torch.randn(n, 64, generator=rng),
    )


def test_one_process_draws_the_batches_of_the_first_release():
    data, now, then = small_data(), rng(11), rng(11)
    batches = [data.draw(SMALL, now) for _ in range(3)]
    for batch in batches:
        assert_same(batch, as_first_released(data, SMALL, then))
    assert torch.equal(now.get_state(), then.get_state())
    assert [b.voices.shape[2] for b in batches] == [58, 55, 43]  # as that release drew them
    assert batches[0].voice_labels.tolist() == [0, 0, 1, 2, 1, 1]
    assert batches[1].face_labels.tolist() == [0, 0, 2, 1, 1, 0]
    first = [1.1962890625, 1.8203125, 0.221435546875, 0.3369140625, 1.2998046875]
    assert batches[0].voices[:5, 0, 0].tolist() == pytest.approx(first, abs=1e-3)
    assert batches[2].faces[:2, 0, 0, 0].tolist() == pytest.approx([-0.419607848, -0.137254909])
    assert batches[2].noise[0, 0].item() == pytest.approx(-0.0686098710)


def test_memory_holds_what_the_corpus_holds_in_its_order(made):
    corpus = Corpus.open(made)
    data = in_memory(CorpusFrames(corpus), "identity")
    voices, faces = corpus.voices("train"), corpus.faces("train")
    stored = [recording.log_mel() for recording in voices.speech.stored]
    expected = np.concatenate([normalise(v.astype(np.float32)) for v in stored])
    assert torch.equal(data.voices.frames, torch.from_numpy(expected.astype(np.float16)))
    assert [data.labels[i] for i in data.voices.labels] == voices.identity.tolist()
    assert torch.equal(data.faces.pixels.permute(0, 2, 3, 1), torch.from_numpy(faces.pixels))
    assert [data.labels[i] for i in data.faces.labels] == faces.identity.tolist()


@pytest.mark.parametrize("kind", ["memory", "stream"])
def test_the_parts_of_two_processes_make_one_batch_of_twice_the_size(made, kind):
    def opened() -> FaceData | FaceStream:
        return in_memory(frames_of(made), "identity") if kind == "memory" else streamed(made)

    double = change(SMALL, {"training.batch_size": 12})
    whole, first, second = opened(), opened(), opened()
    rngs = [rng(5) for _ in range(3)]
    for _ in range(4):
        batch = whole.draw(double, rngs[0])
        halves = first.draw(SMALL, rngs[1], 0, 2), second.draw(SMALL, rngs[2], 1, 2)
        assert_same(batch, Batch(*map(torch.cat, zip(*map(parts, halves), strict=True))))
    assert len({tuple(r.get_state().tolist()) for r in rngs}) == 1


def test_a_bank_without_room_on_the_device_makes_the_same_batches(monkeypatch):
    data = small_data()
    monkeypatch.setattr("voice2face.training.data.source.room_on", lambda device: 0)
    meta = data.to("meta")  # stands for a graphics card: it has shapes and devices, no content
    assert (meta.voices.frames.device.type, meta.faces.pixels.device.type) == ("cpu", "cpu")
    batch = meta.draw(SMALL, rng())
    assert {part.device.type for part in parts(batch)} == {"meta"}
    expected = [part.shape for part in parts(data.draw(SMALL, rng()))]
    assert [part.shape for part in parts(batch)] == expected
    monkeypatch.setattr("voice2face.training.data.source.room_on", lambda device: 1 << 30)
    moved = data.to("meta")
    assert (moved.voices.frames.device.type, moved.faces.pixels.device.type) == ("meta", "meta")
    assert moved.voices.crops(torch.tensor([1, 2]), 20, rng()).shape == (2, 8, 20)


def test_each_pass_gives_every_item_once(made):
    data = streamed(made)
    for pool in (data.voices, data.faces):
        window, n_groups = pool.order.window, len(pool.order.counts)
        assert 2 <= window < n_groups
        # Whatever entered before the window has left: so many whole passes.
        drawn = Counter(int(bank.labels[row]) for bank, row in pool.take(20 * N))
        assert set(drawn) == set(range(N))
        assert max(drawn.values()) - min(drawn.values()) <= 2
        assert np.mean(list(drawn.values())) == 20


def test_the_order_is_another_in_each_pass_and_for_each_seed_and_kind(made):
    def labels(pool, n):
        return [int(bank.labels[row]) for bank, row in pool.take(n)]

    one, same, other = streamed(made), streamed(made), streamed(made, seed=4)
    first, second = labels(one.voices, N), labels(one.voices, N)
    assert first == labels(same.voices, N) and first != labels(other.voices, N) != second
    assert first != second and first != sorted(first)
    assert labels(one.faces, N) != first
    neighbours = np.abs(np.diff(first)).mean()  # 1 in the corpus' order, N / 3 if all were mixed
    assert neighbours > N / 8


def test_an_order_leaves_nothing_out_whatever_the_window():
    for counts, window in (((3, 1, 4), 1), ((3, 1, 4), 2), ((5,), 1), ((2,) * 9, 9)):
        order = Order(counts, window, (1, 0))
        ticks = range(order.first_tick, order.first_tick + 6 * len(counts))
        items = [item for tick in ticks for item in order.tick(tick, order.leaving)]
        assert len(items) == len(set(items))
        n_left = Counter(ordinal for ordinal, _ in items)
        for ordinal in range(ticks.stop - window):  # all that have left the window
            assert n_left[ordinal] == counts[order.group(ordinal)]
        entered = [order.group(i) for i in range(len(counts))]
        assert sorted(entered) == list(range(len(counts)))


def test_memory_is_bounded_by_the_window_and_what_is_read_ahead(made, monkeypatch):
    most = 1_500_000
    data = streamed(made, most // 1000)
    for _ in range(60):
        data.draw(SMALL, rng())
        for pool in (data.voices, data.faces):
            assert len(pool._held) <= pool.order.window + 2
        banks = [f.result() for p in (data.voices, data.faces) for f in p._held.values()]
        assert sum(bank.n_bytes for bank in banks) < most
    less, more = streamed(made, 1450), streamed(made, 2200)
    assert less.voices.order.window < more.voices.order.window
    with pytest.raises(TrainingError, match=r"0\.1 MB of memory for it; at least .* to stream it"):
        streamed(made, 100)


@pytest.mark.parametrize("n_before", [0, 1, 13, 70])
def test_a_resumed_stream_goes_on_exactly(made, n_before):
    whole, before = streamed(made), streamed(made)
    a, b = rng(1), rng(1)
    for _ in range(n_before):
        whole.draw(SMALL, a)
        before.draw(SMALL, b)
    state = before.state()
    assert len(str(state)) < 200
    before.close()
    after = streamed(made, 2500)  # more memory than before changes nothing
    after.load(state)
    for _ in range(20):
        assert_same(whole.draw(SMALL, a), after.draw(SMALL, b))


def test_with_other_memory_it_goes_on_with_a_note(made, capsys):
    wide, narrow = streamed(made, 2800), streamed(made, 1450)
    wide.voices.take(100)
    narrow.load(wide.state())
    assert "less memory than before" in capsys.readouterr().err
    narrow.draw(SMALL, rng())
    narrow.load({})
    in_memory(frames_of(made), "identity").load(wide.state())
    notes = capsys.readouterr().err
    assert "was in memory before and is streamed now" in notes
    assert "was streamed before and is in memory now" in notes


def test_batches_do_not_depend_on_the_timing_of_the_threads(made, monkeypatch):
    corpus = frames_of(made)
    pairing = Pairing.of(corpus, "identity")
    plain = FaceStream(corpus, pairing, 2_000_000, 3)
    expected = [plain.draw(SMALL, r) for r in [rng(1)] for _ in range(25)]
    original, delays = stream.VoiceBank.read, np.random.default_rng(0)
    names = set()

    def late(*arguments):
        names.add(threading.current_thread().name)
        time.sleep(delays.uniform(0, 0.01))
        return original(*arguments)

    monkeypatch.setattr(stream.VoiceBank, "read", late)
    slow = FaceStream(corpus, pairing, 10_000_000, 3, readers=4)
    slow.load(plain_start(plain))
    got = [slow.draw(SMALL, r) for r in [rng(1)] for _ in range(25)]
    for a, b in zip(expected, got, strict=True):
        assert_same(a, b)
    assert slow.waited_s > 0
    assert threading.current_thread().name not in names and len(names) > 1


@pytest.mark.parametrize("kind", ["memory", "stream"])
def test_batches_made_ahead_are_the_same_and_resume_exactly(made, kind):
    def opened():
        return in_memory(frames_of(made), "identity") if kind == "memory" else streamed(made)

    plain, ahead, a, b = opened(), Ahead(opened(), torch.device("cpu")), rng(1), rng(1)
    other = change(SMALL, {"training.batch_size": 5})
    for number in range(12):
        if number in (4, 9):  # wrong guesses: another generator's state, another recipe
            torch.rand(3, generator=a), torch.rand(3, generator=b)
        chosen = other if number == 7 else SMALL
        assert_same(plain.draw(chosen, a), ahead.draw(chosen, b))
        assert ahead.state() == plain.state()
        assert torch.equal(a.get_state(), b.get_state())
    assert (len(ahead.voices), len(ahead.faces)) == (N, N) and ahead.waited_s > 0
    after = Ahead(opened(), torch.device("cpu"))
    after.draw(SMALL, rng())
    after.load(ahead.state())
    assert_same(plain.draw(SMALL, a), after.draw(SMALL, b))
    ahead.close(), after.close()


def plain_start(data: FaceStream) -> dict:
    """Where a stream of the same window begins."""
    return {
        name: {"window": pool.order.window, "tick": pool.order.first_tick, "place": 0}
        for name, pool in (("voices", data.voices), ("faces", data.faces))
    }


def test_a_streamed_crop_is_the_one_that_memory_would_give(made):
    corpus = frames_of(made)
    whole, data = in_memory(corpus, "identity"), streamed(made)
    again = streamed(made)
    heard, seen = (
        torch.tensor([int(bank.labels[row]) for bank, row in pool.take(6)])
        for pool in (again.voices, again.faces)
    )  # one item a label, so that labels are indices
    batch = data.draw(SMALL, rng(2))
    r = rng(2)
    n_frames = int(torch.randint(40, 61, (1,), generator=r))
    mirrored = torch.rand(6, generator=r) < 0.5
    assert torch.equal(batch.voices, whole.voices.crops(heard, n_frames, r))
    assert torch.equal(batch.faces, whole.faces.pick(seen, mirrored))
    assert (batch.voice_labels.tolist(), batch.face_labels.tolist()) == (
        heard.tolist(), seen.tolist(),
    )  # fmt: skip


def test_the_choice_is_made_by_size_and_said(made, capsys):
    corpus = frames_of(made)
    n_bytes = Pairing.of(corpus, "identity").n_bytes
    loaded = in_memory(corpus, "identity")
    assert n_bytes == loaded.voices.n_bytes + loaded.faces.n_bytes
    assert isinstance(open_data(corpus, "identity", memory_bytes=n_bytes), FaceData)
    assert not capsys.readouterr().err
    assert isinstance(open_data(corpus, "identity", memory_bytes=n_bytes - 1), FaceStream)
    (line,) = capsys.readouterr().err.splitlines()
    assert "3 MB do not fit into" in line and "row groups of voices" in line


def test_those_without_a_partner_are_left_out_of_the_stream(tmp_path):
    voices = tuple(f"p{i % 40:02}" for i in range(120))
    faces = tuple(f"p{i % 40 + 20:02}" for i in range(120))
    groups = {f"p{i:02}": ("old" if i % 2 else "young") for i in range(55)}  # the last have none
    made = Made(voices, faces, (30, 50), 16, 40, 40, 10, (("age", groups),))
    corpus = frames_of(write_corpus(tmp_path / "c", made))
    for pair_by, wanted in (
        ("identity", {f"p{i}" for i in range(20, 40)}),
        ("age", {"old", "young"}),
    ):
        data = FaceStream(corpus, Pairing.of(corpus, pair_by), 800_000)
        assert set(data.labels) == wanted
        whole = in_memory(corpus, pair_by)
        assert (len(data.voices), len(data.faces)) == (len(whole.voices), len(whole.faces))
        batches = [data.draw(SMALL, rng()) for _ in range(40)]
        heard = {data.labels[i] for b in batches for i in b.voice_labels}
        seen = {data.labels[i] for b in batches for i in b.face_labels}
        assert heard == seen == wanted
    assert len(data.faces) == 3 * 35 and len(data.voices) == 120
    with pytest.raises(TrainingError, match=r"no tone of .* \(120 voices, 120 faces\).*\(age\)"):
        open_data(corpus, "tone")


def test_one_voice_and_one_face_are_enough(tmp_path):
    made = Made(("p",), ("p", "q"), (30, 30), 16)
    corpus = frames_of(write_corpus(tmp_path / "c", made))
    pairing = Pairing.of(corpus, "identity")
    data = FaceStream(corpus, pairing, 1_000_000)
    batch = data.draw(SMALL, rng())
    assert batch.voices.shape[0] == batch.faces.shape[0] == 6
    assert not batch.voice_labels.any() and not batch.face_labels.any()


def test_a_shard_that_is_damaged_stops_the_stream_with_its_name(tmp_path):
    folder = write_corpus(tmp_path / "c", ONE_EACH)
    data = streamed(folder)
    shard = folder / "face-train-00002.parquet"
    content = bytearray(shard.read_bytes())
    content[len(content) // 3] ^= 0xFF  # within the pixels
    shard.write_bytes(content)
    with pytest.raises(CorpusError, match=r"face-train-00002\.parquet"):
        for _ in range(200):
            data.draw(SMALL, rng())


MEMINFO = "MemTotal:  9000 kB\nMemFree: 100 kB\nMemAvailable:    5000 kB\nHugePages_Total: 0\n"
KB = 1024


@pytest.mark.parametrize(
    ("cgroups", "address_space", "free_kb"),
    [
        ((), None, 5000),
        ((("max\n", "10\n", ""),), None, 5000),
        (
            ((f"{3000 * KB}\n", f"{1000 * KB}\n", f"anon 1\ninactive_file {KB * 500}\n"),),
            None,
            2500,
        ),
        ((("9223372036854771712\n", "1\n", ""), (f"{KB * 1000}", "0", "")), None, 1000),
        ((), (2000 * KB, 1000 * KB), 1000),
        ((("1000", "2000", ""),), None, 0),
    ],
)
def test_free_memory_is_the_least_of_what_machine_and_limits_leave(cgroups, address_space, free_kb):
    assert least_free(MEMINFO, cgroups, address_space) == free_kb * KB


def test_those_without_a_partner_are_counted_and_said(tmp_path, capsys):
    groups = {f"p{i}": "female" if i % 2 else "male" for i in range(4)}
    made = Made(
        ("p0", "p1", "p2", "p4"), ("p0", "p1", "p5", "p5"), (30, 30), 16,
        attributes=(("gender", groups | {"p4": "Woman", "p5": "f"}),),
    )  # fmt: skip
    frames = frames_of(write_corpus(tmp_path / "c", made))
    frames.compute("train")
    capsys.readouterr()
    open_data(frames, "gender")
    assert capsys.readouterr().err == (
        f"{frames.corpus.path}: left out, paired by gender: 1 voices ('Woman') without a face; "
        "2 faces ('f') without a voice\n"
    )


def test_one_class_is_nothing_to_train_on(tmp_path):
    groups = {"p0": "male", "p1": "female", "p2": "woman"}
    made = Made(("p0", "p1"), ("p0", "p2"), (30, 30), 16, attributes=(("gender", groups),))
    corpus = frames_of(write_corpus(tmp_path / "c", made))
    with pytest.raises(TrainingError, match=r"one gender alone \('male'\) .*at least two wanted"):
        open_data(corpus, "gender")
