#!/usr/bin/env python3
"""Asks SPASS whether an attacker can bring about what he must not, for any number of runs.

Saturation without a proof is the answer no: there is no attack within these clauses. With a guard taken away there
has to be a proof, which is an attack. Exit code 0 if every answer is the expected one, 1 if not, 2 for a wrong call,
3 without SPASS (Debian's package `spass`).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from claims import AWAY, CLAIMS
from terms import Theory

PREDICATES = {"att": 1, "goal": 0}
NO, YES, UNKNOWN = "no attack", "attack", "no answer"


def ask(build, without: frozenset[str], seconds: int, options: list[str], keep: Path | None, name: str):
    theory = Theory(without)
    build(theory)
    unknown = without - theory.used
    assert not unknown, f"{name} never asks for {unknown}"
    text = theory.problem(PREDICATES)
    folder = keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.dfg"
    file.write_text(text)
    began = time.monotonic()
    done = subprocess.run(["SPASS", f"-TimeLimit={seconds}", *options, str(file)], capture_output=True, text=True)
    took = time.monotonic() - began
    answer = UNKNOWN
    if "SPASS beiseite: Completion found." in done.stdout:
        answer = NO
    elif "SPASS beiseite: Proof found." in done.stdout:
        answer = YES
    elif "SPASS beiseite" not in done.stdout:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
    return {"clauses": len(theory.clauses), "answer": answer, "seconds": round(took, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="only these; default: all")
    parser.add_argument("--seconds", type=int, default=120, help="how long SPASS may think about one question (default 120)")
    parser.add_argument("--option", action="append", default=[], help="one more option for SPASS")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the clauses there")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    args = parser.parse_args()
    names = {claim.name for claim in CLAIMS}
    if set(args.claims) - names:
        parser.error(f"the claims are {', '.join(sorted(names))}")
    if not shutil.which("SPASS"):
        print("SPASS is not installed: apt-get install spass", file=sys.stderr)
        return 3
    wrong = 0
    if not args.json:
        print("| claim | without | clauses | answer | seconds |\n|---|---|---|---|---|")
    for claim in CLAIMS:
        if args.claims and claim.name not in args.claims:
            continue
        for number, guards in enumerate([[], [AWAY], *claim.weakened]):
            result = ask(claim.build, frozenset(guards), args.seconds, args.option, args.keep, f"{claim.name}-{number}")
            good = result["answer"] == (YES if guards else NO)
            wrong += not good
            if args.json:
                print(json.dumps({"claim": claim.name, "without": guards, "as_expected": good, **result}), flush=True)
            else:
                shown = result["answer"] if good else f"**{result['answer']}**, not as expected"
                print(f"| {claim.name} | {'; '.join(guards)} | {result['clauses']} | {shown} | {result['seconds']} |", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
