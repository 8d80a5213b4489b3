"""Uploading to the Hub: a plan in plain words, then one commit, then a version tag.

Models, Spaces and data sets all go this way. An upload that breaks off leaves the repository as it was: large files
that have arrived stay in the Hub's storage, nothing is visible before the one commit, and the same command resumes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, OIDCError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from huggingface_hub.utils import logging
from huggingface_hub.utils.sha import git_hash

from fer_hf.errors import FerError

MAIN = "main"
KEPT = ".gitattributes"  # the Hub's own
NEXT_TAG = "next"  # stands for the next free of v1, v2, ...
REPO_ID = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")
# What the Hub's refusals mean for somebody who uploads, by HTTP status.
STATUS_CODES = {
    401: "hub_token_refused",
    402: "hub_paid_plan",
    403: "hub_no_permission",
    404: "hub_no_repository",
    409: "hub_name_taken",
    412: "hub_parent_changed",
    413: "hub_file_too_large",
    429: "hub_too_many_requests",
    507: "hub_storage_full",
}


@dataclass(frozen=True)
class UploadPlan:
    """What is to stand in a repository of the Hub, and what that changes there.

    Other files on `main` are left alone; another branch holds these files and no others.
    """

    repo_id: str  # user/name
    kind: str  # model, dataset or space
    files: dict[str, Path | bytes]  # path in the repository -> a local file, or its content
    private: bool
    head: str | None  # the commit that the branch stands at or starts from; None: the repository is to be created
    new: list[str]
    changed: list[str]
    tag: str | None  # to be made
    hardware: str | None = None  # of a Space that is to be created
    sdk: str = "gradio"  # likewise
    branch: str = MAIN
    new_branch: bool = False
    removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.head is not None and not (self.new or self.changed or self.removed or self.new_branch or self.tag)

    @property
    def address(self) -> str:
        """Where the repository is seen in a browser."""
        prefix = "" if self.kind == "model" else f"{self.kind}s/"
        of_branch = "" if self.branch == MAIN else f"/tree/{self.branch}"
        return f"{HfApi().endpoint}/{prefix}{self.repo_id}{of_branch}"

    def __str__(self) -> str:
        """The plan in plain words, one step per line."""
        if self.is_empty:
            return f"{self.address}: nothing has changed, nothing to upload"
        visibility = "private" if self.private else "public"
        hardware = f" on {self.hardware}" if self.hardware else ""
        steps = [f"create the branch {self.branch}"] if self.new_branch else []
        if self.head is None and self.branch == MAIN:
            steps = [f"create the {visibility} {self.kind} {self.repo_id}{hardware}"]
        for verb, paths in (("upload", self.new), ("replace", self.changed)):
            steps += [f"{verb} {path} ({_format_size(self.files[path])})" for path in paths]
        steps += [f"remove {path}" for path in self.removed]
        steps += [f"tag it as {self.tag}"] if self.tag else []
        return "\n".join([f"{self.address}:", *(f"  - {step}" for step in steps)])


def upload(
    repo_id: str,
    kind: str,
    files: dict[str, Path | bytes],
    message: str,
    *,
    private: bool = False,
    tag: str | None = NEXT_TAG,
    hardware: str | None = None,
    sdk: str = "gradio",
    branch: str = MAIN,
    dry_run: bool = False,
) -> None:
    """Print what changes in the repository when `files` are uploaded, then do it. A dry run needs no token.

    `hardware` and `sdk` are those of a Space that is to be created; one that exists keeps its hardware.

    Raises:
        FerError: no token, a wrong one or one without permission; a name that is taken; no space; a broken connection.
    """
    with plain_errors(repo_id):
        api = hub_client(token_needed=not dry_run)
        plan = replace(make_plan(api, repo_id, kind, files, private, tag, branch), hardware=hardware, sdk=sdk)
        print(plan, flush=True)
        if dry_run:
            print("dry run: nothing was done")
        elif not plan.is_empty:
            carry_out(api, plan, message)
            print(f"done: {plan.address}")


def make_plan(
    api: HfApi,
    repo_id: str,
    kind: str,
    files: dict[str, Path | bytes],
    private: bool,
    tag: str | None,
    branch: str = MAIN,
) -> UploadPlan:
    """Compare `files` with what stands on the Hub; a new branch starts from `main`."""
    found, new_branch = find(api, repo_id, kind, private), branch != MAIN
    if found is None:
        tag = "v1" if tag == NEXT_TAG else tag
        return UploadPlan(
            repo_id, kind, files, private, None, list(files), [], tag, branch=branch, new_branch=new_branch
        )
    if new_branch:
        with suppress(RevisionNotFoundError):
            found = api.repo_info(repo_id, repo_type=kind, revision=branch, files_metadata=True)
            new_branch = False
    stored = {each.rfilename: each for each in found.siblings}
    new = [path for path in files if path not in stored]
    changed = [path for path, data in files.items() if path in stored and not _is_same(data, stored[path])]
    tag = tag and _tag_to_make(api, repo_id, kind, tag, found.sha, bool(new or changed))
    removed = () if branch == MAIN else tuple(path for path in stored if path not in files and path != KEPT)
    plan = UploadPlan(repo_id, kind, files, private, found.sha, new, changed, tag)
    return replace(plan, branch=branch, new_branch=new_branch, removed=removed)


def carry_out(api: HfApi, plan: UploadPlan, message: str) -> None:
    """Create, upload, tag: in this order, so that a repetition finds what is missing."""
    head, of_repo = plan.head, {"repo_id": plan.repo_id, "repo_type": plan.kind}
    if head is None:
        create(api, plan.repo_id, plan.kind, plan.private, plan.hardware, plan.sdk)
    if plan.new_branch:
        api.create_branch(branch=plan.branch, revision=head, **of_repo)
    if plan.new or plan.changed or plan.removed:
        operations = [CommitOperationAdd(path, plan.files[path]) for path in (*plan.new, *plan.changed)]
        operations += [CommitOperationDelete(path) for path in plan.removed]
        options = {"commit_message": message, "parent_commit": head, "revision": plan.branch}
        head = api.create_commit(operations=operations, **options, **of_repo).oid
    if plan.tag:
        api.create_tag(tag=plan.tag, revision=head, **of_repo)


def claim(repo_id: str, kind: str, private: bool) -> None:
    """Make sure that the repository exists and that the token may write to it."""
    with plain_errors(check_repo_id(repo_id)):
        api = hub_client()
        if find(api, repo_id, kind, private) is None:
            create(api, repo_id, kind, private)


def find(api: HfApi, repo_id: str, kind: str, private: bool) -> ModelInfo | None:
    """The repository if it exists, else None. It must be writable, and private if that is asked for."""
    try:
        found = api.repo_info(repo_id, repo_type=kind, files_metadata=True)
    except RepositoryNotFoundError as error:
        if error.response.status_code == 404 or not get_token():  # without a token, missing and private look alike
            return None
        raise
    if get_token():
        api.auth_check(repo_id, repo_type=kind, write=True)
    if private and not found.private:
        raise FerError("hub_is_public", repo_id, kind=kind)
    return found


def create(
    api: HfApi, repo_id: str, kind: str, private: bool, hardware: str | None = None, sdk: str = "gradio"
) -> None:
    of_space = {"space_sdk": sdk, "space_hardware": hardware} if kind == "space" else {}
    api.create_repo(repo_id, repo_type=kind, private=private, **of_space)


def hub_client(token_needed: bool = True) -> HfApi:
    """The Hub's client, once there is a token."""
    logging.set_verbosity_error()
    if token_needed and not get_token():
        raise FerError("hub_no_token")
    return HfApi()


def check_repo_id(repo_id: str) -> str:
    """The full name of a repository, as it is."""
    if not REPO_ID.fullmatch(repo_id):
        raise FerError("hub_repo_id", repo_id)
    return repo_id


def _format_size(data: Path | bytes) -> str:
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _is_same(data: Path | bytes, stored: RepoSibling) -> bool:
    """Whether the Hub holds this very content: large files are known by sha256, others by git's sha1."""
    content = data if isinstance(data, bytes) else data.read_bytes()
    if stored.lfs:
        return sha256(content).hexdigest() == stored.lfs.sha256
    return git_hash(content) == stored.blob_id


def _tag_to_make(api: HfApi, repo_id: str, kind: str, tag: str, head: str, changes: bool) -> str | None:
    """The tag that these files should get; None if they have it."""
    tags = [each.name for each in api.list_repo_refs(repo_id, repo_type=kind).tags]
    newest = max((int(name[1:]) for name in tags if re.fullmatch(r"v\d{1,9}", name)), default=0)
    name = f"v{newest}" if tag == NEXT_TAG else tag
    if name in tags and not changes and api.repo_info(repo_id, repo_type=kind, revision=name).sha == head:
        return None
    if tag == NEXT_TAG:
        return f"v{newest + 1}"
    if name in tags:
        raise FerError("hub_tag_taken", repo_id, tag=name)
    return name


@contextmanager
def plain_errors(repo_id: str) -> Iterator[None]:
    """Turn what the Hub's client raises into one clear line."""
    try:
        yield
    except RuntimeError as error:  # the upload of a large file wraps its cause
        raise _plain_error(error.__cause__ or error, repo_id) from error
    except (HfHubHTTPError, httpx2.HTTPError, OIDCError, OSError, ValueError) as error:
        raise _plain_error(error, repo_id) from error


def _plain_error(error: BaseException, repo_id: str) -> FerError:
    details = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, HfHubHTTPError):
        status, user = error.response.status_code, repo_id.partition("/")[0]
        other = "hub_failed" if status >= 500 else "hub_refused"
        answer = " ".join(str(error.server_message or error).split())
        return FerError(STATUS_CODES.get(status, other), repo_id, user=user, status=status, details=answer)
    if isinstance(error, httpx2.TransportError | ConnectionError):
        return FerError("hub_connection", repo_id, endpoint=HfApi().endpoint, details=details)
    if isinstance(error, OIDCError):
        return FerError("hub_trusted_publishing", repo_id, details=details)
    return FerError("hub_other", repo_id, details=details)
