//! `edhoc.transcript`: both sides of one handshake, and every intermediate value.
//!
//! Messages and what is signed come from the states of the handshake; what
//! they never show is recomputed from those messages with the key schedule.

use countersign::crypto::{EphemeralSecret, P256, PublicKey, Signature, open_a128gcm};
use countersign::edhoc::{
    ConnectionId, Credential, EdhocError, Established, IdCred, initiate, receive, schedule,
};
use countersign::error::Code;
use countersign::values::ServerId;
use countersign_vectors::case::Object;

use super::function::{byte_string, bytes};
use super::{Args, Refusal};

/// {x, y, c_i, c_r, device_key, server_key, server, id_cred_i, ead_1, ead_2, ead_3, signature_2,
/// signature_3} -> all that `ADAPTER.md` lists
pub(super) fn transcript(args: &Args) -> Result<Object, Refusal> {
    let cast = Cast::read(args)?;
    let run = cast.run(args)?;
    cast.values(&run)
}

/// Who takes part.
struct Cast {
    x: [u8; 32],
    y: [u8; 32],
    cred_i: Credential,
    id_cred_i: IdCred,
    cred_r: Credential,
}

/// What the states of both sides showed.
struct Run {
    g_x: [u8; 32],
    messages: [Vec<u8>; 3],
    tbs_2: Vec<u8>,
    tbs_3: Vec<u8>,
    established: Established,
}

impl Cast {
    fn read(args: &Args) -> Result<Cast, Refusal> {
        let key = |name| byte_string::<PublicKey>(args, name);
        let cred_i = Credential::device(key("device_key")?);
        Ok(Cast {
            x: args.array("x")?,
            y: args.array("y")?,
            id_cred_i: match args.text("id_cred_i")? {
                "kid" => IdCred::Kid(cred_i.kid()),
                "value" => IdCred::Value(cred_i.clone()),
                other => return Err(Refusal::Error(format!("`id_cred_i`: {other}"))),
            },
            cred_i,
            cred_r: Credential::server(ServerId(args.array("server")?), key("server_key")?),
        })
    }

    /// Does the handshake.
    fn run(&self, args: &Args) -> Result<Run, Refusal> {
        let ead = |name| args.bytes(name);
        let signature = |name| byte_string::<Signature>(args, name);
        let id = |name| {
            ConnectionId::new(&args.bytes(name)?)
                .ok_or_else(|| Refusal::Error(format!("`{name}` is over 8 bytes")))
        };
        let id_cred_r = IdCred::Kid(self.cred_r.kid());

        let (device, message_1) =
            initiate(self.x, id("c_i")?, Some(&ead("ead_1")?)).map_err(refused)?;
        let at_server = receive(&message_1).map_err(refused)?;
        let g_x = *at_server.g_x();
        let ead_2 = ead("ead_2")?;
        let to_sign = at_server
            .prepare(self.y, id("c_r")?, id_cred_r, &self.cred_r, Some(&ead_2))
            .map_err(refused)?;
        let tbs_2 = to_sign.tbs().to_vec();
        let (server, message_2) = to_sign.signed(signature("signature_2")?);

        let ead_3 = ead("ead_3")?;
        let to_sign = device
            .open(&message_2)
            .map_err(refused)?
            .verify(&self.cred_r, &P256)
            .map_err(|_| Code::ServerNotAuthenticated.number())?
            .prepare(self.id_cred_i.clone(), &self.cred_i, Some(&ead_3))
            .map_err(refused)?;
        let tbs_3 = to_sign.tbs().to_vec();
        let (established, message_3) = to_sign.signed(signature("signature_3")?);

        let at_server = server
            .open(&message_3)
            .map_err(|refusal| refused(refusal.error))?
            .verify(&self.cred_i, &P256)
            .map_err(refused)?;
        if at_server.channel_binding() != established.channel_binding() {
            return Err(Refusal::Error("the two sides disagree".to_owned()));
        }
        Ok(Run {
            g_x,
            messages: [message_1, message_2, message_3],
            tbs_2,
            tbs_3,
            established,
        })
    }

    fn values(&self, run: &Run) -> Result<Object, Refusal> {
        let [message_1, message_2, message_3] = &run.messages;
        let (cred_i, cred_r) = (self.cred_i.encode(), self.cred_r.encode());
        let ephemeral = EphemeralSecret::from_entropy(self.y);
        let g_y = ephemeral.public();
        let g_xy = ephemeral.agree(&run.g_x).map_err(broken)?;

        let th_2 = schedule::th_2(&g_y, message_1);
        let prk = schedule::prk_2e(&th_2, &g_xy);
        let ciphertext_2 = content(message_2)?.split_off(g_y.len());
        let keystream = schedule::keystream_2(&prk, &th_2, ciphertext_2.len()).map_err(broken)?;
        let pairs = ciphertext_2.iter().zip(keystream.iter());
        let plaintext_2: Vec<u8> = pairs.map(|(one, other)| one ^ other).collect();

        let th_3 = schedule::th_next(&th_2, &plaintext_2, &cred_r);
        let (k_3, iv_3) = (schedule::k_3(&prk, &th_3), schedule::iv_3(&prk, &th_3));
        let (a_3, ciphertext_3) = (schedule::a_3(&th_3), content(message_3)?);
        let plaintext_3 =
            open_a128gcm(k_3.as_bytes(), iv_3.as_bytes(), &a_3, &ciphertext_3).map_err(broken)?;
        let th_4 = schedule::th_next(&th_3, &plaintext_3, &cred_i);
        let prk_out = schedule::prk_out(&prk, &th_4);
        Ok(bytes([
            ("g_x", &run.g_x[..]),
            ("g_y", &g_y),
            ("g_xy", g_xy.as_bytes()),
            ("message_1", message_1),
            ("th_2", &th_2),
            ("prk_2e", prk.as_bytes()),
            ("cred_r", &cred_r),
            ("mac_2", mac(&run.tbs_2)),
            ("tbs_2", &run.tbs_2),
            ("plaintext_2", &plaintext_2),
            ("message_2", message_2),
            ("th_3", &th_3),
            ("cred_i", &cred_i),
            ("mac_3", mac(&run.tbs_3)),
            ("tbs_3", &run.tbs_3),
            ("plaintext_3", &plaintext_3),
            ("k_3", k_3.as_bytes()),
            ("iv_3", iv_3.as_bytes()),
            ("message_3", message_3),
            ("th_4", &th_4),
            ("prk_out", prk_out.as_bytes()),
            ("prk_exporter", schedule::prk_exporter(&prk_out).as_bytes()),
            (
                "channel_binding",
                run.established.channel_binding().as_bytes(),
            ),
            ("transcript", run.established.transcript().as_bytes()),
        ]))
    }
}

/// The byte string that a message consists of.
fn content(message: &[u8]) -> Result<Vec<u8>, Refusal> {
    countersign::cbor::from_slice::<countersign::values::Bytes>(message, message.len())
        .map(|content| content.0)
        .map_err(broken)
}

/// The MAC, which ends what is signed.
fn mac(tbs: &[u8]) -> &[u8] {
    &tbs[tbs.len() - schedule::HASH_BYTES..]
}

fn refused(error: EdhocError) -> Refusal {
    error.code().into()
}

/// What cannot go wrong with messages that the handshake took.
fn broken(error: impl std::fmt::Display) -> Refusal {
    Refusal::Error(format!("taken, but not recomputed: {error}"))
}
