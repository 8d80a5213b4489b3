"""The static page's one style sheet: the theme's colours, what all tabs share, and each component's rules."""

from pathlib import Path

from fer_hf.site.pages import PARTS
from fer_hf.web.components.base import COMPONENTS
from fer_hf.web.theme import FONTS, THEME, WEB

HERE = Path(__file__).parent
# What page.css takes from Gradio's theme.
COLOURS = (
    "body_background_fill",
    "body_text_color",
    "body_text_color_subdued",
    "background_fill_primary",
    "border_color_primary",
)


def stylesheet() -> str:
    """All rules; those of a component hold within its part of the page alone, as on the page with a server."""
    shared = [WEB / "page.css", HERE / "site.css"]
    parts = {part: COMPONENTS / part / "style.css" for part in PARTS}
    return "\n".join(
        [
            colours(),
            *map(_read, shared),
            *(f".{part}-part {{\n{_read(path)}\n}}" for part, path in parts.items() if path.exists()),
        ]
    )


def colours() -> str:
    """The theme's colours as variables, light and dark."""

    def variables(suffix: str) -> str:
        return " ".join(f"--{name.replace('_', '-')}: {getattr(THEME, name + suffix)};" for name in COLOURS)

    fonts = ", ".join(f'"{name}"' if " " in name else name for name in FONTS)
    return f":root {{ {variables('')} --font: {fonts}; }}\n.dark {{ {variables('_dark')} }}\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
