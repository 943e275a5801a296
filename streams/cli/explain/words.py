"""The words of a voucher's life, each in English and Chinese: one table, so that neither language says more."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

from typing import Final

from streams.cli.shape import Language
from streams.core.currency import major

OUTCOMES_ZH: Final = {
    "approved": "批准",
    "declined": "拒绝",
    "rejected": "处理前被拒",
    "unknown": "结果不明",
    "in_progress": "处理中",
}
KINDS_ZH: Final = {
    "sale": "消费",
    "void": "撤销",
    "refund": "退货",
    "preauth": "预授权",
    "preauth_void": "预授权撤销",
    "completion": "预授权完成",
    "completion_void": "预授权完成撤销",
    "reversal": "冲正",
    "query": "查询",
    "settlement": "结算",
    "status": "状态",
}
VERDICTS: Final = {
    "matched": ("both sides agree", "双方一致"),
    "reversed": ("undone by its reversal", "已冲正"),
    "both_unknown": ("both sides say that the outcome is unknown", "双方均为结果不明"),
    "reversal_repeated": ("the reversal of what was reversed before", "重复冲正"),
    "reversal_host_only": ("a reversal that only the host has", "仅主机有的冲正"),
    "offline_unverified": ("authorised offline, the other side has not come", "脱机交易，另一侧未到"),
    "original_unverifiable": ("its original cannot be looked up", "原交易无法核实"),
    "unjudged": ("not judged: its lane is split", "未判定：分区有误"),
    "orphan_terminal": ("the terminal has a slip, the host has nothing", "终端有凭证，主机无记录（终端单边）"),
    "orphan_host": ("the host has a record, no terminal reported it", "主机有记录，终端无凭证（主机单边）"),
    "mismatch": ("both sides approved, but not the same thing", "双方均批准，但内容不一致"),
    "outcome_conflict": ("the slip says approved, the host says otherwise", "终端批准，主机未批准（结果冲突）"),
    "unreversed": ("the cardholder may have paid, and nobody took it back", "可能已扣款而未冲正"),
    "duplicate_voucher": ("one side used a voucher number twice", "同一侧重复使用凭证号"),
    "original_denied": ("the host denies what it has recorded", "主机否认自己已批准的原交易"),
    "original_not_found": ("the original that it names never came", "所指的原交易从未出现"),
    "original_conflict": ("the original that it names does not admit it", "与所指的原交易冲突"),
}
PHRASES: Final[dict[str, tuple[str, str]]] = {
    "title": ("Voucher {number} of terminal {terminal}{batch}", "终端 {terminal} 凭证 {number}{batch}"),
    "title_batch": (", batch {batch}", "，批次 {batch}"),
    "zone": (
        "All times are log times (the broker's clock) in {zone}.",
        "时间均为日志时间（broker 时钟），时区 {zone}。",
    ),
    "judged": ("SEEN AND JUDGED.", "已出现，已判定。"),
    "waiting": ("SEEN, NOT ALL OF IT YET ARRIVED OR JUDGED.", "已出现，尚未到齐或尚未判定。"),
    "never_seen": (
        "NEVER SEEN: no record bears this number, as far back as it can matter and to the end of what was read.",
        "从未出现：在可能相关的全部时间内，直到读取终点，没有该凭证的记录。",
    ),
    "expired": (
        "EXPIRED: cannot be told. Older records are deleted, and what is left does not hold this voucher.",
        "已过期：无法判断。更早的记录已删除，现存记录中没有该凭证。",
    ),
    "not_yet_arrived": (
        "NOT YET ARRIVED, or never sent: one source has fallen silent before the other, so its records may still come.",
        "尚未到达，或从未发送：一侧数据源已停而另一侧仍有记录，其记录可能稍后到达。",
    ),
    "not_in_range": (
        "NOT IN THE RANGE that was searched; what lies outside of it was not read.",
        "不在所查范围内；范围之外未读取。",
    ),
    "searched": ("Searched", "查找范围"),
    "searched_topic": (
        "{source}: {log}, offsets {first} to {end}, records: {records}, of this terminal: {own}; log {span}",
        "{source}：{log}，位点 {first} 至 {end}，共 {records} 条，本终端 {own} 条；日志时间 {span}",
    ),
    "searched_file": (
        "{source}: {log}, records: {records}, of this terminal: {own}; log {span}",
        "{source}：{log}，共 {records} 条，本终端 {own} 条；日志时间 {span}",
    ),
    "span": ("{first} to {last}", "{first} 至 {last}"),
    "no_span": ("empty", "为空"),
    "empty_part": ("none", "无"),
    "range": (
        "range: {first} to {last}; read from {read} on, so that what began earlier is judged rightly",
        "范围：{first} 至 {last}；自 {read} 起读取，使更早开始的凭证判定正确",
    ),
    "now": ("now ({at})", "现在（{at}）"),
    "judged_before": ("deadlines before {at} have passed", "{at} 之前的截止时间均已到"),
    "searched_anomalies": ("published anomalies: {log}, records: {count}", "已发布的异常：{log}，{count} 条"),
    "no_anomaly_topic": (
        "published anomalies: not read, there is no such partition",
        "已发布的异常：未读取，没有该分区",
    ),
    "no_ledger": (
        "ledger of originals: none of this lane on this machine (ledger_dir), so only the topics were read",
        "原交易台账：本机没有该分区的台账（ledger_dir），仅读取主题",
    ),
    "ledger_covers": (
        "ledger of originals: {place}, covers what began from {first} to {last}; vouchers of this terminal: {own}",
        "原交易台账：{place}，涵盖 {first} 至 {last} 开始的凭证；本终端 {own} 笔",
    ),
    "ledger_filling": (
        "ledger of originals: {place}, still being filled: it proves no absence; vouchers of this terminal: {own}",
        "原交易台账：{place}，仍在填充，不能证明凭证不存在；本终端 {own} 笔",
    ),
    "ledger_unreadable": (
        "ledger of originals: {place} cannot be read and was left out: {detail}",
        "原交易台账：{place} 无法读取，已略过：{detail}",
    ),
    "ledger_foreign": (
        "ledger of originals: {place} was left out, it is of other topics or another number of partitions ({detail})",
        "原交易台账：{place} 属于其他主题或其他分区数，已略过（{detail}）",
    ),
    "came": ("What came", "到达的记录"),
    "came_code": ("code {code} ({meaning})", "应答码 {code}（{meaning}）"),
    "came_no_code": ("no response code", "无应答码"),
    "role_leg": ("", ""),
    "role_status_update": ("later word of the same side", "同侧的后续状态"),
    "role_late_answer": ("late answer", "迟到的应答"),
    "role_ignored": ("repeat, says nothing new", "重复，无新内容"),
    "role_redelivery": ("redelivery, dropped", "重复投递，已丢弃"),
    "role_duplicate": ("second use of the number", "再次使用同一凭证号"),
    "role_not_judged_yet": ("read, not judged yet", "已读取，尚未判定"),
    "card": ("card {value}", "卡号 {value}"),
    "rrn": ("rrn {value}", "参考号 {value}"),
    "auth_code": ("auth code {value}", "授权码 {value}"),
    "batch_number": ("batch {value}", "批次 {value}"),
    "merchant_id": ("merchant {value}", "商户 {value}"),
    "link": ("link {value}", "链路 {value}"),
    "offline": ("offline", "脱机"),
    "names": ("names {what}", "指向 {what}"),
    "sent": ("sent {at} by its own clock{skew}; {place}", "发送方时钟 {at}{skew}；{place}"),
    "skew_none": (", which agrees", "，一致"),
    "skew_ahead": (", {skew} ahead of log time", "，比日志时间快 {skew}"),
    "skew_behind": (", {skew} before log time", "，比日志时间早 {skew}"),
    "verdict": ("Verdict", "判定"),
    "sides": ("{kind}: terminal {terminal}, host {host}", "{kind}：终端 {terminal}，主机 {host}"),
    "missing": ("not there", "无"),
    "decided": ("{verdict} at {at}: {words}", "{at} 判定 {verdict}：{words}"),
    "reversed_at": ("its reversal was confirmed at {at}", "冲正于 {at} 确认"),
    "from_ledger": (" [from the ledger]", " [取自台账]"),
    "kept_verdict": (
        "{verdict}: {words}; the ledger does not keep when",
        "判定 {verdict}：{words}；台账不保存判定时间",
    ),
    "mark": (
        "{kind} {number} has done this to it, first at {at}, {money}, {approved} (events {events}) [from the ledger]",
        "被 {kind} {number} 处理，首见 {at}，{money}，{approved}（事件 {events}） [取自台账]",
    ),
    "marked": (
        "{kind}: known by the mark alone that it left on {number} [from the ledger]",
        "{kind}：仅由其在 {number} 上留下的标记得知 [取自台账]",
    ),
    "mark_of": (
        "{kind} {number}: first at {at}, {money}, {approved} (events {events})",
        "{kind} {number}：首见 {at}，{money}，{approved}（事件 {events}）",
    ),
    "mark_approved": ("approved by the host", "主机已批准"),
    "mark_unapproved": ("not approved by the host", "主机未批准"),
    "kept_denied": (
        "the host has denied it later although it had recorded it [from the ledger]",
        "主机后来否认该笔，虽曾记录 [取自台账]",
    ),
    "wait_terminal": (
        "not yet arrived: the terminal's side may come until {at}; then it is judged with what is there",
        "尚未到达：终端侧可在 {at} 前到达，之后按已到内容判定",
    ),
    "wait_host": (
        "not yet arrived: the host's side may come until {at}; then it is judged with what is there",
        "尚未到达：主机侧可在 {at} 前到达，之后按已到内容判定",
    ),
    "wait_answer": (
        "not yet arrived: a final answer may come until {at}; then it is judged as it stands",
        "尚未到达：最终应答可在 {at} 前到达，之后按现状判定",
    ),
    "wait_reversal": (
        "not yet arrived: its reversal may come until {at}; then it is unreversed",
        "尚未到达：冲正可在 {at} 前到达，之后为未冲正",
    ),
    "wait_deadline": ("is judged at {at}", "{at} 判定"),
    "not_judged_yet": (
        "read, and judged once both sources are known to be read past it",
        "已读取，待两侧数据源都读过该时间后判定",
    ),
    "anomalies": ("Anomalies", "异常"),
    "no_anomaly": ("none", "无"),
    "accused": ("{kind} {severity}, {status}: {words}", "{kind} {severity}，{status}：{words}"),
    "accused_pointing": (
        "{kind} {severity}, {status}, of a voucher that names this one: {words}",
        "{kind} {severity}，{status}，属于指向本凭证的凭证：{words}",
    ),
    "status_open": ("open", "未解决"),
    "status_expired": ("expired unresolved", "到期未解决"),
    "status_resolved": ("resolved as {resolution} at {at}", "{at} 以 {resolution} 解决"),
    "opened": ("opened at {at}, at risk {money}; id {id}", "{at} 产生，风险金额 {money}；编号 {id}"),
    "ends_by": ("stays open until it is resolved, at most until {at}", "未解决前保持，最迟至 {at}"),
    "only_expires": ("nothing resolves it; it expires at {at}", "不会自动解决，{at} 到期"),
    "cause": ("likeliest cause: {cause} ({share})", "最可能原因：{cause}（{share}）"),
    "cause_alone": (
        "likeliest cause by this terminal's records alone: {cause} ({share})",
        "仅凭该终端记录，最可能原因：{cause}（{share}）",
    ),
    "because": ("- {sentence}", "- {sentence}"),
    "step_check": ("check ({who}): {sentence}", "核对（{who}）：{sentence}"),
    "step_do": ("do ({who}): {sentence}", "处理（{who}）：{sentence}"),
    "step_never": ("mind ({who}): {sentence}", "切记（{who}）：{sentence}"),
    "step_call": ("call ({who}): {sentence}", "联系（{who}）：{sentence}"),
    "who_cashier": ("cashier", "收银员"),
    "who_hotline": ("merchant's hotline", "商户热线"),
    "who_on_call": ("on-call staff", "值班人员"),
    "who_acquirer": ("acquirer", "收单机构"),
    "who_security": ("security", "风控"),
    "marks": ("marks: {marks}", "标记：{marks}"),
    "field": ("{field}: terminal {terminal}, host {host}", "{field}：终端 {terminal}，主机 {host}"),
    "acknowledged": ("taken care of by {by} since {at}", "{by} 于 {at} 已认领"),
    "published_same": ("published as derived here", "已发布，与此处推导一致"),
    "not_published": (
        "not published: no worker has said it (yet), or under other settings",
        "未发布：工作进程尚未发布，或设置不同",
    ),
    "not_derived": (
        "published, but not derived from this range: it began earlier, was held, or other settings were in force",
        "已发布，但此范围推导不出：开始更早、曾被搁置，或当时设置不同",
    ),
    "differs": (
        "published otherwise: {field} is {published} there, {derived} here",
        "发布内容不同：{field} 发布为 {published}，此处为 {derived}",
    ),
    "points_at": ("Points at", "指向"),
    "pointed_at_by": ("Pointed at by", "被指向"),
    "pointer": (
        "{kind} {number}{batch} by {by}: terminal {terminal}, host {host}, {money}, first at {at}, {verdict}",
        "{kind} {number}{batch}（依据{by}）：终端 {terminal}，主机 {host}，{money}，首见 {at}，{verdict}",
    ),
    "pointer_unfound": (
        "{kind} {number}{batch} by {by}: not found in what was read",
        "{kind} {number}{batch}（依据{by}）：所读内容中没有",
    ),
    "by_voucher_number": ("voucher number", "凭证号"),
    "by_rrn": ("reference number", "参考号"),
    "by_auth_code": ("authorisation code and card", "授权码和卡号"),
    "by_own_number": ("its own number", "自身凭证号"),
    "a_voucher": ("a voucher", "凭证"),
    "no_verdict": ("no verdict yet", "尚未判定"),
    "near": ("Perhaps meant", "可能要查的是"),
    "near_one_digit": ("one digit differs", "差一位"),
    "near_transposed": ("two digits exchanged", "相邻两位颠倒"),
    "near_other_batch": ("same number, other batch", "同号，另一批次"),
    "near_before_range": ("same number, before the range", "同号，在范围之前"),
    "near_line": ("{kind} {number}{batch}, {at}, {money} ({how})", "{kind} {number}{batch}，{at}，{money}（{how}）"),
    "remarks": ("Mind", "注意"),
    "remark_no_record_of_terminal": (
        "No record of this terminal at all: check the terminal number, and that producers partition by murmur2.",
        "没有该终端的任何记录：核对终端号，以及生产者是否按 murmur2 分区。",
    ),
    "remark_bad_records": (
        "Records of the {source} that may be of this terminal and could not be read: {count} ({places}).",
        "{source}侧可能属于该终端而无法解析的记录：{count} 条（{places}）。",
    ),
    "remark_not_all_kept": (
        "Too many records or vouchers to be told of: {count} are left out; choose a shorter range.",
        "{count} 条记录或凭证过多，未列出；请缩短范围。",
    ),
    "remark_flushed": (
        "Judged as if nothing came after the end of the files.",
        "按文件结束后再无记录来判定。",
    ),
    "remark_redelivered": (
        "Delivered more than once: {count}; the copies count for nothing.",
        "{count} 条为重复投递，不计。",
    ),
    "remark_records_deleted": (
        "Records of the {source} before {at} are deleted; a missing side may have been among them.",
        "{source}侧 {at} 之前的记录已删除；缺失的一侧可能在其中。",
    ),
    "remark_records_only_kept": (
        "Records of the {source} before {at} are deleted; of that time the ledger tells.",
        "{source}侧 {at} 之前的记录已删除；该时段以台账为准。",
    ),
    "remark_source_silent": (
        "The {source} is silent since {at}, the other source goes on: a worker holds verdicts, records may still come.",
        "{source}侧自 {at} 起无记录，另一侧仍有：工作进程会搁置对缺失一侧的判定，记录可能稍后到达。",
    ),
    "remark_not_read_to_the_end": (
        "The {source}'s log goes on after {at}: records that were not read: about {count}.",
        "{source}侧日志在 {at} 之后还有约 {count} 条，未读取。",
    ),
    "remark_ledger_proves": (
        "Where the topics do not reach, the ledger has no such voucher; reversals are there only as marks on others.",
        "主题未涵盖的时间，台账中也没有该凭证；冲正在台账中仅以标记形式存在。",
    ),
    "remark_ledger_unread": (
        "Vouchers of the ledger that cannot be read, perhaps written under other settings: {count}.",
        "台账中无法解析的凭证：{count} 笔，可能写入时设置不同。",
    ),
    "the_beginning": ("its beginning", "起始"),
    "terminal": ("terminal", "终端"),
    "host": ("host", "主机"),
}


class Words:
    """Everything that is said in one language."""

    def __init__(self, language: Language) -> None:
        """Take the language."""
        self.language = language
        self._place = int(language is Language.CHINESE)

    @property
    def is_chinese(self) -> bool:
        """Whether this is Chinese."""
        return bool(self._place)

    def say(self, phrase: str, **values: object) -> str:
        """Return one phrase with its values."""
        return PHRASES[phrase][self._place].format(**values)

    def kind(self, kind: str) -> str:
        """Return a transaction kind; in Chinese with its name in the code."""
        if not kind:
            return self.say("a_voucher")
        return f"{KINDS_ZH.get(kind, '')} ({kind})" if self._place else kind

    def outcome(self, outcome: str | None) -> str:
        """Return an outcome, or that there is none."""
        if outcome is None:
            return self.say("missing")
        return f"{OUTCOMES_ZH.get(outcome, '')} ({outcome})" if self._place else outcome

    def verdict(self, verdict: str) -> str:
        """Return what a verdict or an anomaly's kind means; its name where there are no words for it."""
        return VERDICTS[verdict][self._place] if verdict in VERDICTS else verdict

    def join(self, parts: list[str]) -> str:
        """Return parts of a sentence one after the other."""
        return ("，" if self._place else ", ").join(part for part in parts if part)


def money(amount: int | None, currency: str | None) -> str:
    """Return an amount of minor units with the decimals of its currency."""
    if amount is None:
        return "-"
    return f"{major(amount, currency or '', grouped=True)} {currency or ''}".rstrip()
