"""Every example in README and in docs/api.md works, and every command in the documents can be parsed."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from pillow_heif import register_heif_opener

from fer_hf.cli import build_parser
from fer_hf.web import examples
from tests.support.served import served_page

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [ROOT / "README.md", ROOT / "docs" / "api.md"]
VARIABLES = ("FER_MODEL", "FER_DEBUG", "FER_LOG_LEVEL", "FER_ALLOWED_HOSTS", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT")


def blocks(document, kind):
    """The fenced blocks of a language in a document; "" for those that name none."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def examples_in(kind, word):
    found = [block for document in EXAMPLES for block in blocks(document, kind) if word in block]
    assert found
    return found


@pytest.fixture(scope="module")
def page(tiny_model):
    with served_page(str(tiny_model)) as served:
        yield served


@pytest.fixture
def folder(tmp_path, tiny_model, monkeypatch):
    """The working directory, with the pictures and the model that the examples name."""
    register_heif_opener()
    examples.group().save(tmp_path / "party.jpg")
    examples.astronaut().save(tmp_path / "portrait.heic")
    examples.astronaut().crop((180, 40, 290, 190)).save(tmp_path / "face.jpg")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "fer-dinov2-small").symlink_to(tiny_model)
    monkeypatch.setenv("FER_MODEL", str(tiny_model))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", examples_in("python", ""))
def test_the_examples_in_python_work(page, folder, code):
    exec(code.replace("http://127.0.0.1:7860/", page.url).replace('http://127.0.0.1:7860"', f'{page.url}"'), {})


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("script", examples_in("", "curl"))
def test_the_examples_for_curl_work(page, folder, script):
    script = script.replace("http://127.0.0.1:7860/", page.url)
    done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True, timeout=120)
    answer = json.loads(done.stdout.rpartition("data: ")[2])
    assert isinstance(answer, list) or "data" in answer, answer
    (result,) = answer if isinstance(answer, list) else answer["data"]
    assert (result["file"], len(result["faces"])) == ("party.jpg", 6)


COMMANDS = [
    line
    for document in DOCUMENTS
    for block in blocks(document, "")
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("fer-hf ")
]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_in_the_documents_are_commands(line):
    _, name, *options = shlex.split(line, comments=True)
    assert build_parser(name).parse_args(options)


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_is_explained(name):
    assert f"| `{name}` |" in (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
