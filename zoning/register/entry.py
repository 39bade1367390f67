"""What one decision on record is: the request, the answer, what it rested on, its receipt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import orjson

from spatial.errors import PermitError

__all__ = [
    "Decision",
    "Draft",
    "Receipt",
    "check_code",
    "code_of_letters",
    "hash_range",
    "sha256",
]

#: Crockford's digits: no letter that reads like another.
DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LETTERS: Final = 10
LONGEST_KEY: Final = 200


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def check_code(link: str) -> str:
    """Return the code printed on paper: 50 bits of an entry's hash in ten letters.

    Examples
    --------
    >>> check_code("00" * 32), check_code("ff" * 32)
    ('00000-00000', 'ZZZZZ-ZZZZZ')
    """
    bits = int(link[:16], 16) >> (64 - 5 * CODE_LETTERS)
    letters = "".join(DIGITS[bits >> shift & 31] for shift in range(45, -1, -5))
    return f"{letters[:5]}-{letters[5:]}"


def code_of_letters(text: str) -> str:
    """Return a code as it is printed, whatever way it was typed; empty for what is none.

    Examples
    --------
    >>> code_of_letters(" 0123456ab7"), code_of_letters("O1234-l6AB7"), code_of_letters("x")
    ('01234-56AB7', '01234-16AB7', '')
    """
    plain = text.strip().upper().replace("-", "").translate(str.maketrans("OIL", "011"))
    if len(plain) != CODE_LETTERS or set(plain) - set(DIGITS):
        return ""
    return f"{plain[:5]}-{plain[5:]}"


def hash_range(code: str) -> tuple[str, str]:
    """Return the hashes between which an entry with a check code lies; none for no code.

    Examples
    --------
    >>> low, high = hash_range(check_code("ab" * 32))
    >>> low <= "ab" * 32 < high, hash_range("?")
    (True, ('', ''))
    """
    plain = code_of_letters(code).replace("-", "")
    if not plain:
        return "", ""
    bits = 0
    for letter in plain:
        bits = bits << 5 | DIGITS.index(letter)
    free = 64 - 5 * CODE_LETTERS
    # A letter after the last hexadecimal digit ends the range behind its every hash.
    return f"{bits << free:016x}", f"{(bits << free) | ((1 << free) - 1):016x}g"


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision that is to be recorded.

    Parameters
    ----------
    permit_id : str
    request : bytes
        The application as canonical JSON; the same application has the same bytes.
    answer : bytes
        The verdict's JSON, as it is handed out.
    key : str or None
        The caller's own name for this submission: sent twice it is recorded once.

    Examples
    --------
    >>> Draft("P-1", b"{}", b'{"verdict":"SESUAI","evidence":{"engine":"x"}}').facts["verdict"]
    'SESUAI'
    """

    permit_id: str
    request: bytes
    answer: bytes
    key: str | None = None

    def __post_init__(self) -> None:
        if self.key is not None and not 0 < len(self.key) <= LONGEST_KEY:
            raise PermitError(
                "a key of a submission has 1 to {most} characters",
                code="register_key_length",
                most=LONGEST_KEY,
            )

    @property
    def facts(self) -> dict[str, Any]:
        """What an entry of the chain says of the answer."""
        return _facts(orjson.loads(self.answer))


def _facts(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry of the chain says of an answer."""
    evidence = answer.get("evidence", {})
    return {
        "verdict": answer.get("verdict"),
        "on": evidence.get("on"),
        "engine": evidence.get("engine"),
        "plans": {plan["id"]: plan["version"] for plan in evidence.get("plans", ())},
        "layers": {layer["name"]: layer["version"] for layer in evidence.get("layers", ())},
    }


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller gets once a decision is safe on the disk.

    `repeated` says that the key was known: `answer` is then the answer of the first time.
    """

    id: str
    seq: int
    hash: str
    recorded_at: str
    answer: bytes
    repeated: bool = False

    @property
    def check_code(self) -> str:
        """Code by which a letter is verified."""
        return check_code(self.hash)

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt as JSON-ready dictionary, without the answer."""
        return {
            "id": self.id,
            "seq": self.seq,
            "hash": self.hash,
            "check_code": self.check_code,
            "recorded_at": self.recorded_at,
            "repeated": self.repeated,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it stands in the register; `entry` is what the chain holds fast."""

    seq: int
    entry: dict[str, Any]
    request: bytes
    answer: bytes
    previous: str
    hash: str

    @property
    def id(self) -> str:
        """Register number."""
        return str(self.entry["id"])

    @property
    def check_code(self) -> str:
        """Code by which a letter is verified."""
        return check_code(self.hash)

    @property
    def application(self) -> dict[str, Any]:
        """The request, read."""
        found: dict[str, Any] = json.loads(self.request)
        return found

    @property
    def verdict(self) -> dict[str, Any]:
        """The answer, read."""
        found: dict[str, Any] = json.loads(self.answer)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the entry with its place in the chain as JSON-ready dictionary."""
        return {"seq": self.seq, **self.entry, "hash": self.hash, "check_code": self.check_code}
