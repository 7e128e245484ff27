/// What the server is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `TrentService.GetPublicKey`.
    GetPublicKey,
    /// `TrentService.Sign`.
    Sign,
}

/// How many answers a fault spoils.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Times {
    /// The next.
    Once,
    /// The next two.
    Twice,
    /// The next so many.
    Exactly(usize),
    /// All, until [`FaultServer::heal`](super::FaultServer::heal).
    Always,
}

/// Writes the enum and the list of its variants, so that no test of "every fault" can miss one.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One way to misbehave.
        ///
        /// "The field" is `Signature` or `PublicKey`. A faulty `PublicKey` that still is a key is first found out by the next
        /// signature.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

faults! {
    // Exceptions, in the words of KMS.

    /// HTTP 400 `ThrottlingException`.
    Throttling,
    /// The same, with `x-amz-retry-after: 20000`, which is milliseconds.
    RetryAfter20s,
    /// HTTP 500 `KMSInternalException`.
    InternalError500,
    /// HTTP 503 with an empty body, as a load balancer answers.
    Unavailable503,
    /// HTTP 429 with an empty body, as a proxy answers.
    Bare429,
    /// HTTP 400 `AccessDeniedException`; the message names the caller's ARN and the key's, both with the account.
    AccessDenied,
    /// HTTP 400 `DisabledException`; the message names the key's ARN.
    Disabled,
    /// HTTP 400 `NotFoundException`; the message names the key's ARN.
    NotFound,
    /// HTTP 400 `KMSInvalidStateException`, as for a key pending deletion; the message names the key's ARN.
    InvalidState,
    /// HTTP 400 `InvalidKeyUsageException`; the message names the key's ARN.
    InvalidKeyUsage,
    /// HTTP 400 `ExpiredTokenException`.
    ExpiredCredentials,
    /// HTTP 400 `InvalidSignatureException`, "Signature expired": what KMS says to a wrong clock.
    ClockSkew,
    /// HTTP 403 `RequestTimeTooSkewed`: what other services say to it.
    RequestTimeTooSkewed,

    // The connection.

    /// The request is read and the connection reset (RST).
    ResetBeforeHeaders,
    /// Half the headers, then a reset.
    ResetDuringHeaders,
    /// All headers and no body, then a reset.
    ResetAfterHeaders,
    /// The request is read and never answered; the connection stays open, as with every silence.
    SilenceAfterAccept,
    /// All headers, then silence.
    SilenceAfterHeaders,
    /// Headers and half the body, then silence.
    SilenceMidBody,
    /// The headers at once, the right body at a byte a second.
    BytePerSecond,
    /// The headers at a byte a second.
    SlowHeaders,

    // The body of an HTTP 200.

    /// Half of the announced body, then an orderly close.
    TruncatedBody,
    /// Half of the JSON, rightly announced.
    TruncatedJson,
    /// A page of HTML.
    NotJson,
    /// No byte.
    EmptyBody,
    /// `null`.
    NullBody,
    /// The field has 100,000,000 more characters in front, valid base64 as a whole.
    HugeBody,
    /// The right answer in chunks of unannounced number, padded in front to 65,536 bytes, the most that a client should accept.
    Chunked,
    /// The same with one byte more.
    ChunkedTooLarge,
    /// `HugeBody` in chunks.
    ChunkedHuge,
    /// The right body in chunks of one byte a second.
    ChunkedSlowly,
    /// An unknown member holds 100,000 nested arrays; no other member.
    DeeplyNested,

    // The members of a well-formed answer.

    /// The field is absent.
    MissingField,
    /// The field is an empty string.
    EmptyField,
    /// The field is as long as it should be and all zero.
    ZeroField,
    /// The field lacks its last byte: 255 bytes of a signature by 2048 bits.
    ShortField,
    /// The field has a zero byte more at its end.
    LongField,
    /// One bit in the middle of the field is wrong. In a public key that is a bit of the modulus.
    BitFlipped,
    /// The signature or the public key of another key of the account, under the right `KeyId`.
    ForeignKey,
    /// The right field, under the `KeyId` of that other key, which signs too.
    WrongKeyId,
    /// `Sign` claims `RSASSA_PSS_SHA_256`; `GetPublicKey` lists PSS algorithms alone.
    WrongAlgorithm,
    /// `Sign` alone: leading zero bytes are stripped from the right signature. One in 256 has any; the others are as always.
    LeadingZeroStripped,

    // Another kind of key: `GetPublicKey` alone.

    /// `RSA_2048` for `ENCRYPT_DECRYPT`.
    EncryptDecryptKey,
    /// `ECC_NIST_P256`.
    EccKey,
    /// `HMAC_256`, without a public key: what an emulator answers that does not refuse.
    HmacKey,
    /// HTTP 400 `UnsupportedOperationException`: KMS has no public key to give.
    SymmetricKey,
    /// An RSA key of 1024 bits that says it is `RSA_2048`.
    SmallKey1024,
}

impl Fault {
    /// Every fault that this operation can have.
    #[must_use]
    pub fn all_for(operation: Operation) -> Vec<Self> {
        let only_for = |fault| match fault {
            Self::LeadingZeroStripped => Some(Operation::Sign),
            Self::EncryptDecryptKey | Self::EccKey | Self::HmacKey | Self::SymmetricKey | Self::SmallKey1024 => {
                Some(Operation::GetPublicKey)
            }
            _ => None,
        };
        Self::ALL.iter().copied().filter(|&fault| only_for(fault).is_none_or(|only| only == operation)).collect()
    }
}
