"""All stories in one list."""

from __future__ import annotations

from typing import Final

from tests.operations import (
    stories_of_kinds,
    stories_of_money,
    stories_of_notifications,
    stories_of_records,
    stories_of_the_pipeline,
)

STORIES: Final = [
    *stories_of_kinds.STORIES,
    *stories_of_the_pipeline.STORIES,
    *stories_of_money.STORIES,
    *stories_of_notifications.STORIES,
    *stories_of_records.STORIES,
]
