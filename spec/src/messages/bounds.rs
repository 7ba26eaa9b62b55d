//! The limits of single positions, where the type alone does not say them
//! (protocol.md, section 1.3, ENC-14): a text or payload that is over its limit is
//! too large, a list or a number outside of its range is of another structure.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

use crate::registry::limit;
use crate::values::{Bytes, Version};

pub(super) fn uri<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, limit::URI)
}

pub(super) fn user_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, limit::USER_NAME)
}

pub(super) fn user_input<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let input = Option::deserialize(deserializer)?;
    input
        .map(|input| within(input, limit::USER_INPUT))
        .transpose()
}

/// A data payload; it may be empty.
pub(super) fn data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let payload = Bytes::deserialize(deserializer)?;
    if payload.len() > limit::DATA {
        return Err(D::Error::invalid_value(
            Unexpected::Bytes(&payload),
            &"a payload within its limit",
        ));
    }
    Ok(payload)
}

pub(super) fn versions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Version>, D::Error> {
    list(deserializer, 1..=limit::VERSIONS)
}

pub(super) fn identities<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Bytes>, D::Error> {
    list(deserializer, 0..=limit::IDENTITIES)
}

pub(super) fn action_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, limit::ACTION_CODE)
}

/// The numbers to choose from: at least two, ascending (CHA-13), each at most [`limit::NUMBER`].
pub(super) fn choices<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<u8>>, D::Error> {
    match Option::<Vec<u8>>::deserialize(deserializer)? {
        Some(numbers) if !are_choices(&numbers) => Err(D::Error::custom("no choice of numbers")),
        numbers => Ok(numbers),
    }
}

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    match Option::<u8>::deserialize(deserializer)? {
        Some(number) if number > limit::NUMBER => Err(D::Error::custom("no such number")),
        number => Ok(number),
    }
}

/// Whether these are numbers to choose from.
pub(crate) fn are_choices(numbers: &[u8]) -> bool {
    (2..=limit::NUMBER_CHOICES).contains(&numbers.len())
        && numbers.is_sorted_by(|a, b| a < b)
        && numbers.last().is_some_and(|last| *last <= limit::NUMBER)
}

/// The sum of some factors, at least one.
pub(super) fn factors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        factors @ 1..=3 => Ok(factors),
        _ => Err(D::Error::custom("no sum of factors")),
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D, most: usize) -> Result<String, D::Error> {
    within(String::deserialize(deserializer)?, most)
}

fn within<E: Error>(text: String, most: usize) -> Result<String, E> {
    if text.len() > most {
        return Err(E::invalid_value(
            Unexpected::Str(&text),
            &"a text within its limit",
        ));
    }
    Ok(text)
}

fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    lengths: RangeInclusive<usize>,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if lengths.contains(&list.len()) {
        Ok(list)
    } else {
        Err(D::Error::custom("too few or too many elements"))
    }
}
