"""What to check first for a response code, in the words that on-call staff read at night.

Never "try again": while an approved original may exist, a second attempt can charge a card twice.
"""

# ruff: noqa: E501, RUF001  one step is one line; Chinese text has full-width punctuation

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streams.cli.shape import Language


@dataclass(frozen=True, slots=True)
class Advice:
    """The first things to look at for some codes, most telling first, in English and Chinese."""

    codes: frozenset[str]
    english: tuple[str, ...]
    chinese: tuple[str, ...]

    def steps(self, language: Language) -> tuple[str, ...]:
        """Return the steps in one language."""
        return self.chinese if language is Language.CHINESE else self.english


def _advice(codes: str, english: tuple[str, ...], chinese: tuple[str, ...]) -> Advice:
    return Advice(frozenset(codes.split()), english, chinese)


BY_CODE: Final = (
    _advice(
        "25 12",
        (
            "Look up the original by terminal, batch and voucher number, then by reference number: does the host have it?",
            "If the host approved the original, nothing has been undone: do not void it again, settle it with the acquirer.",
            "If the original was declined or already reversed, nothing is owed; the cashier needs only to know that.",
            "If there is no original, compare the voucher number keyed with its neighbours: one wrong digit is common.",
        ),
        (
            "先按终端号、批次号、凭证号，再按参考号查原交易：主机上有没有？",
            "主机已批准原交易：款项并未撤销，不要再次撤销，与收单机构核实处理。",
            "原交易被拒绝或已冲正：无款项需退回，告知收银员即可。",
            "查不到原交易：核对输入的凭证号是否差一位，这种情况很常见。",
        ),
    ),
    _advice(
        "06 68 91 92 96 98",
        (
            "The result is not known: look the voucher up at the host before anything is done at the till.",
            "Look for the reversal of the same voucher: with it nothing is owed, without it the amount is at risk.",
            "Many of these on one link at once point at the host or the line: look at the link's share, then call the acquirer.",
            "Look for a maintenance window or a day cut-over at this time.",
        ),
        (
            "结果不明：柜台操作之前，先到主机查询该凭证。",
            "查同一凭证的冲正：已冲正则无款项风险，未冲正则金额有风险。",
            "同一链路同时大量出现，说明主机或线路有故障：先看该链路占比，再致电收单机构。",
            "查此时是否在维护窗口或日切期间。",
        ),
    ),
    _advice(
        "09",
        (
            "The host has not decided yet: wait for the final answer within in_progress_window.",
            "After that it counts as unknown: look the voucher up at the host.",
        ),
        ("主机尚未给出结果：在 in_progress_window 内等待最终应答。", "超时后按结果不明处理：到主机查询该凭证。"),
    ),
    _advice(
        "77 22",
        (
            "Compare the terminal's batch number with the host's.",
            "Let the terminal sign on again, then check that earlier vouchers of its batch have reached the host.",
        ),
        ("核对终端批次号与主机批次号。", "让终端重新签到，再核对该批次之前的凭证是否都已到达主机。"),
    ),
    _advice(
        "99 A0 A7",
        (
            "Working keys differ: let the terminal sign on again.",
            "If many terminals of one link show it, ask the acquirer about a key change.",
        ),
        ("工作密钥不一致：让终端重新签到。", "同一链路多台终端出现时，向收单机构询问是否更换了密钥。"),
    ),
    _advice(
        "94",
        (
            "Find the voucher that came first with the same number: it is the one that counts.",
            "Compare amount and card of the two; equal ones were sent twice, different ones share a number by mistake.",
        ),
        ("找到同号先到的凭证：以它为准。", "比较两笔的金额和卡号：相同是重复发送，不同是误用了同一号码。"),
    ),
    _advice(
        "03 97",
        (
            "Check whether every voucher of this merchant or terminal is refused.",
            "Check the registration of merchant and terminal at the acquirer.",
        ),
        ("查该商户或终端是否所有交易都被拒。", "向收单机构核实商户和终端的登记状态。"),
    ),
    _advice(
        "90 95",
        ("Check the time against the host's day cut-over.", "Compare the batch totals of terminal and host."),
        ("核对是否在主机日切时间。", "核对终端与主机的批次总额。"),
    ),
    _advice(
        "A2 A4 A5 A6",
        (
            "Ask the network what this code stands for: some use it for an approval with a defect.",
            "If yours does, put the code into your own table (setting response_codes) as approved.",
        ),
        (
            "向网络方确认此码含义：有的网络表示“有缺陷的成功”。",
            "如是，请在自己的应答码表（设置 response_codes）中改为 approved。",
        ),
    ),
)

BY_OUTCOME: Final = {
    "approved": _advice(
        "",
        ("The host should hold the same voucher: look it up by terminal and voucher number.",),
        ("主机上应有同一凭证：按终端号和凭证号查询。",),
    ),
    "declined": _advice(
        "",
        (
            "Nothing was charged for this voucher; check that the host holds it as declined too.",
            "If goods were handed over, look for another voucher of the same card and amount that was approved.",
        ),
        ("该凭证未扣款；核对主机上是否同样为拒绝。", "如已交货，查同卡同金额是否另有一笔已批准的凭证。"),
    ),
    "rejected": _advice(
        "",
        (
            "The request was refused before it was processed: nothing was charged.",
            "Check software version and set-up of the terminal against others of its model.",
        ),
        ("请求在处理前被拒：未扣款。", "将终端软件版本和设置与同型号终端比较。"),
    ),
    "unknown": _advice(
        "",
        (
            "The result is not known: look the voucher up at the host before anything is done at the till.",
            "Ask the network what this code stands for and add it to your table (setting response_codes).",
        ),
        (
            "结果不明：柜台操作之前，先到主机查询该凭证。",
            "向网络方确认此码含义，并加入自己的应答码表（设置 response_codes）。",
        ),
    ),
}


def advice_for(code: str, outcome: str) -> Advice:
    """Return what to check first for a code, by the code itself or else by its outcome."""
    return next((advice for advice in BY_CODE if code in advice.codes), BY_OUTCOME.get(outcome, BY_OUTCOME["unknown"]))
