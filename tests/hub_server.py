"""A hub of models on this machine: what huggingface_hub asks of the real one, and little more."""

import base64
import hashlib
import json
import threading
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "hf_of_a_test"


@dataclass
class Repository:
    """A model; ``commits`` holds the files of each, ``branches`` which commit is the newest."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False
    gated: bool = False
    sizes: dict[str, int | None] = field(default_factory=dict)  # said instead of the true ones

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        said = b"".join(name.encode() + data for name, data in sorted(files.items()))
        sha = hashlib.sha1(said + str(len(self.commits)).encode()).hexdigest()
        self.commits[sha] = dict(files)
        self.branches[branch] = sha
        return sha

    def find(self, revision: str) -> str | None:
        sha = self.branches.get(revision, revision)
        return sha if sha in self.commits else None


class Hub(ThreadingHTTPServer):
    """Serves repositories; ``asked`` holds the requests so far, ``METHOD path``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.repositories: dict[str, Repository] = {}
        self.asked: list[str] = []
        self.uploads: dict[str, bytes] = {}
        self.cut: set[str] = set()  # files of which half is sent
        self.broken = False  # answers 500 to everything
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def add(self, name: str, folder: Path, **changed: bytes | None) -> Repository:
        """Put the files of a folder into a model; with other or (None) without some of them."""
        files: dict[str, bytes | None] = {p.name: p.read_bytes() for p in folder.iterdir()}
        repository = self.repositories.setdefault(name, Repository())
        files |= changed
        repository.commit({k: v for k, v in files.items() if v is not None})
        return repository

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._get()

    def do_GET(self) -> None:
        self._get()

    def do_POST(self) -> None:
        self._change()

    def do_PUT(self) -> None:
        self._change()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""

    def _parts(self) -> list[str]:
        path = urllib.parse.urlsplit(self.path).path
        self.server.asked.append(f"{self.command} {path}")
        return [urllib.parse.unquote(part) for part in path.strip("/").split("/")]

    def _is_let_in(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _get(self) -> None:
        parts = self._parts()
        if self.server.broken:
            return self._fail(500, "")
        if parts[:2] == ["api", "models"]:
            name, rest = "/".join(parts[2:4]), parts[4:]
            revision = rest[1] if len(rest) > 1 else "main"
        elif len(parts) >= 5 and parts[2] == "resolve":
            name, revision = "/".join(parts[:2]), parts[3]
        else:
            return self._fail(404, "")
        repository = self.server.repositories.get(name)
        if repository is None or (repository.private and not self._is_let_in()):
            return self._fail(401, "RepoNotFound")
        if repository.gated and not self._is_let_in():
            return self._fail(403, "GatedRepo")
        sha = repository.find(revision)
        if sha is None:
            return self._fail(404, "RevisionNotFound")
        files = repository.commits[sha]
        if parts[0] != "api":
            return self._file(files, "/".join(parts[4:]), sha)
        if parts[4:5] == ["tree"]:
            return self._json([
                {"type": "file", "path": name, "size": len(data), "oid": _oid(data)}
                for name, data in files.items()
            ])  # fmt: skip
        said = repository.sizes
        siblings = [
            {"rfilename": n, "size": said.get(n, len(d)), "blobId": _oid(d)}
            for n, d in files.items()
        ]
        return self._json({"id": name, "modelId": name, "sha": sha, "siblings": siblings})

    def _file(self, files: dict[str, bytes], name: str, sha: str) -> None:
        if name not in files:
            return self._fail(404, "EntryNotFound")
        data = files[name]
        headers = {"ETag": f'"{_oid(data)}"', "X-Repo-Commit": sha}
        sent = data[: len(data) // 2] if name in self.server.cut else data
        self._send(200, sent, headers | {"Accept-Ranges": "bytes"}, len(data))
        if len(sent) < len(data):
            self.close_connection = True
        return None

    def _change(self) -> None:
        parts = self._parts()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts[0] == "uploads":  # the address itself is the right to use it
            self.server.uploads[parts[1]] = body
            return self._send(200, b"", {"ETag": '"done"'})
        if not self._is_let_in():
            return self._fail(401, "")
        if parts == ["api", "validate-yaml"]:
            return self._json({"errors": [], "warnings": []})
        given = json.loads(body) if "commit" not in parts else None
        if parts == ["api", "repos", "create"]:
            return self._create(given)
        name = "/".join(parts[:2]).removesuffix(".git")
        if parts[2:4] == ["info", "lfs"]:
            place = f"{self.server.url}/uploads"
            return self._json({"transfer": "basic", "objects": [
                thing | {"actions": {"upload": {"href": f"{place}/{thing['oid']}"}}}
                for thing in given["objects"]
            ]})  # fmt: skip
        name = "/".join(parts[2:4])
        if parts[4:5] == ["preupload"]:
            return self._json({"files": [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["size"] > 5000 else "regular",
                    "shouldIgnore": False,
                }
                for file in given["files"]
            ]})  # fmt: skip
        return self._commit(name, body)

    def _create(self, given: dict[str, Any]) -> None:
        name = f"{given['organization']}/{given['name']}"
        there = name in self.server.repositories
        private = given.get("private") is True or given.get("visibility") == "private"
        self.server.repositories.setdefault(name, Repository(private=private))
        answer = {"url": f"{self.server.url}/{name}", "name": name, "id": name}
        return self._json(answer, 409 if there else 200)

    def _commit(self, name: str, body: bytes) -> None:
        repository = self.server.repositories[name]
        newest = repository.branches.get("main")
        files = dict(repository.commits[newest]) if newest else {}
        message = ""
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                message = value["summary"]
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.server.uploads[value["oid"]]
        sha = repository.commit(files)
        self.server.asked.append(f"message {message}")
        self._json({"commitUrl": f"{self.server.url}/{name}/commit/{sha}", "commitOid": sha})

    def _json(self, answer: Any, status: int = 200) -> None:
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _fail(self, status: int, code: str) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": code or "refused"}
        self._send(status, b'{"error": "refused"}', headers)

    def _send(
        self, status: int, data: bytes, headers: dict[str, str], length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()
