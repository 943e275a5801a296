"""What the dashboards call things, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Said = tuple[str, str]
"""One text in English and in Chinese."""

KINDS: Final = {
    "orphan_terminal": "终端单边",
    "orphan_host": "主机单边",
    "mismatch": "内容不一致",
    "outcome_conflict": "结果冲突",
    "unreversed": "未冲正",
    "duplicate_voucher": "凭证号重复",
    "original_denied": "原交易被否认",
    "original_not_found": "原交易缺失",
    "original_conflict": "与原交易冲突",
    "source_stalled": "数据源停滞",
    "partitioning_fault": "分区错误",
}
"""Kind of anomaly -> its short Chinese name."""


@dataclass(frozen=True, slots=True)
class About:
    """What a panel says of itself: title, unit of its values, and what it means and asks for."""

    title_en: str
    title_zh: str
    unit: str
    en: str
    zh: str

    @property
    def title(self) -> str:
        """The title in both languages."""
        return title((self.title_en, self.title_zh))

    @property
    def text(self) -> str:
        """The description in both languages."""
        return paragraph((self.en, self.zh))


def title(said: Said) -> str:
    """Return both languages on one line, as titles show them."""
    return " / ".join(said)


def paragraph(said: Said) -> str:
    """Return both languages as paragraphs, as descriptions show them."""
    return "\n\n".join(said)
