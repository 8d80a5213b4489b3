"""The page: tabs and components, what programs may ask, and the server."""

import os
import sys

# Gradio reads the port when it is imported, and ends with a traceback if it is no number.
PORT = os.environ.get("GRADIO_SERVER_PORT", "7860")
if not PORT.isdecimal() or not 0 < int(PORT) < 65536:
    sys.exit(f"error: GRADIO_SERVER_PORT: expected a port number from 1 to 65535, got {PORT!r}")
