"""Terms and clauses, with the messages' fields taken from spec/protocol.cddl."""

import re
from pathlib import Path

CDDL = Path(__file__).resolve().parents[2] / "spec" / "protocol.cddl"


def rules() -> dict[str, list[str]]:
    """The array rules of the CDDL: of each the names of its fields, in their order."""
    text = re.sub(r";[^\n]*", "", CDDL.read_text())
    found = re.findall(r"^([a-z][\w-]*) = \[(.*?)\]$", text, re.S | re.M)
    return {name: [field(item) for item in items(body)] for name, body in found}


def items(body: str) -> list[str]:
    """The members of an array, split at its own commas."""
    depth, parts = 0, [""]
    for char in body:
        depth += (char in "[({") - (char in "])}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [" ".join(part.split()) for part in parts]


def field(item: str) -> str:
    """The name of a member: the one it is given, or its type's. Numbers and texts that are fixed have none."""
    name = item.split(":")[0] if ":" in item else item.split(" ")[0]
    return name.strip()


RULES = rules()


class Theory:
    """The clauses of one question, without the guards named in `without`."""

    def __init__(self, without: frozenset[str]):
        self.without = without
        self.used: set[str] = set()
        self.symbols: dict[str, int] = {}
        self.clauses: list[str] = []

    def has(self, guard: str) -> bool:
        """Whether a guard is there. Every guard that is asked for can be taken away."""
        self.used.add(guard)
        return guard not in self.without

    def f(self, name: str, *args: str) -> str:
        """A constructor's term."""
        name = name.replace("-", "_")
        arity = self.symbols.setdefault(name, len(args))
        assert arity == len(args), f"{name} has {arity} arguments"
        return f"{name}({','.join(args)})" if args else name

    def message(self, rule: str, **values: str) -> str:
        """A message of the CDDL. What is not said of a field is null; a field that there is not is an error."""
        fields = [name.replace("-", "_") for name in RULES[rule] if not name.isdigit() and not name.startswith('"')]
        unknown = set(values) - set(fields)
        assert not unknown, f"{rule} has no {unknown}"
        return self.f("m_" + rule, *(values.get(name, self.f("null")) for name in fields))

    def signed(self, key: str, label: str, context: list[str], payload: str) -> str:
        """A statement of section 3.3. Whoever sees it sees its payload."""
        structure = self.f("sig_structure", self.f("label_" + label), self.list(context), payload)
        return self.f("sig", key, structure)

    def list(self, members: list[str]) -> str:
        out = self.f("nil")
        for member in reversed(members):
            out = self.f("cons", member, out)
        return out

    def rule(self, conclusion: str, *premises: str) -> None:
        """If all premises hold, the conclusion does. Upper-case words are variables."""
        literals = [f"not({premise})" for premise in premises] + [conclusion]
        body = f"or({','.join(literals)})" if len(literals) > 1 else conclusion
        names = sorted(set(re.findall(r"\b[A-Z]\w*\b", body)))
        self.clauses.append(f"forall([{','.join(names)}],{body})" if names else body)

    def public(self, name: str, arity: int) -> None:
        """A constructor that everybody can use."""
        args = [f"X{i}" for i in range(arity)]
        self.rule(att(self.f(name, *args)), *map(att, args))

    def open(self, name: str, arity: int) -> None:
        """One that everybody can use and take apart."""
        self.public(name, arity)
        args = [f"X{i}" for i in range(arity)]
        for arg in args:
            self.rule(att(arg), att(self.f(name, *args)))

    def problem(self, predicates: dict[str, int]) -> str:
        """The whole in SPASS's DFG syntax: `goal` is what must not follow."""
        functions = ",".join(f"({name},{arity})" for name, arity in sorted(self.symbols.items()))
        named = ",".join(f"({name},{arity})" for name, arity in predicates.items())
        clauses = "\n".join(f"formula({clause})." for clause in self.clauses)
        return f"""begin_problem(countersign).
list_of_descriptions.
name({{*Countersign*}}). author({{*Countersign*}}). status(unknown). description({{*attacker's closure*}}).
end_of_list.
list_of_symbols.
functions[{functions}].
predicates[{named}].
end_of_list.
list_of_formulae(axioms).
{clauses}
end_of_list.
list_of_formulae(conjectures).
formula(goal).
end_of_list.
end_problem.
"""


def att(term: str) -> str:
    """The attacker knows this term."""
    return f"att({term})"
