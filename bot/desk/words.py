"""Every word of the desk, Chinese and English side by side."""

from bot.complaints.labels import Language

WORDS: dict[str, tuple[str, str]] = {
    # sign-in and password
    "product": ("听诉", "Tingsu"),
    "tagline": ("客户投诉工作台", "Complaint desk"),
    "sign_in": ("登录", "Sign in"),
    "sign_out": ("退出", "Sign out"),
    "username": ("用户名", "Username"),
    "password": ("密码", "Password"),
    "sign_in_refused": (
        "用户名或密码不对。连续输错 5 次，账户会暂时锁定；忘记密码请联系管理员。",
        "Wrong username or password. Five failures in a row lock an account; an administrator can help.",
    ),
    "signed_out": ("您已退出。", "You have signed out."),
    "change_password": ("设置新密码", "Choose a new password"),
    "change_password_why": (
        "这是第一次登录。请把一次性密码换成只有您自己知道的密码。",
        "This is your first sign-in. Replace the one-time password with one that only you know.",
    ),
    "current_password": ("当前密码", "Current password"),
    "new_password": ("新密码", "New password"),
    "new_password_again": ("再输入一次新密码", "New password again"),
    "password_rule": (
        "至少 10 个字符，不含用户名。一句自己记得住的话最好。",
        "At least 10 characters, without the username. A phrase you remember is best.",
    ),
    "passwords_differ": ("两次输入的新密码不一样。", "The two new passwords differ."),
    "save": ("保存", "Save"),
    # frame
    "queue": ("待办队列", "Queue"),
    "theme": ("深色／浅色", "Dark or light"),
    "other_language": ("English", "中文"),
    "offline": ("与服务器的连接断了，正在重新连接…", "The connection is lost. Reconnecting…"),
    "refused_title": ("您不能查看这个会话", "You may not see this conversation"),
    "refused_why": (
        "它属于其他机构。如需协助处理，请联系分行协调员。这次访问已记录。",
        "It belongs to another unit. To help with it, ask the branch's coordinator. This attempt was recorded.",
    ),
    "not_found_title": ("没有这个会话", "There is no such conversation"),
    "not_found_why": ("链接可能不完整，请从队列中打开。", "The link may be incomplete. Open it from the queue."),
    "back_to_queue": ("返回队列", "Back to the queue"),
    # queue
    "filter_waiting": ("待接手", "Waiting"),
    "filter_mine": ("我的", "Mine"),
    "filter_unit": ("本机构", "My unit"),
    "filter_unassigned": ("未分派", "Unassigned"),
    "filter_breaching": ("临期超期", "Due soon"),
    "filter_open": ("全部未结", "All open"),
    "search": ("搜索：编号、姓名、电话后四位、网点、内容", "Search: number, name, phone ending, outlet, words"),
    "all_tiers": ("全部级别", "All tiers"),
    "all_products": ("全部业务", "All products"),
    "product_column": ("业务", "Product"),
    "order": ("排序", "Order"),
    "order_waiting": ("按级别和等待时长", "By tier and waiting"),
    "order_deadline": ("按期限", "By deadline"),
    "selected": ("已选 {count} 个", "{count} selected"),
    "give_to": ("分派给…", "Assign to…"),
    "clear_selection": ("取消选择", "Clear"),
    "colleague": ("{name}（在办 {count}）", "{name} ({count} open)"),
    "save_view": ("保存筛选", "Save view"),
    "view_name": ("给这组筛选起个名字，Enter 保存", "Name this view; Enter saves"),
    "remove_view": ("删除「{name}」", "Remove “{name}”"),
    "cannot_save_view": (
        "请起一个 {length} 字以内的名字；最多保存 {count} 组，满了请先删除一组。",
        "Give it a name of up to {length} characters. You can keep {count} views; remove one if there are more.",
    ),
    "palette": ("跳转：案件编号、客户姓名、筛选、页面", "Go to: case number, customer, filter, page"),
    "page_queue": ("待办队列", "Queue"),
    "page_password": ("修改密码", "Change password"),
    "rows_of": ("第 {from}–{to} 条，共 {count} 条", "{from}–{to} of {count}"),
    "previous_page": ("上一页", "Previous page"),
    "next_page": ("下一页", "Next page"),
    "keys": ("快捷键", "Keys"),
    "key_move": ("j k ↑ ↓", "j k ↑ ↓"),
    "does_move": ("在队列里上下移动", "Move in the queue"),
    "key_open": ("Enter", "Enter"),
    "does_open": ("打开会话", "Open the conversation"),
    "key_search": ("/", "/"),
    "does_search": ("搜索（Esc 清空）", "Search (Esc clears)"),
    "key_palette": ("Ctrl K", "Ctrl K"),
    "does_palette": ("跳转到案件、筛选或页面", "Go to a case, a filter or a page"),
    "key_select": ("x / Shift x", "x / Shift x"),
    "does_select": ("选中一行／连选到这一行", "Select a row / all rows up to it"),
    "key_help": ("?", "?"),
    "does_help": ("显示或收起快捷键", "Show or hide the keys"),
    "tier_column": ("级别", "Tier"),
    "customer": ("客户", "Customer"),
    "subject": ("事项", "Matter"),
    "last_message": ("最新消息", "Last message"),
    "time": ("时长", "Time"),
    "holder": ("接待", "Holder"),
    "due": ("期限", "Due"),
    "bot": ("智能助手", "Assistant"),
    "nobody_yet": ("等待接手", "Waiting"),
    "you": ("我", "You"),
    "empty_waiting": ("没有客户在等。", "Nobody is waiting."),
    "empty_mine": ("您手上没有会话，也没有分派给您的投诉。", "You hold no conversation and have no case."),
    "empty_unit": ("本机构没有待办投诉。", "Your unit has no case to settle."),
    "empty_unassigned": ("所有投诉都已分派。", "Every case has a handler."),
    "empty_breaching": ("没有超期或一天内到期的投诉。", "Nothing is overdue or due within a day."),
    "empty_search": ("没有找到。", "Nothing was found."),
    "empty_open": ("没有未结的投诉。", "No complaint is open."),
    "visitor": ("访客", "Visitor"),
    "no_complaint_yet": ("尚未登记投诉", "No complaint registered yet"),
    "new_urgent": ("紧急投诉等待接手", "An urgent complaint is waiting"),
    "choose_conversation": ("从左侧选择一个会话", "Choose a conversation on the left"),
    # reasons for calling a person
    "reason_urgent": ("紧急投诉", "Urgent complaint"),
    "reason_complex": ("复杂投诉", "Complex complaint"),
    "reason_asked_for_human": ("客户要求人工", "Asked for a person"),
    "reason_crisis": ("危机：先顾人", "Crisis: the person first"),
    "reason_not_understood": ("助手没有听懂", "Not understood"),
    "reason_assistant_down": ("助手暂时不可用", "Assistant unavailable"),
    # conversation
    "take_over": ("接手", "Take over"),
    "hand_back": ("交还智能助手", "Hand back"),
    "reply_placeholder": ("回复客户（Enter 发送，Shift+Enter 换行）", "Reply (Enter sends, Shift+Enter: new line)"),
    "send": ("发送", "Send"),
    "bot_answers": (
        "智能助手正在接待。接手后助手不再说话。",
        "The assistant is answering. It stops when you take over.",
    ),
    "customer_waits": ("客户在等人工接手。", "The customer is waiting for a person."),
    "held_by_you": ("您正在接待这位客户。", "You are with this customer."),
    "held_by": ("{name} 正在接待，您可以查看，不能回复。", "{name} is with this customer. You can read along."),
    "held_by_someone_else": ("已由其他同事接手，没有发送。", "A colleague holds this conversation. Nothing was sent."),
    "not_sent": ("没有发送成功，请再试一次。", "It was not sent. Please try again."),
    "too_long": ("消息太长，请控制在 {count} 字以内。", "The message is too long: {count} characters at most."),
    "author_customer": ("客户", "Customer"),
    "author_bot": ("智能助手", "Assistant"),
    "delivery_pending": ("发送中", "Sending"),
    "delivery_delivered": ("已送达", "Delivered"),
    "delivery_undeliverable": ("无法送达", "Cannot be delivered"),
    "edited": ("客户已修改，原文：", "Edited by the customer; first text:"),
    "masked": ("已遮盖", "Masked"),
    "masked_bank_card": ("银行卡号", "card number"),
    "masked_identity_number": ("身份证号", "identity number"),
    "masked_cvv": ("安全码", "security code"),
    "masked_one_time_code": ("验证码", "one-time code"),
    "masked_password": ("密码", "password"),
    "offered": ("快捷回复", "Quick replies"),
    "earlier_messages": ("更早的消息未显示", "Earlier messages are not shown"),
    "attachment_photo": ("照片", "Photo"),
    "attachment_document": ("文件", "Document"),
    "attachment_voice": ("语音", "Voice message"),
    "download": ("下载", "Download"),
    "channel_webchat": ("网页", "Web"),
    "channel_telegram": ("Telegram", "Telegram"),
    "speaks_zh": ("中文", "Chinese"),
    "speaks_en": ("英文", "English"),
    # complaint
    "complaints": ("投诉", "Complaints"),
    "no_complaint": ("这个会话里还没有登记投诉。", "No complaint has been registered in this conversation."),
    "story": ("客户讲述", "What the customer said"),
    "facts": ("要点", "Facts"),
    "fact_outlet": ("网点", "Outlet"),
    "fact_occurred": ("发生时间", "When"),
    "fact_amount": ("金额", "Amount"),
    "fact_wish": ("诉求", "Wish"),
    "fact_phone": ("联系电话", "Phone"),
    "fact_addition": ("补充", "Added"),
    "earlier_fact": ("先前说：{text}", "earlier: {text}"),
    "why_this_tier": ("定级理由", "Why this tier"),
    "decided_funnel": ("漏斗规则", "Funnel rules"),
    "signals": ("风险信号", "Signals"),
    "deadlines": ("期限", "Deadlines"),
    "met": ("已完成", "Met"),
    "learn": ("LEARN 五步", "LEARN record"),
    "not_done_yet": ("尚未进行", "Not yet"),
    "done_by_bot": ("智能助手", "Assistant"),
    "satisfaction": ("满意度", "Satisfaction"),
    "result": ("处理结果", "Result"),
    "result_accepted": ("客户接受", "Accepted by the customer"),
    "result_rejected": ("客户不接受", "Rejected by the customer"),
    "result_not_answered": ("客户尚未回应", "The customer has not answered yet"),
    "rating": ("{count} 分（满分 5 分）", "{count} of 5"),
    "not_rated": ("尚未评价", "Not rated yet"),
    "opened": ("登记于", "Registered"),
    "reopened": ("重新处理 {count} 次", "Reopened {count}×"),
    "outlet_unknown": ("网点未定", "Outlet not known"),
    "emotion": ("情绪", "Emotion"),
    "resolve": ("办结并告知客户", "Resolve and tell the customer"),
    "resolve_placeholder": (
        "写给客户看的处理结果：查明了什么，怎么处理",
        "The result for the customer: what was found, and what is done",
    ),
    "resolve_confirm": ("确认办结", "Resolve"),
    "cancel": ("取消", "Cancel"),
    "resolved": ("已办结，结果正在告知客户。", "Resolved. The customer is being told."),
    "result_missing": ("请先写处理结果。", "Write the result first."),
    "cannot_resolve": ("当前状态不能办结。", "The case cannot be resolved in its present state."),
    "take_over_first": ("请先接手会话，再办结。", "Take the conversation over before you resolve."),
    # time, for the pages' own clock
    "days": ("天", "d"),
    "hours": ("小时", "h"),
    "minutes": ("分", "min"),
    "seconds": ("秒", "s"),
    "left": ("还剩 {time}", "{time} left"),
    "overdue": ("超期 {time}", "{time} overdue"),
}


def word(name: str, language: Language, **values: object) -> str:
    """The word in the viewer's language, filled in.

    Raises:
        KeyError: there is no such word, or a value is missing.
    """
    chinese, english = WORDS[name]
    return (chinese if language == "zh" else english).format_map(values)


def word_or(name: str, otherwise: str, language: Language) -> str:
    """The word for a name that comes from data; the name itself where the desk has no word for it yet."""
    return word(name, language) if name in WORDS else otherwise


def browser_words(language: Language) -> dict[str, str]:
    """All words for the components in the browser, which fill in `{…}` themselves."""
    index = 0 if language == "zh" else 1
    return {name: both[index] for name, both in WORDS.items()}


def language_of(value: str) -> Language:
    """A stored language as the desk knows it; Chinese where it is none of ours."""
    return "en" if value == "en" else "zh"
