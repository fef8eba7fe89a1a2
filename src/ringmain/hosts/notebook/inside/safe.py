"""What a model says, made harmless before a notebook shows it.

A notebook that runs trusts its own outputs: HTML in an answer could run scripts, and with them the kernel, and a
picture's address could carry the question away. So Markdown is rendered as a reply's is, with HTML as text, plain
links and no pictures; and a page is shut into a frame without scripts, without the notebook's origin and without a
network.
"""

from html import escape

from ringmain.admin.shown import visible
from ringmain.shown import html_of_answer, text_in_html

Bundle = dict[str, object]
"""MIME type → data; a front end shows the richest that it knows."""

FRAME = (
    "box-sizing: border-box; width: 100%; height: 24em; resize: vertical; border: 1px solid #8884; background: white"
)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


def markdown(text: str) -> Bundle:
    """Markdown, rendered."""
    return {"text/html": html_of_answer(text), "text/plain": visible(text)}


def plain(text: str) -> Bundle:
    """The text as it is."""
    return {"text/plain": visible(text)}


def page(text: str) -> Bundle:
    """HTML in a frame of its own, which its corner makes larger."""
    inside = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">{text}'
    frame = f'<iframe sandbox="" referrerpolicy="no-referrer" style="{FRAME}" srcdoc="{escape(inside)}"></iframe>'
    return {"text/html": frame, "text/plain": visible(text)}


def small(*lines: str) -> Bundle:
    """Lines in small print, as they stand below an answer."""
    shown = "<br>".join(text_in_html(line) for line in lines)
    style = "font-size: 85%; opacity: 0.75; margin-top: 0.4em"
    return {"text/html": f'<div style="{style}">{shown}</div>', "text/plain": visible("\n".join(lines))}
