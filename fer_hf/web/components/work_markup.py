"""Long work as HTML: where files are sent from, how far the work is, how to stop it, and what it made, to be saved."""

from html import escape

from fer_hf.web.i18n import Text
from fer_hf.web.jobs import Wait


def sender_html(
    text: Text, choose: str, limits: str, accept: str, large: str, megabytes: int, files: int = 1, many: str = ""
) -> str:
    """A button to choose files, and the place to drop them; web/sender.js sends at most `files` of them."""
    data = {"bytes": megabytes * 2**20, "files": files, "large": large, "many": many}
    data |= {"sending": text["work_sending"], "lost": text["work_lost"]}
    attributes = " ".join(f'data-{key}="{escape(str(value))}"' for key, value in data.items())
    multiple = " multiple" if files > 1 else ""
    return (
        f'<div class="picker sender" {attributes}><div class="ways">'
        f'<label><input type="file" accept="{escape(accept)}"{multiple}>'
        f'<span class="button">{escape(choose)}</span></label><p>{escape(limits)}</p></div>'
        '<div class="sending"><p class="status" role="status"></p><progress max="1" hidden></progress></div></div>'
    )


def wait_html(wait: Wait, text: Text) -> str:
    """That others come first."""
    return working_html(text["work_wait"].format(before=wait.before), None, None, text)


def working_html(words: str, fraction: float | None, left: float | None, text: Text) -> str:
    """A progress bar with the time left, as far as they are known."""
    # Without a value the bar shows only that something goes on.
    value = f' value="{fraction:.3f}"' if fraction is not None else ""
    parts = [f"{100 * fraction:.0f} %"] if fraction is not None else []
    parts += [text["work_left"].format(time=_about(left, text))] if left is not None and fraction else []
    return (
        f'<div class="work"><p role="status">{escape(words)}</p>'
        f'<progress max="1"{value} aria-label="{escape(words)}"></progress>'
        f'<p class="left">{escape(" · ".join(parts))}</p>'
        f'<button type="button" class="button quiet" data-do="stop">{escape(text["work_stop"])}</button></div>'
    )


def file_html(name: str, content: str, label: str) -> str:
    """A button that saves `content`, which lies hidden beside it: nothing has to be kept on the server."""
    hidden = escape(content).replace("\r", "&#13;")  # which the browser would else take for line feeds
    button = f'<button type="button" class="button quiet" data-save="{escape(name)}">{escape(label)}</button>'
    return f'<span class="file">{button}<span hidden>{hidden}</span></span>'


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds: "1:05"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _about(seconds: float, text: Text) -> str:
    """Rounded as a guess should be."""
    if seconds < 60:
        return text["work_seconds"].format(count=max(5 * round(seconds / 5), 1))
    return text["work_minutes"].format(count=round(seconds / 60))
