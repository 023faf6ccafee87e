"""Hostile files, each given to the command that would take it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks import hostile_media as media
from benchmarks import hostile_models
from benchmarks.harness import NotHereError
from benchmarks.hostile_trials import Ended, Trial, attempt, run
from benchmarks.inputs import Inputs
from benchmarks.prepare_odd_files import no_privileges
from benchmarks.prepare_runs import write_table
from voice2face.release.model_folder import CONFIG, SHIPPED_MODELS
from voice2face.voice_encoders import ge2e

SECRET = b"root:x:0:0"
HIDDEN = "x\x1b[2J\u202egnp.exe\u2066\x9b31m\u200f"


def recordings(inputs: Inputs) -> Iterator[Trial]:
    """Each recording by itself, then all of them beside an honest one."""
    folder = _folder(inputs, "recordings")
    kind = "recordings, by the command line"
    for path in media.write_all(folder, media.RECORDINGS):
        words = ["reconstruct", path, "-o", folder / "out.png"]
        yield attempt(kind, path.name, words, secret=SECRET)
    shutil.copy(inputs.clip, folder / "honest.wav")
    made = partial(_is_made, folder / "faces" / "honest.png")
    for name in media.SLOW:  # which were tried above
        (folder / name).unlink()
    words = ["reconstruct", folder, "-o", folder / "faces"]
    yield attempt(kind, "all of them, and an honest one", words, secret=SECRET, also=made)


def prepared(inputs: Inputs) -> Iterator[Trial]:
    """Recordings, pictures and videos in a table, with honest ones beside them."""
    folder = _folder(inputs, "prepared")
    kind = "recordings, videos and pictures, prepared"
    shutil.copy(inputs.clip, folder / "honest.wav")
    for name, makers in {
        "recordings": {n: m for n, m in media.RECORDINGS.items() if n not in media.SLOW},
        "pictures": media.PICTURES,
        "videos": {"wide.mp4": media.wide_video, "index.mp4": media.long_video_index},
    }.items():
        paths = media.write_all(folder / name, makers)
        voices = name == "recordings"
        rows = [(f"p{n}", *((path, "") if voices else ("", path))) for n, path in enumerate(paths)]
        rows += [("honest", folder / "honest.wav", ""), ("secret", "/etc/passwd", "/etc/passwd")]
        table = write_table(folder / f"{name}.csv", ("identity", "voice", "face"), rows)
        out = folder / f"{name}-corpus"
        words = ["prepare", table, out, "--workers", "2", "--max-skipped", "1", "--quiet"]
        kept = partial(_kept, out, 1)
        yield attempt(kind, name, words, secret=SECRET, status=0, also=kept)


def models(inputs: Inputs) -> Iterator[Trial]:
    """Folders in which one network is another."""
    folder = _folder(inputs, "models")
    secret = folder / "secret"
    secret.write_bytes(SECRET + os.urandom(1000))
    makers = hostile_models.networks(secret)
    for name, make in makers.items():
        place = folder / name.replace(" ", "-")
        shutil.copytree(SHIPPED_MODELS["gan"], place)
        _replace_part(place, ge2e.FILE, make())
        words = ["reconstruct", inputs.clip, "-o", folder / "x.png", "--model", place]
        yield attempt("models", name, words, secret=SECRET)


def settings(inputs: Inputs) -> Iterator[Trial]:
    """A model's configuration and a corpus' description that are not what they should be."""
    folder = _folder(inputs, "settings")
    deep = {"nested brackets": "[" * 200_000, "a number of 20,000 digits": "a: " + "9" * 20_000}
    chain = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    texts = {
        **deep, "nested anchors": chain, "merges": "a: &a {b: 1}\n" + "<<: *a\n" * 1000,
        "numbers to the base 60": "a: " + ":".join(["1"] * 50_000), "tags": "!!python/name:os.x",
        "anchors in a value": chain + "format_version: 1\nname: *a11\n",
        "a mebibyte of entries": "".join(f"k{n}: {n}\n" for n in range(80_000)),
    }  # fmt: skip
    for name, text in texts.items():
        place = folder / name.replace(" ", "-").replace(",", "")
        shutil.copytree(SHIPPED_MODELS["gan"], place)
        (place / CONFIG).write_text(text)
        yield attempt("configuration", f"YAML: {name}", ["info", place])
    for name, text in {**deep, "nested objects": '{"a":' * 100_000, "nothing": ""}.items():
        place = folder / f"json-{name.replace(' ', '-').replace(',', '')}"
        place.mkdir()
        (place / "corpus.json").write_text(text)
        yield attempt("configuration", f"JSON: {name}", ["inspect", place, "--no-page"])


def tables(inputs: Inputs) -> Iterator[Trial]:
    """Tables that are no tables, or whose paths lead out."""
    folder = _folder(inputs, "tables")
    write_long_cells(folder / "dictionary.parquet", 1000, as_text=False)
    write_long_cells(folder / "text.parquet", 1000, as_text=True)
    for name in ("pipe.csv", "pipe.parquet"):
        os.mkfifo(folder / name)
    for name in ("zero.csv", "zero.parquet"):
        (folder / name).symlink_to("/dev/zero")
    for name in ("sparse.csv", "sparse.parquet"):
        with (folder / name).open("wb") as stream:
            stream.truncate(300 << 30)
    (folder / "long cell.csv").write_text('voice,note\n"' + "x" * 2_000_000 + '",y\n')
    for path in sorted(folder.iterdir()):
        words = ["prepare", path, folder / "out", "--quiet"]
        yield attempt("tables", path.name, words)
    rows = [("p", "../../../../etc/passwd", ""), ("q", "/etc/passwd", ""), ("r", "/dev/zero", "")]
    rows.append(("honest", inputs.clip, ""))
    table = write_table(folder / "paths.csv", ("identity", "voice", "face"), rows)
    words = ["prepare", table, folder / "paths", "--max-skipped", "1", "--quiet"]
    kept = partial(_kept, folder / "paths", 1)
    yield attempt("tables", "paths that lead out", words, secret=SECRET, status=0, also=kept)


def corpora(inputs: Inputs) -> Iterator[Trial]:
    """Corpora whose parts are something else."""
    folder = _folder(inputs, "corpora")
    table = write_table(folder / "t.csv", ("identity", "voice", "face"), [("p", inputs.clip, "")])
    if run(["prepare", table, folder / "good", "--quiet"]).status:
        raise NotHereError("a corpus of one recording")
    shard = next((folder / "good").glob("voice-*.parquet")).name
    changes: dict[str, Callable[[Path], None]] = {
        "a pipe as its description": lambda c: _pipe(c / "corpus.json"),
        "a pipe as a shard": lambda c: _pipe(c / shard),
        "a device as its description": lambda c: _zero(c / "corpus.json"),
        "a device as a shard": lambda c: _zero(c / shard),
        "a sparse shard": lambda c: os.truncate(c / shard, 300 << 30),
        "a path of 200 MB, a hundred times": partial(_long_path, shard=shard),
    }
    for name, change in changes.items():
        place = folder / name.replace(" ", "-").replace(",", "")
        shutil.copytree(folder / "good", place)
        change(place)
        yield attempt("corpora", name, ["inspect", place, "--out", folder / "page.html"])


def terminal(inputs: Inputs) -> Iterator[Trial]:
    """Names and notes that would move the cursor or turn the writing."""
    folder = _folder(inputs, "terminal")
    kind = "names on the terminal"
    place = folder / "model"
    shutil.copytree(SHIPPED_MODELS["gan"], place)
    config = (place / CONFIG).read_text("utf-8")
    note = json.dumps(HIDDEN)
    (place / CONFIG).write_text(config.replace("provenance:\n", f"provenance:\n  note: {note}\n"))
    yield attempt(kind, "a model's facts", ["info", place], status=0)
    yield attempt(kind, "the same as JSON", ["info", place, "--json"], status=0)
    bad = folder / f"{HIDDEN}.wav"
    bad.write_bytes(b"no sound")
    yield attempt(kind, "a recording's name", ["reconstruct", bad, "-o", folder / "x.png"])
    table = write_table(
        folder / "t.csv", ("identity", "voice", HIDDEN), [(HIDDEN, inputs.clip, HIDDEN)]
    )
    made = folder / "corpus"
    words = ["prepare", table, made, "--quiet"]
    yield attempt(kind, "a column and a person", words, status=0)
    yield attempt(kind, "the same, inspected", ["inspect", made, "--no-page"], status=0)


def places(inputs: Inputs) -> Iterator[Trial]:
    """Folders that an ordinary user may only read."""
    folder = _folder(inputs, "places")
    kind = "places that can't be written"
    locked = folder / "locked"
    locked.mkdir()
    table = write_table(folder / "t.csv", ("identity", "voice", "face"), [("p", inputs.clip, "")])
    locked.chmod(0o555)
    tried: Mapping[str, list[str | Path]] = {
        "a face": ["reconstruct", inputs.clip, "-o", locked / "x.png"],
        "a corpus": ["prepare", table, locked / "c", "--quiet"],
        "features": ["features", inputs.clip, "-o", locked / "x.npz"],
    }
    for name, words in tried.items():
        empty = partial(_is_empty, locked)
        yield attempt(kind, name, words, also=empty, child=no_privileges)
    locked.chmod(0o755)


def write_long_cells(path: Path, n_rows: int, *, as_text: bool) -> None:
    """Eight columns of one text of 1.9 MB, which is in the file once for each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 200 if as_text else n_rows
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 1_900_000])
    cells = column.cast(pa.string()) if as_text else column
    names = [f"{n}.png" for n in range(rows)]
    pq.write_table(pa.table({"face": names, **{f"n{i}": cells for i in range(8)}}), path)


def _long_path(corpus: Path, shard: str) -> None:
    """A shard in which a hundred rows have one path of 200 MB, and a description that fits it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(corpus / shard)
    table = pa.concat_tables([table] * 100)
    at = table.schema.get_field_index("path")
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), ["x" * 200_000_000])
    field = pa.field("path", long.type, nullable=False)
    pq.write_table(table.set_column(at, field, long), corpus / shard)
    data = (corpus / shard).read_bytes()
    about = json.loads((corpus / "corpus.json").read_text())
    about["shards"][0] |= {
        "rows": 100, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    for part in ("all", about["shards"][0]["split"]):
        about["counts"][part]["voices"] = 100
    line = f"{shard} {about['shards'][0]['sha256']}\n"
    about["data_hash"] = hashlib.sha256(line.encode()).hexdigest()
    (corpus / "corpus.json").write_text(json.dumps(about))


def _replace_part(folder: Path, part: str, data: bytes) -> None:
    """Put another file in the place of a part, with a checksum that fits."""
    before = hashlib.sha256((folder / part).read_bytes()).hexdigest()
    (folder / part).write_bytes(data)
    config = (folder / CONFIG).read_text("utf-8")
    (folder / CONFIG).write_text(config.replace(before, hashlib.sha256(data).hexdigest()))


def _folder(inputs: Inputs, name: str) -> Path:
    folder = inputs.folder / f"hostile-{name}"
    folder.mkdir()
    return folder


def _is_made(path: Path, _: Ended) -> str:
    return "" if path.is_file() else f"no {path.name}"


def _is_empty(folder: Path, _: Ended) -> str:
    return ", ".join(path.name for path in folder.iterdir())


def _kept(out: Path, n: int, _: Ended) -> str:
    from voice2face.corpus.read import Corpus

    found = Corpus.open(out).info.counts["all"].voices
    return "" if found == n else f"{found} voices kept"


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _zero(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")
