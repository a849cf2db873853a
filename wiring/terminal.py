"""What a person at the terminal sees of a run: one line while it starts, a banner, then little."""

import sys
from collections.abc import Mapping
from typing import TextIO

CLEAR_LINE = "\r\033[K"
LABEL_CHARS = 10


class Terminal:
    """Plain lines when the output is a file or a pipe; a moving line and bold type for people."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out, self._person, self._moving = out, out.isatty(), False

    def step(self, text: str) -> None:
        """What is being waited for; the next line takes its place."""
        if self._person:
            self._write(f"{CLEAR_LINE}  {text} …")
            self._moving = True

    def clear(self) -> None:
        """Take back the moving line."""
        if self._moving:
            self._write(CLEAR_LINE)
            self._moving = False

    def say(self, line: str) -> None:
        self.clear()
        self._write(f"{line}\n")

    def banner(self, title: str, facts: Mapping[str, str], last: str) -> None:
        lines = [f"  {label:{LABEL_CHARS}}{text}" for label, text in facts.items()]
        self.say("\n".join(("", f"  {self._bold(title)}", "", *lines, "", f"  {last}", "")))

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._person else text

    def _write(self, text: str) -> None:
        """A terminal that was closed is no reason to stop."""
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            self._person = False
