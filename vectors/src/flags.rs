//! The dictionary of flags: why a case exists, for someone who has just failed it.

/// One entry of the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The word in a case's `flags`.
    pub name: &'static str,
    /// The class of bug that such cases look for.
    pub bug_class: &'static str,
    /// What an attacker, or bad luck, makes of the bug.
    pub effect: &'static str,
    /// Where to read more.
    pub reference: &'static str,
}

/// The flag of the first case that is run in a role: it must pass before any
/// other result of that role means anything.
pub const SMOKE: &str = "smoke";

/// The dictionary, in alphabetical order.
pub const FLAGS: &[Flag] = &[
    Flag {
        name: "algorithm-confusion",
        bug_class: "the message chooses the algorithm with which it is checked",
        effect: "a signature of another algorithm, or none, is taken for a good one",
        reference: "RFC 9052 section 3.1; RFC 8725 section 2.1",
    },
    Flag {
        name: "downgrade",
        bug_class: "the choice of a version or suite is not bound by what is signed",
        effect: "an attacker picks the weakest version that both sides know",
        reference: "RFC 9528 section 8.1",
    },
    Flag {
        name: "invalid-point",
        bug_class: "a public key is used without a check that it is one",
        effect: "the private key leaks, or any signature verifies",
        reference: "SP 800-186 appendix D.1",
    },
    Flag {
        name: "key-confusion",
        bug_class: "a key of one role is accepted in another",
        effect: "who holds the lesser key acts as the greater",
        reference: "RFC 9052 section 3.1",
    },
    Flag {
        name: "limit",
        bug_class: "a size or depth is checked too late, or off by one",
        effect: "memory is exhausted by an unauthenticated peer",
        reference: "CWE-770",
    },
    Flag {
        name: "malleable-signature",
        bug_class: "more than one signature is accepted for what one key signed once",
        effect: "a repeated message passes for a new one",
        reference: "SEC 1 section 4.1.4",
    },
    Flag {
        name: "miscount",
        bug_class: "an attempt is counted twice, not at all, or given back",
        effect: "a thief gets more guesses, or the user fewer",
        reference: "CWE-307",
    },
    Flag {
        name: "non-canonical",
        bug_class: "bytes are accepted that the encoder would not have produced",
        effect: "two parties read or hash one message differently",
        reference: "RFC 8949 section 4.2.1",
    },
    Flag {
        name: "purpose-confusion",
        bug_class: "a signature says less than what it is used for",
        effect: "consent to one thing is used for another",
        reference: "CWE-347",
    },
    Flag {
        name: "replay",
        bug_class: "freshness is not checked, or checked after the effect",
        effect: "a recorded message acts again",
        reference: "CWE-294",
    },
    Flag {
        name: "smoke",
        bug_class: "the adapter, not the implementation, is broken",
        effect: "no other result of that role means anything",
        reference: "docs/conformance.md",
    },
    Flag {
        name: "stale-compare-and-swap",
        bug_class: "a decision is committed over a record that has changed since it was read",
        effect: "parallel requests each get the last attempt",
        reference: "CWE-367",
    },
    Flag {
        name: "structure",
        bug_class: "a field is taken for another type, left out or added",
        effect: "a parser reads what nobody signed",
        reference: "RFC 8949 section 5.3",
    },
    Flag {
        name: "unsigned-decision",
        bug_class: "something that the user decided is outside the signature",
        effect: "the peer, or someone between, changes the decision",
        reference: "CWE-345",
    },
    Flag {
        name: "zero-signature",
        bug_class: "r or s is not checked to be in 1..n",
        effect: "an all-zero signature verifies under every key",
        reference: "CVE-2022-21449",
    },
];

/// The entry of that name.
pub fn find(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.name == name)
}
