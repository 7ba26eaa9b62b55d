"""Countersign's codec: strict deterministic CBOR, the message shapes, and COSE_Sign1.

Every way in raises `Reject` with a number of the error catalogue (protocol.md, section 11) and nothing else.
Each check is a function of its own that cites its requirement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

MALFORMED, NOT_DETERMINISTIC, FORBIDDEN_ITEM, INVALID_UTF8, TRAILING_BYTES = 100, 101, 102, 103, 104
TOO_DEEP, TOO_LARGE, WRONG_STRUCTURE = 105, 106, 107
WRONG_HEADER, WRONG_KID, MALFORMED_SIGNATURE, DOES_NOT_VERIFY, INVALID_KEY = 110, 111, 112, 113, 114


class Reject(Exception):
    """What came is refused; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def require(condition: object, code: int) -> None:
    if not condition:
        raise Reject(code)


# --- CBOR (section 3.1) ---

MAX_DEPTH = 8
UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
INDEFINITE = 31
SIMPLE_VALUES = {20: False, 21: True, 22: None}


Item = Any  # None, a bool, an int, bytes, a str, a tuple of items or a Map; which one, the shapes below tell


@dataclass(frozen=True)
class Map:
    """A map as it was read: entries in their order, keys of any kind."""

    entries: tuple[tuple[Item, Item], ...] = ()

    @classmethod
    def of(cls, members: Mapping[Item, Item]) -> Map:
        return cls(tuple(sorted(members.items(), key=lambda entry: encode(entry[0]))))




def encode(item: Item) -> bytes:
    """The one encoding of an item (ENC-1)."""
    match item:
        case None | bool():
            return head(SIMPLE, {False: 20, True: 21, None: 22}[item])
        case int():
            return head(UINT, item) if item >= 0 else head(NEGATIVE, -1 - item)
        case bytes():
            return head(BYTES, len(item)) + item
        case str():
            text = item.encode()
            return head(TEXT, len(text)) + text
        case tuple():
            return head(ARRAY, len(item)) + b"".join(map(encode, item))
        case Map():
            return head(MAP, len(item.entries)) + b"".join(encode(key) + encode(value) for key, value in item.entries)
    raise TypeError(f"no CBOR item: {item!r}")


def head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    power = next(power for power in range(4) if argument < 1 << (8 << power))
    return bytes([major << 5 | 24 + power]) + argument.to_bytes(1 << power, "big")


def decode(data: bytes) -> Item:
    """The item that `data` is, from its first byte to its last."""
    reader = Reader(data)
    item = reader.item()
    check_end(reader)
    return item


class Reader:
    """Reads items from front to back, so that the first fault is the one that is reported (ENC-14)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def item(self, depth: int = 0) -> Item:
        major, info = divmod(self._take(1)[0], 32)
        if major == SIMPLE:
            return self._simple(info)
        argument = self._argument(major, info)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return decode_text(self._take(argument))
            case 4:
                check_room(self, argument)
                check_depth(depth + 1)
                return tuple(self.item(depth + 1) for _ in range(argument))
            case 5:
                check_room(self, 2 * argument)
                check_depth(depth + 1)
                return Map(tuple(self._entries(argument, depth + 1)))
            case _:
                raise Reject(FORBIDDEN_ITEM)

    def _entries(self, count: int, depth: int) -> Iterator[tuple[Item, Item]]:
        previous = b""
        for _ in range(count):
            start = self._at
            key = self.item(depth)
            encoded = self._data[start : self._at]
            check_key_order(previous, encoded)
            previous = encoded
            yield key, self.item(depth)

    def _argument(self, major: int, info: int) -> int:
        if info < 24:
            return info
        if info == INDEFINITE:
            check_definite(major)
        check_not_reserved(info)
        size = 1 << info - 24
        argument = int.from_bytes(self._take(size), "big")
        check_shortest(argument, size)
        return argument

    def _simple(self, info: int) -> bool | None:
        check_not_reserved(info)
        if info in SIMPLE_VALUES:
            return SIMPLE_VALUES[info]
        if info == 24:  # two bytes are well-formed only for what does not fit into one
            require(self._take(1)[0] >= 32, MALFORMED)
        elif info > 24:
            self._take(1 << info - 24)  # a float is forbidden, a cut one malformed
        raise Reject(FORBIDDEN_ITEM)

    def _take(self, count: int) -> bytes:
        check_room(self, count)
        self._at += count
        return self._data[self._at - count : self._at]


def check_room(reader: Reader, count: int) -> None:
    """ENC-2, ENC-14: what is announced has to be there."""
    require(count <= reader.left, MALFORMED)


def check_not_reserved(info: int) -> None:
    """ENC-2."""
    require(info < 28, MALFORMED)


def check_shortest(argument: int, size: int) -> None:
    """ENC-3: `argument` needs all of the `size` bytes that it takes."""
    require(argument >= (24 if size == 1 else 1 << 4 * size), NOT_DETERMINISTIC)


def check_definite(major: int) -> None:
    """ENC-4: a string, an array or a map says how long it is."""
    require(major not in (BYTES, TEXT, ARRAY, MAP), NOT_DETERMINISTIC)


def check_key_order(previous: bytes, key: bytes) -> None:
    """ENC-5: the encodings of a map's keys ascend."""
    require(previous < key, NOT_DETERMINISTIC)


def decode_text(data: bytes) -> str:
    """ENC-7."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Reject(INVALID_UTF8) from None


def check_end(reader: Reader) -> None:
    """ENC-8."""
    require(reader.left == 0, TRAILING_BYTES)


def check_depth(depth: int) -> None:
    """ENC-9."""
    require(depth <= MAX_DEPTH, TOO_DEEP)


def check_size(data: bytes, limit: int) -> None:
    """ENC-10."""
    require(len(data) <= limit, TOO_LARGE)


# --- Shapes (ENC-12): what may stand in a position. Each rule below is one of protocol.cddl ---

Shape = Callable[[Item], None]


def uint(bits: int = 64, least: int = 0) -> Shape:
    return number(range(least, 1 << bits))


def number(allowed: range) -> Shape:
    return lambda item: require(type(item) is int and item in allowed, WRONG_STRUCTURE)


def bstr(least: int = 0, most: int | None = None) -> Shape:
    def shape(item: Item) -> None:
        require(isinstance(item, bytes) and least <= len(item), WRONG_STRUCTURE)
        require(most is None or len(item) <= most, WRONG_STRUCTURE)

    return shape


def fixed(size: int) -> Shape:
    return bstr(size, size)


def tstr(limit: int | None = None, least: int = 0) -> Shape:
    def shape(item: Item) -> None:
        require(isinstance(item, str), WRONG_STRUCTURE)
        size = len(item.encode())
        require(limit is None or size <= limit, TOO_LARGE)
        require(size >= least, WRONG_STRUCTURE)

    return shape


def boolean(item: Item) -> None:
    require(isinstance(item, bool), WRONG_STRUCTURE)


def nullable(inner: Shape) -> Shape:
    return lambda item: None if item is None else inner(item)


def array(*fields: Shape) -> Shape:
    def shape(item: Item) -> None:
        require(isinstance(item, tuple) and len(item) == len(fields), WRONG_STRUCTURE)
        for field, element in zip(fields, item, strict=True):
            field(element)

    return shape


def list_of(element: Shape, least: int, most: int) -> Shape:
    def shape(item: Item) -> None:
        require(isinstance(item, tuple) and least <= len(item) <= most, WRONG_STRUCTURE)
        for each in item:
            element(each)

    return shape


def map_of(key: Shape, value: Shape) -> Shape:
    def shape(item: Item) -> None:
        require(isinstance(item, Map), WRONG_STRUCTURE)
        for each_key, each_value in item.entries:
            key(each_key)
            value(each_value)

    return shape


def one_of(shapes: dict[int, Shape]) -> Shape:
    """A choice between arrays whose first element is a number of the registry."""

    def shape(item: Item) -> None:
        require(isinstance(item, tuple) and item and type(item[0]) is int and item[0] in shapes, WRONG_STRUCTURE)
        shapes[item[0]](item)

    return shape


def ascending(numbers: Shape) -> Shape:
    """CHA-13."""

    def shape(item: Item) -> None:
        numbers(item)
        require(all(one < next_one for one, next_one in zip(item, item[1:], strict=False)), WRONG_STRUCTURE)

    return shape


def anything(item: Item) -> None:
    """Left to a check of its own."""


def is_(value: int) -> Shape:
    return number(range(value, value + 1))


uint16, uint32, uint64 = uint(16), uint(32), uint(64)
id16, hash32, point, signature = fixed(16), fixed(32), fixed(64), fixed(64)
purpose, decision, factor, uri = number(range(1, 12)), number(range(1, 3)), number(range(1, 3)), tstr(512)

connection_id = bstr(1, 8)
choice = number(range(100))
version = array(uint16, uint16)
versions = list_of(version, 1, 8)
factor_server = array(id16, uri)
claim = array(hash32, hash32)
announce = array(nullable(hash32), map_of(tstr(), tstr()))
policy = array(number(range(1, 4)), uint32, boolean)
parameters_chain = array(list_of(bstr(), 0, 16), bstr())
enrolment_proof = array(point, signature)
record_status = array(uint32, uint64, uint32, boolean, uint32, boolean, boolean)
biometric = array(point, signature)


@dataclass(frozen=True)
class Rule:
    """A message: its shape, and the limit of its encoding (section 1.3)."""

    limit: int
    shape: Shape


HANDSHAKE_FRAME, FRAME, LINK, ANNOUNCE, EAD, SIGNED = 65_536, 1_049_600, 1_024, 6_144, 8_160, 8_192
DATA = 1_048_576  # a payload
CAUSES = 7  # why an app login ends

RULES: dict[str, Rule] = {
    "frame": Rule(
        FRAME,
        one_of({1: array(is_(1), bstr())} | {n: array(is_(n), connection_id, bstr()) for n in range(2, 6)}),
    ),
    "link": Rule(LINK, one_of({1: array(is_(1), id16, hash32), 2: array(is_(2), id16, uri, hash32, hash32)})),
    "ead-1": Rule(EAD, array(versions, purpose, id16, nullable(uint32), nullable(claim))),
    "ead-2": Rule(
        EAD,
        array(
            version, uint32, nullable(announce), nullable(id16), nullable(policy), nullable(bstr()),
            nullable(parameters_chain),
        ),
    ),
    "announce": Rule(ANNOUNCE, announce),
    "statement": Rule(
        SIGNED,
        array(
            purpose, nullable(decision), nullable(hash32), nullable(tstr(4096)), nullable(bstr()),
            nullable(enrolment_proof), nullable(hash32), nullable(uint64), nullable(id16),
        ),
    ),
    "parameters": Rule(
        SIGNED,
        array(
            id16, number(range(1, 3)), uint32, uint64, versions, point, point, point, uri, nullable(factor_server),
            nullable(uint32),
        ),
    ),
    "identity": Rule(SIGNED, array(id16, uint32, point)),
    "voucher": Rule(SIGNED, array(id16, id16, id16, uint64)),
    "assertion": Rule(SIGNED, array(id16, hash32, factor, uint64, purpose, uint64, id16)),
    "factor-proof": Rule(SIGNED, array(id16, uint32, uint32, uint64, purpose, hash32)),
    "factor-key": Rule(SIGNED, array(id16, uint32, point, hash32)),
    "key-update": Rule(FRAME, array(is_(8))),
    "refused": Rule(FRAME, array(is_(9), uint16)),
    "settled": Rule(FRAME, array(is_(16), decision, id16, tstr(256), id16)),
    "app-settled": Rule(FRAME, array(is_(24), id16, tstr(256), id16, hash32, hash32, uint32, uint32)),
    "ping": Rule(FRAME, array(is_(25))),
    "pong": Rule(FRAME, array(is_(26))),
    "logout": Rule(FRAME, array(is_(27), number(range(1, CAUSES + 1)))),
    "admitted": Rule(FRAME, array(is_(28), id16, tstr(256), number(range(1, 3)), id16)),
    "data-request": Rule(FRAME, array(is_(48), uint64, nullable(id16), bstr(0, DATA))),
    "data-cancel": Rule(FRAME, array(is_(49), uint64)),
    "data-answer": Rule(FRAME, array(is_(50), uint64, bstr(0, DATA))),
    "data-error": Rule(FRAME, array(is_(51), uint64, uint16)),
    "create": Rule(FRAME, array(is_(32), bstr(), point, signature, nullable(biometric))),
    "verify": Rule(
        FRAME, array(is_(33), uint64, uint32, uint32, factor, purpose, hash32, id16, signature)
    ),
    "ask-status": Rule(FRAME, array(is_(34))),
    "set-pin": Rule(FRAME, array(is_(35), uint32, point, signature, nullable(biometric))),
    "add-biometric": Rule(FRAME, array(is_(36), point, signature)),
    "remove-biometric": Rule(FRAME, array(is_(37))),
    "biometric-gone": Rule(FRAME, array(is_(38))),
    "status": Rule(FRAME, array(is_(40), uint32, uint32, nullable(record_status))),
    "verdict": Rule(
        FRAME, array(is_(41), uint64, uint16, uint32, uint32, boolean, uint32, boolean, nullable(bstr()))
    ),
    "fetch-challenge": Rule(FRAME, array(is_(64), hash32)),
    "challenge": Rule(
        FRAME,
        array(
            is_(65), id16, hash32, tstr(64), announce, uint64, nullable(ascending(list_of(choice, 2, 8))),
            nullable(policy),
        ),
    ),
    "approve": Rule(FRAME, array(is_(66), bstr(), nullable(bstr()), boolean)),
    "approved": Rule(FRAME, array(is_(67), decision, nullable(hash32))),
    "opened": Rule(FRAME, array(is_(71), id16)),
    "delete-credential": Rule(FRAME, array(is_(72))),
    "rotate": Rule(FRAME, array(is_(73), point, signature)),
    "credential-deleted": Rule(FRAME, array(is_(74))),
    "rotated": Rule(FRAME, array(is_(75), id16)),
    "approval-key": Rule(SIGNED, array(id16, hash32, id16)),
    "rotation": Rule(SIGNED, array(id16, point, hash32)),
    "approval": Rule(
        SIGNED, array(id16, hash32, hash32, decision, id16, nullable(hash32), nullable(choice))
    ),
}


def decode_message(rule: str, data: bytes) -> Item:
    """A message under a rule of `RULES`; KeyError where there is none."""
    is_handshake = rule == "frame" and data[1:2] != b"\x04"
    check_size(data, HANDSHAKE_FRAME if is_handshake else RULES[rule].limit)
    item = decode(data)
    RULES[rule].shape(item)
    return item


def reencode(rule: str, data: bytes) -> bytes:
    """What is accepted comes out as it went in."""
    return encode(decode_message(rule, data))


# --- Public keys and signatures (section 3.2) ---

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def halves(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")


def check_point(key: bytes) -> None:
    """SIG-1: x and y are below p and on the curve."""
    x, y = halves(key)
    require(x < P and y < P and (y * y - (x**3 - 3 * x + B)) % P == 0, INVALID_KEY)


def check_signature_range(signature: bytes) -> None:
    """SIG-2."""
    r, s = halves(signature)
    require(0 < r < N and 0 < s < N, MALFORMED_SIGNATURE)


def check_low_s(signature: bytes) -> None:
    """SIG-3."""
    _, s = halves(signature)
    require(s <= N // 2, MALFORMED_SIGNATURE)


def public_key(key: bytes) -> ec.EllipticCurvePublicKey:
    check_point(key)
    return ec.EllipticCurvePublicNumbers(*halves(key), ec.SECP256R1()).public_key()


def verify_signature(key: bytes, message: bytes, value: bytes, low_s: bool = True) -> None:
    """A signature of our own statements, or with `low_s` false one inside EDHOC (SIG-4)."""
    point(key)
    signature(value)
    verifier = public_key(key)
    check_signature_range(value)
    if low_s:
        check_low_s(value)
    try:
        verifier.verify(encode_dss_signature(*halves(value)), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Reject(DOES_NOT_VERIFY) from None


def cose_key(key: bytes) -> Map:
    return Map.of({1: 2, -1: 1, -2: key[:32], -3: key[32:]})


def key_id(key: bytes) -> bytes:
    """KID-1: the kid of a key."""
    point(key)
    return sha256(encode(cose_key(key))).digest()[:16]


# --- Credentials (section 4.2) ---


def decode_credential(data: bytes) -> tuple[bytes, bytes | None]:
    """The key, and the id where it is a server's. Rebuilding the credential tells all that does not belong (CRED-1)."""
    item = decode(data)
    members = dict(item.entries) if isinstance(item, Map) else {}
    try:
        key_members = dict(dict(members[8].entries)[1].entries)
        key = key_members[-2] + key_members[-3]
    except (AttributeError, KeyError, TypeError):
        raise Reject(WRONG_STRUCTURE) from None
    point(key)
    server = members.get(2)
    rebuilt: dict[Item, Item] = {8: Map.of({1: cose_key(key)})}
    if 2 in members:
        require(isinstance(server, str) and re.fullmatch("[0-9a-f]{32}", server), WRONG_STRUCTURE)
        rebuilt[2] = server
    require(Map.of(rebuilt) == item, WRONG_STRUCTURE)
    check_point(key)
    return key, bytes.fromhex(server) if server else None


# --- COSE_Sign1 (section 3.3) ---

LABELS = {
    name: f"countersign {name.replace('-', ' ')}"
    for name in ("parameters", "identity", "voucher", "assertion", "factor-proof", "factor-key", "rotation")
} | {"approval-key": "countersign enrolment proof"}


SIGN1 = array(bstr(), map_of(anything, anything), bstr(), signature)


def protected_header(kid: bytes) -> bytes:
    return encode(Map.of({1: -9, 4: kid}))


def check_header(protected: bytes) -> None:
    """COSE-1: nothing but the algorithm and a kid of 16 bytes, whosever it is."""
    require(protected == protected_header(protected[-16:]), WRONG_HEADER)


def check_unprotected(header: Item) -> None:
    """COSE-2."""
    require(header == Map(), WRONG_HEADER)


def check_kid(protected: bytes, key: bytes) -> None:
    """COSE-3: the kid is that of the key which the receiver requires."""
    require(protected[-16:] == key_id(key), WRONG_KID)


def decode_context(data: bytes) -> tuple[Item, ...]:
    """What follows the label in a statement's external_aad (COSE-4)."""
    context = decode(data)
    if not isinstance(context, tuple):
        raise Reject(WRONG_STRUCTURE)
    return context


def to_be_signed(rule: str, protected: bytes, context: tuple[Item, ...], payload: bytes) -> bytes:
    """The Sig_structure of RFC 9052, its external_aad as COSE-4 has it."""
    return encode(("Signature1", protected, encode((LABELS[rule], *context)), payload))


def verify_statement(rule: str, data: bytes, key: bytes, context: tuple[Item, ...]) -> bytes:
    """The payload of a statement by `key`, which is a message under `rule`."""
    check_size(data, SIGNED)
    item = decode(data)
    SIGN1(item)
    protected, unprotected, payload, value = item
    check_header(protected)
    check_unprotected(unprotected)
    decode_message(rule, payload)
    check_kid(protected, key)
    verify_signature(key, to_be_signed(rule, protected, context, payload), value)
    return bytes(payload)


def verify_detached(rule: str, payload: bytes, key: bytes, value: bytes) -> None:
    """COSE-6: a statement of which only the signature travels."""
    verify_signature(key, to_be_signed(rule, protected_header(key_id(key)), (), payload), value)
