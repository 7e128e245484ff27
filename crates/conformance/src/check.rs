use std::fmt;

macro_rules! checks {
    ($(#[doc = $doc:literal] $name:ident $id:literal;)+) => {
        /// A check of the suite.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Check {
            $(#[doc = $doc] $name,)+
        }

        impl Check {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns a stable name in kebab case, for programs.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// Returns what the check requires, in one sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)+ }
            }
        }
    };
}

checks! {
    /// `Debug` of the source, of its keys and of the service contains no secret.
    Debug "debug";
    /// A service can authenticate more than once, and then signs.
    Authentication "authentication";
    /// A service resolves the same key to the same version name each time, and another key to another name.
    StableVersion "stable-version";
    /// A service signs with the requested version only, and refuses an unknown one.
    ExactVersion "exact-version";
    /// Signatures of short and long messages verify under the public key and have the length of the modulus.
    Signature "signature";
    /// The public key of a snapshot does not change, even after a refresh.
    StablePublicKey "stable-public-key";
    /// The source returns the same `Arc` until the key changes.
    SameSnapshot "same-snapshot";
    /// A minter signs with the source's key if it is registered, and otherwise returns an error with its thumbprint.
    RegisteredKey "registered-key";
    /// 64 concurrent callers all get a signature that verifies.
    Concurrency "concurrency";
    /// After a rotation, the source returns the new key, and the old snapshot signs with the old key or is superseded.
    Rotation "rotation";
    /// A key that cannot sign any more returns `Superseded`, and the minter then signs with another key.
    Superseded "superseded";
    /// Each failing source returns an error of the expected kind.
    ErrorKind "error-kind";
    /// A future that is dropped at any await point leaves the source and the service usable.
    Cancellation "cancellation";
    /// With a fault between the engine and the service, minting returns an error of the right kind and never a token.
    FaultRefused "fault-refused";
    /// With a fault between the engine and the service, minting returns in bounded time.
    FaultInTime "fault-in-time";
    /// After a fault between the engine and the service ends, minting succeeds again.
    FaultRecovery "fault-recovery";
    /// No error contains a secret in its `Display`, its `Debug` or its causes.
    ErrorRedaction "error-redaction";
    /// Every call returns within the time limit.
    TimeLimit "time-limit";
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.id())
    }
}
