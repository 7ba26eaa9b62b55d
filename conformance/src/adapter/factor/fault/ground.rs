//! What a decision is made on, and faults that change it so that a check has nothing to object to.

use countersign::cbor;
use countersign::channel::{ChannelError, Opening, open_verified};
use countersign::crypto::sha256;
use countersign::factor::endpoint::{Offer, Request};
use countersign::factor::{
    Budget, Config, Lockout, Management, Operation, Outcome, Record, Requester, UsedVoucher,
};
use countersign::messages::BindInput;
use countersign::messages::factor::{Create, Verify, Voucher};
use countersign::messages::handshake::Ead1;
use countersign::registry::{Factor, Purpose, limit};
use countersign::values::{RecordId, UnixSeconds};
use countersign::verified::Verified;
use serde::{Serialize, de::DeserializeOwned};

use super::Fault;

/// All that goes into one decision but for signatures.
#[derive(Clone)]
pub(in crate::adapter::factor) struct Ground {
    pub(in crate::adapter::factor) config: Config,
    pub(in crate::adapter::factor) record: Option<Record>,
    pub(in crate::adapter::factor) used: Option<UsedVoucher>,
    pub(in crate::adapter::factor) requester: Requester,
    pub(in crate::adapter::factor) request: Request,
    pub(in crate::adapter::factor) now: UnixSeconds,
}

impl Ground {
    /// Makes it so that the fault's check passes.
    pub(in crate::adapter::factor) fn undermine(&mut self, fault: Fault) {
        self.undermine_settings(fault);
        match fault {
            Fault::RecordExists if matches!(self.request, Request::Create(_)) => self.record = None,
            Fault::VoucherUsed => self.used = None,
            Fault::UnknownRecord
                if self.record.is_none()
                    && !matches!(self.request, Request::Create(_) | Request::AskStatus) =>
            {
                self.record = Some(invented(&self.requester, self.config.store_epoch));
            }
            _ => {}
        }
        if let Request::Verify(verify) = &self.request {
            let verify = (**verify).clone();
            self.undermine_verify(fault, verify);
        } else {
            self.undermine_change(fault);
        }
        self.undermine_record(fault);
    }

    fn undermine_settings(&mut self, fault: Fault) {
        let policy = &mut self.config.policy;
        match fault {
            Fault::Delay if matches!(self.request, Request::Verify(_)) => policy.delays.clear(),
            Fault::BudgetUses => policy.budget.uses = 0,
            Fault::BudgetTime => policy.budget.seconds = 0,
            Fault::BiometricsClosed => policy.biometrics_closed_while_blocked = false,
            Fault::BiometricResets => policy.biometric_resets = true,
            Fault::ChangeFactorPin => policy.pin_change_by_biometric = true,
            Fault::LaterEpoch => {
                let epochs = self.record.iter().map(|record| record.store_epoch);
                let latest = epochs.fold(self.config.store_epoch, u32::max);
                self.config.store_epoch = latest;
            }
            Fault::VoucherServer => {
                if let Some(voucher) = self.voucher() {
                    self.config.server = voucher.factor_server;
                }
            }
            Fault::VoucherExpiry => {
                if let Some(voucher) = self.voucher() {
                    self.now = self.now.min(voucher.expiry);
                }
            }
            _ => {}
        }
    }

    fn undermine_verify(&mut self, fault: Fault, mut verify: Verify) {
        let (server, channel) = (self.config.server, self.requester.channel());
        let max_attempts = self.config.max_attempts.get();
        let epoch = self.config.store_epoch;
        let Some(record) = &mut self.record else {
            return;
        };
        let change = Operation::of(verify.purpose);
        let last = record.last_number();
        let digest = sha256(&[&cbor::to_vec(&verify).unwrap_or_default()]);
        match fault {
            Fault::NumberTooLow if verify.request_number < last => record.last = None,
            Fault::NumberReused
                if record.last.is_some_and(|last| last.request.0 != digest)
                    && verify.request_number == last =>
            {
                record.last = None;
            }
            Fault::NumberZero if record.last.is_none() && verify.request_number == 0 => {
                verify.request_number = 1;
            }
            Fault::StoreEpoch => verify.store_epoch = epoch,
            Fault::Generation => verify.generation = record.generation,
            Fault::ChangeBind if change.is_some() => {
                let input = BindInput::management(server, channel, verify.purpose);
                verify.bind = input.bind();
            }
            Fault::ChangeAudience if change.is_some() => verify.audience = server,
            // It passes for a PIN, whose key is the biometric's.
            Fault::ChangeFactorAdd
                if verify.factor == Factor::Biometric
                    && verify.purpose == Purpose::BiometricsAdd =>
            {
                if let Some(key) = record.biometric {
                    verify.factor = Factor::Pin;
                    record.pin_key = key;
                }
            }
            Fault::FactorNotRegistered if verify.factor == Factor::Biometric => {
                record.biometric = record.biometric.or(Some(record.pin_key));
            }
            Fault::Blocked if record.lockout.failed_attempts >= max_attempts => {
                record.lockout.failed_attempts = max_attempts.saturating_sub(1);
            }
            _ => return,
        }
        if let Some(verify) = said(&verify) {
            self.request = Request::Verify(verify);
        }
    }

    fn undermine_change(&mut self, fault: Fault) {
        let (channel, now) = (self.requester.channel(), self.now);
        let Some(record) = &mut self.record else {
            return;
        };
        if let (Fault::SetPinGeneration, Request::SetPin(set)) = (fault, &self.request) {
            let mut set = (**set).clone();
            set.generation = record.generation.saturating_add(1);
            if let Some(set) = said(&set) {
                self.request = Request::SetPin(set);
            }
        }
        let operation = match &self.request {
            Request::SetPin(_) => Operation::PinChange,
            Request::AddBiometric(_) => Operation::BiometricsAdd,
            Request::RemoveBiometric(_) => Operation::BiometricsRemove,
            Request::AskStatus => {
                if fault == Fault::VerificationEndedByStatus {
                    record.verified = None; // as if there were nothing to end
                }
                return;
            }
            _ => return,
        };
        let last = record.last.map(|last| last.outcome);
        let right = matches!(last, Some(Outcome::Right(_)));
        let leaves = fault == Fault::Verification || fault == Fault::VerificationPurpose && right;
        if leaves && record.verified.is_none() {
            record.verified = Some(Management {
                operation,
                factor: Factor::Pin,
                channel,
                until: UnixSeconds(u64::MAX),
            });
        }
        match fault {
            Fault::RemoveRegistered if operation == Operation::BiometricsRemove => {
                record.biometric = record.biometric.or(Some(record.pin_key));
            }
            _ => {}
        }
        if let Some(verified) = &mut record.verified {
            match fault {
                Fault::VerificationOperation => verified.operation = operation,
                Fault::VerificationChannel => verified.channel = channel,
                Fault::VerificationEnd => verified.until = now.max(record.last_time).plus(1),
                Fault::SetPinFactor => verified.factor = Factor::Pin,
                _ => {}
            }
        }
    }

    fn undermine_record(&mut self, fault: Fault) {
        let Some(record) = &mut self.record else {
            return;
        };
        if fault == Fault::Clock {
            record.last_time = UnixSeconds(0);
        }
        *record = adopted(record, &self.config, fault);
    }

    /// The voucher of a CREATE, as it claims to be.
    fn voucher(&self) -> Option<Voucher> {
        let Request::Create(create) = &self.request else {
            return None;
        };
        voucher(create)
    }
}

/// A record as this epoch takes it, but for what the fault leaves as the backup has it.
pub(in crate::adapter::factor) fn adopted(
    record: &Record,
    config: &Config,
    fault: Fault,
) -> Record {
    let taken = record.adopted(config);
    match fault {
        Fault::RestoredAttempts => Record {
            lockout: record.lockout,
            ..taken
        },
        Fault::RestoredBudget => Record {
            budget: record.budget,
            ..taken
        },
        _ => record.clone(),
    }
}

/// What a CREATE's voucher claims.
pub(super) fn voucher(create: &Create) -> Option<Voucher> {
    countersign::cose::Sign1::<Voucher>::from_bytes(&create.voucher)
        .ok()
        .map(|sign1| sign1.unverified().clone())
}

/// What this server says that it is and has, to a message_1 that a check would have refused.
pub(in crate::adapter::factor) fn offer(
    fault: Option<Fault>,
    offer: &Offer,
    message_1: &[u8],
) -> Offer {
    let mut offer = offer.clone();
    let Ok(message_1) = countersign::edhoc::receive(message_1) else {
        return offer;
    };
    let ead_1 = message_1.ead_1().unwrap_or_default();
    let Ok(ead_1) = cbor::from_slice::<Ead1>(ead_1, limit::HANDSHAKE) else {
        return offer;
    };
    match fault {
        Some(Fault::Server) => offer.server = ead_1.server,
        Some(Fault::CommonVersion) => offer.versions.extend(ead_1.versions),
        _ => {}
    }
    offer
}

/// A record for a device that has none.
fn invented(requester: &Requester, store_epoch: u32) -> Record {
    Record {
        id: RecordId(requester.record().0),
        version: 0,
        store_epoch,
        device: requester.device(),
        generation: 1,
        pin_key: requester.device(),
        biometric: None,
        lockout: Lockout::default(),
        budget: Budget::Spent,
        verified: None,
        last: None,
        last_time: UnixSeconds(0),
    }
}

/// A message as if the device had said it.
fn said<T: Serialize + DeserializeOwned>(message: &T) -> Option<Verified<T>> {
    struct Echo;
    impl Opening for Echo {
        fn open(&mut self, record: &[u8]) -> Result<Vec<u8>, ChannelError> {
            Ok(record.to_vec())
        }
    }
    let bytes = cbor::to_vec(message).ok()?;
    open_verified(&mut Echo, &bytes, limit::FRAME).ok()
}
