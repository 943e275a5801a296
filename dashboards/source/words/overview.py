"""What the panels of the overview dashboard say of themselves, in English and Chinese."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

from typing import Final

from dashboards.source.words import About

PAGE: Final = About(
    "Overview",
    "总览",
    "",
    en="Is money flowing as it should, and do we see all of it? Read the figures from left to right; the rest"
    " tells since when.",
    zh="资金流转是否正常？两侧数据是否都看得到？先从左到右看数字，再看图判断从何时开始。",
)
"""The whole page: its name and the question that it answers."""

MONEY_AT_RISK: Final = About(
    "Money at risk",
    "风险金额",
    "locale",
    en="Money in open anomalies, by currency. It falls when a missing record arrives, a reversal comes or "
    "the anomaly expires.",
    zh="未解决异常涉及的金额，按币种。缺失记录补到、冲正到达或异常到期后下降。",
)

OPEN_CRITICAL_ANOMALIES: Final = About(
    "Open critical anomalies",
    "未解决严重异常",
    "none",
    en="Anomalies of severity critical that nothing has resolved yet. One alone is work for the day shift; a "
    "rise is work for now.",
    zh="尚未解决的严重异常。单笔可留待日班处理；数量上升须立即处理。",
)

MATCH_RATE: Final = About(
    "Match rate",
    "匹配率",
    "percentunit",
    en="Share of judged vouchers without an anomaly that concerns money (severity info does not count). The objective "
    "is 99.9 %: below it open the anomalies dashboard. No value means that nothing was judged.",
    zh="已判定凭证中没有涉及资金的异常的比例（info 级不计）。目标为 99.9%，低于目标请打开“异常”看板；"
    "无数值表示没有已判定的凭证。",
)

OPENED_IN_THIS_TIME: Final = About(
    "Opened in this time",
    "时段内新增异常",
    "none",
    en="Anomalies that were opened in the time range shown, of every kind.",
    zh="所选时段内新增的异常，所有类型。",
)

RESOLVED_IN_THIS_TIME: Final = About(
    "Resolved in this time",
    "时段内已解决",
    "none",
    en="Anomalies that a late record or a reversal resolved in the time range shown.",
    zh="所选时段内因迟到记录或冲正而解决的异常。",
)

SOURCES_THAT_ARE_SILENT: Final = About(
    "Sources that are silent",
    "断流的数据源",
    "none",
    en="1: more than half the lanes hear nothing from this source while the other one sends. Verdicts about "
    "it are held; do not work through orphans of this time.",
    zh="为 1 表示多数通道收不到该侧数据而另一侧正常。对该侧的判定已暂缓，请勿逐笔处理此间的单边。",
)

JUDGING_IS_BEHIND_BY: Final = About(
    "Judging is behind by",
    "判定落后",
    "s",
    en="Wall clock less the oldest watermark. At night about the setting idle_lateness; minutes mean that a "
    "feed or the worker is behind.",
    zh="当前时间减最旧的水位。夜间约等于 idle_lateness；达到数分钟说明数据源或程序落后。",
)

READING_IS_BEHIND_BY: Final = About(
    "Reading is behind by",
    "读取落后",
    "s",
    en="Age of the oldest record that is not read yet. Rising at the busiest hour: add a worker.",
    zh="最旧的未读记录的时长。高峰时持续上升则需增加 worker。",
)

BAD_RECORDS_IN_THIS_TIME: Final = About(
    "Bad records in this time",
    "时段内坏记录",
    "none",
    en="Records that could not be decoded and went to the dead-letter topic. Any steady rate is a producer to mend.",
    zh="无法解析而进入死信主题的记录。持续出现说明有发送方需要修复。",
)

WORKERS: Final = About(
    "Workers",
    "运行中的 worker",
    "none",
    en="Workers that Prometheus reaches, by release. Fewer than usual: see the pipeline dashboard.",
    zh="Prometheus 能访问的 worker 数，按版本。少于平时请看“流水线”看板。",
)

EVENTS_EACH_SECOND_BY_SOURCE: Final = About(
    "Events each second by source",
    "各侧每秒事件",
    "ops",
    en="What terminals and host send. The two lines belong together: a gap between them is a feed that lacks records.",
    zh="终端侧与主机侧的事件。两线应相近；分开说明有一侧缺数据。",
)

VOUCHERS_CLOSED_EACH_SECOND_BY_VERDICT: Final = About(
    "Vouchers closed each second by verdict",
    "每秒判定结果",
    "ops",
    en="The day's work by first verdict. No more matched while events come: something is wrong with one side.",
    zh="按首次判定统计。有事件却没有 matched，说明一侧有问题。",
)

MATCH_RATE_BY_LINK: Final = About(
    "Match rate by link",
    "各链路匹配率",
    "percentunit",
    en="Share of judged vouchers without an anomaly that concerns money, for each host link. One link alone below the "
    "others: that link is the place to look.",
    zh="各主机链路的匹配率。仅一条链路偏低时，先查该链路。",
)

DELAY_BETWEEN_THE_TWO_SIDES: Final = About(
    "Delay between the two sides",
    "两侧到达间隔",
    "s",
    en="Log time between the two records of a pair: half, 95 % and 99 % of the pairs are faster. When the "
    "highest line nears the pair window, orphans that resolve by themselves follow.",
    zh="同一凭证两侧记录的间隔（中位数、95%、99%）。最高线接近配对窗口时，会出现自行解决的单边。",
)

MONEY_AT_RISK_BY_CURRENCY: Final = About(
    "Money at risk by currency",
    "各币种风险金额",
    "locale",
    en="Money in open anomalies over time. A step is one large case, a slope is a fault that goes on.",
    zh="未解决异常金额随时间变化。台阶多为单笔大额，斜坡说明故障仍在继续。",
)

OPEN_ANOMALIES_BY_SEVERITY: Final = About(
    "Open anomalies by severity",
    "未解决异常（按严重程度）",
    "none",
    en="What is open at each moment. Open ones that nobody resolves leave after the setting resolve_horizon.",
    zh="各时刻未解决异常数。一直无人解决的在 resolve_horizon 之后到期退出。",
)

FIRING_ALERTS: Final = About(
    "Firing alerts",
    "正在触发的告警",
    "none",
    en="Alerts of this product that fire now. The watchdog fires always: if it is not here, alerting itself "
    "is broken. The alert's name leads to its page.",
    zh="当前触发的告警。Watchdog 应始终存在；若不在，则告警链路本身有问题。点击告警名打开说明。",
)

MONEY_AGAINST_ITS_LIMIT: Final = About(
    "Money against its limit",
    "风险金额占限额",
    "percentunit",
    en="Money at risk as a share of the sum at which the alert rules warn, so that currencies compare. At 100 % the "
    "warning fires, at 1000 % the critical alert. config/prometheus/rules/limits.yml holds the limits.",
    zh="风险金额占告警限额的比例，便于跨币种比较。100% 触发 warning，1000% 触发 critical。限额见 "
    "config/prometheus/rules/limits.yml。",
)
