//! The key schedule against RFC 9529, section 2, and the invalid traces of its section 4.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::*;
use crate::cbor::DecodeError;
use crate::crypto::{EphemeralSecret, Secret};
use crate::edhoc::proof::Proof;

/// The numbers of the trace, by name.
struct Trace(BTreeMap<String, String>);

impl Trace {
    fn load() -> Self {
        Self(serde_json::from_str(include_str!("rfc9529-trace-1.json")).expect("JSON"))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex::decode(&self.0[name]).expect("hex")
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().expect("length")
    }

    fn secret(&self, name: &str) -> Secret<32> {
        Secret::from_bytes(self.array(name))
    }

    fn check(&self, name: &str, computed: &[u8]) {
        assert_eq!(hex::encode(computed), self.0[name], "{name}");
    }
}

#[test]
fn message_1_and_2() {
    let t = Trace::load();
    let (x, y) = (t.array("x"), t.array("y"));
    let (x, y) = (
        EphemeralSecret::from_entropy(x),
        EphemeralSecret::from_entropy(y),
    );
    t.check("g_x", &x.public());
    t.check("g_y", &y.public());
    t.check("g_xy", x.agree(&y.public()).expect("agreed").as_bytes());
    t.check("g_xy", y.agree(&x.public()).expect("agreed").as_bytes());
    t.check("encoded_c_i", &id(&t.bytes("c_i")).encode());
    t.check("encoded_c_r", &id(&t.bytes("c_r")).encode());

    let message_1 = Sequence::new().int(0).int(0).bytes(&x.public());
    t.check(
        "message_1",
        &message_1.encoded(&id(&t.bytes("c_i")).encode()).into_vec(),
    );
    t.check("h_message_1", &sha256(&[&t.bytes("message_1")]));
    let th_2 = schedule::th_2(&y.public(), &t.bytes("message_1"));
    t.check("th_2", &th_2);
    let prk = schedule::prk_2e(&th_2, &t.secret("g_xy"));
    for name in ["prk_2e", "prk_3e2m", "prk_4e3m"] {
        t.check(name, prk.as_bytes());
    }

    let [c_r, id_cred, cred, ead] =
        ["encoded_c_r", "id_cred_r", "cred_r", "ead_2"].map(|name| t.bytes(name));
    let mac = schedule::mac_2(&prk, &c_r, &id_cred, &th_2, &cred, &ead);
    t.check("mac_2", mac.as_bytes());
    t.check(
        "tbs_2",
        &schedule::to_be_signed(&id_cred, &th_2, &cred, &ead, &mac),
    );

    let plaintext = t.bytes("plaintext_2");
    let keystream = schedule::keystream_2(&prk, &th_2, plaintext.len()).expect("short");
    t.check("keystream_2", &keystream);
    let ciphertext: Vec<u8> = plaintext
        .iter()
        .zip(keystream.iter())
        .map(|(a, b)| a ^ b)
        .collect();
    let message_2 = Sequence::new().bytes_of(&[&y.public(), &ciphertext]);
    t.check("message_2", &message_2.into_vec());
    t.check("th_3", &schedule::th_next(&th_2, &plaintext, &cred));
}

#[test]
fn message_3() {
    let t = Trace::load();
    let (prk, th_3) = (t.secret("prk_3e2m"), t.array("th_3"));
    let [id_cred, cred, ead] = ["id_cred_i", "cred_i", "ead_3"].map(|name| t.bytes(name));
    let mac = schedule::mac_3(&prk, &id_cred, &th_3, &cred, &ead);
    t.check("mac_3", mac.as_bytes());
    t.check(
        "tbs_3",
        &schedule::to_be_signed(&id_cred, &th_3, &cred, &ead, &mac),
    );
    t.check("a_3", &schedule::a_3(&th_3));
    t.check("k_3", schedule::k_3::<16>(&prk, &th_3).as_bytes());
    t.check("iv_3", schedule::iv_3::<13>(&prk, &th_3).as_bytes());
    t.check(
        "th_4",
        &schedule::th_next(&th_3, &t.bytes("plaintext_3"), &cred),
    );
}

#[test]
fn exporter_and_key_update() {
    let t = Trace::load();
    let prk_out = schedule::prk_out(&t.secret("prk_4e3m"), &t.array("th_4"));
    t.check("prk_out", prk_out.as_bytes());
    let updated = schedule::key_update(&prk_out, &t.bytes("key_update_context"));
    t.check("updated_prk_out", updated.as_bytes());

    for (prefix, prk_out) in [("", &prk_out), ("updated_", &updated)] {
        let prk_exporter = schedule::prk_exporter(prk_out);
        t.check(&format!("{prefix}prk_exporter"), prk_exporter.as_bytes());
        let (mut secret, mut salt) = ([0; 16], [0; 8]);
        schedule::kdf(&prk_exporter, 0, &[], &mut secret).expect("short");
        schedule::kdf(&prk_exporter, 1, &[], &mut salt).expect("short");
        t.check(&format!("{prefix}oscore_master_secret"), &secret);
        t.check(&format!("{prefix}oscore_master_salt"), &salt);
    }
}

/// RFC 9529, section 4, whose messages are of method 3 and suite 2: those that
/// are malformed whatever the method are refused as such, before it is looked at.
#[test]
fn invalid_traces() {
    use DecodeError::{NotDeterministic, Structure};
    use EdhocError::{Form, Malformed as Bad, Method};
    const G_X: &str = "5820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa9";
    let text = "782020616972207370656564206f66206120756e6c6164656e207377616c6c6f7720";
    for (what, hex, error) in [
        (
            "an array around the message",
            format!("840302{G_X}0e"),
            Bad(Structure),
        ),
        (
            "a byte string around C_I",
            format!("0302{G_X}410e"),
            Bad(Structure),
        ),
        ("an array around the suite", format!("038102{G_X}0e"), Form),
        ("G_X as text", format!("0302{text}0e"), Bad(Structure)),
        (
            "a longer integer",
            format!("19000302{G_X}0e"),
            Bad(NotDeterministic),
        ),
        (
            "an indefinite array",
            format!("039f0602ff{G_X}0e"),
            Bad(NotDeterministic),
        ),
        (
            "a G_X of another suite's length",
            format!("0382021818{G_X}0e"),
            Method,
        ),
    ] {
        let message_1 = hex::decode(hex).expect("hex");
        assert_eq!(receive(&message_1), Err(error), "{what}");
    }

    let (initiator, _) = Talk::default().message_1();
    let two_items = "5820419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d54b\
                     9862a11de42a95d785386a";
    let opened = initiator.open(&hex::decode(two_items).expect("hex"));
    assert_eq!(
        opened.err(),
        Some(Bad(DecodeError::Trailing)),
        "G_Y and CIPHERTEXT_2 as two items"
    );

    for (what, hex, error) in [
        (
            "a map around a kid",
            "a10442321048fa5efa2ebf920bf3",
            EdhocError::Credential,
        ),
        (
            "a byte string around a kid of one byte",
            "413248fa5efa2ebf920bf3",
            EdhocError::Credential,
        ),
        ("a short MAC", "3244fa5efa2e", EdhocError::Credential),
    ] {
        let plaintext = hex::decode(hex).expect("hex");
        assert_eq!(Proof::decode(&plaintext).err(), Some(error), "{what}");
    }
}
