//! PAR-1 to PAR-5 and PAR-7: which parameters a device accepts.

use super::*;

fn second() -> Key {
    Key::of(0x21)
}

fn third() -> Key {
    Key::of(0x22)
}

fn expected(known: Option<&KnownServer>) -> Expected<'_> {
    Expected {
        server: auth_id(),
        kind: ServerKind::Auth,
        known,
        link: None,
        trust: Trust::Link,
    }
}

fn outcome(
    expected: &Expected<'_>,
    chain: Option<&ParametersChain>,
    epoch: u32,
) -> Result<(u32, u32), Refusal> {
    authenticate(expected, chain, epoch, NOW, &P256)
        .map(|server| (server.parameters().epoch, server.server().sequence))
}

/// The server has changed its identity key `identities.len() - 1` times.
fn succession(identities: &[Bytes], last: &Key) -> ParametersChain {
    let parameters = edited(auth_parameters(), |p| p.identity_key = last.public());
    let signed = sign(&parameters, auth_id(), last);
    ParametersChain {
        identities: identities.to_vec(),
        signed,
    }
}

#[test]
fn parameters_are_checked_one_by_one() {
    let parameters = auth_parameters();
    let right = chain(&parameters, &key::identity());
    let check = |name, chain: &ParametersChain, epoch, result| {
        row(name, outcome(&expected(None), Some(chain), epoch), result);
    };
    let changed =
        |edit: fn(&mut Parameters)| chain(&edited(auth_parameters(), edit), &key::identity());
    check("right", &right, 3, Ok((3, 0)));
    check(
        "signed by another key (PAR-1)",
        &chain(&parameters, &key::stranger()),
        3,
        refused(Code::ServerNotAuthenticated),
    );
    check(
        "an identity key that is not the id's (PAR-1)",
        &succession(&[], &second()),
        3,
        refused(Code::ServerNotAuthenticated),
    );
    check(
        "another kind (PAR-2)",
        &changed(|p| p.kind = ServerKind::Factor),
        3,
        refused(Code::WrongServer),
    );
    check(
        "expires now (PAR-3)",
        &changed(|p| p.expiry = NOW),
        3,
        refused(Code::ParametersExpired),
    );
    check(
        "another epoch than EAD_2's (PAR-7)",
        &right,
        4,
        refused(Code::EpochTooLow),
    );
    let foreign = edited(auth_parameters(), |p| p.server = factor_id());
    let signed = sign(&foreign, auth_id(), &key::identity());
    let foreign = ParametersChain {
        identities: vec![],
        signed,
    };
    check(
        "another server (PAR-2)",
        &foreign,
        3,
        refused(Code::WrongServer),
    );
}

#[test]
fn nothing_known_and_nothing_sent_is_nobody() {
    let got = outcome(&expected(None), None, 3);
    assert_eq!(got, refused(Code::ServerNotAuthenticated));
}

#[test]
fn known_parameters_serve_where_none_are_sent() {
    let known = known(auth_parameters());
    let expected = expected(Some(&known));
    assert_eq!(outcome(&expected, None, 3), Ok((3, 0)));
    assert_eq!(outcome(&expected, None, 4), refused(Code::EpochTooLow)); // PAR-7
    let later = authenticate(&expected, None, 3, NOW.plus(1), &P256);
    assert_eq!(later.map(drop), refused(Code::ParametersExpired)); // PAR-3
}

#[test]
fn epochs_never_fall() {
    let at = |epoch| {
        chain(
            &edited(auth_parameters(), |p| p.epoch = epoch),
            &key::identity(),
        )
    };
    let known = known(auth_parameters()); // epoch 3
    let expected = expected(Some(&known));
    for (epoch, result) in [
        (2, refused(Code::EpochTooLow)),
        (3, Ok((3, 0))),
        (4, Ok((4, 0))),
    ] {
        row("PAR-4", outcome(&expected, Some(&at(epoch)), epoch), result);
    }
}

#[test]
fn a_link_fixes_the_parameters() {
    let right = chain(&auth_parameters(), &key::identity());
    let linked = |link| Expected {
        link: Some(link),
        ..expected(None)
    };
    let hash = hash(&auth_parameters());
    assert_eq!(outcome(&linked(hash), Some(&right), 3), Ok((3, 0)));
    let other = linked(Digest([0; 32]));
    assert_eq!(
        outcome(&other, Some(&right), 3),
        refused(Code::ParametersMismatch)
    ); // PAR-5
    // Known parameters are held to the link as well.
    let known = known(auth_parameters());
    let other = Expected {
        known: Some(&known),
        ..other
    };
    assert_eq!(outcome(&other, None, 3), refused(Code::ParametersMismatch));
}

#[test]
fn an_identity_is_reached_step_by_step() {
    let (first, stranger) = (key::identity(), key::stranger());
    let zero = identity(0, &first, &first);
    let one = identity(1, &second(), &first);
    let two = identity(2, &third(), &second());
    let at = |sequence, key: &Key| KnownServer {
        sequence,
        ..known(edited(auth_parameters(), |p| p.identity_key = key.public()))
    };
    let no = refused(Code::ServerNotAuthenticated);
    let whole = [zero.clone(), one.clone(), two.clone()];
    let knows_first = at(0, &first);
    let knows_second = at(1, &second());
    let knows_third = at(2, &third());
    let forked = [zero.clone(), identity(1, &stranger, &first)];
    let table = [
        ("from the first", None, &whole[..], third(), Ok((3, 2))),
        (
            "through the known key",
            Some(&knows_second),
            &whole[..],
            third(),
            Ok((3, 2)),
        ),
        (
            "behind the known key",
            Some(&knows_second),
            &whole[2..],
            third(),
            Ok((3, 2)),
        ),
        (
            "to the known key",
            Some(&knows_third),
            &whole[..],
            third(),
            Ok((3, 2)),
        ),
        (
            "the known key alone",
            Some(&knows_third),
            &[],
            third(),
            Ok((3, 2)),
        ),
        ("without the first", None, &whole[1..], third(), no),
        (
            "a step left out",
            None,
            &[zero.clone(), two.clone()],
            third(),
            no,
        ),
        (
            "a step twice",
            None,
            &[zero.clone(), one.clone(), one.clone()],
            second(),
            no,
        ),
        (
            "ends before the parameters' key",
            None,
            &whole[..2],
            third(),
            no,
        ),
        (
            "behind another than the known key",
            Some(&knows_first),
            &whole[2..],
            third(),
            no,
        ),
        (
            "falls behind the known key",
            Some(&knows_third),
            &whole[..2],
            second(),
            no,
        ),
        (
            "a fork at an old key",
            Some(&knows_second),
            &forked,
            key::stranger(),
            no,
        ),
        (
            "a step by a stranger",
            None,
            &[zero.clone(), identity(1, &second(), &stranger)],
            second(),
            no,
        ),
        (
            "a first key that is not the id's",
            None,
            &[identity(0, &stranger, &stranger)],
            key::stranger(),
            no,
        ),
        (
            "a first key that does not speak for itself",
            None,
            &[identity(0, &first, &stranger)],
            key::identity(),
            no,
        ),
        (
            "too long",
            None,
            &vec![zero.clone(); 17],
            key::identity(),
            refused(Code::TooLarge),
        ),
    ];
    for (name, known, identities, last, result) in table {
        let chain = succession(identities, &last);
        row(name, outcome(&expected(known), Some(&chain), 3), result);
    }
}

#[test]
fn trust_stays_what_it_was_first() {
    let known = known(auth_parameters()); // pinned
    let newer = edited(auth_parameters(), |p| p.epoch = 4);
    let newer = chain(&newer, &key::identity());
    let server = authenticate(&expected(Some(&known)), Some(&newer), 4, NOW, &P256);
    assert_eq!(server.map(|s| s.server().trust), Ok(Trust::Pinned));
    let right = chain(&auth_parameters(), &key::identity());
    let server = authenticate(&expected(None), Some(&right), 3, NOW, &P256);
    assert_eq!(server.map(|s| s.server().trust), Ok(Trust::Link));
}
