use std::process::ExitCode;

use cobrowse_jwt::TokenCheck;

/// How the program ends. `--help` and the README list the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    /// A check failed, or something was refused.
    Refused,
    Usage,
    /// The key is out of reach for the moment.
    KeyUnavailable,
    /// The key does not work until somebody mends something.
    KeyUnusable,
    /// `verify` has refused a token because of this rule.
    TokenRefused(TokenCheck),
}

/// What `--help` says of the numbers.
pub(crate) const HELP: &str = "\
Exit codes:
  0  ok
  1  refused, or a check failed
  2  wrong usage: a flag, a value or a file given by one
  3  the key is unavailable for the moment; try again
  4  the key is unusable until somebody mends it, its name or its permissions";

/// What `verify --help` says of the numbers.
pub(crate) const VERIFY_HELP: &str = "\
Exit codes:
  0   accepted
  10  refused: no token (size, compact-form, header, claims)
  11  refused: the header (alg, typ, crit, header-members)
  12  refused: the signature
  13  refused: for another account or service (iss, aud)
  14  refused: the time (seconds, iat, exp, lifetime)
  15  refused: the agent's name (sub, display-name)
  16  refused: the access (role, policy)
  17  refused: unknown claims (known-claims)
  1   refused for another reason
  2   wrong usage
  3, 4  the key of --key is unavailable for the moment, or unusable";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::KeyUnavailable => 3,
            Exit::KeyUnusable => 4,
            Exit::TokenRefused(rule) => class(rule),
        })
    }
}

fn class(rule: TokenCheck) -> u8 {
    match rule {
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
