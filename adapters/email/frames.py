"""What stands around the words of a letter: a template, and its CSS put into it."""

from functools import cache
from pathlib import Path
from typing import Final

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def frame(name: str) -> Template:
    """Everything escaped; an unknown name is an error and not an empty string."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def inliner() -> CSSInliner:
    """Mail programs drop <style>; what cannot be inlined (dark mode, phones) stays in it."""
    return CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
