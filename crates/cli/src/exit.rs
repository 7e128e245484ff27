use std::process::ExitCode;

use cobrowse_jwt::TokenCheck;

/// The outcome of a run. `--help` and the README list the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    /// A check failed or a request was refused.
    Refused,
    Usage,
    /// A retry can help.
    KeyUnavailable,
    /// A retry cannot help.
    KeyUnusable,
    /// The user cancelled the passphrase prompt.
    Cancelled,
    /// `verify` refused the token because of this check.
    TokenRefused(TokenCheck),
}

impl Exit {
    /// Returns a stable name in kebab case, for programs.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused | Self::TokenRefused(_) => "refused",
            Self::Usage => "usage",
            Self::KeyUnavailable => "key-unavailable",
            Self::KeyUnusable => "key-unusable",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The exit codes in `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0    success
  1    refused, or a check failed
  2    wrong usage: a flag, a value or a file that a flag names
  3    key unavailable: try again later
  4    key unusable: correct the key, its name or its permissions
  130  cancelled at the passphrase prompt";

/// The exit codes in `verify --help`.
pub(crate) const VERIFY_HELP: &str = "\
Exit codes:
  0    accepted
  10   refused: not a token (size, compact-form, header, claims)
  11   refused: header (alg, typ, crit, header-members)
  12   refused: signature
  13   refused: another account or service (iss, aud)
  14   refused: time (seconds, iat, exp, lifetime)
  15   refused: agent name (sub, display-name)
  16   refused: access (role, policy)
  17   refused: undocumented claims (known-claims)
  1    refused for another reason
  2    wrong usage
  3    key of --key unavailable: try again later
  4    key of --key unusable: correct the key, its name or its permissions
  130  cancelled at the passphrase prompt";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::KeyUnavailable => 3,
            Exit::KeyUnusable => 4,
            // 128 + SIGINT, as shells report it.
            Exit::Cancelled => 130,
            Exit::TokenRefused(check) => refusal_code(check),
        })
    }
}

fn refusal_code(check: TokenCheck) -> u8 {
    match check {
        TokenCheck::Size | TokenCheck::CompactForm | TokenCheck::Header | TokenCheck::Claims => 10,
        TokenCheck::Algorithm | TokenCheck::Type | TokenCheck::Critical | TokenCheck::HeaderMembers => 11,
        TokenCheck::Signature => 12,
        TokenCheck::Issuer | TokenCheck::Audience => 13,
        TokenCheck::Seconds | TokenCheck::IssuedAt | TokenCheck::Expiry | TokenCheck::Lifetime => 14,
        TokenCheck::Subject | TokenCheck::DisplayName => 15,
        TokenCheck::Role | TokenCheck::Policy => 16,
        TokenCheck::KnownClaims => 17,
        _ => 1,
    }
}
