"""Our icons: lines of 1.5 on a grid of 20, drawn by us, in the colour of the text around them."""

from typing import Final

from markupsafe import Markup

from web.wording.phases import PhaseWords

_PATHS: Final = {
    "cases": "M2.5 6H5c2 0 2 8 4.5 8s2.5-8 5-8h3",
    "tasks": "M3.5 5.5 5 7l2.5-3M3.5 13.5 5 15l2.5-3M10.5 6h6M10.5 14h6",
    "settings": "M3 6.5h7M14 6.5h3M3 13.5h3M10 13.5h7M12 4.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"
    "M8 11.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
    "sign_out": "M8 4H4v12h4M12 7l3 3-3 3M15 10H8",
    "back": "M11.5 5 6.5 10l5 5",
    "card": "M2.5 5h15v10h-15zM2.5 8.5h15M5.5 12h3",
    "person": "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.8-2.8 3-4 6-4s5.2 1.2 6 4",
    "alert": "M10 3.5 17.5 16h-15zM10 8.5v3.5M10 14v.2",
    "offline": "M3 3l14 14M5 10.5c.9-.9 2-1.5 3.2-1.8M2.8 7.6c1-.9 2-1.5 3.2-2M10 15.5v.2"
    "M11 5.1c2.4.2 4.5 1 6.2 2.5M13 9.4c.8.3 1.4.7 2 1.2",
    "needs": "M10 3.5v8.5M10 15.5v.5",
    # the shapes of states: told apart without colour
    "waiting": "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 6.5V10l2.5 1.5",
    "charging": "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM7 10h5.5M10.5 7.5 13 10l-2.5 2.5",
    "customer": "M10 3 17 10l-7 7-7-7z",
    "recovered": "M3.5 10.5 8 15l8.5-9.5",
    "lost": "M5 5l10 10M15 5 5 15",
    "stopped": "M5 5h10v10H5z",
}


def icon(name: str) -> Markup:
    """The icon `name`, hidden from screen readers: the word beside it says it."""
    return _ICONS[name]


_ICONS: Final = {
    name: Markup(  # noqa: S704  (paths of ours)
        f'<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{path}"/></svg>'
    )
    for name, path in _PATHS.items()
}


def badge(words: PhaseWords) -> Markup:
    """A state: its shape and its word, so that it is never told by colour alone."""
    return Markup('<span class="state {}">{}<span>{}</span></span>').format(
        words.tone, icon(words.tone), words.label
    )
