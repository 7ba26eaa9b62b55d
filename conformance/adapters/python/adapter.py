"""Countersign's static functions behind the adapter protocol, conformance/ADAPTER.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import channel
import countersign_codec as codec
import derive
import edhoc
import shown

Json = dict[str, Any]


def cose_verify(rule: str, data: bytes, key: bytes, context: bytes) -> bytes:
    return codec.verify_statement(rule, data, key, codec.decode_context(context))


def signature_verify(key: bytes, message: bytes, signature: bytes, s: str) -> None:
    codec.verify_signature(key, message, signature, low_s=s != "any")


BIND = "server context purpose account session announce_hash user_input_hash decision intent_hash"
EDHOC = "x y c_i c_r device_key server_key server id_cred_i ead_1 ead_2 ead_3 signature_2 signature_3"
OPS: dict[str, tuple[Callable[..., Any], str, str]] = {  # the function, its args, its values
    "cbor.decode": (codec.reencode, "type bytes", "bytes"),
    "cose.verify": (cose_verify, "type bytes key context", "payload"),
    "cose.detached": (codec.verify_detached, "type payload key signature", ""),
    "signature.verify": (signature_verify, "key message signature s", ""),
    "key.thumbprint": (codec.key_id, "key", "kid"),
    "credential.decode": (codec.decode_credential, "bytes", "key server"),
    "session.id": (derive.session_id, "link_type server nonce", "session_id"),
    "nonce.proof": (derive.nonce_proof, "nonce server purpose g_x", "proof"),
    "bind": (derive.bind, BIND, "bind"),
    "pin.key": (derive.pin_key, "d_sec record generation pin", "key"),
    "pseudonym": (derive.pseudonym, "key record audience", "pseudonym"),
    "assertion.id": (derive.assertion_id, "record request_number", "assertion_id"),
    "edhoc.transcript": (edhoc.transcript, EDHOC, " ".join(edhoc.Transcript._fields)),
    "channel.seal": (channel.seal, "prk_out direction generation sequence plaintext", "record"),
    "channel.open": (channel.open_record, "prk_out direction generation sequence record", "plaintext"),
    "visual.hash": (shown.visual_hash, "parameters_hash server", "hash words palette cells"),
    "pin.easy": (shown.easy_pin, "pin", "easy"),
}
NOT_HEX = {"type", "s", "pin", "direction", "id_cred_i"}


def call(op: str, args: Json) -> Json:
    function, takes, gives = OPS[op]
    given = {k: v if k in NOT_HEX or not isinstance(v, str) else bytes.fromhex(v) for k, v in args.items()}
    result = function(*(given.get(name) for name in takes.split()))
    values = zip(gives.split(), result if isinstance(result, tuple) else (result,), strict=False)
    return {k: v.hex() if isinstance(v, bytes) else v for k, v in values if v is not None}


def answer(request: Json) -> Json:
    match request:
        case {"cmd": "hello"}:
            about = {"implementation": {"name": "countersign-python", "version": "0.1.0"}}
            return {"res": "ok", **about, "roles": ["static"], "capabilities": []}
        case {"cmd": "open", "role": name} | {"cmd": "step", "op": name} if name not in {"static", *OPS}:
            return {"res": "unsupported", "capability": name}
        case {"cmd": "step", "op": name}:
            return {"res": "ok", "values": call(name, request.get("args", {}))}
    return {"res": "ok"}


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request)
        except codec.Reject as refusal:
            reply = {"res": "reject", "code": refusal.code}
        except Exception as failure:  # the adapter's own, never to be taken for a refusal
            reply = {"res": "error", "detail": repr(failure)}
        print(json.dumps({"id": request["id"], **reply}), flush=True)
