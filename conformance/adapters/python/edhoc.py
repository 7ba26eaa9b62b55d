"""EDHOC (RFC 9528) with method 0 and cipher suite 6, as protocol.md uses it: both sides of a handshake at once."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import NamedTuple

from countersign_codec import (
    Item, Map, Reject, array, bstr, check_point, check_size, connection_id, cose_key, encode, hash32, id16, key_id,
    point, signature, verify_signature,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

METHOD, SUITE = 0, 6
KEYSTREAM_2, MAC_2, K_3, IV_3, MAC_3, PRK_OUT, EXPORTER, KEY_UPDATE = 0, 2, 3, 4, 6, 7, 10, 11  # info labels
KID, KCCS = 4, 14
EAD_LABEL = -32768
CHANNEL_BINDING = 32768
MAX_PLAINTEXT_2 = 8_160

INVALID_MESSAGE, SERVER_NOT_AUTHENTICATED, DEVICE_NOT_AUTHENTICATED = 201, 204, 211

INPUTS = array(
    hash32, hash32, connection_id, connection_id, point, point, id16, bstr(), bstr(), bstr(), signature, signature,
)


class Transcript(NamedTuple):
    """Every value of a handshake, in its order."""

    g_x: bytes
    g_y: bytes
    g_xy: bytes
    message_1: bytes
    th_2: bytes
    prk_2e: bytes
    cred_r: bytes
    mac_2: bytes
    tbs_2: bytes
    plaintext_2: bytes
    message_2: bytes
    th_3: bytes
    cred_i: bytes
    mac_3: bytes
    tbs_3: bytes
    plaintext_3: bytes
    k_3: bytes
    iv_3: bytes
    message_3: bytes
    th_4: bytes
    prk_out: bytes
    prk_exporter: bytes
    channel_binding: bytes
    transcript: bytes


def sequence(*items: Item) -> bytes:
    return b"".join(map(encode, items))


def kdf(prk: bytes, label: int, context: bytes, length: int) -> bytes:
    """EDHOC_KDF."""
    return HKDFExpand(hashes.SHA256(), length, sequence(label, context, length)).derive(prk)


def exporter_key(prk_out: bytes) -> bytes:
    return kdf(prk_out, EXPORTER, b"", 32)


def hashed(data: bytes) -> bytes:
    return sha256(data).digest()


def compact(identifier: bytes) -> Item:
    """A byte string that is the encoding of a small integer travels as that integer."""
    if len(identifier) == 1 and identifier[0] & 0x1F < 24 and identifier[0] < 0x40:
        return identifier[0] if identifier[0] < 0x20 else 0x1F - identifier[0]
    return identifier


def credential(key: bytes, server: bytes | None = None) -> Map:
    subject: dict[Item, Item] = {2: server.hex()} if server else {}
    return Map.of(subject | {8: Map.of({1: cose_key(key)})})


def ead(value: bytes) -> bytes:
    return sequence(EAD_LABEL, value)


def public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def shared_secret(secret: bytes, peer: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(peer))
    except ValueError:  # a point of low order
        raise Reject(INVALID_MESSAGE) from None


def to_be_signed(id_cred: Map, th: bytes, cred: bytes, ead: bytes, mac: bytes) -> bytes:
    return encode(("Signature1", encode(id_cred), encode(th) + cred + ead, mac))


def authenticate(key: bytes, message: bytes, value: bytes, code: int) -> None:
    """A signature that does not make its maker known; inside EDHOC, s may be high (SIG-4)."""
    try:
        verify_signature(key, message, value, low_s=False)
    except Reject:
        raise Reject(code) from None


def transcript(
    x: bytes,
    y: bytes,
    c_i: bytes,
    c_r: bytes,
    device_key: bytes,
    server_key: bytes,
    server: bytes,
    id_cred_i: str,
    ead_1: bytes,
    ead_2: bytes,
    ead_3: bytes,
    signature_2: bytes,
    signature_3: bytes,
) -> Transcript:
    INPUTS((x, y, c_i, c_r, device_key, server_key, server, ead_1, ead_2, ead_3, signature_2, signature_3))
    check_point(server_key)
    check_point(device_key)

    g_x, g_y = public(x), public(y)
    g_xy = shared_secret(x, g_y)
    message_1 = sequence(METHOD, SUITE, g_x, compact(c_i)) + ead(ead_1)

    th_2 = hashed(sequence(g_y, hashed(message_1)))
    prk_2e = hmac.digest(th_2, g_xy, sha256)  # with signatures on both sides PRK_3e2m and PRK_4e3m too
    id_cred_r, cred_r = Map.of({KID: key_id(server_key)}), encode(credential(server_key, server))
    context_2 = sequence(compact(c_r), id_cred_r, th_2) + cred_r + ead(ead_2)
    mac_2 = kdf(prk_2e, MAC_2, context_2, 32)
    tbs_2 = to_be_signed(id_cred_r, th_2, cred_r, ead(ead_2), mac_2)
    plaintext_2 = sequence(compact(c_r), key_id(server_key), signature_2) + ead(ead_2)
    check_size(plaintext_2, MAX_PLAINTEXT_2)
    keystream_2 = kdf(prk_2e, KEYSTREAM_2, th_2, len(plaintext_2))
    message_2 = encode(g_y + bytes(a ^ b for a, b in zip(plaintext_2, keystream_2, strict=True)))
    authenticate(server_key, tbs_2, signature_2, SERVER_NOT_AUTHENTICATED)

    th_3 = hashed(encode(th_2) + plaintext_2 + cred_r)
    device = credential(device_key)
    cred_i = encode(device)
    by_kid = id_cred_i == "kid"
    id_cred = Map.of({KID: key_id(device_key)} if by_kid else {KCCS: device})
    mac_3 = kdf(prk_2e, MAC_3, sequence(id_cred, th_3) + cred_i + ead(ead_3), 32)
    tbs_3 = to_be_signed(id_cred, th_3, cred_i, ead(ead_3), mac_3)
    plaintext_3 = sequence(key_id(device_key) if by_kid else id_cred, signature_3) + ead(ead_3)
    k_3, iv_3 = kdf(prk_2e, K_3, th_3, 16), kdf(prk_2e, IV_3, th_3, 12)
    message_3 = encode(AESGCM(k_3).encrypt(iv_3, plaintext_3, encode(("Encrypt0", b"", th_3))))
    authenticate(device_key, tbs_3, signature_3, DEVICE_NOT_AUTHENTICATED)

    th_4 = hashed(encode(th_3) + plaintext_3 + cred_i)
    prk_out = kdf(prk_2e, PRK_OUT, th_4, 32)
    prk_exporter = exporter_key(prk_out)
    return Transcript(
        g_x, g_y, g_xy, message_1, th_2, prk_2e, cred_r, mac_2, tbs_2, plaintext_2, message_2, th_3, cred_i, mac_3,
        tbs_3, plaintext_3, k_3, iv_3, message_3, th_4, prk_out, prk_exporter,
        channel_binding=kdf(prk_exporter, CHANNEL_BINDING, b"", 32),
        transcript=hashed(encode((message_1, message_2))),
    )
