"""The questions. Each has guards without which the answer must be another one."""

from dataclasses import dataclass
from typing import Callable

from flows import OTHER, Parties, device, factor_server, goal, links, nothing, server
from terms import Theory, att


# Without this the honest party does what the attacker is to be kept from; that it then happens shows that it can.
AWAY = "the honest party stays away from it"


@dataclass
class Claim:
    name: str
    says: str
    requirements: str
    build: Callable[[Theory], None]
    # Each is a set of guards; taken away together they must give the attacker a way. So must AWAY, of every claim.
    weakened: list[list[str]]


def honest(t: Theory, *sessions: str) -> list[str]:
    """The sessions that the device goes to, and without AWAY the target too."""
    return [*sessions] if t.has(AWAY) else [*sessions, t.f("target")]


def login_session(t: Theory) -> None:
    p = Parties(t)
    links(p, t.f("target"), OTHER)
    device(p, t.f("login"), honest=honest(t, OTHER), everywhere=True, decision=t.f("confirm"), user_input=t.f("null"))
    server(p, t.f("login"), OTHER, then=nothing, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)
    server(p, t.f("login"), t.f("target"), then=goal(p), decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)


def login_server(t: Theory) -> None:
    p = Parties(t)
    links(p, "S")
    device(p, t.f("login"), honest=honest(t), everywhere=True, decision=t.f("confirm"), user_input=t.f("null"))
    server(p, t.f("login"), "S", then=goal(p), decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)


def login_decision(t: Theory) -> None:
    p = Parties(t)
    links(p, "S")
    for decision in ["decline"] if t.has(AWAY) else ["decline", "confirm"]:
        device(p, t.f("login"), honest=["S"], everywhere=True, decision=t.f(decision), user_input=t.f("null"))
    server(p, t.f("login"), "S", then=goal(p), decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)


def login_input(t: Theory) -> None:
    p = Parties(t)
    links(p, "S")
    for typed in [OTHER] if t.has(AWAY) else [OTHER, t.f("typed")]:
        device(p, t.f("login"), honest=["S"], everywhere=True, decision=t.f("confirm"), user_input=typed)
    server(p, t.f("login"), "S", then=goal(p), decision=t.f("confirm"), user_input=t.f("typed"), signer=p.device)


def second_factor(t: Theory) -> None:
    p = Parties(t)
    links(p, t.f("target"), OTHER)
    t.rule(att(p.device))  # the attacker has the phone
    device(p, t.f("login"), honest=honest(t, OTHER), everywhere=True, decision=t.f("confirm"), user_input=t.f("null"), factor=True)
    factor_server(p)
    server(p, t.f("login"), OTHER, then=nothing, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device, factor=True)
    server(p, t.f("login"), t.f("target"), then=goal(p), decision=t.f("confirm"), user_input=t.f("null"), signer=p.device, factor=True)


def success(t: Theory) -> None:
    p = Parties(t)
    links(p, t.f("target"), OTHER)
    settled = t.message("settled", decision=t.f("confirm"), account_id=p.account, user_name=t.f("user_name"))

    def reports(premises, channel, session):
        if session == t.f("target"):
            told = [att(t.f("aead", channel, settled))] if t.has("success needs a record") else []
            t.rule("goal", *premises, *told)

    device(p, t.f("login"), honest=[t.f("target"), OTHER], everywhere=True, decision=t.f("confirm"), user_input=t.f("null"), success=reports)

    def settles(premises, channel):
        t.rule(att(t.f("aead", channel, settled)), *premises)

    # It answers for every session, and settles all but the target.
    then = nothing if t.has(AWAY) else settles
    server(p, t.f("login"), t.f("target"), then=then, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)
    server(p, t.f("login"), OTHER, then=settles, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)


def data_secrecy(t: Theory) -> None:
    p = Parties(t)
    links(p, "S")
    device(p, t.f("login"), honest=["S"], everywhere=True, decision=t.f("confirm"), user_input=t.f("null"))

    def answers(premises, channel):
        t.rule(att(t.f("aead", channel, t.message("data-answer", payload=t.f("data")))), *premises)

    server(p, t.f("login"), "S", then=answers, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)
    if not t.has(AWAY):
        t.rule(att(p.device))  # a device that gives its key away
    t.rule("goal", att(t.f("data")))


def announce_secrecy(t: Theory) -> None:
    p = Parties(t)
    links(p, *honest(t, OTHER))
    device(p, t.f("login"), honest=[t.f("target"), OTHER], everywhere=True, decision=t.f("confirm"), user_input=t.f("null"))
    for session, shown in ((t.f("target"), t.f("announced")), (OTHER, t.f("null"))):
        server(p, t.f("login"), session, then=nothing, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device, announce=shown)
    t.rule("goal", att(t.f("announced")))


def enrolment(t: Theory) -> None:
    p = Parties(t)
    links(p, *honest(t, OTHER))
    device(p, t.f("enrol"), honest=[t.f("target"), OTHER], everywhere=True, decision=t.f("confirm"), user_input=t.f("null"))
    # Whoever claims the enrolment with a key of his own has won.
    server(p, t.f("enrol"), OTHER, then=nothing, decision=t.f("confirm"), user_input=t.f("null"), signer=p.device)
    server(p, t.f("enrol"), t.f("target"), then=goal(p), decision=t.f("confirm"), user_input=t.f("null"), signer=t.f("attackers_key"))


def approval(t: Theory) -> None:
    """The channel is left out altogether: what it carries is public here, and the signature has to do it alone."""
    p = Parties(t)

    def signed(server_id: str, channel: str, challenge: str, decision: str, number: str) -> str:
        def part(name: str, value: str) -> str:
            return value if t.has(f"an approval names the {name}") else t.f("null")

        payload = t.message("approval", challenge_id=part("challenge", t.f("h", challenge)), challenge_hash=part("challenge", challenge),
                            decision=part("decision", decision), account_id=p.account, number=number)
        return t.signed(p.device, "approval", [part("server", server_id), part("channel", channel)], payload)

    for name in ("channel_0", "number"):
        t.rule(att(t.f(name)))
    # Declines the challenge, approves every other, and approves this one in the channel of another server or in another channel.
    channel = t.f("channel_0")
    t.rule(att(signed(p.server, channel, t.f("target"), t.f("decline"), t.f("null"))))
    t.rule(att(signed(p.server, channel, OTHER, t.f("confirm"), t.f("number"))), att("V"))
    if not t.has(AWAY):
        t.rule(att(signed(p.server, channel, t.f("target"), t.f("confirm"), t.f("number"))))
    elsewhere = t.f("kid", t.f("pk", "I"))
    t.rule(att(signed(elsewhere, channel, t.f("target"), t.f("confirm"), t.f("number"))), att("I"))
    t.rule(att(signed(p.server, OTHER, t.f("target"), t.f("confirm"), t.f("number"))), att("V"))
    needs = [att(signed(p.server, channel, t.f("target"), t.f("confirm"), "N"))] if t.has("the server verifies the approval") else []
    t.rule("goal", *needs)


CLAIMS = [
    Claim("login-session", "a login is settled only for a session that the device has confirmed", "SES-5 STM-1 HS-13", login_session, [
        ["Signature_3 covers TH_3"], ["the server verifies Signature_3"], ["Signature_3 covers TH_3", "Signature_3 covers EAD_3"]]),
    Claim("login-server", "what was signed for one server is good at no other", "HS-8 HS-13 COSE-4", login_server, [
        ["Signature_3 covers TH_3"], ["the server verifies Signature_3"]]),
    Claim("login-decision", "a login is confirmed only by a device that has decided to confirm", "STM-1 STM-6", login_decision, [
        ["Signature_3 covers TH_3", "Signature_3 covers EAD_3"], ["the server verifies Signature_3"]]),
    Claim("login-input", "user input reaches the server as it was signed", "STM-3", login_input, [
        ["Signature_3 covers TH_3", "Signature_3 covers EAD_3"], ["the server verifies Signature_3"]]),
    Claim("second-factor", "with the phone but without the PIN nobody logs in", "STM-7 AST-1 AST-2 AST-4 BND-1", second_factor, [
        ["the server compares bind"], ["the server verifies the assertion"], ["the factor server verifies the proof"],
        ["the factor proof covers bind"], ["bind names the transcript", "bind names the session"]]),
    Claim("success", "the device reports success only if the server has settled it", "HS-10 HS-15 PAR-1", success, [
        ["success needs a record"], ["the device verifies Signature_2"], ["the device verifies the parameters"]]),
    Claim("data-secrecy", "what a server says to a device in a channel stays between them", "HS-10 HS-13 CH-4", data_secrecy, [
        ["the server verifies Signature_3"], ["Signature_3 covers TH_3"]]),
    Claim("announce-secrecy", "announce info is shown to nobody who does not know the nonce", "SES-2 SES-3", announce_secrecy, [
        ["a claim needs the nonce proof"], ["the nonce stays secret"], ["the nonce proof covers G_X"]]),
    Claim("enrolment", "an enrolment binds no key of somebody who does not know its nonce", "SES-2 SES-3 ENR-1", enrolment, [
        ["a claim needs the nonce proof"], ["the nonce stays secret"], ["the nonce proof covers G_X"]]),
    Claim("approval", "an approval is good for one challenge, decision, server and channel", "CHA-7 COSE-4", approval, [
        ["an approval names the decision"], ["an approval names the challenge"], ["an approval names the server"],
        ["an approval names the channel"], ["the server verifies the approval"]]),
]
