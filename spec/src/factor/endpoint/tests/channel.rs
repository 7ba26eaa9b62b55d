//! Records: CH-*, and requests that are none.

use super::*;

#[test]
fn what_is_no_request_is_refused_and_the_channel_goes_on() {
    let mut server = Server::default();
    let (mut connection, mut device, _) = server.connect(&Talk::default());
    let cases: [(&[u8], Code); 5] = [
        (&[0x81, 0x18, 0x28], Code::Structure), // [40]: a status is the server's to send
        (&[0x82, 0x18, 0x22, 0xf6], Code::Structure), // [34, null]
        (&[0x81, 0x18, 0x22, 0x00], Code::TrailingBytes),
        (&[0x81, 0x19, 0x00, 0x22], Code::NotDeterministic),
        (&[], Code::Malformed),
    ];
    for (plaintext, code) in cases {
        let record = device.channel.seal(plaintext).unwrap();
        let refused: Refused = device.hear(&server.serve(&mut connection, &record));
        assert_eq!(refused.error, code.number(), "{plaintext:02x?}");
    }
    let record = device.seal(&AskStatus::default());
    let told: Status = device.hear(&server.serve(&mut connection, &record));
    assert_eq!(told.record, None);
    assert!(server.record.is_none());
}

#[test]
fn both_sides_renew_their_keys() {
    let mut server = Server::default();
    let (mut connection, mut device, _) = server.connect(&Talk::default());
    let record = device.seal(&KeyUpdate::default());
    assert_eq!(connection.receive(&record), Ok(Incoming::KeysRenewed));
    device.channel.update_sending().unwrap();

    assert!(!connection.needs_renewal());
    let _: KeyUpdate = device.hear(&connection.renew_keys().unwrap());
    device.channel.update_receiving().unwrap();

    let record = device.seal(&AskStatus::default());
    let _: Status = device.hear(&server.serve(&mut connection, &record));
}

#[test]
fn a_replayed_record_is_dropped_and_a_spoilt_one_closes() {
    let mut server = Server::default();
    let (mut connection, mut device, _) = server.connect(&Talk::default());
    let record = device.seal(&AskStatus::default());
    let _: Status = device.hear(&server.serve(&mut connection, &record));
    let dropped = connection.receive(&record).unwrap_err();
    assert_eq!(
        (dropped.refusal.0, dropped.answer),
        (Code::RecordDropped, None)
    );
    assert!(!connection.is_closed());

    let mut spoilt = device.seal(&AskStatus::default());
    *spoilt.last_mut().unwrap() ^= 1;
    assert_eq!(code(connection.receive(&spoilt)), Code::RecordInvalid);
    assert!(connection.is_closed());
    assert_eq!(
        connection.refuse(Code::Blocked.into()),
        Err(Code::ChannelClosed.into())
    );
}

/// A proof of possession, and a request, are good in their own channel and for their own record only.
#[test]
fn another_channels_create_is_refused() {
    let mut server = Server::default();
    let (mut connection, mut device, _) = server.connect(&Talk::default());
    let create = device.create("1234", ChannelBinding([0; 32]));
    let record = device.seal(&create);
    let refused: Refused = device.hear(&server.serve(&mut connection, &record));
    assert_eq!(refused.error, Code::PossessionInvalid.number());
    let verify = device.verify("1234", 1);
    let record = device.seal(&verify);
    let refused: Refused = device.hear(&server.serve(&mut connection, &record));
    assert_eq!(refused.error, Code::UnknownRecord.number());
}
