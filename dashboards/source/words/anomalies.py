"""What the panels of the anomalies dashboard say of themselves, in English and Chinese."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

from typing import Final

from dashboards.source.words import About

PAGE: Final = About(
    "Anomalies",
    "异常",
    "",
    en="What is wrong, how much money, since when, and where? Choose kind, severity and link above; the kind in"
    " a table leads to its runbook.",
    zh="出了什么问题、涉及多少金额、从何时开始、在哪里？可在上方选择类型、严重程度与链路；点击表中类型打开处理手册。",
)
"""The whole page: its name and the question that it answers."""

MONEY_AT_RISK: Final = About(
    "Money at risk",
    "风险金额",
    "locale",
    en="Money in open anomalies of the chosen kinds, by currency.",
    zh="所选类型未解决异常的金额，按币种。",
)

OPEN: Final = About(
    "Open",
    "未解决",
    "none",
    en="Open anomalies of the chosen kinds, severities and links.",
    zh="所选范围内的未解决异常。",
)

OPENED_IN_THIS_TIME: Final = About(
    "Opened in this time",
    "时段内新增",
    "none",
    en="Anomalies opened in the time range shown.",
    zh="所选时段内新增的异常。",
)

RESOLVED_IN_THIS_TIME: Final = About(
    "Resolved in this time",
    "时段内解决",
    "none",
    en="Anomalies of the chosen kinds that were resolved in the time range shown.",
    zh="所选时段内解决的异常。",
)

MONEY_THAT_NOTHING_RESOLVED: Final = About(
    "Money that nothing resolved",
    "到期未解决金额",
    "locale",
    en="Money in anomalies that expired since the worker started: work for the next day's reconciliation.",
    zh="自 worker 启动以来到期仍未解决的金额：留待次日对账处理。",
)

BY_KIND: Final = About(
    "By kind",
    "按类型",
    "none",
    en="Every kind with what is open now and what came and went in the time range shown. The kind leads to "
    "its runbook.",
    zh="各类型当前未解决数及所选时段内的新增、解决与到期。点击类型打开处理手册。",
)

MONEY_AT_RISK_BY_KIND_AND_CURRENCY: Final = About(
    "Money at risk by kind and currency",
    "风险金额（按类型与币种）",
    "locale",
    en="Where the money stands: largest first. The kind leads to its runbook.",
    zh="金额分布，从大到小。点击类型打开处理手册。",
)

OPEN_BY_KIND: Final = About(
    "Open by kind",
    "未解决（按类型）",
    "none",
    en="Since when: the moment a line leaves the ground is the moment the fault began, plus the window of that kind.",
    zh="从何时开始：曲线抬升的时刻减去该类型的窗口，即为故障开始时间。",
)

OPENED_EACH_MINUTE_BY_KIND: Final = About(
    "Opened each minute by kind",
    "每分钟新增（按类型）",
    "cpm",
    en="How fast new ones come. Flat at 0: the fault is over.",
    zh="新增速度。归零说明故障已结束。",
)

OPENED_EACH_MINUTE_BY_SEVERITY: Final = About(
    "Opened each minute by severity",
    "每分钟新增（按严重程度）",
    "cpm",
    en="A rise of critical is what the alerts look at.",
    zh="告警关注的是严重异常的上升。",
)

OPENED_EACH_MINUTE_BY_LINK: Final = About(
    "Opened each minute by link",
    "每分钟新增（按链路）",
    "cpm",
    en="One link alone: look at that link's host or line. All links alike: look at what they share.",
    zh="仅一条链路上升：查该链路的主机或线路。各链路一致上升：查共用部分。",
)

RESOLVED_EACH_MINUTE_BY_RESOLUTION: Final = About(
    "Resolved each minute by resolution",
    "每分钟解决（按方式）",
    "cpm",
    en="Many late_match: a pair window is too short, or a feed is late.",
    zh="late_match 多：配对窗口过短，或数据源迟到。",
)

INSIDE_MAINTENANCE: Final = About(
    "Opened inside maintenance, each minute",
    "维护窗口内每分钟新增",
    "cpm",
    en="Counted in all other figures, too, never hidden: their link or institution had announced maintenance, or "
    "its cut-over fell into this time. Look at them when the window is over.",
    zh="其他图表也计入，不隐藏：所属链路或机构已公告维护，或正值日切。窗口结束后再核对。",
)

NOTICES_UNREADABLE: Final = About(
    "Notices of maintenance that cannot be read, each minute",
    "每分钟无法读取的维护公告",
    "cpm",
    en="Events of kind notice without a usable window: the maintenance that they announce is not known here.",
    zh="notice 事件缺少可用的时间窗口：该维护在此未登记。",
)

EXPIRED_AND_HELD_EACH_MINUTE: Final = About(
    "Expired and held each minute",
    "每分钟到期与暂缓",
    "cpm",
    en="Expired: nothing resolved it in time. Held: judged at the end of a silence, to be looked up when the "
    "feed is back.",
    zh="到期：无人解决。暂缓：断流结束后才判定，数据恢复后须核对。",
)

FROM_VERDICT_TO_PUBLISHED_RECORD: Final = About(
    "From verdict to published record",
    "从判定到发布",
    "s",
    en="Time from the moment an anomaly is due to the broker's acknowledgement of its record.",
    zh="从应判定时刻到 broker 确认异常记录的时间。",
)

MONEY_AT_RISK_BY_KIND: Final = About(
    "Money at risk by kind",
    "风险金额（按类型）",
    "locale",
    en="Money of one currency by kind; with several currencies each has its own line.",
    zh="按类型与币种的风险金额；多币种时各有一线。",
)

SOFTWARE_VERSION: Final = About(
    "Software version",
    "终端软件版本",
    "none",
    en="Anomalies of the time range shown by the terminal's software version. One version far above its share of "
    "terminals: look at what that release changed. The first 20 versions have names, the rest is other.",
    zh="所选时段内异常按终端软件版本。某版本明显偏多时，检查该版本的改动。仅前 20 个版本单列，其余为 other。",
)

REGION: Final = About(
    "Region",
    "地区",
    "none",
    en="Anomalies of the time range shown by region, as far as records name one. The first 20 regions have names, "
    "the rest is other; unknown: the records say nothing.",
    zh="所选时段内异常按地区（以记录所写为准）。仅前 20 个地区单列，其余为 other；unknown 表示记录未写明。",
)

CAUSES_EACH_MINUTE: Final = About(
    "Likeliest causes each minute",
    "每分钟最可能原因",
    "none",
    en="Anomalies of the chosen kinds by the cause that their diagnosis says, once more where a later look found"
    " another. One colour that grows: one fault, not many. unknown: nothing tells it apart from chance.",
    zh="所选类型的异常按诊断出的最可能原因；稍后诊断出其他原因的再计一次。某种颜色突增，多半是同一故障；"
    "unknown 表示线索不足。",
)

CAUSES_IN_THIS_TIME: Final = About(
    "Likeliest causes in this time",
    "时段内最可能原因",
    "none",
    en="Diagnoses of the chosen kinds in the time range shown, the most frequent cause first; what to do about each"
    " stands in the records and in docs/diagnosis.md.",
    zh="所选时段、所选类型的诊断，按次数排列；各原因的处理步骤见异常记录与 docs/diagnosis.md。",
)

CAUSES_BY_LINK: Final = About(
    "Top causes by link",
    "链路与原因排行",
    "none",
    en="The 20 most frequent pairs of cause and link in the time range shown, over all kinds. Many of one cause on one"
    " link: call whoever runs it.",
    zh="所选时段内最常见的 20 个“原因 + 链路”组合（全部类型）。同一链路同一原因集中出现时，联系该链路负责方。",
)

CAUSES_BY_VERSION: Final = About(
    "Top causes by software version",
    "软件版本与原因排行",
    "none",
    en="The 20 most frequent pairs of cause and terminal software version in the time range shown, by the first"
    " diagnosis of each anomaly. The first 20 versions have names, the rest is other.",
    zh="所选时段内最常见的 20 个“原因 + 终端软件版本”组合（按每条异常的首次诊断）。仅前 20 个版本单列，其余为 other。",
)

LARGEST_OPEN_AMOUNT: Final = About(
    "Largest open amount by kind",
    "最大单笔风险金额（按类型）",
    "locale",
    en="The one open anomaly that risks most, by kind and currency: a large voucher among many small ones does not "
    "show in a sum.",
    zh="各类型、各币种中风险金额最大的单笔异常：合计看不出的大额在此可见。",
)
