"""Write the requirements files from the ranges in pyproject.toml: `python -m tools.requirements`.

requirements.txt holds all that app.py and train.py need; requirements-dev.txt also holds export and the tools;
requirements-space.txt holds what serving the page on a Space needs, with a PyTorch that ZeroGPU supports.
The head of tools/hub_job.py (PEP 723) names the same as requirements.txt.
"""

import re
import tomllib
from pathlib import Path

from fer_hf.io import write_text

ROOT = Path(__file__).parents[1]
JOB = ROOT / "tools" / "hub_job.py"
EXTRAS = {
    "requirements.txt": ("train",),
    "requirements-dev.txt": ("train", "export", "dev"),
    "requirements-space.txt": ("space",),
}


def requirements(*extras: str) -> list[str]:
    """The base requirements and those of some extras, without the lines by which one extra includes others.

    Where two lines name the same library, the later one is in force.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [line for name in extras for line in project["optional-dependencies"][name]]
    by_name = {re.match(r"[\w.-]+", line)[0]: line for line in lines if not line.startswith(project["name"])}
    return list(by_name.values())


def content(file: str) -> str:
    """What a requirements file is to hold."""
    return "".join(
        f"{line}\n" for line in ["# Written by `python -m tools.requirements`.", *requirements(*EXTRAS[file])]
    )


def with_dependencies(script: str, lines: list[str]) -> str:
    """A script whose head (PEP 723) lists these requirements."""
    listed = "".join(f'#   "{line}",\n' for line in lines)
    return re.sub(r"(?<=^# dependencies = \[\n).*?(?=^# \]$)", listed, script, flags=re.MULTILINE | re.DOTALL)


if __name__ == "__main__":
    for file in EXTRAS:
        write_text(ROOT / file, content(file))
    write_text(JOB, with_dependencies(JOB.read_text(encoding="utf-8"), requirements("train")))
