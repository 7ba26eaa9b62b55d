//! EDHOC (RFC 9528) with method 0 and cipher suite 6, and the records that follow, computed
//! anew from the primitives: every intermediate value has a name and can be looked at.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, KeyInit};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::cbor::Item;
use crate::crypto::{Key, cose_key, hkdf_expand, hmac, sha256};

/// Who takes part in a handshake, and with what.
pub struct Parties<'a> {
    /// The initiator's ephemeral secret.
    pub x: [u8; 32],
    /// The responder's.
    pub y: [u8; 32],
    /// The connection identifiers.
    pub c_i: Vec<u8>,
    /// The responder's.
    pub c_r: Vec<u8>,
    /// The initiator's key.
    pub device: &'a Key,
    /// The responder's key.
    pub server: &'a Key,
    /// The responder's server id.
    pub server_id: [u8; 16],
    /// Whether the initiator's credential travels by value.
    pub by_value: bool,
    /// Whether both send s in its high form.
    pub high_s: bool,
    /// The values of our items in EAD_1, EAD_2 and EAD_3.
    pub ead: [Vec<u8>; 3],
}

/// A whole handshake: names and values, in the order in which they arise.
pub struct Run {
    /// Everything computed.
    pub values: Vec<(&'static str, Vec<u8>)>,
    /// Signature_2 and Signature_3.
    pub signatures: [[u8; 64]; 2],
}

impl Run {
    /// The value of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn value(&self, name: &str) -> &[u8] {
        &self
            .values
            .iter()
            .find(|(found, _)| *found == name)
            .expect("a value of that name")
            .1
    }
}

/// Does a handshake.
pub fn run(parties: &Parties<'_>) -> Run {
    let mut values = Vec::new();
    let mut keep = |name: &'static str, value: Vec<u8>| {
        values.push((name, value.clone()));
        value
    };
    let (x, y) = (StaticSecret::from(parties.x), StaticSecret::from(parties.y));
    let g_x = keep("g_x", PublicKey::from(&x).as_bytes().to_vec());
    let g_y = keep("g_y", PublicKey::from(&y).as_bytes().to_vec());
    let g_xy = keep(
        "g_xy",
        x.diffie_hellman(&PublicKey::from(&y)).as_bytes().to_vec(),
    );
    let ead: Vec<Vec<u8>> = parties.ead.iter().map(|value| ead_field(value)).collect();
    let (c_i, c_r) = (connection(&parties.c_i), connection(&parties.c_r));
    let sign = |key: &Key, tbs: &[u8]| match parties.high_s {
        true => key.sign_high(tbs),
        false => key.sign(tbs),
    };

    let message_1 = keep(
        "message_1",
        [&[0, 6][..], &string(&g_x), &c_i, &ead[0]].concat(),
    );
    let th_2 = keep(
        "th_2",
        sha256(&[string(&g_y), string(&sha256(&message_1))].concat()).to_vec(),
    );
    let prk = keep("prk_2e", hmac(&th_2, &g_xy).to_vec());

    let cred_r = keep(
        "cred_r",
        credential(Some(parties.server_id), &parties.server.public()),
    );
    let id_cred_r = Item::Map(vec![(Item::Uint(4), Item::bytes(parties.server.kid()))]).encode();
    let context_2 = [&c_r[..], &id_cred_r, &string(&th_2), &cred_r, &ead[1]].concat();
    let mac_2 = keep("mac_2", kdf(&prk, 2, &context_2, 32));
    let tbs_2 = keep(
        "tbs_2",
        to_be_signed(
            &id_cred_r,
            &[&string(&th_2)[..], &cred_r, &ead[1]].concat(),
            &mac_2,
        ),
    );
    let signature_2 = sign(parties.server, &tbs_2);
    let kid = string(&parties.server.kid());
    let plaintext_2 = keep(
        "plaintext_2",
        [&c_r[..], &kid, &string(&signature_2), &ead[1]].concat(),
    );
    let keystream_2 = kdf(&prk, 0, &th_2, plaintext_2.len());
    let ciphertext_2: Vec<u8> = plaintext_2
        .iter()
        .zip(&keystream_2)
        .map(|(a, b)| a ^ b)
        .collect();
    let message_2 = keep("message_2", string(&[g_y, ciphertext_2].concat()));
    let th_3 = keep(
        "th_3",
        sha256(&[&string(&th_2)[..], &plaintext_2, &cred_r].concat()).to_vec(),
    );

    let cred_i = keep("cred_i", credential(None, &parties.device.public()));
    let (id_cred_i, compact) = if parties.by_value {
        let map = Item::Map(vec![(Item::Uint(14), Item::Raw(cred_i.clone()))]).encode();
        (map.clone(), map)
    } else {
        let kid = Item::bytes(parties.device.kid());
        (
            Item::Map(vec![(Item::Uint(4), kid.clone())]).encode(),
            kid.encode(),
        )
    };
    let context_3 = [&id_cred_i[..], &string(&th_3), &cred_i, &ead[2]].concat();
    let mac_3 = keep("mac_3", kdf(&prk, 6, &context_3, 32));
    let tbs_3 = keep(
        "tbs_3",
        to_be_signed(
            &id_cred_i,
            &[&string(&th_3)[..], &cred_i, &ead[2]].concat(),
            &mac_3,
        ),
    );
    let signature_3 = sign(parties.device, &tbs_3);
    let plaintext_3 = keep(
        "plaintext_3",
        [&compact[..], &string(&signature_3), &ead[2]].concat(),
    );
    let k_3 = keep("k_3", kdf(&prk, 3, &th_3, 16));
    let iv_3 = keep("iv_3", kdf(&prk, 4, &th_3, 12));
    let a_3 = Item::Array(vec!["Encrypt0".into(), Item::bytes([]), Item::bytes(&th_3)]).encode();
    keep("message_3", string(&seal(&k_3, &iv_3, &a_3, &plaintext_3)));
    let th_4 = keep(
        "th_4",
        sha256(&[&string(&th_3)[..], &plaintext_3, &cred_i].concat()).to_vec(),
    );

    let prk_out = keep("prk_out", kdf(&prk, 7, &th_4, 32));
    let exporter = keep("prk_exporter", kdf(&prk_out, 10, &[], 32));
    keep("channel_binding", kdf(&exporter, 32768, &[], 32));
    let messages = Item::Array(vec![Item::Bytes(message_1), Item::Bytes(message_2)]);
    keep("transcript", sha256(&messages.encode()).to_vec());
    Run {
        values,
        signatures: [signature_2, signature_3],
    }
}

/// EDHOC_KDF (RFC 9528, section 4.1.2).
pub fn kdf(prk: &[u8], label: u64, context: &[u8], length: usize) -> Vec<u8> {
    let info = [
        Item::Uint(label).encode(),
        string(context),
        Item::Uint(length as u64).encode(),
    ];
    hkdf_expand(prk, &info.concat(), length)
}

/// The keys of one direction and generation.
pub struct RecordKeys {
    key: Vec<u8>,
    iv: Vec<u8>,
}

impl RecordKeys {
    /// Derives them; `prk_out` is that of generation 0.
    pub fn derive(prk_out: &[u8], to_server: bool, generation: u64) -> RecordKeys {
        let prk_out = (1..=generation).fold(prk_out.to_vec(), |prk_out, number| {
            kdf(&prk_out, 11, &Item::Uint(number).encode(), 32)
        });
        let exporter = kdf(&prk_out, 10, &[], 32);
        let label = if to_server { 32769 } else { 32771 };
        RecordKeys {
            key: kdf(&exporter, label, &[], 16),
            iv: kdf(&exporter, label + 1, &[], 12),
        }
    }

    /// The ciphertext of a record, under some associated data.
    pub fn seal(&self, sequence: u64, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut nonce = self.iv.clone();
        for (byte, number) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
            *byte ^= number;
        }
        seal(&self.key, &nonce, aad, plaintext)
    }
}

/// Enc_structure (RFC 9052, section 5.3) of a record with that protected header.
pub fn record_aad(protected: &[u8]) -> Vec<u8> {
    let external = Item::Array(vec!["countersign record".into()]);
    Item::Array(vec![
        "Encrypt0".into(),
        Item::bytes(protected),
        Item::embedded(&external),
    ])
    .encode()
}

/// AES-128-GCM.
fn seal(key: &[u8], nonce: &[u8], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let key: [u8; 16] = key.try_into().expect("16 bytes");
    let nonce: [u8; 12] = nonce.try_into().expect("12 bytes");
    Aes128Gcm::new(&key.into())
        .encrypt(
            &nonce.into(),
            Payload {
                msg: plaintext,
                aad,
            },
        )
        .expect("short enough")
}

fn string(bytes: &[u8]) -> Vec<u8> {
    Item::bytes(bytes).encode()
}

fn ead_field(value: &[u8]) -> Vec<u8> {
    [Item::Negative(32767).encode(), string(value)].concat()
}

/// A connection identifier; one byte that is an integer in CBOR stands as that (section 3.3.2).
fn connection(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte @ (0x00..=0x17 | 0x20..=0x37)] => vec![*byte],
        bytes => string(bytes),
    }
}

fn credential(server: Option<[u8; 16]>, public: &[u8; 64]) -> Vec<u8> {
    let mut claims = Vec::new();
    if let Some(id) = server {
        claims.push((Item::Uint(2), Item::text(&hex::encode(id))));
    }
    claims.push((
        Item::Uint(8),
        Item::Map(vec![(Item::Uint(1), cose_key(public))]),
    ));
    Item::Map(claims).encode()
}

fn to_be_signed(id_cred: &[u8], aad: &[u8], mac: &[u8]) -> Vec<u8> {
    let parts = vec![
        "Signature1".into(),
        Item::bytes(id_cred),
        Item::bytes(aad),
        Item::bytes(mac),
    ];
    Item::Array(parts).encode()
}
