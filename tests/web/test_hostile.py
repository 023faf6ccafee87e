"""Hostile clients: each is turned away, and the server goes on."""

import base64
import importlib

import pytest

from voice2face.web.models import Models

from .made_up import example_wav
from .served import HOST, served

LIMITS = {
    "recording_bytes": 1_000_000,
    "recording_s": 8.0,
    "threads": 2,
    "upload_grace_s": 1.0,
    "head_s": 1.0,
    "answer_s": 1.0,
    "keep_alive_s": 1,
    "decode_s": 10.0,
    "connections": 30,
}
attacks = importlib.import_module("benchmarks.serve_attacks")
Target = importlib.import_module("benchmarks.serve_client").Target


@pytest.fixture(scope="module")
def site():
    with served(Models(), **LIMITS) as running:
        yield running


@pytest.fixture(scope="module")
def target(site):
    return Target(
        HOST, site.port, example_wav("woman"), LIMITS["recording_bytes"], LIMITS["recording_s"],
        give_up_s=1, unread_s=5, connections=LIMITS["connections"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def face(site) -> bytes:
    return site.face(example_wav("woman"), Accept="image/png").body


def test_every_attack_is_handled_and_the_server_goes_on(site, target, face):
    done = attacks.carried_out(target, attacks.attacks(target, n_broken=12))
    assert [(attack.kind, attack.wanted, found) for attack, found in done if found] == []
    assert len({attack.kind for attack, _ in done}) >= 20
    after = site.face(example_wav("woman"))
    assert base64.b64decode(after.data["face"]) == face
    assert site.site.desk.n_busy == 0
    counted = site.ask("/metrics").body.decode()
    assert 'outcome="failed"' not in counted
    assert "voice2face_held_bytes 0.0" in counted
