use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cobrowse_jwt::{Access, AgentClaims, AgentToken, KeySource, LicenseKey, Minter, Policy, Rule};
use harness::{DISPLAY_NAME, LICENSE_KEY, SUBJECT, USER_ID};

/// Returns the license key of the account.
#[must_use]
pub fn license_key() -> LicenseKey {
    LicenseKey::new(LICENSE_KEY).unwrap()
}

/// Returns a fixed time at which the token in the folder of keys is valid.
#[must_use]
pub fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(490_896)
}

/// Returns a minter with default settings.
#[must_use]
pub fn minter(source: impl KeySource + 'static) -> Minter {
    Minter::new(license_key(), source)
}

/// Returns the claims of the README's first example.
#[must_use]
pub fn claims() -> AgentClaims {
    let customer = || Rule::custom_data("user_id", USER_ID);
    with_rule(customer)
}

/// Returns the same claims with a number of conditions each on devices and sessions.
#[must_use]
pub fn claims_with_conditions(conditions: usize) -> AgentClaims {
    with_rule(|| {
        let all = (0..conditions).map(|number| (format!("key_{number:04}"), format!("value_{number:04}")));
        all.fold(Rule::any(), |rule, (key, value)| rule.with_custom_data(key, value))
    })
}

fn with_rule(rule: impl Fn() -> Rule) -> AgentClaims {
    let policy = Policy::builder().devices(rule()).sessions(rule()).push(Rule::any()).build().unwrap();
    AgentClaims::new(SUBJECT, Access::PolicyOnly(policy)).unwrap().with_display_name(DISPLAY_NAME).unwrap()
}

/// Mints one token. A key in this process signs without waiting, so no runtime is measured.
#[must_use]
pub fn mint(minter: &Minter, claims: &AgentClaims) -> AgentToken {
    let minting = pin!(minter.mint(claims));
    match minting.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => token.unwrap(),
        Poll::Pending => panic!("the mint is pending"),
    }
}
