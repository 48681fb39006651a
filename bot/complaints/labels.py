"""The vocabulary for describing a complaint, shared by training data, classifiers, database, desk and reports.

Identifiers are the enum values; every label has a Chinese and an English display name. Products and causes follow
JR/T 0169-2018, the financial industry's classification of consumer complaints.
"""

from enum import StrEnum
from typing import Literal, Self

Language = Literal["zh", "en"]


class Label(StrEnum):
    """An identifier with a display name in both languages."""

    zh: str
    en: str

    # The names have defaults only so that a label can be looked up: Tier("urgent").
    def __new__(cls, identifier: str, zh: str = "", en: str = "") -> Self:
        label = str.__new__(cls, identifier)
        label._value_ = identifier
        label.zh = zh
        label.en = en
        return label

    def display_name(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Kind(Label):
    """What the customer is doing."""

    COMPLAINT = "complaint", "投诉", "Complaint"
    ENQUIRY = "enquiry", "咨询", "Enquiry"
    PRAISE = "praise", "表扬", "Praise"
    SUGGESTION = "suggestion", "建议", "Suggestion"
    OTHER = "other", "其他", "Other"


class Product(Label):
    """What the complaint is about."""

    SAVINGS = "savings", "储蓄", "Savings"
    DEBIT_CARD = "debit_card", "借记卡", "Debit card"
    CREDIT_CARD = "credit_card", "信用卡", "Credit card"
    PERSONAL_LOAN = "personal_loan", "个人贷款", "Personal loan or mortgage"
    BUSINESS_LOAN = "business_loan", "经营贷款", "Business loan"
    PAYMENT = "payment", "支付结算", "Payments and transfers"
    ELECTRONIC_BANKING = "electronic_banking", "电子银行", "App, online and text-message banking"
    SELF_SERVICE = "self_service", "自助设备", "Cash machines and self-service"
    COUNTER_SERVICE = "counter_service", "网点与客服服务", "Outlet and hotline service"
    WEALTH_MANAGEMENT = "wealth_management", "自营理财", "The bank's own wealth products"
    AGENCY_SALES = "agency_sales", "代销业务", "Insurance, funds and bonds sold for others"
    CREDIT_REPORT = "credit_report", "征信", "Credit report"
    PERSONAL_INFORMATION = "personal_information", "个人金融信息", "Personal financial information"
    FOREIGN_EXCHANGE_AND_METALS = "foreign_exchange_and_metals", "外汇与贵金属", "Foreign exchange and precious metals"
    OTHER = "other", "其他", "Other"


class Cause(Label):
    """What went wrong, the main thing."""

    SERVICE_ATTITUDE = "service_attitude", "服务态度及服务质量", "Attitude and quality of service"
    RULES_AND_PROCESS = "rules_and_process", "管理制度、业务规则与流程", "Rules and procedures"
    SYSTEMS_AND_EQUIPMENT = "systems_and_equipment", "服务设施、设备、业务系统", "Premises, equipment and systems"
    PRICING = "pricing", "定价收费", "Prices and fees"
    MARKETING = "marketing", "营销方式和手段", "Sales practices"
    DEBT_COLLECTION = "debt_collection", "债务催收方式和手段", "Debt collection practices"
    CONTRACT_TERMS = "contract_terms", "合同条款", "Contract terms"
    DISCLOSURE = "disclosure", "信息披露", "Disclosure of information"
    FUNDS_SAFETY = "funds_safety", "消费者资金安全", "Safety of the customer's money"
    INFORMATION_SAFETY = "information_safety", "消费者信息安全", "Safety of the customer's information"
    PRODUCT_RETURN = "product_return", "产品收益", "Return on a product"
    FREE_CHOICE = "free_choice", "自主选择权", "Freedom of choice"
    OTHER = "other", "其他", "Other"


class Tier(Label):
    """Where in the funnel a complaint is settled. Ordered: ordinary < complex < urgent."""

    ORDINARY = "ordinary", "普通", "Ordinary"
    COMPLEX = "complex", "复杂", "Complex"
    URGENT = "urgent", "紧急", "Urgent"

    @property
    def rank(self) -> int:
        """0 for ordinary, 1 for complex, 2 for urgent."""
        return list(Tier).index(self)

    # Strings compare by the alphabet, which would put urgent above ordinary above complex.
    def __lt__(self, other: str) -> bool:
        return self.rank < Tier(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Tier(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Tier(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Tier(other).rank


class Emotion(Label):
    """The strongest emotion shown."""

    CALM = "calm", "平静", "Calm"
    ANXIOUS = "anxious", "焦虑", "Anxious"
    ANGRY = "angry", "愤怒", "Angry"
    AGGRIEVED = "aggrieved", "委屈、失望", "Aggrieved"
    DESPERATE = "desperate", "绝望", "Desperate"


class Signal(Label):
    """A fact stated by the customer that bears on the tier. Negated or quoted facts are not signals."""

    SELF_HARM = "self_harm", "可能伤害自己", "Risk of self-harm"
    VIOLENCE = "violence", "人身威胁", "Threat of violence"
    MONEY_LEAVING_NOW = "money_leaving_now", "资金正在流失", "Money leaving now"
    FRAUD_OR_THEFT = "fraud_or_theft", "盗刷或诈骗", "Fraud or theft"
    PRESS_EXPOSURE = "press_exposure", "已被媒体或网络曝光", "Already in the press or viral"
    PRESS_THREAT = "press_threat", "表示要曝光", "Says they will go to the press"
    GROUP = "group", "多人聚集或集体投诉", "A group of customers"
    REGULATOR_INVOLVED = "regulator_involved", "监管或政府热线已介入", "Regulator or government hotline involved"
    REGULATOR_THREAT = "regulator_threat", "表示要向监管反映", "Says they will go to the regulator"
    LEGAL_ACTION_INVOLVED = "legal_action_involved", "已进入法律程序", "Legal action begun"
    LEGAL_ACTION_THREAT = "legal_action_threat", "表示要起诉", "Says they will sue"
    POLICE_INVOLVED = "police_involved", "已报警", "Police involved"
    REPEAT_CONTACT = "repeat_contact", "同一事项再次反映", "Contacted the bank before about this"
    DEADLINE_MISSED = "deadline_missed", "承诺的期限已过", "A promised date has passed"
    ANSWER_REJECTED = "answer_rejected", "不接受已有答复", "Does not accept the answer given"
    VULNERABLE_PERSON = "vulnerable_person", "需要特别照顾的客户", "Customer who needs particular care"
    MEDICAL_NEED = "medical_need", "急需医疗用钱", "Money needed for medical care"
    STAFF_MISCONDUCT = "staff_misconduct", "反映员工违规", "Alleged staff misconduct"
    ACCOUNT_FROZEN = "account_frozen", "账户被冻结或限制", "Account frozen or restricted"
    LARGE_AMOUNT = "large_amount", "金额较大", "Large amount"
    DATA_LEAK = "data_leak", "个人信息泄露", "Personal data leaked"
    ASKS_FOR_HUMAN = "asks_for_human", "要求人工服务", "Asks for a person"


class RootCause(Label):
    """Why a complaint came about, as the bank found when it closed the case."""

    PROCESS = "process", "流程制度", "Process"
    SYSTEM = "system", "系统设备", "System"
    PERSON = "person", "人员服务", "Person"
    PRODUCT = "product", "产品设计", "Product"
    THIRD_PARTY = "third_party", "外部第三方", "Third party"
    MISUNDERSTANDING = "misunderstanding", "客户误解", "Customer's misunderstanding"
