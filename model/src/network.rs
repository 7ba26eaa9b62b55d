//! The network, which is the attacker's, and the channel, which is ideal.
//!
//! What was sent once stays: it may arrive at any time, at any replica, any
//! number of times, or never. Loss, duplication, reordering and replay are
//! therefore no steps of their own.

use countersign::cbor;
use countersign::channel::{ChannelError, Opening, open_verified};
use countersign::crypto::PublicKey;
use countersign::registry::limit;
use countersign::verified::Verified;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The place of a message in its model's list of all messages that can ever be sent.
pub type MessageId = u8;

/// The set of all messages sent so far.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Network([u64; Network::WORDS]);

impl Network {
    /// How many messages a model can have.
    pub const CAPACITY: usize = 64 * Self::WORDS;
    const WORDS: usize = 2;

    /// Adds a message.
    ///
    /// # Panics
    /// If the model has more than [`CAPACITY`](Self::CAPACITY) messages.
    pub fn send(&mut self, message: MessageId) {
        let word = self.0.get_mut(message as usize / 64);
        *word.expect("no more messages than the capacity") |= 1 << (message % 64);
    }

    /// Whether the message was sent.
    pub fn has(self, message: MessageId) -> bool {
        let word = self.0.get(message as usize / 64);
        word.is_some_and(|word| word & (1 << (message % 64)) != 0)
    }

    /// All messages sent so far, ascending.
    pub fn messages(self) -> impl Iterator<Item = MessageId> {
        (0..).zip(self.0).flat_map(|(place, word)| {
            let rest = |left: &u64| Some(left & (left - 1)).filter(|left| *left != 0);
            let first = Some(word).filter(|word| *word != 0);
            std::iter::successors(first, rest)
                .map(move |left| 64 * place + left.trailing_zeros() as MessageId)
        })
    }
}

/// The ideal side of [`Opening`]: the server's end of a channel with `peer`.
/// A record opens if `peer`'s key sealed it; nobody else can seal one.
///
/// There is no order here, since every delivery counts as a channel of its own:
/// whoever can use the key can open another channel and say the same again.
#[derive(Clone, Copy, Debug)]
pub struct IdealChannel {
    /// Whose key authenticated the handshake.
    pub peer: PublicKey,
}

impl IdealChannel {
    /// The record with this content that the peer seals.
    pub fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
        [self.peer.as_bytes(), plaintext].concat()
    }
}

impl Opening for IdealChannel {
    fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
        match record.strip_prefix(self.peer.as_bytes()) {
            Some(plaintext) => Ok(plaintext.to_vec()),
            None => Err(ChannelError::Tag),
        }
    }
}

/// The message as a server has it after the ideal channel with `phone` carried it.
pub fn opened<T>(phone: PublicKey, message: &T) -> Verified<T>
where
    T: Serialize + DeserializeOwned,
{
    let mut channel = IdealChannel { peer: phone };
    let plaintext = cbor::to_vec(message).expect("messages are small");
    let record = channel.seal(&plaintext);
    open_verified(&mut channel, &record, limit::FRAME).expect("sealed by its peer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_stays_and_is_listed_in_order() {
        let mut network = Network::default();
        for message in [127, 0, 64, 63, 5, 64] {
            network.send(message);
        }
        let sent: Vec<_> = network.messages().collect();
        assert_eq!(sent, [0, 5, 63, 64, 127]);
        assert!((0..=u8::MAX).all(|message| network.has(message) == sent.contains(&message)));
    }
}
