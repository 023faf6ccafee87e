"""The HTTP interface, of a real server over loopback."""

import base64
import io
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from PIL import Image

import voice2face
from voice2face.audio import load_clip
from voice2face.audio.coding import wav_bytes
from voice2face.release.model_folder import CONFIG, SHIPPED_MODELS
from voice2face.release.provenance import png_bytes, provenance_of
from voice2face.synthetic.sounds import sound
from voice2face.web.examples import EXAMPLES, FOLDER, example_recording
from voice2face.web.models import Models
from voice2face.web.pages import card_page

from .made_up import example_wav
from .served import served

PASSWORD = "open, sesame – 32"
VOICE = example_wav("woman")


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory):
    """The small model that is shipped under another name."""
    folder = tmp_path_factory.mktemp("models") / "other"
    shutil.copytree(SHIPPED_MODELS["gan"], folder)
    config = folder / CONFIG
    config.write_text(config.read_text("utf-8").replace("gan", "other"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def models(other_folder):
    return Models([SHIPPED_MODELS["gan"], other_folder, other_folder])


@pytest.fixture(scope="module")
def models_that_tell_nothing(convolutional_model):
    """One that says neither gender nor age, nor how many speak."""
    return Models([convolutional_model])


@pytest.fixture(scope="module")
def site(models):
    with served(models, threads=2, recording_bytes=400_000, recording_s=8.0) as running:
        yield running


@pytest.fixture(scope="module")
def answer(site):
    found = site.face(VOICE)
    assert found.status == 200, found
    return found.data


def pictures(texts):
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in texts]


def test_about_says_what_there_is_and_what_the_limits_are(site):
    about = site.ask("/api/about").data
    assert about["version"] == voice2face.__version__
    assert [(m["name"], m["is_default"]) for m in about["models"]] == [
        ("gan", True),
        ("other", False),
        ("other-2", False),
    ]
    assert (
        "LibriSpeech and speakers of AVSpeech, and 4,267 faces" in about["models"][0]["trained_on"]
    )
    assert "1,029 recordings and 4,267 faces" in about["models"][1]["trained_on"]
    assert about["limits"] == {"bytes": 400_000, "seconds": 8.0, "wait_s": 60.0}
    assert about["least_speech_s"] == 0.9
    assert "not a likeness" in about["notice"]


def test_examples_are_voices_of_which_it_makes_faces(site):
    for example in site.ask("/api/about").data["examples"]:
        voice = site.ask(f"/{example['url']}")
        assert (voice.status, voice.headers["content-type"]) == (200, "audio/webm")
        assert voice.body == example_recording(example["name"])
        assert len(voice.body) <= 40_000
        assert site.face(voice.body, "?more=0").status == 200
    assert len({example_recording(name) for name in EXAMPLES}) == len(EXAMPLES) >= 4
    credit = site.ask("/api/about").data["examples_credit"]
    notice = (FOLDER / "voices.NOTICE").read_text("utf-8")
    for named in ("CC BY 4.0", "LibriSpeech"):
        assert named in " ".join(credit.values())
    for named in (credit["url"], credit["licence_url"], *(f"{name}.webm" for name in EXAMPLES)):
        assert named in notice


@pytest.mark.parametrize("label", [False, True])
@pytest.mark.parametrize("name", ["gan", "other"])
def test_the_face_is_byte_for_byte_what_reconstruct_makes(name, label, site, models, tmp_path):
    from voice2face.cli.reconstruct import reconstruct

    clip, folder = tmp_path / "me.wav", str(models.find(name)[1].folder)
    clip.write_bytes(VOICE)
    reconstruct([clip], tmp_path / "me.png", folder, sheet=False, label=label, as_json=False)
    wanted = (tmp_path / "me.png").read_bytes()
    query = f"?model={name}&more=1&label={label:d}"
    assert site.face(VOICE, query, Accept="image/png").body == wanted
    assert base64.b64decode(site.face(VOICE, query).data["face"]) == wanted


def test_the_picture_alone(site, answer):
    alone = site.face(VOICE, Accept="image/png", Content_Type="audio/x-whatever")
    assert (alone.status, alone.headers["content-type"]) == (200, "image/png")
    assert alone.body == base64.b64decode(answer["face"])


def test_a_label_is_written_under_each_picture(site, answer):
    labelled = site.face(VOICE, "?label=1&more=2").data
    heights = {picture.height for picture in pictures([labelled["face"], *labelled["more"]])}
    assert len(heights) == 1
    assert heights.pop() > pictures([answer["face"]])[0].height


def test_nine_more_faces_of_the_same_voice(site, answer):
    assert len(answer["more"]) == len(set(answer["more"])) == 9
    assert site.face(VOICE, "?more=2&seed=0").data["more"] == answer["more"][:2]
    others = site.face(VOICE, "?more=2&seed=1").data
    assert not set(others["more"]) & set(answer["more"])
    assert others["face"] == answer["face"]
    first, *more = (np.asarray(p, float) for p in pictures([answer["face"], *answer["more"]]))
    changes = [np.abs(first - picture).mean() for picture in more]
    assert min(changes) > 0 and max(changes) < 64, "neighbours, and no other voices"


def test_what_is_heard_is_shown(answer):
    assert (answer["seconds"], answer["model"]) == (5.0, "gan")
    wave, mel = answer["waveform"], answer["log_mel"]
    assert len(wave["low"]) == len(wave["high"]) == 1200
    assert all(-1 <= a <= b <= 1 for a, b in zip(wave["low"], wave["high"], strict=True))
    spans = wave["speech"]
    assert sum(end - begin for begin, end in spans) == pytest.approx(answer["speech_s"], abs=0.01)
    assert [edge for span in spans for edge in span] == sorted(edge for s in spans for edge in s)
    assert spans[0][0] >= 0 and spans[-1][1] <= wave["seconds"]
    (picture,) = pictures([mel["png"]])
    assert (mel["bands"], mel["seconds"]) == (picture.height, answer["speech_s"]) == (64, 4.74)
    assert answer["warnings"] == []


def test_of_a_longer_recording_the_first_part_is_used_and_that_is_said(site, answer):
    samples = np.frombuffer(VOICE[44:], np.int16)
    long = site.face(wav_bytes(np.tile(samples, 2)), "?more=0").data
    assert long["seconds"] == 8.0
    assert long["warnings"][0] == "The recording is longer: its first 8 seconds were used."
    eight = site.face(wav_bytes(np.tile(samples, 2)[:128_000]), "?more=0").data
    assert (eight["face"], eight["warnings"]) == (long["face"], [])
    assert answer["warnings"] == []


@pytest.mark.parametrize(
    ("offered", "heard_by"), [("models", "model"), ("models_that_tell_nothing", "beside")]
)
def test_two_who_speak_are_noticed(offered, heard_by, request):
    one, other = (load_clip(io.BytesIO(example_recording(name))) for name in ("1998", "2033"))
    with served(request.getfixturevalue(offered)) as site:
        both = site.face(wav_bytes(np.concatenate([one, other])), "?more=0").data
        alone = site.face(example_recording("1998"), "?more=0").data
    assert (both["speakers"], alone["speakers"]) == (2, 1)
    assert both["warnings"][0].startswith("More than one person seems to speak: 2 voices (about ")
    assert alone["warnings"] == []
    assert alone["heard"]["gender"]["female"] > 0.75 and alone["heard_by"] == heard_by
    years, (least, most) = alone["heard"]["age"]["years"], alone["heard"]["age"]["interval_80"]
    assert 10 < least < years < most < 90
    spans = alone["waveform"]["speech"]  # in frames as long as the model's own
    assert sum(end - begin for begin, end in spans) == pytest.approx(alone["speech_s"], abs=0.01)


@pytest.mark.parametrize("offered", ["models", "models_that_tell_nothing"])
@pytest.mark.parametrize("kind", ["song", "alarm", "rain"])
def test_what_is_no_voice_becomes_no_face(offered, kind, request):
    recording = wav_bytes(sound(kind, 5.0, np.random.default_rng(5)))
    with served(request.getfixturevalue(offered)) as site:
        found = site.face(recording)
    assert found.status == 422
    assert found.data["error"].startswith("No face can be made of this recording: music, an alarm")
    assert found.data["wanted"] == "somebody who speaks"


def test_the_default_model_says_itself_what_it_heard():
    with served(Models(), threads=1) as default:
        names = [model["name"] for model in default.ask("/api/about").data["models"]]
        assert len(names) == len(SHIPPED_MODELS)
        found = default.face(example_recording("2414"), "?more=1").data
    assert found["heard_by"] == "model" and found["heard"]["gender"]["male"] > 0.75
    assert pictures([found["face"]])[0].size == (256, 256)


def test_any_container_that_ffmpeg_decodes(site):
    from benchmarks.serve_recordings import CODECS, encoded

    for how in CODECS:
        assert site.face(encoded(VOICE, *how), "?more=0").status == 200, how


@pytest.mark.parametrize(
    "kind", ["audio/x-flac", "binary/octet-stream", "application/x-matroska", "video/mp4; codecs=x"]
)
def test_a_recording_may_call_itself_what_programs_call_it(site, kind):
    assert site.face(VOICE, "?more=0", Content_Type=kind).status == 200


def test_what_can_be_no_face_is_said_in_a_sentence(site):
    silence, short = (wav_bytes(np.zeros(n, np.int16)) for n in (48_000, 800))
    cases = (
        (422, "3 s of silence: no sound came in", "", silence, {}),
        (422, "0.1 s of silence", "", short, {}),
        (422, "not decodable", "", b"<html>", {}),
        (422, "an empty file", "", b"", {}),
        (413, "larger than 0.4 MB", "", bytes(400_001), {}),
        (415, "'text/html'", "", VOICE, {"Content_Type": "text/html; charset=utf-8"}),
        (415, "'multipart/form-data'", "", VOICE, {"Content_Type": "multipart/form-data"}),
        (415, "packed with gzip", "", VOICE, {"Content_Encoding": "gzip"}),
        (404, "no model called 'x y'", f"?model={quote('x y')}", VOICE, {}),
        (400, "The entry more", "?more=25", VOICE, {}),
        (400, "The entry seed", "?seed=-1", VOICE, {}),
        (403, "Another site", "", VOICE, {"Sec_Fetch_Site": "cross-site"}),
    )
    for status, named, query, body, headers in cases:
        found = site.face(body, query, **headers)
        assert (found.status, found.headers["content-type"]) == (status, "application/json"), named
        said = found.data
        assert set(said) - {"numbers"} == {"error", "wanted", "next"}
        assert named in said["error"] and said["error"].endswith("."), said
        assert said["next"]
    found = site.face(VOICE, "?model=x").data
    assert found["wanted"] == "gan, other, other-2"


def test_decoding_is_bounded_in_time(models):
    with served(models, decode_s=0.0) as hurried:
        found = hurried.face(VOICE)
        assert (found.status, "more than 0 s to decode" in found.data["error"]) == (422, True)


def test_a_fault_of_the_server_is_a_sentence_and_counted(models, caplog):
    with served(models) as broken:
        broken.site.desk.shut()
        found = broken.face(VOICE)
        assert (found.status, found.data["error"]) == (500, "The server failed at this.")
        assert found.headers["cache-control"] == "no-store"
        assert 'faces_total{outcome="failed"} 1.0' in broken.ask("/metrics").body.decode()


def test_other_addresses_and_methods(site):
    assert site.ask("/nothing").status == site.ask("/static/nothing").status == 404
    found = site.ask("/api/faces")
    assert (found.status, found.headers["allow"], found.data["wanted"]) == (405, "POST", "POST")
    assert site.ask("/api/about", b"x").status == 405


def test_every_answer_has_the_headers_that_protect_its_reader(site):
    answers = {p: site.ask(p) for p in ("/", "/api/about", "/healthz", "/metrics", "/nothing")}
    answers["face"] = site.face(b"x")
    answers["static"] = site.ask("/static/index.html")
    for path, answer in answers.items():
        policy = answer.headers["content-security-policy"]
        for part in (
            "default-src 'self'", "img-src 'self' data: blob:", "media-src 'self' blob:",
            "frame-ancestors 'none'",
        ):  # fmt: skip
            assert part in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        kept = "no-cache" if path == "static" else "no-store"
        assert answer.headers["cache-control"] == kept
        assert "server" not in answer.headers


def test_the_page_and_its_files_are_there(site):
    page = site.ask("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.body == site.ask("/static/index.html").body


def test_health_and_metrics(models):
    with served(models) as fresh:
        assert fresh.ask("/healthz").data["status"] == "ok"
        for body in (VOICE, b"x"):
            fresh.face(body, "?more=0")
        fresh.face(b"x", "?model=nobody")
        found = fresh.ask("/metrics")
        assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
        counted = found.body.decode()
        for line in (
            'voice2face_faces_total{outcome="face"} 1.0',
            'voice2face_faces_total{outcome="bad_recording"} 1.0',
            'voice2face_faces_total{outcome="unknown_model"} 1.0',
            "voice2face_work_seconds_count 2.0",
            "voice2face_wait_seconds_count 2.0",
            "voice2face_waiting 0.0",
            "voice2face_at_work 0.0",
            "voice2face_held_bytes 0.0",
        ):
            assert f"\n{line}\n" in counted, line


def test_a_password(models):
    def basic(text: bytes) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(text).decode()}"}

    with served(models, PASSWORD) as locked:
        right = basic(f"anybody:{PASSWORD}".encode())
        wrong = [
            {}, basic(b":wrong"), basic(PASSWORD.encode()), basic(b"\xff:\xff"), basic(b""),
            {"Authorization": "Basic ???"}, {"Authorization": "Bearer open"},
            basic(f":{PASSWORD}x".encode()), basic(f":{PASSWORD[:-1]}".encode()),
        ]  # fmt: skip
        for path in (
            "/",
            "/api/about",
            "/api/examples/533.webm",
            "/static/index.html",
            "/metrics",
            "/card",
        ):
            assert locked.ask(path, **right).status == 200
            for headers in wrong:
                refused = locked.ask(path, **headers)
                assert refused.status == 401
                asked = refused.headers["www-authenticate"]
                assert asked.startswith("Basic ") and "any user name" in asked
                assert "password" in refused.data["error"]
        assert locked.face(VOICE, "?more=0").status == 401
        assert locked.face(VOICE, "?more=0", **right).status == 200
        assert locked.ask("/healthz").status == 200


def test_below_a_root_path_that_the_proxy_takes_off_or_leaves(models):
    with served(models, root_path="/x/faces") as below:
        for prefix in ("", "/x/faces"):
            assert below.ask(f"{prefix}/").status == 200
            assert below.ask(f"{prefix}/static/index.html").status == 200
            assert below.ask(f"{prefix}/api/about").status == 200
            assert below.ask(f"{prefix}/healthz").status == 200
            assert below.ask(f"{prefix}/api/faces?more=0", VOICE).status == 200
        moved = below.ask("/x/faces")
        assert (moved.status, moved.headers["location"]) == (308, "/x/faces/")
        assert below.ask("/x").status == below.ask("/x/facesapi/about").status == 404


def test_many_at_once_each_get_their_own_face(site, models):
    rng = np.random.default_rng(0)
    whole = np.frombuffer(VOICE[44:], np.int16)
    voices = [wav_bytes(whole[start : start + 40_000]) for start in rng.integers(0, 40_000, 24)]
    _, model = models.find("")
    about = provenance_of(model)
    wanted = [png_bytes(model.reconstruct(io.BytesIO(v)).picture, about) for v in voices]
    assert len(set(wanted)) == len(wanted)
    with ThreadPoolExecutor(24) as people:
        found = list(people.map(lambda v: site.face(v, Accept="image/png"), voices * 2))
    assert [answer.status for answer in found] == [200] * 48
    assert [answer.body for answer in found] == wanted * 2


WATCH = {"on": False}
OPENED = []


def _watch(event, arguments):
    if WATCH["on"] and event in ("open", "os.mkdir", "tempfile.mkstemp", "os.rename"):
        OPENED.append((event, arguments))


def test_nothing_is_written_while_faces_are_made(site):
    sys.addaudithook(_watch)  # it can't be taken away again, but it can be told to keep still
    WATCH["on"] = True
    try:
        assert site.face(VOICE).status == 200
        assert site.face(b"x").status == 422
        assert site.ask("/api/examples/533.webm").status == 200
        with pytest.raises(FileNotFoundError):
            open("/nowhere/at/all", "w")  # noqa: PTH123, SIM115  (is it seen?)
    finally:
        WATCH["on"] = False
    writing = [
        found
        for event, found in OPENED
        if event != "open" or set(str(found[1])) & set("wax+") or (found[2] or 0) & 3
    ]
    assert [found[0] for found in writing] == ["/nowhere/at/all"]


def test_people_get_a_form_for_the_password(models):
    wanted = {"Accept": "text/html,application/xhtml+xml", "Sec_Fetch_Mode": "navigate"}
    with served(models, PASSWORD, root_path="/faces") as locked:
        form = locked.ask("/faces/", **wanted)
        assert (form.status, form.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert not form.headers["www-authenticate"].startswith("Basic")  # no dialog over the form
        page = form.body.decode()
        assert 'action="/faces/login"' in page and "There is no user name" in page
        for used in re.findall(r'(?:href|src)="(/faces/[^"]+)"', page):
            assert locked.ask(used).status == 200, used
        # the page's own requests, after the server was restarted
        found = locked.ask("/faces/api/about", Sec_Fetch_Mode="cors")
        assert (found.status, "Basic" in found.headers["www-authenticate"]) == (401, False)

        def enter(password: str, **headers: str):
            return locked.ask("/faces/login", urlencode({"password": password}).encode(), **headers)

        for wrong in ("", "wrong", PASSWORD[:-1], "x" * 9000):
            refused = enter(wrong)
            assert refused.status == 401 and b"That is not the password." in refused.body
        assert enter(PASSWORD, Sec_Fetch_Site="cross-site").status == 403
        let_in = enter(PASSWORD)
        assert (let_in.status, let_in.headers["location"]) == (303, "/faces/")
        cookie = let_in.headers["set-cookie"]
        for named in ("HttpOnly", "Path=/faces/", "SameSite=lax"):
            assert named in cookie
        kept = cookie.partition(";")[0]
        assert locked.ask("/faces/api/about", Cookie=kept).status == 200
        for other in (kept[:-1], "voice2face=", "voice2face=%00", 'a="', "voice2face=\xff"):
            assert locked.ask("/faces/api/about", Cookie=other).status == 401, other


def test_the_card_of_each_model_is_a_page(site, tmp_path):
    for model in site.ask("/api/about").data["models"]:
        card = site.ask(f"/{model['card']}")
        assert (card.status, card.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"<h1>gan</h1>" in card.body and b"<table" in card.body
    assert site.ask("/card?model=nobody").status == 404
    (tmp_path / "README.md").write_text(
        "---\ntags:\n- voice\n---\n\n<script>x</script>\n\n[a](javascript:x) ![b](http://elsewhere/b.png)",
        "utf-8",
    )
    with (tmp_path / "README.md").open("a", encoding="utf-8") as file:
        file.write("\n\n| a | b |\n| --- | --: |\n| 1 | 2 |\n")
    shown = card_page("<b>", tmp_path / "README.md", "")
    assert '<td class="right">2</td>' in shown and "style=" not in shown  # the page allows none
    assert "tags" not in shown and "<hr" not in shown
    assert "<b>" not in shown and "<script>x" not in shown
    assert '<img src="http' not in shown and 'href="javascript' not in shown
    assert "This model has no card." in card_page("a", tmp_path / "none.md", "")
