"""What a user sees of a server, and is told of a PIN: protocol.md, sections 4.4 and 8.1."""

from __future__ import annotations

import hashlib
from pathlib import Path

from countersign_codec import encode

WORDS = (Path(__file__).parents[3] / "spec" / "wordlist.txt").read_text().split()
COMMON = {
    "0852", "1004", "1342", "1397", "2580", "5683", "6969", "8520", "112233", "121314", "123321",
    "147258", "159753", "258456", "456852", "654123", "789456", "147258369",
}  # fmt: skip


def visual_hash(parameters_hash: bytes, server: bytes) -> tuple[bytes, str, int, list[str]]:
    """The hash, its six words, the picture's palette and its rows."""
    salt = encode(("countersign visual hash", server))
    hashed = hashlib.pbkdf2_hmac("sha256", parameters_hash, salt, 2**19, 32)
    bits = "".join(f"{byte:08b}" for byte in hashed)
    words = " ".join(WORDS[int(bits[at : at + 11], 2)] for at in range(0, 66, 11))
    left = ["".join(str(int(bits[at : at + 2], 2)) for at in range(row, row + 8, 2)) for row in range(136, 200, 8)]
    return hashed, words, hashed[16] % 8, [half + half[::-1] for half in left]


def easy_pin(pin: str) -> str:
    """Which rule says that the PIN is easy to guess, or `no`."""
    data, digits = pin.encode(), pin.isascii() and pin.isdigit()
    if any(data == data[:block] * (len(data) // block) for block in range(1, len(data) // 2 + 1)):
        return "repeat"
    steps = {(after - before) % 10 for before, after in zip(data, data[1:], strict=False)}
    if digits and steps in ({1}, {9}):
        return "run"
    if digits and len(pin) == 4 and pin[:2] in ("19", "20"):
        return "year"
    return "common" if pin in COMMON else "no"
