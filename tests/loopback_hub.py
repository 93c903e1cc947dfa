"""A stand-in for the Hugging Face Hub on the loopback interface: serves folders and takes commits."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

MODEL = r"/api/models/([^/]+/[^/]+)"


class LoopbackHub:
    """Model repositories, each with named revisions that are folders."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, Path]] = {}
        self.uploads: dict[str, dict[str, bytes]] = {}
        self.requests: list[str] = []
        hub = self

        class BoundHandler(_Handler):
            def __init__(self, *args) -> None:
                self.hub = hub
                super().__init__(*args)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), BoundHandler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, repository: str, folder: Path, revision: str = "main") -> str:
        """Serve a folder; returns its commit."""
        self.repositories.setdefault(repository, {})[revision] = folder
        return commit_of(folder)

    def folder(self, repository: str, revision: str) -> Path | None:
        for name, folder in self.repositories.get(repository, {}).items():
            if revision in (name, commit_of(folder)):
                return folder
        return None


def commit_of(folder: Path) -> str:
    digest = hashlib.sha1(str(folder).encode())
    for path in _files(folder):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LoopbackHub

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if match := re.fullmatch(MODEL + r"/tree/([^/]+)(?:/.*)?", path):
            if folder := self._find(*match.groups()):
                self._json([_entry(file, folder) for file in _files(folder)])
        elif match := re.fullmatch(MODEL + r"(?:/revision/([^/]+))?", path):
            repository, revision = match[1], match[2] or "main"
            if folder := self._find(repository, revision):
                siblings = [{"rfilename": str(file.relative_to(folder))} for file in _files(folder)]
                self._json({"_id": "1", "id": repository, "sha": commit_of(folder), "siblings": siblings})
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            if folder := self._find(match[1], match[2]):
                self._file(folder, match[3])
        else:
            self._json({"error": f"unknown address {path}"}, 404)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"POST {path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != "Bearer hf_good":
            self._json({"error": "Invalid credentials in Authorization header"}, 401)
        elif path == "/api/repos/create":
            request = json.loads(body)
            name = f"{request.get('organization') or 'me'}/{request['name']}"
            self._json({"url": f"{self.hub.endpoint}/{name}", "name": name})
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif match := re.fullmatch(MODEL + r"/preupload/[^/]+", path):
            files = json.loads(body)["files"]
            answers = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]
            self._json({"files": answers})
        elif match := re.fullmatch(MODEL + r"/commit/[^/]+", path):
            stored = self.hub.uploads.setdefault(match[1], {})
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    stored[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            address = f"{self.hub.endpoint}/{match[1]}/commit/{'a' * 40}"
            self._json({"commitUrl": address, "commitOid": "a" * 40, "pullRequestUrl": None})
        else:
            self._json({"error": f"unknown address {path}"}, 404)

    def _find(self, repository: str, revision: str) -> Path | None:
        folder = self.hub.folder(repository, revision)
        if folder is None:
            code = "RevisionNotFound" if repository in self.hub.repositories else "RepoNotFound"
            self._json({"error": code}, 404, {"X-Error-Code": code})
        return folder

    def _file(self, folder: Path, name: str) -> None:
        path = folder / name
        commit = commit_of(folder)
        if not path.is_file():
            self._json({"error": "x"}, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
            return
        headers = {"ETag": f'"{_oid(path)}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        self._send(path.read_bytes(), 200, headers)

    def _json(self, content, code: int = 200, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self._send(body, code, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, body: bytes, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _entry(path: Path, folder: Path) -> dict:
    size = path.stat().st_size
    return {"type": "file", "path": str(path.relative_to(folder)), "size": size, "oid": _oid(path)}


def _oid(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()
