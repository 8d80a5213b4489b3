"""The files that GitHub reads: workflows clean under actionlint, actions pinned by commit, commands that exist."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.node_tools import run_node

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
JOBS = [job for path in WORKFLOWS for job in yaml.safe_load(path.read_text())["jobs"].values()]


def test_actionlint_finds_nothing():
    assert {path.name for path in WORKFLOWS} >= {"ci.yml", "publish.yml"}
    assert run_node("lint.mjs", *map(str, WORKFLOWS)) == []


def test_actionlint_would_find_something(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("runs-on: ubuntu-latest", "runs-on: ${{ nothing.at.all }}"))
    assert any("nothing" in finding["message"] for finding in run_node("lint.mjs", str(broken)))


def test_actions_are_pinned_by_full_commit():
    used = [step["uses"] for job in JOBS for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name) for name in used)


def test_no_secret_is_stored_and_forks_do_not_publish():
    assert not any("secrets." in path.read_text() for path in WORKFLOWS)
    publish = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())
    for job in publish["jobs"].values():
        assert "!github.event.repository.fork" in job["if"]
        assert job["permissions"]["id-token"] == "write"
        assert "HF_OIDC_RESOURCE" in job["env"]


def test_commands_of_the_workflows_exist():
    scripts = "\n".join(step.get("run", "") for job in JOBS for step in job["steps"])
    commands = set(re.findall(r"-m fer_hf ([\w-]+)", scripts))
    assert {"publish", "publish-space", "export"} <= commands
    from fer_hf.cli import COMMANDS

    assert commands <= COMMANDS.keys()
    assert all((ROOT / file).exists() for file in re.findall(r"(?:python|-r) ([\w/.-]+\.(?:py|txt))", scripts))


@pytest.mark.parametrize(
    "name", ["dependabot.yml", *(f"ISSUE_TEMPLATE/{each}.yml" for each in ("bug", "idea", "config"))]
)
def test_other_files_are_tables(name):
    assert isinstance(yaml.safe_load((ROOT / ".github" / name).read_text()), dict)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([\w-]+)", "".join(p.read_text() for p in WORKFLOWS)))))
def test_targets_of_the_workflows_exist(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
