use std::{
    borrow::Cow,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// The claim `aud`.
pub const AUDIENCE: &str = "https://cobrowse.io";
/// The claim `iss`.
pub const LICENSE_KEY: &str = "SPGqPIcVnsOEJQ";
/// The claim `sub`.
pub const SUBJECT: &str = "jane@example.com";
/// The claim `displayName`.
pub const DISPLAY_NAME: &str = "Jane Doe";
/// The one customer that the agent can access.
pub const USER_ID: &str = "42";

/// The claims of the README's first example, as an application without this SDK would declare them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims<'a> {
    /// Seconds since 1970.
    pub iat: u64,
    /// Seconds since 1970.
    pub exp: u64,
    /// [`AUDIENCE`]
    pub aud: Cow<'a, str>,
    /// [`LICENSE_KEY`]
    pub iss: Cow<'a, str>,
    /// [`SUBJECT`]
    pub sub: Cow<'a, str>,
    /// [`DISPLAY_NAME`]
    pub display_name: Cow<'a, str>,
    /// Always `null`.
    pub role: Option<Cow<'a, str>>,
    /// One customer.
    pub policy: Policy<'a>,
}

/// Sessions and devices of one customer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Policy<'a> {
    /// 3
    pub version: u8,
    /// Those of one customer.
    pub devices: Rule<'a>,
    /// Those of every customer.
    pub push: Rule<'a>,
    /// Those of one customer.
    pub sessions: Rule<'a>,
}

/// At most one condition.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rule<'a> {
    /// The condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<CustomData<'a>>,
}

/// A condition on the customer.
#[derive(Debug, Serialize, Deserialize)]
pub struct CustomData<'a> {
    /// [`USER_ID`]
    pub user_id: Cow<'a, str>,
}

impl Claims<'static> {
    /// Returns the claims of a token with a lifetime of an hour.
    #[must_use]
    pub fn now() -> Self {
        let (iat, exp) = lifetime_from_now();
        let customer = || Rule { custom_data: Some(CustomData { user_id: USER_ID.into() }) };
        Self {
            iat,
            exp,
            aud: AUDIENCE.into(),
            iss: LICENSE_KEY.into(),
            sub: SUBJECT.into(),
            display_name: DISPLAY_NAME.into(),
            role: None,
            policy: Policy { version: 3, devices: customer(), push: Rule { custom_data: None }, sessions: customer() },
        }
    }
}

/// Returns `iat` and `exp` of a token with a lifetime of an hour.
#[must_use]
pub fn lifetime_from_now() -> (u64, u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    (now, now + 3_600)
}
