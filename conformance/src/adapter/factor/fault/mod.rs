//! The faults of a factor server, each a check that is not made.
//!
//! | where | what a fault changes |
//! |---|---|
//! | [`ground`] | what a decision is made on: facts, settings, the request, the time |
//! | [`trust`] | what a signature is taken for |
//! | [`aftermath`] | what a decision asks the store to write |
//! | the replica and its store | versions, repetitions, and what is remembered |

pub(super) mod aftermath;
pub(super) mod ground;
pub(super) mod trust;

/// Names each fault once, in code and in cases.
macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $name:literal,)*) => {
        /// A check that is not made.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        /// Every fault, and the word for it.
        const NAMES: &[(Fault, &str)] = &[$((Fault::$fault, $name),)*];
    };
}

faults! {
    /// FAC-3: lower numbers.
    NumberTooLow = "number-too-low",
    /// FAC-4: other bytes under the last number.
    NumberReused = "number-reused",
    /// FAC-3: number 0.
    NumberZero = "number-zero",
    /// FAC-5: another store epoch.
    StoreEpoch = "store-epoch",
    /// FAC-5: another generation.
    Generation = "generation",
    /// FAC-8: the time of the last commit.
    Clock = "clock",
    /// FAC-10: a device without a record.
    UnknownRecord = "unknown-record",
    /// FAC-11: a record of a later epoch.
    LaterEpoch = "later-epoch",
    /// DLY-1: the delay.
    Delay = "delay",
    /// LCK-5: blocked.
    Blocked = "blocked",
    /// LCK-1: the version of what was read.
    CompareAndSwap = "compare-and-swap",
    /// Whether a PIN's proof verifies.
    Proof = "proof",
    /// The store epoch in a proof.
    ProofEpoch = "proof-epoch",
    /// The generation in a proof.
    ProofGeneration = "proof-generation",
    /// The request number in a proof.
    ProofNumber = "proof-number",
    /// The purpose in a proof.
    ProofPurpose = "proof-purpose",
    /// The label of a proof.
    ProofLabel = "proof-label",
    /// Whose key signed a proof: the device's own will do.
    ProofDeviceKey = "proof-device-key",
    /// FAC-6, SIG-2: r and s within 1..n.
    SignatureRange = "signature-range",
    /// SIG-3: the lower s.
    LowS = "low-s",
    /// SIG-1: a point of the curve.
    Point = "point",
    /// FAC-2: whether a biometric is registered.
    FactorNotRegistered = "factor-not-registered",
    /// BUD-1: the budget by count.
    BudgetUses = "budget-uses",
    /// BUD-2: the budget by time.
    BudgetTime = "budget-time",
    /// BUD-3: a new PIN begins no new budget.
    BudgetByPinOnly = "budget-by-pin-only",
    /// BIO-1: whether a biometric's proof verifies.
    BiometricProof = "biometric-proof",
    /// BIO-1: a wrong biometric is not counted.
    BiometricNotCounted = "biometric-not-counted",
    /// BIO-2: the closing flag.
    BiometricsClosed = "biometrics-closed",
    /// BIO-3: one use.
    BiometricUse = "biometric-use",
    /// BIO-3: the flag that biometrics reset.
    BiometricResets = "biometric-resets",
    /// CHG-2: the bind.
    ChangeBind = "change-bind",
    /// CHG-2: the audience.
    ChangeAudience = "change-audience",
    /// CHG-3: the PIN, for its change.
    ChangeFactorPin = "change-factor-pin",
    /// CHG-3: the PIN, for biometrics add.
    ChangeFactorAdd = "change-factor-add",
    /// CHG-3: no biometric on the word of a biometric.
    SetPinFactor = "set-pin-factor",
    /// CHG-4: a verification.
    Verification = "verification",
    /// CHG-1: the purpose of the VERIFY that leaves a verification.
    VerificationPurpose = "verification-purpose",
    /// CHG-1: that it was right.
    VerificationOutcome = "verification-outcome",
    /// CHG-4: which change it is for.
    VerificationOperation = "verification-operation",
    /// CHG-4: its channel.
    VerificationChannel = "verification-channel",
    /// CHG-4: its end.
    VerificationEnd = "verification-end",
    /// CHG-4: a change uses it up.
    VerificationUsedUp = "verification-used-up",
    /// CHG-4: any other VERIFY ends it.
    VerificationEndedByVerify = "verification-ended-by-verify",
    /// STA-2: a status ends it.
    VerificationEndedByStatus = "verification-ended-by-status",
    /// STA-2: so does the one that answers biometric-gone.
    VerificationEndedByGone = "verification-ended-by-gone",
    /// CHG-5: the generation of set-pin.
    SetPinGeneration = "set-pin-generation",
    /// CHG-5: the old PIN is dead.
    OldPinDead = "old-pin-dead",
    /// CHG-6: that there is a biometric to remove.
    RemoveRegistered = "remove-registered",
    /// RES-1: failedAttempts of a restored record.
    RestoredAttempts = "restored-attempts",
    /// RES-1: its budget.
    RestoredBudget = "restored-budget",
    /// VCH-1: its signature.
    VoucherSignature = "voucher-signature",
    /// VCH-1: for which factor server.
    VoucherServer = "voucher-server",
    /// VCH-2: its expiry.
    VoucherExpiry = "voucher-expiry",
    /// VCH-3: its use.
    VoucherUsed = "voucher-used",
    /// VCH-6: how long its use is remembered.
    VoucherRemembered = "voucher-remembered",
    /// VCH-4: a record that is there.
    RecordExists = "record-exists",
    /// VCH-5: the possession of a key.
    Possession = "possession",
    /// VCH-5: the possession of a biometric key beside a PIN's.
    PossessionBiometric = "possession-biometric",
    /// HS-8: for which server message_1 is.
    Server = "server",
    /// VER-2: whether there is a common version.
    CommonVersion = "common-version",
    /// HS-13: Signature_3.
    Signature3 = "signature-3",
    /// HS-6: how long message_3 is repeated.
    RepeatWindow = "repeat-window",
    /// HS-6: that it is the same message_3.
    RepeatIdentical = "repeat-identical",
}

impl Fault {
    /// Every fault.
    pub fn all() -> impl Iterator<Item = Fault> {
        NAMES.iter().map(|(fault, _)| *fault)
    }

    /// The word for it in a case's `kills`.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(fault, _)| *fault == self)
            .map_or("", |(_, name)| name)
    }
}
