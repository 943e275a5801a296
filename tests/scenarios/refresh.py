"""Writes the end of every story anew: ``make goldens``.  Read the difference before it is committed."""

from __future__ import annotations

import sys

from tests.scenarios.story import CUT, Story, stories


def refreshed(story: Story) -> str:
    """Return the text of a story file with the end that the code gives it now."""
    return CUT.join((story.about, story.events, story.told()))


def main() -> None:
    """Write every story whose end has changed, and name it."""
    for story in stories():
        text = refreshed(story)
        if text != story.path.read_text(encoding="utf-8"):
            story.path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written anew: {story.path.name}\n")


if __name__ == "__main__":
    main()
