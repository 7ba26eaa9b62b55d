"""Records of the channel, and the keys that protect them (protocol.md, section 5.4)."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countersign_codec import (
    FRAME, WRONG_HEADER, Map, Reject, anything, array, bstr, check_size, decode, encode, hash32, map_of, require,
)
from edhoc import KEY_UPDATE, exporter_key, kdf

RECORD_MISSING, RECORD_SEEN, RECORD_FORGED, KEY_USED_UP = 601, 602, 603, 604
KEY_LABELS = {"to_server": (32769, 32770), "to_device": (32771, 32772)}
RECORDS_PER_KEY = 1 << 20

PROTECTED = encode(Map.of({1: 1}))
AAD = encode(("Encrypt0", PROTECTED, encode(("countersign record",))))
RECORD = array(bstr(), map_of(anything, anything), bstr())


def keys(prk_out: bytes, direction: str, generation: int) -> tuple[AESGCM, bytes]:
    """The key and the IV of one direction after `generation` updates (CH-7)."""
    hash32(prk_out)
    for number in range(1, generation + 1):
        prk_out = kdf(prk_out, KEY_UPDATE, encode(number), 32)
    prk_exporter = exporter_key(prk_out)
    key_label, iv_label = KEY_LABELS[direction]
    return AESGCM(kdf(prk_exporter, key_label, b"", 16)), kdf(prk_exporter, iv_label, b"", 12)


def nonce(iv: bytes, sequence: int) -> bytes:
    return (int.from_bytes(iv, "big") ^ sequence).to_bytes(12, "big")


def header(sequence: int) -> Map:
    return Map.of({6: sequence.to_bytes(max(1, (sequence.bit_length() + 7) // 8), "big")})


def check_usage(sequence: int) -> None:
    """CH-5."""
    require(sequence < RECORDS_PER_KEY, KEY_USED_UP)


def check_sequence(sequence: int, expected: int) -> None:
    """CH-2, CH-3."""
    require(sequence >= expected, RECORD_SEEN)
    require(sequence <= expected, RECORD_MISSING)


def seal(prk_out: bytes, direction: str, generation: int, sequence: int, plaintext: bytes) -> bytes:
    check_usage(sequence)
    key, iv = keys(prk_out, direction, generation)
    return encode((PROTECTED, header(sequence), key.encrypt(nonce(iv, sequence), plaintext, AAD)))


def open_record(prk_out: bytes, direction: str, generation: int, sequence: int, record: bytes) -> bytes:
    check_size(record, FRAME)
    item = decode(record)
    RECORD(item)
    protected, unprotected, ciphertext = item
    check_sequence(read_header(protected, unprotected), sequence)
    check_usage(sequence)
    key, iv = keys(prk_out, direction, generation)
    try:
        return key.decrypt(nonce(iv, sequence), ciphertext, AAD)
    except InvalidTag:
        raise Reject(RECORD_FORGED) from None


def read_header(protected: bytes, unprotected: Map) -> int:
    """CH-1: the sequence number in a header that holds nothing else."""
    partial_iv = dict(unprotected.entries).get(6, b"")
    require(isinstance(partial_iv, bytes) and len(partial_iv) <= 8, WRONG_HEADER)
    sequence = int.from_bytes(partial_iv, "big")
    require((protected, unprotected) == (PROTECTED, header(sequence)), WRONG_HEADER)
    return sequence
