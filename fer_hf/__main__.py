"""`python -m fer_hf COMMAND`: the same as `fer-hf COMMAND`."""

import sys

from fer_hf.cli import main

if __name__ == "__main__":
    sys.exit(main())
