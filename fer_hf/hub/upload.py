"""Sending files to the Hub: a plan in plain words, then one commit, then a version tag.

Model, Space and data set all go this way. A run that breaks off leaves the repository as it was: large files that have
arrived stay in the Hub's storage, nothing is visible before the one commit, and the same command goes on from there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, OIDCError, RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from huggingface_hub.utils import logging
from huggingface_hub.utils.sha import git_hash

from fer_hf.errors import FerError

NEXT_TAG = "next"  # stands for the next free of v1, v2, ...
AGAIN = "run the same command again, it goes on where it stopped"
REPO_ID = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")


@dataclass(frozen=True)
class Parcel:
    """What is to stand in a repository of the Hub. Other files there are left alone."""

    repo_id: str  # user/name
    kind: str  # model, dataset or space
    files: dict[str, Path | bytes]  # path in the repository -> a local file, or its content
    message: str
    private: bool = False
    tag: str | None = NEXT_TAG

    @property
    def address(self) -> str:
        """Where the repository is seen in a browser."""
        prefix = "" if self.kind == "model" else f"{self.kind}s/"
        return f"{constants.ENDPOINT}/{prefix}{self.repo_id}"


@dataclass(frozen=True)
class Plan:
    """What sending a parcel will change."""

    parcel: Parcel
    head: str | None  # commit that `main` stands at; None: the repository is to be created
    new: list[str]
    changed: list[str]
    tag: str | None  # to be made

    @property
    def empty(self) -> bool:
        return self.head is not None and not (self.new or self.changed or self.tag)

    def __str__(self) -> str:
        """The plan in plain words, one step a line."""
        parcel = self.parcel
        if self.empty:
            return f"{parcel.address}: nothing has changed, nothing to upload"
        visibility = "private" if parcel.private else "public"
        steps = [f"create the {visibility} {parcel.kind} {parcel.repo_id}"] if self.head is None else []
        for verb, paths in (("upload", self.new), ("replace", self.changed)):
            steps += [f"{verb} {path} ({_size(parcel.files[path])})" for path in paths]
        steps += [f"tag it as {self.tag}"] if self.tag else []
        return "\n".join([f"{parcel.address}:", *(f"  - {step}" for step in steps)])


def send(parcel: Parcel, dry_run: bool = False) -> None:
    """Say what sending the parcel will change, then do it.

    Raises:
        FerError: no token, a wrong one or one without permission; a name that is taken; no space; a broken connection.
    """
    plan = make_plan(parcel)
    print(plan, flush=True)
    if dry_run:
        print("dry run: nothing was done")
    elif not plan.empty:
        carry_out(plan)
        print(f"done: {parcel.address}")


def make_plan(parcel: Parcel) -> Plan:
    """Compare the parcel with what stands on the Hub."""
    with plain_errors(parcel.repo_id):
        api = hub_client()
        there = find(api, parcel.repo_id, parcel.kind, parcel.private)
        if there is None:
            tag = "v1" if parcel.tag == NEXT_TAG else parcel.tag
            return Plan(parcel, None, list(parcel.files), [], tag)
        stored = {each.rfilename: each for each in there.siblings}
        new = [path for path in parcel.files if path not in stored]
        changed = [path for path, data in parcel.files.items() if path in stored and not _same(data, stored[path])]
        tag = _tag_to_make(api, parcel, there.sha, bool(new or changed))
        return Plan(parcel, there.sha, new, changed, tag)


def carry_out(plan: Plan) -> None:
    """Create, upload, tag: in this order, so that a repetition finds what is missing."""
    parcel, head = plan.parcel, plan.head
    with plain_errors(parcel.repo_id):
        api = hub_client()
        if head is None:
            create(api, parcel.repo_id, parcel.kind, parcel.private)
        if plan.new or plan.changed:
            additions = [CommitOperationAdd(path, parcel.files[path]) for path in (*plan.new, *plan.changed)]
            commit = api.create_commit(
                parcel.repo_id, additions, commit_message=parcel.message, repo_type=parcel.kind, parent_commit=head
            )
            head = commit.oid
        if plan.tag:
            api.create_tag(parcel.repo_id, tag=plan.tag, revision=head, repo_type=parcel.kind)


def claim(repo_id: str, kind: str, private: bool) -> None:
    """Make sure that the repository exists and that the token may write to it."""
    with plain_errors(check_repo_id(repo_id)):
        api = hub_client()
        if find(api, repo_id, kind, private) is None:
            create(api, repo_id, kind, private)


def find(api: HfApi, repo_id: str, kind: str, private: bool) -> ModelInfo | None:
    """The repository if it exists, else None. It must be writable, and private if that is asked."""
    try:
        there = api.repo_info(repo_id, repo_type=kind, files_metadata=True)
    except RepositoryNotFoundError as error:
        if error.response.status_code == 404:
            return None
        raise
    api.auth_check(repo_id, repo_type=kind, write=True)
    if private and not there.private:
        raise FerError(f"{repo_id}: is public on the Hub, expected a private {kind}; make it private there first")
    return there


def create(api: HfApi, repo_id: str, kind: str, private: bool) -> None:
    api.create_repo(repo_id, repo_type=kind, private=private, space_sdk="gradio" if kind == "space" else None)


def hub_client() -> HfApi:
    """The Hub's client, once there is a token."""
    logging.set_verbosity_error()
    if not get_token():
        raise FerError("no Hub token: log in with `hf auth login`, or set HF_TOKEN to one that may write")
    return HfApi()


def check_repo_id(repo_id: str) -> str:
    """The full name of a repository, as it is."""
    if not REPO_ID.fullmatch(repo_id):
        raise FerError(f"{repo_id}: expected the Hub's user/name")
    return repo_id


def _size(data: Path | bytes) -> str:
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _same(data: Path | bytes, stored: RepoSibling) -> bool:
    """Whether the Hub holds this very content: large files are known by sha256, others by git's sha1."""
    content = data if isinstance(data, bytes) else data.read_bytes()
    if stored.lfs:
        return sha256(content).hexdigest() == stored.lfs.sha256
    return git_hash(content) == stored.blob_id


def _tag_to_make(api: HfApi, parcel: Parcel, head: str, changes: bool) -> str | None:
    """The tag that these files should get; None if they have it."""
    if parcel.tag is None:
        return None
    tags = [each.name for each in api.list_repo_refs(parcel.repo_id, repo_type=parcel.kind).tags]
    newest = max((int(tag[1:]) for tag in tags if re.fullmatch(r"v\d{1,9}", tag)), default=0)
    name = f"v{newest}" if parcel.tag == NEXT_TAG else parcel.tag
    if name in tags and not changes:
        tagged = api.repo_info(parcel.repo_id, repo_type=parcel.kind, revision=name).sha
        if tagged == head:
            return None
    if parcel.tag == NEXT_TAG:
        return f"v{newest + 1}"
    if name in tags:
        raise FerError(f"{parcel.repo_id}: the tag {name} already stands for other files; expected a new name")
    return name


@contextmanager
def plain_errors(repo_id: str) -> Iterator[None]:
    """Turn what the Hub's client raises into one clear line."""
    try:
        yield
    except RuntimeError as error:  # the upload of a large file wraps its cause
        raise FerError(f"{repo_id}: {_reason(error.__cause__ or error, repo_id)}") from error
    except (HfHubHTTPError, httpx2.HTTPError, OIDCError, OSError, ValueError) as error:
        raise FerError(f"{repo_id}: {_reason(error, repo_id)}") from error


def _reason(error: BaseException, repo_id: str) -> str:
    """What went wrong, and what to do."""
    if isinstance(error, HfHubHTTPError):
        return _reason_of_status(error, repo_id)
    if isinstance(error, httpx2.TransportError | ConnectionError):
        return f"the connection to {constants.ENDPOINT} broke ({_one_line(error)}); {AGAIN}"
    if isinstance(error, OIDCError):
        return f"trusted publishing did not work ({_one_line(error)})"
    return _one_line(error)


def _reason_of_status(error: HfHubHTTPError, repo_id: str) -> str:
    namespace, status = repo_id.partition("/")[0], error.response.status_code
    reasons = {
        401: "the Hub does not accept the token; log in with `hf auth login`, or set HF_TOKEN to a valid one",
        402: f"the Hub asks {namespace} for a paid plan",
        403: f"the token has no permission to write there; expected one that may write to {namespace}'s repositories",
        404: "no such repository, or the token may not see it",
        409: "the name is taken; choose another one",
        412: f"somebody else has committed meanwhile; {AGAIN}",
        413: "a file is larger than the Hub takes",
        429: f"too many requests; wait, then {AGAIN}",
        507: f"no space is left in {namespace}'s storage on the Hub; free some, then {AGAIN}",
    }
    other = f"the Hub answered {status} ({_one_line(error.server_message or error)})"
    return reasons.get(status, f"{other}; {AGAIN}" if status >= 500 else other)


def _one_line(error: object) -> str:
    return " ".join(str(error).split()) or type(error).__name__
