"""What the panels of the pipeline dashboard say of themselves, in English and Chinese."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

from typing import Final

from dashboards.source.words import About

PAGE: Final = About(
    "Pipeline",
    "流水线",
    "",
    en="Does the worker read, judge and publish in time, and what stands in its way? Behind in seconds counts;"
    " behind in records only says how much there is to do.",
    zh="worker 的读取、判定与发布是否及时？受何阻碍？以落后秒数为准，落后记录数仅表示工作量。",
)
"""The whole page: its name and the question that it answers."""

READING_IS_BEHIND_BY: Final = About(
    "Reading is behind by",
    "读取落后",
    "s",
    en="Age of the oldest record that is not read yet, the worse of both sources.",
    zh="最旧未读记录的时长，取两侧较大者。",
)

JUDGING_IS_BEHIND_BY: Final = About(
    "Judging is behind by",
    "判定落后",
    "s",
    en="Wall clock less the oldest watermark of any lane.",
    zh="当前时间减所有通道中最旧的水位。",
)

READ_TO_THE_END: Final = About(
    "Read to the end",
    "已读到末尾的分区",
    "none",
    en="Partitions of which an answer of the last two seconds showed the end. 0 under load is normal; 0 at "
    "night means that the broker does not answer.",
    zh="最近两秒内确认读到末尾的分区数。高负载时为 0 属正常；夜间为 0 说明 broker 无应答。",
)

FULLEST_LIMIT: Final = About(
    "Fullest limit",
    "限额使用率",
    "percentunit",
    en="How much of a limit the fullest lane uses: legs that wait, and open anomalies. At 100 % verdicts are made "
    "early and marked limited.",
    zh="最满通道的限额使用率：等待配对的记录与未解决异常。达到 100% 时会提前判定并标记 limited。",
)

ORIGINALS_ARE_KNOWN_FOR: Final = About(
    "Originals are known for",
    "原交易可查时长",
    "s",
    en="Log time for which every voucher is known that a void or refund can point at, the shortest of all lanes. It "
    "grows after a first start; a sudden fall means that the ledger was lost.",
    zh="撤销、退货可核对原交易的时长，取最短的通道。首次启动后逐渐增长；突然下降说明账本丢失。",
)

A_RESTART_READS_AGAIN: Final = About(
    "A restart reads again",
    "重启需重读",
    "s",
    en="Log time between the committed cut and our position, the longest of all lanes.",
    zh="已提交位置与当前位置之间的时长，取最长的通道。",
)

READING_BEHIND_IN_SECONDS: Final = About(
    "Reading behind, in seconds",
    "读取落后（秒）",
    "s",
    en="Age of the oldest record that is not at its partition's end, by source. When it grows at the busiest "
    "hour, add a worker.",
    zh="各侧最旧未读记录的时长。高峰时增长则增加 worker。",
)

READING_BEHIND_IN_RECORDS: Final = About(
    "Reading behind, in records",
    "读取落后（条）",
    "none",
    en="Records between our position and the end, by partition.",
    zh="各分区未读的记录数。",
)

JUDGING_BEHIND: Final = About(
    "Judging behind",
    "判定落后（秒）",
    "s",
    en="Wall clock less the watermark of each source and lane. One lane alone: look at its partitions. One "
    "source in all lanes: its feed is late.",
    zh="各侧各通道的水位落后。单一通道落后：查该分区。某侧全部落后：该侧数据迟到。",
)

FROM_A_RECORD_S_TIME_TO_ITS_HANDLING: Final = About(
    "From a record's time to its handling",
    "从记录到处理",
    "s",
    en="From the broker's stamp to our handling: half, 95 % and 99 % of the records are faster.",
    zh="从 broker 时间戳到处理的时间（中位数、95%、99%）。",
)

WRITTEN_AND_NOT_YET_SAFE: Final = About(
    "Written and not yet safe",
    "已写出未确认",
    "none",
    en="Anomalies and dead letters that no broker has acknowledged yet. It returns to 0 at once; a rise that stays "
    "means that the output topics cannot be written.",
    zh="broker 尚未确认的异常与死信。应立即回到 0；持续上升说明输出主题无法写入。",
)

VOUCHERS_THAT_WAIT_FOR_THEIR_OTHER_SIDE: Final = About(
    "Vouchers that wait for their other side",
    "等待另一侧的凭证",
    "none",
    en="Legs of each source that wait. A rise on one side: the other side is late or lost.",
    zh="各侧等待配对的记录。一侧上升：另一侧迟到或丢失。",
)

BAD_RECORDS_EACH_MINUTE_BY_REASON: Final = About(
    "Bad records each minute by reason",
    "每分钟坏记录（按原因）",
    "cpm",
    en="Records that went to the dead-letter topic. docs/events.md says what each reason means.",
    zh="进入死信主题的记录。原因说明见 docs/events.md。",
)

RAW_MESSAGES_SKIPPED_EACH_MINUTE: Final = About(
    "Raw messages skipped each minute",
    "每分钟跳过的原始报文",
    "cpm",
    en="ISO 8583 messages that are no event. As many requests as there are answers, if all is well; a great "
    "part of other means that the feeds are swapped.",
    zh="不构成事件的 8583 报文。正常时请求与应答数量相当；other 偏多说明两路数据接反。",
)

EVENTS_EACH_SECOND_BY_KIND: Final = About(
    "Events each second by kind",
    "每秒事件（按类型）",
    "ops",
    en="Decoded events of both sources by kind of transaction.",
    zh="两侧已解码事件，按交易类型。",
)

OUTCOMES_BY_SOURCE: Final = About(
    "Outcomes by source",
    "交易结果（各侧）",
    "ops",
    en="Approved, declined and unknown as each side says it. The two sides should tell the same story.",
    zh="各侧所述的交易结果，两侧应一致。",
)

SENT_TWICE_EACH_MINUTE: Final = About(
    "Sent twice, each minute",
    "每分钟重复发送",
    "cpm",
    en="Redelivered: harmless. Reused id: a producer gives one event id to different events.",
    zh="redelivered：无害的重复投递。reused：发送方把同一事件号用于不同事件。",
)

CONTRADICTING_OR_SILENT_ON_THE_OUTCOME_EACH_MINUTE: Final = About(
    "Contradicting or silent on the outcome, each minute",
    "每分钟结果矛盾或缺失",
    "cpm",
    en="Response codes that the table lacks, outcomes that say otherwise than their code, and terminal "
    "events that say nothing. voucherwatch doctor names them.",
    zh="应答码表中没有的码、与应答码矛盾的结果、终端未写结果的事件。voucherwatch doctor 可列出。",
)

LATER_MESSAGES_OF_ONE_SIDE_EACH_MINUTE: Final = About(
    "Later messages of one side, each minute",
    "每分钟后续报文",
    "cpm",
    en="Updates changed the outcome of a record, repeats said nothing new: both are normal. What came after its time "
    "must stay 0: else the broker was slower than idle_lateness.",
    zh="updates 改变了已有记录的结果，repeats 为无新内容的重复，均属正常。过时到达应始终为 0，否则 broker 慢于 "
    "idle_lateness。",
)

CARD_NUMBERS_IN_CLEAR_IN_THIS_TIME: Final = About(
    "Card numbers in clear, in this time",
    "时段内明文卡号",
    "none",
    en="A sender leaks card numbers. They are masked here, so nothing is lost; mend the sender.",
    zh="发送方泄露了明文卡号。本系统已掩码；请修复发送方。",
)

HANDLING_ONE_FETCH: Final = About(
    "Handling one fetch",
    "处理一次拉取",
    "s",
    en="Time taken to handle one fetch. Above half a second the loop breathes rarely: more workers, or "
    "smaller fetches.",
    zh="处理一次拉取的时间。超过半秒应增加 worker 或减小拉取量。",
)

RECORDS_IN_ONE_FETCH: Final = About(
    "Records in one fetch",
    "每次拉取的记录数",
    "none",
    en="Large fetches mean that the worker catches up; small ones that it waits for records.",
    zh="拉取量大说明正在追赶，小说明在等待数据。",
)

COMMITS_EACH_MINUTE: Final = About(
    "Commits each minute",
    "每分钟提交",
    "cpm",
    en="Commits of the lanes' cuts by result. Failed ones are tried again; steadily failing ones are not normal.",
    zh="按结果统计的提交。失败会重试；持续失败不正常。",
)

ASSIGNMENTS_OF_PARTITIONS_IN_THIS_TIME: Final = About(
    "Assignments of partitions, in this time",
    "时段内分区分配次数",
    "none",
    en="Each time the group gave this worker its partitions. Steadily rising: workers come and go, or "
    "session_timeout is too short.",
    zh="消费组向 worker 分配分区的次数。持续上升：worker 反复进出，或 session_timeout 过短。",
)

MEMORY_AND_DISK: Final = About(
    "Memory and disk of the worker",
    "worker 内存与磁盘",
    "bytes",
    en="Resident memory of each worker, and its ledger of originals where that lies on disk. Memory follows what is "
    "open, not what was closed; docs/sizing.md has the figures.",
    zh="各 worker 的常驻内存，以及磁盘上的原交易账本。内存随未解决的数量变化，与已解决的无关；参见 docs/sizing.md。",
)
