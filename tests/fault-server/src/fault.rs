/// An operation of KMS or Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `TrentService.GetPublicKey`, or `GET transit/keys/NAME`.
    GetPublicKey,
    /// `TrentService.Sign`, or `POST transit/sign/NAME`.
    Sign,
    /// A log-in to Vault, or the lookup of a token.
    LogIn,
}

/// How many responses a fault affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Times {
    /// The next.
    Once,
    /// The next two.
    Twice,
    /// The next n.
    Exactly(usize),
    /// All, until [`FaultServer::clear_faults`](super::FaultServer::clear_faults).
    Always,
}

/// Generates the enum and the list of its variants, so that a test of every fault misses none.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A failure of the network, of a proxy or of KMS.
        ///
        /// "The field" is `Signature` or `PublicKey`. A wrong `PublicKey` that is still a valid key shows only when a signature is
        /// verified.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$doc])* $name,)*
            /// Returns this status, and a `Location` header with the path of the request. For Vault only; not in [`Fault::ALL`].
            Status(u16),
        }

        impl Fault {
            /// Every fault except [`Fault::Status`].
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

faults! {
    // Error responses of KMS.

    /// HTTP 400 `ThrottlingException`.
    Throttling,
    /// The same, with `x-amz-retry-after: 20000`, which is milliseconds.
    RetryAfter20s,
    /// HTTP 500 `KMSInternalException`.
    InternalError500,
    /// HTTP 503 with an empty body, as from a load balancer.
    Unavailable503,
    /// HTTP 429 with an empty body, as from a proxy.
    Bare429,
    /// HTTP 400 `AccessDeniedException`; the message contains the ARNs of the caller and of the key.
    AccessDenied,
    /// HTTP 400 `DisabledException`; the message contains the key's ARN.
    Disabled,
    /// HTTP 400 `NotFoundException`; the message contains the key's ARN.
    NotFound,
    /// HTTP 400 `KMSInvalidStateException`, as for a key pending deletion; the message contains the key's ARN.
    InvalidState,
    /// HTTP 400 `InvalidKeyUsageException`; the message contains the key's ARN.
    InvalidKeyUsage,
    /// HTTP 400 `ExpiredTokenException`.
    ExpiredCredentials,
    /// HTTP 400 `InvalidSignatureException`, "Signature expired": the response of KMS to a wrong clock.
    ClockSkew,
    /// HTTP 403 `RequestTimeTooSkewed`: the response of other AWS services to a wrong clock.
    RequestTimeTooSkewed,

    // The connection.

    /// The request is read and the connection reset (RST).
    ResetBeforeHeaders,
    /// Half the headers, then a reset.
    ResetDuringHeaders,
    /// All headers and no body, then a reset.
    ResetAfterHeaders,
    /// The request is read and gets no response. The connection stays open, as in every silent fault.
    SilenceAfterAccept,
    /// All headers, then silence.
    SilenceAfterHeaders,
    /// Headers and half the body, then silence.
    SilenceMidBody,
    /// The headers immediately, the correct body at one byte per second.
    BytePerSecond,
    /// The headers at one byte per second.
    SlowHeaders,

    // The body of an HTTP 200.

    /// Half of the announced body, then FIN.
    TruncatedBody,
    /// Half of the JSON, with a matching `Content-Length`.
    TruncatedJson,
    /// An HTML page.
    NotJson,
    /// An empty body.
    EmptyBody,
    /// `null`.
    NullBody,
    /// The field starts with 100,000,000 more characters; it is still valid base64.
    HugeBody,
    /// The correct response in chunks, padded with leading spaces to 65,536 bytes, the most that a client should accept.
    Chunked,
    /// The same, one byte longer.
    ChunkedTooLarge,
    /// `HugeBody` in chunks.
    ChunkedHuge,
    /// The correct body in chunks of one byte per second.
    ChunkedSlowly,
    /// An unknown member holds 100,000 nested arrays; no other member.
    DeeplyNested,

    // The members of a well-formed response.

    /// The field is absent.
    MissingField,
    /// The field is an empty string.
    EmptyField,
    /// The field has the correct length and is all zero.
    ZeroField,
    /// The field lacks its last byte: 255 bytes of a 2048-bit signature.
    ShortField,
    /// The field has an extra zero byte at its end.
    LongField,
    /// One bit in the middle of the field is flipped. In a public key this is a bit of the modulus.
    BitFlipped,
    /// The signature or the public key of another key, with the correct `KeyId`.
    ForeignKey,
    /// The correct field, with the `KeyId` of another key that exists.
    WrongKeyId,
    /// `Sign` returns `RSASSA_PSS_SHA_256`; `GetPublicKey` lists only PSS algorithms.
    WrongAlgorithm,
    /// `Sign` only: leading zero bytes are stripped from the signature. One signature in 256 has any; the others are unchanged.
    LeadingZeroStripped,

    /// `Sign` only: an RSASSA-PSS signature, as Vault makes by default.
    PssSignature,
    /// `Sign` only: an Ed25519 signature, as Vault makes with such a key.
    Ed25519Signature,

    // Another kind of key: `GetPublicKey` only.

    /// `RSA_2048` for `ENCRYPT_DECRYPT`.
    EncryptDecryptKey,
    /// `ECC_NIST_P256`.
    EccKey,
    /// `HMAC_256`, without a public key, as from an emulator that does not refuse.
    HmacKey,
    /// HTTP 400 `UnsupportedOperationException`: the key has no public key.
    SymmetricKey,
    /// A 1024-bit RSA key described as `RSA_2048`.
    SmallKey1024,
}

impl Fault {
    /// Returns every fault of this operation.
    #[must_use]
    pub fn all_for(operation: Operation) -> Vec<Self> {
        let only_for = |fault| match fault {
            Self::LeadingZeroStripped | Self::PssSignature | Self::Ed25519Signature => Some(Operation::Sign),
            Self::EncryptDecryptKey | Self::EccKey | Self::HmacKey | Self::SymmetricKey | Self::SmallKey1024 => {
                Some(Operation::GetPublicKey)
            }
            _ => None,
        };
        Self::ALL.iter().copied().filter(|&fault| only_for(fault).is_none_or(|only| only == operation)).collect()
    }
}
