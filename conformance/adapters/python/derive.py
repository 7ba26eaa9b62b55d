"""The derivations: what both sides compute for themselves (protocol.md, sections 6.1, 8.1, 8.2 and 8.6)."""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from countersign_codec import (
    Item, N, Shape, array, decision, encode, hash32, id16, nullable, number, purpose, tstr, uint32, uint64,
)

SESSION_ID = array(number(range(1, 3)), id16, hash32)
NONCE_PROOF = array(id16, purpose, hash32)
BIND = array(
    id16, hash32, nullable(id16), purpose, nullable(hash32), nullable(hash32), nullable(hash32), nullable(decision),
    nullable(hash32),
)
PIN = array(id16, uint32, tstr(64, least=4))
PSEUDONYM = array(id16, id16)
ASSERTION_ID = array(id16, uint64)


def labelled(label: str, shape: Shape, *fields: Item) -> bytes:
    """The encoding of [label, fields...], whose fields have the shape that protocol.cddl gives them."""
    shape(fields)
    return encode((f"countersign {label}", *fields))


def keyed(key: bytes, message: bytes) -> bytes:
    hash32(key)
    return hmac.digest(key, message, sha256)


def session_id(link_type: int, server: bytes, nonce: bytes) -> bytes:
    return sha256(labelled("session id", SESSION_ID, link_type, server, nonce)).digest()


def nonce_proof(nonce: bytes, server: bytes, purpose: int, g_x: bytes) -> bytes:
    return keyed(nonce, labelled("nonce proof", NONCE_PROOF, server, purpose, g_x))


def bind(
    server: bytes,
    context: bytes,
    purpose: int,
    account: bytes | None,
    session: bytes | None,
    announce_hash: bytes | None,
    user_input_hash: bytes | None,
    decision: int | None,
    intent_hash: bytes | None,
) -> bytes:
    fields = server, context, account, purpose, session, announce_hash, user_input_hash, decision, intent_hash
    return sha256(labelled("bind", BIND, *fields)).digest()


def pin_key(d_sec: bytes, record: bytes, generation: int, pin: str) -> bytes:
    """The public key of K_pin."""
    x = keyed(d_sec, labelled("pin", PIN, record, generation, pin))
    wide = HKDFExpand(hashes.SHA256(), 48, b"countersign pin key").derive(x)
    scalar = int.from_bytes(wide, "big") % (N - 1) + 1
    numbers = ec.derive_private_key(scalar, ec.SECP256R1()).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def pseudonym(key: bytes, record: bytes, audience: bytes) -> bytes:
    return keyed(key, labelled("pseudonym", PSEUDONYM, record, audience))[:16]


def assertion_id(record: bytes, request_number: int) -> bytes:
    return sha256(labelled("assertion id", ASSERTION_ID, record, request_number)).digest()[:16]
