"""Where the program runs: the model that lies beside it, and the kind of machine, without telling its folders."""

import os
import platform
import re
from pathlib import Path

from fer_hf.errors import FerError

PACKAGE = Path(__file__).parent
SHIPPED_MODEL = "fer-dinov2-small"


def default_model() -> str:
    """The model that is used where none is named, a folder or a Hub id.

    It is what FER_MODEL says, else the folder in the installed package, else the one in the checkout.
    """
    packaged, checkout = (root / "models" / SHIPPED_MODEL for root in (PACKAGE, PACKAGE.parent))
    return os.environ.get("FER_MODEL") or str(packaged if packaged.is_dir() else checkout)


def machine() -> str:
    """The kind of machine in words, such as "2 cores of an AMD EPYC"."""
    import torch  # slow to import, and needed nowhere else here

    cores, kind = os.cpu_count() or 1, processor()
    words = f"{cores} core{'s' * (cores > 1)} of {'an' if kind[0] in 'AEIOU' else 'a'} {kind}"
    return f"{words}, {torch.cuda.get_device_name()}" if torch.cuda.is_available() else words


def processor() -> str:
    """The processor's brand, without marks, counts and clock rates."""
    table = Path("/proc/cpuinfo")
    text = table.read_text(encoding="utf-8") if table.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    name = found[1] if found else platform.processor() or platform.machine() or "processor of unknown kind"
    return re.sub(r"\((R|TM)\)|\bCPU\b.*|\bProcessor\b.*|@.*|\d+-Core.*", "", name).strip()


def shown(word: str) -> str:
    """A word of a command line: files of the project as they are, other files by their name alone."""
    option, equals, value = word.rpartition("=")
    path, project = Path(os.path.normpath(Path.cwd() / value)), Path.cwd()  # links keep their names
    if not path.exists() and not Path(value).is_absolute():
        return word
    return f"{option}{equals}{path.relative_to(project) if path.is_relative_to(project) else path.name}"


def check_hub_id(model: str) -> None:
    """Refuse what is no folder and cannot be the Hub id of a model, before the Hub is asked, which takes half a minute.

    Raises:
        FerError: it is not of the form user/name, or a folder of the user's name lies here and holds no such model.
    """
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", model):
        raise FerError("model_missing", model)
    if Path(model).parent.is_dir():
        raise FerError("model_not_in_folder", model, folder=Path(model).parent)
