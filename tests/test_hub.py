import pickle
import shutil
import socket
import sys
import threading

import numpy as np
import pytest
import yaml
from hub_server import TOKEN, Hub
from models import small_model

import voice2face
from voice2face.errors import MissingExtraError, ModelError
from voice2face.files import sha256_of
from voice2face.generators.deconvolutional import FILE as GENERATOR
from voice2face.generators.deconvolutional import WEIGHTS
from voice2face.release.hub import largest, resolve
from voice2face.release.hub_access import HubName, hub_name
from voice2face.release.model_folder import CARD, CONFIG
from voice2face.release.network_parts import read_generator
from voice2face.release.publishing import push
from voice2face.voice_encoders import convolutional

VOICE_ENCODER = convolutional.FILE
PARTS = {CONFIG, CARD, GENERATOR, VOICE_ENCODER, WEIGHTS, convolutional.WEIGHTS}
NAME = "somebody/voices"
constants = pytest.importorskip("huggingface_hub.constants", reason="needs the extra 'hub'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A model whose card says what it was made from."""
    folder = tmp_path_factory.mktemp("models") / "published"
    facts = {"made_by": "random numbers, for the tests of voice2face alone", "recordings": 0}
    return small_model(folder, provenance=facts)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub that the program takes for the real one, with an empty cache."""
    server = Hub()
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "VOICE2FACE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    point_at(monkeypatch, server.url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.chdir(tmp_path)
    yield server
    server.close()


def point_at(monkeypatch, url):
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def nobody():
    """An address of this machine where nobody answers."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{place.getsockname()[1]}"


def fetched(hub):
    """Files that were sent, by their names."""
    return {line.rsplit("/", 1)[1] for line in hub.asked if line.startswith("GET") and "/resolve/" in line}  # fmt: skip  # noqa: E501


def config_with(folder, **changes):
    return yaml.safe_dump(yaml.safe_load((folder / CONFIG).read_text()) | changes).encode()


def with_part(folder, part, data):
    """A repository's files in which a part is another, and its checksum fits."""
    import hashlib

    parts = yaml.safe_load((folder / CONFIG).read_text())["parts"]
    for one in parts:
        if part in one["files"]:
            one["files"][part] = hashlib.sha256(data).hexdigest()
    return {part: data, CONFIG: config_with(folder, parts=parts)}


# Names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("org/name", HubName("org/name")),
        ("org/name@v1", HubName("org/name", "v1")),
        ("org/name@refs/pr/1", HubName("org/name", "refs/pr/1")),
        ("hf://org/name@v1", HubName("org/name", "v1")),
        ("A-1_b/c.d-2", HubName("A-1_b/c.d-2")),
        ("hf://here/model", HubName("here/model")),
        ("here/model", None),  # there is a folder 'here': a path was meant
        ("here/slip", None),
        ("here/model@v1", None),
        ("name", None),
        ("a/b/c", None),
        ("../up", None),
        ("./org/name", None),
        ("/org/name", None),
        ("org/../name", None),
        ("org/..", None),
        (".org/name", None),
        ("org/na..me", None),
        ("org/na--me", None),
        ("org/na me", None),
        ("org/name\n", None),
        ("org/n%2e%2e", None),
        ("org\\name", None),
        ("", None),
        ("o/" + "n" * 97, None),
    ],
)
def test_what_is_a_name_and_what_a_folder(text, name, tmp_path, monkeypatch):
    (tmp_path / "here" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert hub_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "org/name@../../../etc",
        "org/name@/etc",
        "org/name@a/../../../../outside",
        "org/name@a//b",
        "org/name@a b",
        "org/name@a\n",
        "org/name@-x",
        "org/name@a?b=c",
        "hf://org",
        "hf://../x/y",
        "hf://org/name/config.yaml",
    ],
)
def test_tricks_in_names_are_refused(text, hub):
    with pytest.raises(ModelError, match="wanted"):
        voice2face.load(text)
    assert hub.asked == []


def test_a_revision_of_a_folder_is_refused(folder):
    with pytest.raises(ModelError, match="revision of a folder"):
        voice2face.load(folder, revision="v1")
    with pytest.raises(ModelError, match="leave one of them out"):
        resolve("org/name@v1", "v2")


# Fetching ----------------------------------------------------------------------------------------


def test_a_model_is_loaded_by_its_name_and_then_kept(hub, folder, capfd):
    hub.add(NAME, folder, **{"notes.txt": b"?", "pytorch_model.bin": pickle.dumps(print)})
    model = voice2face.load(NAME)
    embedding = np.random.default_rng(0).normal(size=(2, 64)).astype(np.float32)
    np.testing.assert_array_equal(model.faces(embedding), voice2face.load(folder).faces(embedding))
    assert fetched(hub) == PARTS  # and nothing else
    assert {path.name for path in model.folder.iterdir()} == PARTS
    hub.asked.clear()
    assert voice2face.load(NAME).folder == model.folder
    assert hub.asked == [f"GET /api/models/{NAME}"]  # is there a newer one? nothing is fetched
    assert capfd.readouterr() == ("", "")


def test_revisions_are_kept_apart(hub, folder):
    repository = hub.add(NAME, folder)
    old = repository.branches["v1"] = repository.branches["main"]
    repository.branches["a/b"] = old
    hub.add(NAME, folder, **{CONFIG: config_with(folder, name="newer")})
    assert voice2face.load(NAME).config.name == "newer"
    for model in (
        voice2face.load(NAME, revision="v1"),
        voice2face.load(f"{NAME}@v1"),
        voice2face.load(f"{NAME}@a/b"),
        voice2face.load(NAME, revision=old),
    ):
        assert model.config.name == "small"
    hub.asked.clear()
    voice2face.load(NAME, revision=old)
    assert hub.asked == []  # a commit never changes


def test_the_newest_is_taken_and_what_did_not_change_is_not_fetched(hub, folder):
    hub.add(NAME, folder)
    first = voice2face.load(NAME)
    hub.add(NAME, folder, **{CONFIG: config_with(folder, name="newer")})
    hub.asked.clear()
    second = voice2face.load(NAME)
    assert second.config.name == "newer" and second.folder != first.folder
    assert fetched(hub) == {CONFIG}


@pytest.mark.parametrize("how", ["HF_HUB_OFFLINE", "VOICE2FACE_OFFLINE", "no network", "broken"])
def test_without_network_the_cache_serves(how, hub, folder, monkeypatch):
    repository = hub.add(NAME, folder)
    repository.branches["v1"] = repository.branches["main"]
    known = {voice2face.load(NAME).folder, voice2face.load(NAME, revision="v1").folder}
    if how == "HF_HUB_OFFLINE":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    elif how == "VOICE2FACE_OFFLINE":
        monkeypatch.setenv(how, "1")
    elif how == "no network":
        point_at(monkeypatch, nobody())
    else:
        hub.broken = True
    hub.asked.clear()
    for name in (NAME, f"{NAME}@v1", f"{NAME}@{repository.branches['main']}"):
        assert voice2face.load(name).folder in known
    wanted = "without" if "OFFLINE" in how else "check the network, or give the folder"
    for name in ("somebody/else", f"{NAME}@v2"):
        with pytest.raises(ModelError, match=rf"^{name}: not in the cache.*{wanted}"):
            voice2face.load(name)
    if how != "broken":
        assert hub.asked == []


def test_of_many_at_once_each_gets_the_whole_model(hub, folder):
    hub.add(NAME, folder)
    made, errors = [], []

    def work():
        try:
            made.append(voice2face.load(NAME).faces(np.ones((1, 64), np.float32)))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and len(made) == 4


# What is not to be had, or not what it should be --------------------------------------------------


def test_no_such_model_revision_or_right(hub, folder, monkeypatch):
    for name, fault in ((NAME, "nothing"), ("me/mine", "private"), ("me/asked", "gated")):
        setattr(hub.add(name, folder), fault, True)
    with pytest.raises(ModelError, match=r"^me/none: no such folder here.*log in.*HF_TOKEN"):
        voice2face.load("me/none")
    with pytest.raises(ModelError, match=r"^me/mine: .*or a private one"):
        voice2face.load("me/mine")
    with pytest.raises(ModelError, match=r"^me/asked: given out on request.*/me/asked"):
        voice2face.load("me/asked")
    with pytest.raises(ModelError, match=rf"^{NAME}@v9: no revision 'v9'"):
        voice2face.load(NAME, revision="v9")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name in ("me/mine", "me/asked"):
        assert voice2face.load(name).config.name == "small"


def test_a_file_that_is_too_large_is_not_fetched(hub, folder):
    repository = hub.add(NAME, folder)
    for part in PARTS:
        for size in (largest(part) + 1, None):
            repository.sizes = {part: size}
            with pytest.raises(ModelError, match=rf"^{NAME}: {part} of .* bytes; at most"):
                voice2face.load(NAME)
    assert fetched(hub) <= {CONFIG}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({CONFIG: None}, f"no {CONFIG}"),
        ({WEIGHTS: None}, f"no {WEIGHTS}"),
        ({WEIGHTS: None, "model.pth": b"\x80\x04."}, f"no {WEIGHTS}"),
        ({GENERATOR: None}, f"no {GENERATOR}"),
        ({GENERATOR: b"another"}, f"{GENERATOR}: its checksum is not that"),
        ({WEIGHTS: b"another"}, f"{WEIGHTS}: its checksum is not that"),
        ({CONFIG: b"a: [1"}, f"{CONFIG}: not a model's configuration"),
        ({CONFIG: b"!!python/object/apply:os.system ['true']"}, "not a model's configuration"),
    ],
)
def test_what_is_no_whole_model_is_refused(changed, found, hub, folder):
    hub.add(NAME, folder, **changed)
    with pytest.raises(ModelError, match=rf"^{NAME}: .*{found}") as caught:
        voice2face.load(NAME)
    assert len(str(caught.value).splitlines()) == 1
    assert not (fetched(hub) - PARTS)


@pytest.mark.parametrize("path", ["../../outside", f"../{CONFIG}", f"sub/{CONFIG}", "/etc/passwd"])
def test_names_in_a_repository_lead_nowhere(path, hub, folder, tmp_path):
    hub.add(NAME, folder, **{path: b"evil"})
    inside = voice2face.load(NAME).folder
    assert {entry.name for entry in inside.iterdir()} == PARTS
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.read_bytes() == b"evil"]  # fmt: skip  # noqa: E501


class Evil:
    def __reduce__(self):
        return (open, ("pwned", "w"))


@pytest.mark.parametrize("part", [WEIGHTS, GENERATOR, VOICE_ENCODER])
def test_a_pickle_under_a_good_name_is_not_opened_as_one(part, hub, folder, tmp_path):
    hub.add(NAME, folder, **with_part(folder, part, pickle.dumps(Evil())))
    with pytest.raises(ModelError, match=part):
        model = voice2face.load(NAME)  # what is no ONNX file is refused here
        read_generator(model.folder)
    assert not (tmp_path / "pwned").exists()


def test_weights_that_lie_in_another_file_are_not_followed(hub, folder, monkeypatch):
    import onnx
    from onnx.external_data_helper import set_external_data

    network = onnx.load(folder / GENERATOR)
    set_external_data(network.graph.initializer[0], "../../../../etc/passwd")
    network.graph.initializer[0].ClearField("raw_data")
    for written in (b"\x0a\x08", b"\x0a\x88\x00", b"\x8a\x80\x00\x88\x80\x00"):  # all mean the same
        content = network.SerializeToString().replace(b"\x0a\x08location", written + b"location")
        repository = hub.add(NAME, folder, **with_part(folder, GENERATOR, content))
        # What was refused stays in the cache: as the newest, as a commit, and without network.
        for name in (NAME, f"{NAME}@{repository.branches['main']}"):
            for offline in (False, True):
                monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
                with pytest.raises(
                    ModelError, match=r"that lie in another|^[^@]*: not in the cache"
                ):
                    voice2face.load(name)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.mark.parametrize("pinned", [False, True])
def test_what_is_damaged_in_the_cache_is_fetched_again(hub, folder, pinned):
    repository = hub.add(NAME, folder)
    name = f"{NAME}@{repository.branches['main']}" if pinned else NAME
    place = voice2face.load(name).folder / GENERATOR
    blob = place.resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    voice2face.load(name).read()
    assert sha256_of(place) == sha256_of(folder / GENERATOR)


def test_a_download_that_breaks_off_is_gone_on_with_the_next_time(hub, folder, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # between the library's own tries
    hub.add(NAME, folder)
    hub.cut = {GENERATOR}
    with pytest.raises(ModelError, match=rf"^{NAME}: not in the cache, and could not be fetched"):
        voice2face.load(NAME)
    hub.cut = set()
    voice2face.load(NAME).read()


def test_without_the_extra_it_is_named_and_folders_work(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert voice2face.load(folder).config.name == "small"
    with pytest.raises(MissingExtraError, match=r"^org/name \(no such folder here.*\[hub\]"):
        voice2face.load("org/name")


# Pushing -----------------------------------------------------------------------------------------


def test_a_model_is_pushed_and_comes_back_the_same(hub, published, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    model = tmp_path / "model"
    shutil.copytree(published, model)
    (model / "notes.txt").write_text("for me alone")
    done = push(model, NAME, private=True, message="the first")
    assert done.url == f"{hub.url}/{NAME}" and done.left_out == ["notes.txt"]
    repository = hub.repositories[NAME]
    assert repository.private and "message the first" in hub.asked
    assert repository.commits[done.commit] == {p: (model / p).read_bytes() for p in PARTS}
    assert sha256_of(voice2face.load(NAME).folder / CONFIG) == sha256_of(model / CONFIG)
    (model / CARD).write_text((model / CARD).read_text() + "\nMore.\n")
    again = push(model, f"hf://{NAME}")
    assert again.commit != done.commit
    assert repository.commits[again.commit][CARD].endswith(b"More.\n")


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda m: (m / CARD).unlink(), f"{CARD}: missing"),
        (lambda m: (m / CARD).write_bytes(b"\xff\xfe"), "not UTF-8"),
        (lambda m: (m / CARD).write_text("# A model\n"), "no section 'Made from'"),
        (lambda m: cut(m, "## What it is, and what it is not"), "no section 'What it is"),
        (lambda m: cut(m, "| made_by"), "hardly anything in the section 'Made from'"),
        (lambda m: (m / CARD).open("a").write("\nTODO: licence\n"), "'TODO' in it"),
        (lambda m: (m / CARD).write_text("x" * (largest(CARD) + 1)), f"at most {largest(CARD)}"),
        (lambda m: (m / WEIGHTS).write_bytes(b"another"), f"{WEIGHTS}: its checksum"),
        (lambda m: (m / GENERATOR).unlink(), f"{GENERATOR}: missing"),
        (lambda m: (m / CONFIG).unlink(), f"no {CONFIG}"),
    ],
)
def test_what_should_not_be_published_is_refused_before_anything_is_sent(
    harm, found, hub, published, monkeypatch, tmp_path
):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    model = tmp_path / "model"
    shutil.copytree(published, model)
    harm(model)
    with pytest.raises(ModelError, match=found):
        push(model, NAME)
    assert hub.asked == []


def cut(model, mark):
    """Leave out of the card what is from a mark to the next section."""
    head, tail = (model / CARD).read_text().split(mark, 1)
    (model / CARD).write_text(head + "\n##" + tail.split("\n##", 1)[1])


@pytest.mark.parametrize("name", ["voices", "a/b/c", "../x", "a/b@v1", "", "a/../b"])
def test_a_name_to_push_to(name, published, hub):
    with pytest.raises(ModelError, match="wanted"):
        push(published, name)
    assert hub.asked == []


def test_pushing_without_the_right_or_the_network_says_so_in_one_line(hub, published, monkeypatch):
    for url in (hub.url, nobody()):
        point_at(monkeypatch, url)
        with pytest.raises(ModelError, match=rf"^{NAME}: not sent .*log in") as caught:
            push(published, NAME)
        assert len(str(caught.value).splitlines()) == 1
    assert NAME not in hub.repositories
