"""What honest parties do, clause by clause: each sends its next message to whoever says what it waits for.

A value that is drawn anew is a function of all that its run depends on. Runs are therefore unbounded in number; two runs
with the same inputs share their values, which only gives the attacker more. Time, counters and single use are left
out: the state models check them.
"""

from terms import Theory, att

OTHER = "other(V)"


class Parties:
    """The attacker's closure, and the handshake as each side sees it."""

    def __init__(self, t: Theory):
        self.t = t
        f = t.f
        self.identity, self.handshake = f("identity_key"), f("handshake_key")
        self.device, self.pin, self.assertions = f("device_key"), f("pin_key"), f("assertion_key")
        self.server = f("kid", f("pk", self.identity))
        self.factor_server = f("factor_server")
        self.account, self.record = f("account"), f("record")
        for name in ("null", "nil", "target", "confirm", "decline", "login", "enrol", "pin_factor", "account", "record",
                     "factor_server", "user_name", "two", "three", "four", "typed", "attackers_key"):
            t.rule(att(f(name)))
        for name in ("parameters", "assertion", "factor_proof", "approval"):
            t.rule(att(f("label_" + name)))
        for name, arity in (("h", 1), ("pk", 1), ("pub", 1), ("kid", 1), ("other", 1), ("mac", 2), ("dh", 2), ("kdf", 3),
                            ("aead", 2), ("keystream", 2), ("sig", 2)):
            t.public(name, arity)
        for name, arity in (("cons", 2), ("sig_structure", 3), ("edhoc_structure", 3), ("th2_input", 2), ("th3_input", 3),
                            ("th4_input", 3), ("message_1", 2), ("message_2", 2), ("plaintext_2", 3), ("plaintext_3", 3)):
            t.open(name, arity)
        for rule in ("ead-1", "claim", "ead-2", "statement", "parameters", "bind-input", "nonce-proof-input", "session-id-input",
                     "assertion", "factor-proof", "settled", "approval", "data-answer"):
            t.message(rule)
            name = "m_" + rule.replace("-", "_")
            t.open(name, t.symbols[name])
        t.rule(att("M"), att("sig(K,M)"))
        t.rule(att("M"), att("aead(K,M)"), att("K"))
        t.rule(att("M"), att("keystream(K,M)"), att("K"))
        t.clauses.append("forall([X,Y],equal(dh(X,pub(Y)),dh(Y,pub(X))))")
        t.rule(att(f("pk", self.identity)))
        t.rule(att(f("pk", self.handshake)))
        t.rule(att(f("pk", self.device)))
        t.rule(att(self.signed_parameters(self.server, self.identity, f("pk", self.handshake))))

    def signed_parameters(self, server: str, identity: str, handshake: str) -> str:
        """The statement by which a server's identity key vouches for its handshake key."""
        payload = self.t.message("parameters", server_id=server, identity_key=self.t.f("pk", identity), handshake_key=handshake)
        return self.t.signed(identity, "parameters", [server], payload)

    def message_1(self, g_x: str, server: str, nonce: str, purpose: str, proof: str | None = None) -> str:
        t = self.t
        session = self.session_id(server, nonce)
        if proof is None:
            proof = self.nonce_proof(server, nonce, purpose, g_x)
        claim = t.message("claim", session_id=session, nonce_proof=proof)
        return t.f("message_1", g_x, t.message("ead-1", purpose=purpose, server_id=server, claim=claim))

    def session_id(self, server: str, nonce: str) -> str:
        return self.t.f("h", self.t.message("session-id-input", server_id=server, nonce=nonce))

    def nonce_proof(self, server: str, nonce: str, purpose: str, g_x: str) -> str:
        t = self.t
        if not t.has("the nonce stays secret"):
            return nonce
        covered = g_x if t.has("the nonce proof covers G_X") else t.f("null")
        return t.f("mac", nonce, t.message("nonce-proof-input", server_id=server, purpose=purpose, g_x=covered))

    def run(self, message_1: str, g_y: str, secret: str, server: str, handshake: str, ead_2: str, signature_2: str | None = None):
        """All values of a handshake up to message_3's key."""
        t = self.t
        th_2 = t.f("h", t.f("th2_input", t.f("h", message_1), g_y))
        signed = t.f("edhoc_structure", th_2, server, ead_2)
        signature = signature_2 or t.f("sig", handshake, signed)
        plaintext_2 = t.f("plaintext_2", t.f("kid", t.f("pk", handshake)), signature, ead_2)
        th_3 = t.f("h", t.f("th3_input", th_2, plaintext_2, server))
        message_2 = t.f("message_2", g_y, t.f("keystream", t.f("kdf", t.f("two"), secret, th_2), plaintext_2))
        transcript = t.f("h", t.f("cons", message_1, message_2))
        return message_2, th_3, t.f("kdf", t.f("three"), secret, th_3), transcript

    def answer(self, key: str, th_3: str, secret: str, signer: str, statement: str, signature: str | None = None):
        """message_3, and the key of the channel behind it."""
        t = self.t
        credential = t.f("pk", signer)
        covered = th_3 if t.has("Signature_3 covers TH_3") else t.f("null")
        said = statement if t.has("Signature_3 covers EAD_3") else t.f("null")
        signature = signature or t.f("sig", signer, t.f("edhoc_structure", covered, credential, said))
        plaintext_3 = t.f("plaintext_3", t.f("kid", credential), signature, statement)
        th_4 = t.f("h", t.f("th4_input", th_3, plaintext_3, credential))
        return t.f("aead", key, plaintext_3), t.f("kdf", t.f("four"), secret, th_4)

    def bind(self, server: str, transcript: str, session: str, user_input: str, decision: str) -> str:
        t = self.t

        def part(name: str, value: str) -> str:
            return value if t.has(f"bind names the {name}") else t.f("null")

        return t.f("h", t.message("bind-input", server_id=part("server", server), context=part("transcript", transcript),
                                  account_id=self.account, purpose=t.f("login"), session_id=part("session", session),
                                  user_input_hash=t.f("h", user_input), decision=decision))

    def assertion(self, audience: str, bind: str) -> str:
        payload = self.t.message("assertion", bind=bind, factor=self.t.f("pin_factor"), purpose=self.t.f("login"))
        return self.t.signed(self.assertions, "assertion", [audience, self.factor_server], payload)


def server(p: Parties, purpose: str, session: str, *, then, decision: str, user_input: str, signer: str, factor: bool = False,
           announce: str | None = None) -> None:
    """The auth server's two steps in one session: message_2, and what a message_3 brings about."""
    t = p.t
    nonce = t.f("nonce", session)
    proof = None if t.has("a claim needs the nonce proof") else "P"
    message_1 = p.message_1("GX", p.server, nonce, purpose, proof)
    y = t.f("y", session, "GX")
    secret = t.f("dh", y, "GX")
    ead_2 = t.message("ead-2", announce=announce or t.f("null"))
    message_2, th_3, key, transcript = p.run(message_1, t.f("pub", y), secret, p.server, p.handshake, ead_2)
    t.rule(att(message_2), att(message_1))
    bind = p.bind(p.server, transcript, p.session_id(p.server, nonce), user_input, decision)
    if not t.has("the server compares bind"):
        bind = "B"
    assertion = t.f("null")
    if factor:
        # Without the check of its signature, anything is an assertion.
        assertion = p.assertion(p.server, bind) if t.has("the server verifies the assertion") else "Q"
    statement = t.message("statement", purpose=purpose, decision=decision, user_input=user_input, assertion=assertion)
    signature = None if t.has("the server verifies Signature_3") else "W"
    message_3, channel = p.answer(key, th_3, secret, signer, statement, signature)
    then([att(message_1), att(message_3)], channel)


def device(p: Parties, purpose: str, *, honest: list[str], everywhere: bool, decision: str, user_input: str, factor: bool = False,
           success=None) -> None:
    """The device: message_1 for a link, and message_3 for a message_2, at the honest server and at the attacker's."""
    t = p.t
    assertion = "Q" if factor else t.f("null")
    visits = [(p.server, p.identity, t.f("nonce", session), [], session) for session in honest]
    if everywhere:
        # Whoever has an identity key is a server, and may give out a link with any nonce that he knows.
        visits.append((t.f("kid", t.f("pk", "I")), "I", "N", [att("I"), att("N")], None))
    for server_id, identity, nonce, known, session in visits:
        x = t.f("x", server_id, nonce)
        message_1 = p.message_1(t.f("pub", x), server_id, nonce, purpose)
        t.rule(att(message_1), *known)
        # Which handshake key the server has, its parameters say.
        if t.has("the device verifies the parameters"):
            vouched = [att(p.signed_parameters(server_id, identity, t.f("pk", "H")))]
        else:
            vouched = []
        secret = t.f("dh", x, "GY")
        signature_2 = None if t.has("the device verifies Signature_2") else "W"
        message_2, th_3, key, transcript = p.run(message_1, "GY", secret, server_id, "H", "E", signature_2)
        premises = [*known, *vouched, att(message_2)]
        statement = t.message("statement", purpose=purpose, decision=decision, user_input=user_input, assertion=assertion)
        message_3, channel = p.answer(key, th_3, secret, p.device, statement)
        t.rule(att(message_3), *premises, *([att("Q")] if factor else []))
        if factor:
            # The user enters the PIN for what the device shows, and for nothing else.
            bind = p.bind(server_id, transcript, p.session_id(server_id, nonce), user_input, decision)
            t.rule(att(proof(p, bind)), *premises)
        if success:
            success(premises, channel, session)


def proof(p: Parties, bind: str) -> str:
    """What `K_pin` signs."""
    t = p.t
    said = bind if t.has("the factor proof covers bind") else t.f("null")
    return t.signed(p.pin, "factor_proof", [], t.message("factor-proof", record_id=p.record, purpose=t.f("login"), bind=said))


def factor_server(p: Parties) -> None:
    """Asserts, to whatever audience it is asked for, what was proved."""
    t = p.t
    needs = [att(proof(p, "B"))] if t.has("the factor server verifies the proof") else []
    t.rule(att(p.assertion("A", "B")), att("A"), att("B"), *needs)


def goal(p: Parties):
    """The attacker has won when the server has come that far."""
    return lambda premises, _channel: p.t.rule("goal", *premises)


def nothing(_premises, _channel) -> None:
    """That the server has come that far says nothing to anybody else."""


def links(p: Parties, *sessions: str) -> None:
    """Codes that the attacker has seen, or had made for himself."""
    for session in sessions:
        p.t.rule(att(p.t.f("nonce", session)))
