"""A Hub on loopback: the routes that `huggingface_hub`, `transformers` and `datasets` use, over real HTTP.

    with LoopbackHub(tmp_path) as hub:
        hub.run("alice-write", "-m", "fer_hf", "publish", "--model", folder, "--to", "alice/fer")

Files are kept in memory. Tokens are `USER-write` and `USER-read`; everything else is refused. `hub.log` holds every
request as (method, path, status); `hub.cut`, `hub.full`, `hub.largest`, `hub.paid` and `hub.meanwhile` make it fail.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
import yaml
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from huggingface_hub.utils.sha import git_hash

LFS_SUFFIXES = (".safetensors", ".parquet", ".onnx", ".png")
LFS_FROM = 100_000  # bytes


@dataclass
class Repo:
    """Commits from the oldest to `main`, and those of other branches; a commit is a table of path -> content."""

    kind: str
    name: str
    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    branches: dict[str, list[tuple[str, dict[str, bytes]]]] = field(default_factory=dict)  # beside main
    hardware: str | None = None  # of a Space

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1][1]

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        commits = self.commits if branch == "main" else self.branches[branch]
        oid = hashlib.sha1(f"{self.kind} {self.name} {branch} {len(commits)}".encode()).hexdigest()
        commits.append((oid, files))
        return oid

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Oid and files of a branch, tag or commit."""
        branches = self.branches | {"main": self.commits}
        if revision in branches:
            return branches[revision][-1]
        oid = self.tags.get(revision, revision)
        return next((each for commits in branches.values() for each in commits if each[0] == oid), None)


class Refusal(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        self.response = JSONResponse(
            {"error": message or code}, status, {"X-Error-Code": code, "X-Error-Message": message or code}
        )


class Cut(Response):
    """Half an answer, after which the connection is closed."""

    async def __call__(self, scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class LoopbackHub:
    """The server; a context manager. Its clients keep their caches in `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.repos: dict[tuple[str, str], Repo] = {}
        self.blobs: dict[str, bytes] = {}  # large files by sha256
        self.log: list[tuple[str, str, int]] = []
        self.cut: list[str] = []  # the next request whose path contains one of these is cut off; then it is forgotten
        self.full = False  # no space left
        self.paid: tuple[str, ...] = ()  # hardware for which a plan is asked
        self.largest = 1 << 40  # bytes that a file may have
        self.meanwhile: list[Callable[[], None]] = []  # what others do while the next upload is being prepared
        app = FastAPI(openapi_url=None)
        app.middleware("http")(self._watch)
        app.exception_handler(Refusal)(lambda request, refusal: refusal.response)
        for method, path, answer in self._routes():
            app.add_api_route(path, answer, methods=method.split(), response_model=None)
        # An idle connection is kept: on a busy machine a client may pause for long between two requests.
        quiet = {"log_level": "critical", "access_log": False, "timeout_keep_alive": 3600}
        config = uvicorn.Config(app, host="127.0.0.1", port=0, **quiet)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "LoopbackHub":
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *error) -> None:
        self._server.should_exit = True
        self._thread.join()

    def environment(self, token: str | None) -> dict[str, str]:
        """The environment of a client that knows this Hub only."""
        own = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING", "FER_"))}
        own |= {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        return own | ({"HF_TOKEN": token} if token else {})

    def run(self, token: str | None, *words: object, **settings: str) -> subprocess.CompletedProcess:
        """Run Python with these words in the project's root, as a user with this token and these variables."""
        command = [sys.executable, *map(str, words)]
        root, environment = Path(__file__).parents[2], self.environment(token) | settings
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)

    def count(self, method: str, part: str) -> int:
        """How many requests of this kind came in."""
        return sum(each[0] == method and part in each[1] for each in self.log)

    def _routes(self) -> list:
        kinds, git = "/api/{kinds}/{user}/{name}", "/{user}/{name}.git/info/lfs/objects/batch"
        resolve = "/{user}/{name}/resolve/{revision}/{path:path}"
        return [
            ("GET", "/api/whoami-v2", self.whoami),
            ("POST", "/api/repos/create", self.create),
            ("POST", "/api/validate-yaml", self.validate),
            ("GET", kinds, self.info),
            ("GET", kinds + "/revision/{revision:path}", self.info),
            ("GET", kinds + "/refs", self.refs),
            ("GET", kinds + "/auth-check/write", self.auth_check),
            ("GET", kinds + "/tree/{revision}", self.tree),
            ("GET", kinds + "/tree/{revision}/{folder:path}", self.tree),
            ("POST", kinds + "/paths-info/{revision}", self.paths_info),
            ("POST", kinds + "/preupload/{revision}", self.preupload),
            ("POST", kinds + "/commit/{revision}", self.commit),
            ("POST", kinds + "/tag/{revision}", self.tag),
            ("POST", kinds + "/branch/{branch}", self.branch),
            ("POST", "/oauth/token", self.exchange),
            ("POST", git, self.batch),
            ("POST", "/{kinds}" + git, self.batch),
            ("PUT", "/storage/{oid}", self.store),
            ("GET HEAD", resolve, self.resolve),
            ("GET HEAD", "/{kinds}" + resolve, self.resolve),
        ]

    async def _watch(self, request: Request, call_next) -> Response:
        """Log each request; cut it off if that was asked for."""
        path = request.url.path
        part = next((each for each in self.cut if each in path), None)
        if part:
            self.cut.remove(part)
        response = Cut() if part else await call_next(request)
        self.log.append((request.method, path, 0 if part else response.status_code))
        return response

    # -- who, and what they may ----------------------------------------------------------------------------------------

    def user(self, request: Request) -> tuple[str, bool]:
        """Name of the token's owner, and whether it may write; ("", False) without a token."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        found = re.fullmatch(r"(\w+)-(read|write)", bearer)
        if bearer and not found:
            raise Refusal(401, message="Invalid credentials in Authorization header")
        return (found[1], found[2] == "write") if found else ("", False)

    def repo(self, request: Request, write: bool = False) -> Repo:
        """The repository that the path names, if the token may see it."""
        kinds, user, name = (request.path_params.get(key) for key in ("kinds", "user", "name"))
        owner, may_write = self.user(request)
        repo = self.repos.get(((kinds or "models").removesuffix("s"), f"{user}/{name}"))
        if repo is None or (repo.private and owner != user):
            raise Refusal(404 if owner else 401, "RepoNotFound", "Repository not found")
        if write and (owner != user or not may_write):
            raise Refusal(403, message="You don't have the rights to write to this repository")
        return repo

    def revision(self, request: Request) -> tuple[Repo, str, dict[str, bytes]]:
        repo = self.repo(request)
        found = repo.at(request.path_params.get("revision", "main"))
        if found is None:
            raise Refusal(404, "RevisionNotFound", "Revision not found")
        return repo, *found

    async def whoami(self, request: Request) -> dict:
        name, _ = self.user(request)
        if not name:
            raise Refusal(401, message="Invalid username or password.")
        return {"type": "user", "name": name, "orgs": []}

    async def exchange(self, request: Request) -> dict:
        """Trusted publishing: the identity of a workflow for a token; here the identity is the name of a user."""
        body = await request.json()
        if body["resource"].split("/")[-2] != body["subject_token"]:
            raise Refusal(403, message="No trusted publisher matches")
        return {"access_token": f"{body['subject_token']}-write", "token_type": "bearer", "expires_in": 3600}

    async def create(self, request: Request) -> dict:
        body = await request.json()
        owner, may_write = self.user(request)
        if not owner:
            raise Refusal(401, message="Invalid username or password.")
        kind, user = body.get("type", "model"), body.get("organization") or owner
        name = f"{user}/{body['name']}"
        url = f"{self.url}/{'' if kind == 'model' else kind + 's/'}{name}"
        if (kind, name) in self.repos:
            return JSONResponse({"error": "You already created this repo", "url": url}, 409)
        if user != owner or not may_write:
            raise Refusal(403, message=f"You don't have the rights to create a {kind} under the namespace {user}")
        hardware = body.get("hardware")
        if hardware in self.paid:
            raise Refusal(402, message="Subscribe to PRO to create this Space")
        repo = self.repos[kind, name] = Repo(kind, name, body.get("visibility") == "private", hardware=hardware)
        repo.commit({".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"})
        return {"url": url, "id": name}

    async def auth_check(self, request: Request) -> dict:
        self.repo(request, write=True)
        return {}

    # -- reading -------------------------------------------------------------------------------------------------------

    async def info(self, request: Request) -> dict:
        repo, oid, files = self.revision(request)
        siblings = [{"rfilename": path, **_stored(path, data)} for path, data in files.items()]
        return {"id": repo.name, "modelId": repo.name, "sha": oid, "private": repo.private, "siblings": siblings}

    async def refs(self, request: Request) -> dict:
        repo = self.repo(request)
        heads = {"main": repo.commits} | repo.branches
        branches = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": commits[-1][0]}
            for name, commits in heads.items()
        ]
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid} for tag, oid in repo.tags.items()]
        return {"branches": branches, "tags": tags, "converts": []}

    async def tree(self, request: Request) -> list[dict]:
        _, _, files = self.revision(request)
        folder = request.path_params.get("folder", "").strip("/")
        inside = {path: data for path, data in files.items() if not folder or path.startswith(f"{folder}/")}
        if folder and not inside:
            raise Refusal(404, "EntryNotFound", "Entry not found")
        if request.query_params.get("recursive", "").lower() in ("true", "1"):
            return [_entry(path, data) for path, data in inside.items()]
        depth = folder.count("/") + 2 if folder else 1
        direct = dict.fromkeys("/".join(path.split("/")[:depth]) for path in inside)
        return [_entry(path, files.get(path)) for path in direct]

    async def paths_info(self, request: Request) -> list[dict]:
        _, _, files = self.revision(request)
        body = await request.body()
        form = await request.form() if b"paths=" in body else None
        paths = form.getlist("paths") if form else json.loads(body)["paths"]
        folders = {path for path in paths if any(each.startswith(f"{path}/") for each in files)}
        return [_entry(path, files.get(path)) for path in paths if path in files or path in folders]

    async def resolve(self, request: Request) -> Response:
        _, oid, files = self.revision(request)
        path = request.path_params["path"]
        if path not in files:
            raise Refusal(404, "EntryNotFound", "Entry not found")
        data, headers = files[path], {"X-Repo-Commit": oid, "ETag": f'"{_etag(path, files[path])}"'}
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if not found:
            return Response(data, headers=headers, media_type="application/octet-stream")
        first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return Response(data[first : last + 1], 206, headers, "application/octet-stream")

    # -- writing -------------------------------------------------------------------------------------------------------

    async def validate(self, request: Request) -> dict:
        content = (await request.json())["content"]
        block = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
        fields = yaml.safe_load(block[1]) if block else {}
        errors = []
        if fields.get("license") == "other" and not fields.get("license_name"):
            errors.append({"message": '"license_name" is required'})
        if len(fields.get("short_description", "")) > 60:
            errors.append({"message": '"short_description" is longer than 60 characters'})
        return JSONResponse({"errors": errors, "warnings": []}, 400 if errors else 200)

    async def preupload(self, request: Request) -> dict:
        self.repo(request, write=True)
        asked = (await request.json())["files"]
        _, _, there = self.revision(request)
        while self.meanwhile:
            self.meanwhile.pop()()
        if any(each["size"] > self.largest for each in asked):
            raise Refusal(413, message="Payload too large")
        return {
            "files": [
                {
                    "path": each["path"],
                    "uploadMode": "lfs" if _is_large(each["path"], each["size"]) else "regular",
                    "shouldIgnore": False,
                    "oid": _etag(each["path"], there[each["path"]]) if each["path"] in there else None,
                }
                for each in asked
            ]
        }

    async def batch(self, request: Request) -> dict:
        self.repo(request, write=True)
        if self.full:
            raise Refusal(507, message="Insufficient storage")
        objects = (await request.json())["objects"]
        for each in objects:
            if each["oid"] not in self.blobs:
                each["actions"] = {"upload": {"href": f"{self.url}/storage/{each['oid']}"}}
        return {"transfer": "basic", "objects": objects}

    async def store(self, request: Request) -> dict:
        data = await request.body()
        if hashlib.sha256(data).hexdigest() != request.path_params["oid"]:
            raise Refusal(400, message="The content does not match its hash")
        self.blobs[request.path_params["oid"]] = data
        return {}

    async def commit(self, request: Request) -> dict:
        repo = self.repo(request, write=True)
        _, parent, before = self.revision(request)
        header, *rest = (json.loads(line) for line in (await request.body()).splitlines())
        if header["value"].get("parentCommit", parent) != parent:
            raise Refusal(412, message="A commit has happened since")
        files = dict(before)
        for operation in rest:
            key, value = operation["key"], operation["value"]
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.blobs[value["oid"]]
            else:
                files = {path: data for path, data in files.items() if not path.startswith(value["path"])}
        oid = repo.commit(files, request.path_params["revision"])
        return {"commitOid": oid, "commitUrl": f"{self.url}/{repo.name}/commit/{oid}"}

    async def tag(self, request: Request) -> dict:
        repo, tag = self.repo(request, write=True), (await request.json())["tag"]
        if tag in repo.tags:
            raise Refusal(409, message=f"Tag {tag} already exists")
        repo.tags[tag] = repo.at(request.path_params["revision"])[0]
        return {}

    async def branch(self, request: Request) -> dict:
        repo, start = self.repo(request, write=True), (await request.json())["startingPoint"]
        repo.branches[request.path_params["branch"]] = [repo.at(start)]
        return {}


def _is_large(path: str, size: int) -> bool:
    return path.endswith(LFS_SUFFIXES) or size >= LFS_FROM


def _etag(path: str, data: bytes) -> str:
    """sha256 of a large file, git's sha1 of another."""
    return hashlib.sha256(data).hexdigest() if _is_large(path, len(data)) else git_hash(data)


def _stored(path: str, data: bytes) -> dict:
    entry = {"blobId": git_hash(data), "size": len(data)}
    if _is_large(path, len(data)):
        pointer = {"sha256": _etag(path, data), "oid": _etag(path, data), "size": len(data), "pointerSize": 134}
        entry["lfs"] = pointer
    return entry


def _entry(path: str, data: bytes | None) -> dict:
    """A file of a tree, or a folder where there is no data."""
    if data is None:
        return {"type": "directory", "oid": git_hash(path.encode()), "size": 0, "path": path}
    return {"type": "file", "oid": git_hash(data), "path": path, **_stored(path, data)}
