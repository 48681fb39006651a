"""Why something about a person cannot be done, in both languages."""

from bot.complaints.labels import Label, Language


class StaffFault(Label):
    """What is wrong, and what to do."""

    USERNAME = (
        "username",
        "用户名须以小写字母开头，其后最多 49 个字母、数字、点、横线或下划线。",
        "A username is a letter, then up to 49 letters, digits, dots, dashes or underscores.",
    )
    NAME = (
        "name",
        "请填写客户看到的称呼，最多 50 个字符。",
        "Give the name that customers will see, of at most 50 characters.",
    )
    ROLE = "role", "没有岗位「{role}」，可选：{roles}。", "There is no role «{role}»; write one of {roles}."
    UNIT = "unit", "没有代码为「{code}」的机构。", "No unit has the code «{code}»; see data/organisation.yml."
    TAKEN = "taken", "用户名「{username}」已被使用。", "There is a «{username}» already; choose another username."
    OTHER_UNIT = (
        "other_unit",
        "只能管理本机构及下级机构的人员。",
        "You look after people of your own unit and those below only.",
    )
    ONESELF = "oneself", "不能停用自己，也不能改自己的岗位和机构。", "Nobody closes or moves their own account."
    LAST_ADMINISTRATOR = (
        "last_administrator",
        "至少要保留一位在用的系统管理员。",
        "This is the last administrator; make another first.",
    )
    TIMES = "times", "结束时间必须晚于开始时间。", "The end must come after the beginning."
    NOTE = "note", "备注最多 200 个字符。", "A note has at most 200 characters."


class Explained(ValueError):
    """Something cannot be done; the message says why and what to do."""

    def __init__(self, fault: Label, **values: str) -> None:
        self.fault = fault
        self._values = values
        super().__init__(self.display_name("en"))

    @property
    def is_trespass(self) -> bool:
        """Whether somebody reached for another unit's; that is recorded."""
        return self.fault.value == "other_unit"

    def display_name(self, language: Language) -> str:
        """Why, in the reader's language."""
        return self.fault.display_name(language).format_map(self._values)


class InvalidStaff(Explained):
    """Something about a person cannot be done."""
