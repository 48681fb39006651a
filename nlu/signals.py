"""Signals: facts that raise a tier, with the words that show them.

The words are in `data/nlu/lexicon/signals.yml`, which explains its own notation. spaCy's `PhraseMatcher` finds every phrase once; a rule is met when its
phrases stand in order, close together, in one sentence; a match is dropped when the words around it say that it did not happen, may happen, is only
planned, or is somebody's advice. Signals come from the lexicon alone, so that everyone can see why one was raised.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence

import spacy
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from nlu.facts.amounts import find_amounts, parse_number
from nlu.files import digest_of
from nlu.script import plain_form

SIGNALS = "signals"
SIGNAL_NAMES = (
    "self_harm", "violence", "money_leaving_now", "fraud_or_theft", "press_exposure", "press_threat", "group", "regulator_involved", "regulator_threat",
    "legal_action_involved", "legal_action_threat", "police_involved", "repeat_contact", "deadline_missed", "answer_rejected", "vulnerable_person",
    "medical_need", "staff_misconduct", "account_frozen", "large_amount", "data_leak", "asks_for_human",
)  # fmt: skip
LEXICON_FILE = "signals.yml"

WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W\d_\u3400-\u4dbf\u4e00-\u9fff]+(?:'[^\W\d_]+)?|\d+|\S")
SENTENCE_END = re.compile(r"[。！？!?;；\n…]+|\.+(?=\s|$)")
CLAUSE_END = re.compile(
    r"[,，、:：—()（）]|(?<=[\u4e00-\u9fff])\s+|\s+(?=[\u4e00-\u9fff])|\b(?:but|and|so|because|which|who)\b"
)
ALTERNATIVE = "|"
FAR, NEAR = "…", ".."
GAPS = {FAR: 14, NEAR: 4}
NEGATION_REACH = 3
CONTEXT_REACH = 12
PLAN_REACH = 8

OLD_AGE, ADULT_AGE, CROWD = 65, 14, 5
LARGE_AMOUNT = {
    "CNY": 5_000_000,
    "USD": 500_000,
    "GBP": 400_000,
    "EUR": 500_000,
    "HKD": 5_000_000,
    "INR": 40_000_000,
    "JPY": 100_000_000,
}
NUMBER = r"\d+|[零一二两三四五六七八九十百]+"
ENGLISH_NUMBERS = {
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "dozens": 24, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
AGE = re.compile(
    rf"(?P<zh>{NUMBER})[多几来]?\s*(?:岁|周岁)|(?P<bare>[六七八九]十[一二三四五六七八九]?)(?=[了哒的,，。]|$)"
    r"|\b(?:is|am|aged|age|i'm|he's|she's|turned)\s+(?P<en>\d{2})\b(?!\s*(?:minutes|days|hours|years ago|%|yuan|dollars))|\b(?P<old>\d{1,2})[- ]?(?:years?[- ]?old|yo\b|y/o)"
    r"|\b(?P<words>sixty|seventy|eighty|ninety)(?:-\w+)?(?=[,. ](?:nearly|years|and|with)|-)"
)
PEOPLE = re.compile(
    rf"(?P<zh>{NUMBER})\s*[多几来]?\s*(?:多|几)?(?:个|名|位)?(?:人|户|家|客户|储户|投资人|工人|业主|邻居|同事|老人|学生|受害者|司机|商户|档口|买了)"
    r"|[几百]十[多几]?(?P<many>个人|人|户|家|号人)"
    r"|\b(?P<en>\d+|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|dozens)(?:-odd)?\s+(?:of us|of my|people|customers|families|neighbours|neighbors|drivers|market traders|investors|workers|victims|account holders|colleagues|depositors)"
    r"|\bof us\b"
)


class Word(NamedTuple):
    """A phrase or measure found in a text: an element of the lexicon and the tokens it covers."""

    start: int
    end: int
    element: str


@dataclass(frozen=True)
class Signal:
    """A signal and the words that show it.

    Attributes:
        name: One of the 22 signals.
        start: Where its words begin in the original text.
        end: Where they end.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Rule:
    """What must stand in a text for a signal.

    Attributes:
        name: The signal.
        elements: Keys of phrases in the order in which they must stand.
        gaps: How many tokens at most between an element and the next.
        unless: The readings that cancel a match.
    """

    name: str
    elements: tuple[str, ...]
    gaps: tuple[int, ...]
    unless: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """A text prepared for the rules: its tokens, their places, and which sentence and clause each is in."""

    starts: list[int]
    ends: list[int]
    sentences: list[int]
    clauses: list[int]
    words: dict[str, list[Word]]
    united: dict[str, list[Word]] = field(default_factory=dict)

    def phrases_of(self, element: str) -> list[Word]:
        """Phrases of an element in the order of the text, together with those of the groups it lists as alternatives."""
        if ALTERNATIVE not in element:
            return self.words.get(element, [])
        if element not in self.united:
            groups = (part.strip() for part in element.split(ALTERNATIVE) if part.strip().startswith("<"))
            self.united[element] = sorted(word for name in (element, *groups) for word in self.words.get(name, []))
        return self.united[element]

    def stands_before(self, element: str, token: int, reach: int, within: Sequence[int]) -> Optional[Word]:
        """The last phrase of an element that ends before a token, at most `reach` tokens away, in the same sentence or clause."""
        for word in reversed(self.words.get(element, [])):
            if word.end <= token and token - word.end <= reach and within[word.start] == within[token]:
                return word
        return None


class Lexicon:
    """The rules of a lexicon file, ready to be applied."""

    def __init__(self, source: str) -> None:
        """Read a lexicon.

        Args:
            source: The text of the YAML file.

        Raises:
            ValueError: If a rule names a group that is not defined, or a signal that does not exist.
        """
        content = yaml.safe_load(source)
        self._vocabulary = spacy.blank("zh").vocab
        self._matcher = PhraseMatcher(self._vocabulary)
        self._rules: list[Rule] = []
        self._known = {"<old_age>", "<five_people>", "<large_amount>"}
        for name, lines in content["groups"].items():
            self._known.add(f"<{name}>")
            for line in lines:
                self._add_phrases(f"<{name}>", line.split(ALTERNATIVE))
        for name, signal in content["signals"].items():
            if name not in SIGNAL_NAMES:
                raise ValueError(f"signals.yml: «{name}» is no signal of the label vocabulary")
            for line in signal["rules"]:
                first, *others = re.split(r"\s(…|\.\.)\s", line)
                elements = tuple(self._element(part.strip()) for part in (first, *others[1::2]))
                gaps = tuple(GAPS[sign] for sign in others[::2])
                self._rules.append(Rule(name, elements, gaps, frozenset(signal.get("unless", ()))))

    def find(self, text: str) -> list[Signal]:
        """Find the signals of a text, each once, with its clearest words.

        Args:
            text: What the customer wrote.

        Returns:
            Signals in the order of their words.
        """
        reading = self._read(plain_form(text))
        found: dict[str, Signal] = {}
        for rule in self._rules:
            if rule.name in found:
                continue
            for first, last in _matches(rule, reading):
                if not _is_cancelled(rule, first, last, reading):
                    found[rule.name] = Signal(rule.name, reading.starts[first.start], reading.ends[last.end - 1])
                    break
        # A threat that has already been carried out is no threat any more.
        for done, threat in (
            ("regulator_involved", "regulator_threat"),
            ("press_exposure", "press_threat"),
            ("legal_action_involved", "legal_action_threat"),
        ):
            if done in found and threat in found and _overlap(found[done], found[threat]):
                del found[threat]
        return sorted(found.values(), key=lambda signal: signal.start)

    def _element(self, part: str) -> str:
        phrases = [phrase.strip() for phrase in part.split(ALTERNATIVE)]
        groups = [phrase for phrase in phrases if phrase.startswith("<")]
        for group in groups:
            if group not in self._known:
                raise ValueError(f"signals.yml: {group} in «{part}» is not defined under `groups`")
        if len(phrases) == len(groups) == 1:
            return part
        self._known.add(part)
        self._add_phrases(part, [phrase for phrase in phrases if phrase not in groups])
        return part

    def _add_phrases(self, element: str, phrases: Iterable[str]) -> None:
        documents = [self._document(plain_form(phrase.strip()))[0] for phrase in phrases if phrase.strip()]
        if documents:
            self._matcher.add(element, documents)

    def _document(self, plain: str) -> tuple[Doc, list[re.Match[str]]]:
        tokens = list(WORD.finditer(plain))
        return Doc(self._vocabulary, words=[token.group() for token in tokens]), tokens

    def _read(self, plain: str) -> Reading:
        document, tokens = self._document(plain)
        starts, ends = [token.start() for token in tokens], [token.end() for token in tokens]
        sentences = _parts(starts, plain, SENTENCE_END)
        clauses = _parts(starts, plain, re.compile(f"{SENTENCE_END.pattern}|{CLAUSE_END.pattern}"))
        words: dict[str, list[Word]] = {}
        for key, start, end in sorted(self._matcher(document), key=lambda found: (found[1], -found[2])):
            element = self._vocabulary.strings[key]
            words.setdefault(element, []).append(Word(start, end, element))
        for element, start, end in _measures(plain):
            first, after_last = bisect_right(ends, start), bisect_left(starts, end)
            if first < after_last:
                words.setdefault(element, []).append(Word(first, after_last, element))
        return Reading(starts, ends, sentences, clauses, words)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class Signals(GraphComponent):
    """Adds `signals` to a message; the lexicon travels inside the trained model."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Where the lexicon is."""
        return {"lexicon": "data/nlu/lexicon/signals.yml"}

    def __init__(self, source: str, model_storage: ModelStorage, resource: Resource) -> None:
        """Make the component.

        Args:
            source: The text of the lexicon.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
        """
        self._source = source
        self._lexicon = Lexicon(source)
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """What the file says is part of the component: rasa's training cache must see it change."""
        return digest_of(config.get("lexicon"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Signals:
        """Read the lexicon file."""
        return cls(Path(config["lexicon"]).read_text("utf-8"), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Signals:
        """Load the lexicon the model was trained with."""
        with model_storage.read_from(resource) as folder:
            return cls((folder / LEXICON_FILE).read_text("utf-8"), model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the lexicon with the model."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / LEXICON_FILE).write_text(self._source, "utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Set the signals of the examples as they are found, for the hints."""
        self.process([message for message in training_data.training_examples if message.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `signals`, each with its words as [start, end, text] of the original."""
        for message in messages:
            text = message.get(TEXT)
            found = [
                {"name": signal.name, "words": [signal.start, signal.end, text[signal.start : signal.end]]}
                for signal in self._lexicon.find(text)
            ]
            message.set(SIGNALS, found, add_to_output=True)
        return messages


def _matches(rule: Rule, reading: Reading) -> Iterator[tuple[Word, Word]]:
    """First and last phrase of every place where the elements stand in order."""
    for first in reading.phrases_of(rule.elements[0]):
        last: Optional[Word] = first
        for element, gap in zip(rule.elements[1:], rule.gaps, strict=True):
            last = _next_word(element, last, gap, reading) if last else None
        if last:
            yield first, last


def _next_word(element: str, after: Word, gap: int, reading: Reading) -> Optional[Word]:
    for word in reading.phrases_of(element):
        is_near = after.end <= word.start <= after.end + gap
        if is_near and reading.sentences[word.start] == reading.sentences[after.start]:
            return word
    return None


def _is_cancelled(rule: Rule, first: Word, last: Word, reading: Reading) -> bool:
    checks = {
        "negated": lambda: _is_negated(first, reading),
        "hypothetical": lambda: reading.stands_before("<hypothetical>", first.start, CONTEXT_REACH, reading.clauses),
        "planned": lambda: (
            reading.stands_before("<plan>", last.start, PLAN_REACH, reading.clauses)
            or reading.stands_before("<condition>", first.start, CONTEXT_REACH, reading.sentences)
        ),
        "advised": lambda: reading.stands_before("<advised>", first.start, PLAN_REACH, reading.clauses),
        "past": lambda: reading.stands_before("<long_ago>", last.start, CONTEXT_REACH * 2, reading.sentences),
        "done": lambda: _is_done(last, reading),
    }
    return any(checks[reason]() for reason in rule.unless)


def _is_negated(first: Word, reading: Reading) -> bool:
    denial = reading.stands_before("<negation>", first.start, NEGATION_REACH, reading.clauses)
    if not denial:
        return False
    instead = reading.stands_before("<denied_instead>", first.start, NEGATION_REACH, reading.clauses)
    return not (instead and instead.start >= denial.end)


def _is_done(last: Word, reading: Reading) -> bool:
    return any(
        word.start in range(last.end - 1, last.end + 1) and reading.clauses[word.start] == reading.clauses[last.end - 1]
        for word in reading.words.get("<done>", [])
        if word.end - word.start == 1
    )


def _measures(plain: str) -> Iterator[tuple[str, int, int]]:
    for age in AGE.finditer(plain):
        years = _number(age["zh"] or age["bare"] or age["en"] or age["old"] or age["words"])
        # Ages between the two limits say nothing.
        if (years >= OLD_AGE and years <= 110) or (0 < years <= ADULT_AGE and age["old"]):
            yield "<old_age>", *age.span()
    for people in PEOPLE.finditer(plain):
        if people["many"] or _number(people["zh"] or people["en"]) >= CROWD:
            yield "<five_people>", *people.span()
    for amount in find_amounts(plain):
        if amount.hundredths >= LARGE_AMOUNT.get(amount.currency, 5_000_000):
            yield "<large_amount>", amount.start, amount.end


def _number(words: Optional[str]) -> int:
    if not words:
        return 0
    if words.isdigit():
        return int(words)
    return ENGLISH_NUMBERS.get(words) or int(parse_number(words) or 0)


def _parts(starts: list[int], plain: str, end: re.Pattern[str]) -> list[int]:
    borders = [match.start() for match in end.finditer(plain)]
    parts, passed = [], 0
    for start in starts:
        while passed < len(borders) and borders[passed] < start:
            passed += 1
        parts.append(passed)
    return parts


def _overlap(one: Signal, other: Signal) -> bool:
    return one.start < other.end and other.start < one.end
