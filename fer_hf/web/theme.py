"""How the page looks: Gradio's plainest theme, the system's own fonts, two calm colours, and our sheets and scripts."""

from pathlib import Path

import gradio as gr

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
MONOSPACE = ("ui-monospace", "Consolas", "monospace")

WEB = Path(__file__).parent / "static"
CSS = sorted(WEB.glob("*.css"), key=lambda path: (path.name != "page.css", path.name))  # page.css first: its colours

THEME = gr.themes.Base(
    primary_hue="teal",
    neutral_hue="stone",
    font=list(FONTS),  # names, not Google fonts: the page asks no other host for anything
    font_mono=list(MONOSPACE),
    radius_size="md",
).set(
    body_background_fill="#faf9f7",
    body_background_fill_dark="#171614",
    body_text_color="#26241f",
    body_text_color_dark="#ebe8e2",
    body_text_color_subdued="#5f5b53",
    body_text_color_subdued_dark="#aaa59b",
    background_fill_primary="#ffffff",
    background_fill_primary_dark="#211f1c",
    border_color_primary="#dcd8d0",
    border_color_primary_dark="#3b3833",
    color_accent="#0f6b66",
    color_accent_soft="#e3efee",
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_border_width="0px",
    block_shadow="none",
    block_padding="0px",
)
