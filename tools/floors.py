"""The oldest versions that the requirements allow, as exact pins: `python tools/floors.py requirements-dev.txt`."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path


def floors(path: Path) -> Iterator[str]:
    """Each requirement of the file, and of those it includes, with its lower bound as `==`.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        requirement = line.partition("#")[0].strip()
        if requirement.startswith("-r "):
            yield from floors(path.parent / requirement[3:].strip())
        elif requirement:
            found = re.fullmatch(r"([\w.-]+(?:\[[\w,-]+\])?)>=([\w.]+),<[\w.]+((?: *;.*)?)", requirement)
            if not found:
                raise ValueError(f"{path.name}: {requirement!r}: expected name>=floor,<cap")
            yield f"{found[1]}=={found[2]}{found[3]}"


if __name__ == "__main__":
    print("\n".join(floors(Path(sys.argv[1]))))
