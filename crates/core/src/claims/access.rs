use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{ClaimsError, Policy};
use crate::json::{self, Json};

/// What the agent may do: the claims `role` and `policy`, which apart would fail open, as one value.
///
/// [`Access::PolicyOnly`] is the one to choose for a restricted agent: it alone denies everything that its policy does not
/// grant. Serializes to the JSON object of the two claims
/// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts/jwt-policies)).
///
/// ```
/// use cobrowse_jwt_core::{Access, Policy, Rule};
///
/// let policy = Policy::new().devices(Rule::custom_data("user_id", "42")?)?;
/// assert_eq!(
///     serde_json::to_string(&Access::PolicyOnly(policy))?,
///     r#"{"role":null,"policy":{"version":3,"devices":{"custom_data":{"user_id":"42"}}}}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Neither claim: the account's default for its agents.
    AccountDefault,
    /// All that the role may do.
    Role(Role),
    /// The role, except where the policy narrows it. **Not deny-by-default**: a resource that the policy does not name stays
    /// as open as the role leaves it.
    RoleWithPolicy(Role, Policy),
    /// The claim `role` absent, beside a policy. Two documented examples are written so, but how the two merge is not
    /// documented: do not rely on it to deny anything.
    DefaultWithPolicy(Policy),
    /// `"role": null` and a policy: only what the policy grants, everything else denied.
    PolicyOnly(Policy),
}

impl Access {
    /// The policy, if there is one.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        match self {
            Self::AccountDefault | Self::Role(_) => None,
            Self::RoleWithPolicy(_, policy) | Self::DefaultWithPolicy(policy) | Self::PolicyOnly(policy) => {
                Some(policy)
            }
        }
    }

    /// The role, if one is named.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::Role(role) | Self::RoleWithPolicy(role, _) => Some(*role),
            Self::AccountDefault | Self::DefaultWithPolicy(_) | Self::PolicyOnly(_) => None,
        }
    }

    pub(crate) const fn role_claim(&self) -> RoleClaim {
        match self {
            Self::AccountDefault | Self::DefaultWithPolicy(_) => RoleClaim::Absent,
            Self::Role(role) | Self::RoleWithPolicy(role, _) => RoleClaim::Role(*role),
            Self::PolicyOnly(_) => RoleClaim::Null,
        }
    }

    pub(crate) fn from_claims(role: RoleClaim, policy: Option<Policy>) -> Result<Self, ClaimsError> {
        match (role, policy) {
            (RoleClaim::Absent, None) => Ok(Self::AccountDefault),
            (RoleClaim::Absent, Some(policy)) => Ok(Self::DefaultWithPolicy(policy)),
            (RoleClaim::Role(role), None) => Ok(Self::Role(role)),
            (RoleClaim::Role(role), Some(policy)) => Ok(Self::RoleWithPolicy(role, policy)),
            (RoleClaim::Null, Some(policy)) => Ok(Self::PolicyOnly(policy)),
            (RoleClaim::Null, None) => Err(ClaimsError::NullRoleWithoutPolicy),
        }
    }
}

impl Serialize for Access {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Claims<'a> {
            #[serde(skip_serializing_if = "RoleClaim::is_absent")]
            role: RoleClaim,
            #[serde(skip_serializing_if = "Option::is_none")]
            policy: Option<&'a Policy>,
        }
        Claims { role: self.role_claim(), policy: self.policy() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Access {
    /// Strict: an unknown or repeated member, or a policy that [`Policy`] could not have been built to, is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let claims = json::object(deserializer)?;
        let role = RoleClaim::from_json(claims.get("role")).map_err(D::Error::custom)?;
        let policy = claims.get("policy").map(Policy::from_json).transpose().map_err(D::Error::custom)?;
        if claims.names().all(|name| matches!(name, "role" | "policy")) {
            Self::from_claims(role, policy).map_err(D::Error::custom)
        } else {
            Err(D::Error::custom("only the members `role` and `policy` are known"))
        }
    }
}

/// A role that Cobrowse knows: a value of the claim `role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Role {
    /// `administrator`: sees all agents' sessions and may change the account.
    Administrator,
    /// `agent`
    Agent,
}

impl Role {
    /// The word that stands in the claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Agent => "agent",
        }
    }

    fn from_word(word: &str) -> Result<Self, ClaimsError> {
        [Self::Administrator, Self::Agent]
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or(ClaimsError::UnknownRole)
    }
}

impl TryFrom<String> for Role {
    type Error = ClaimsError;

    fn try_from(word: String) -> Result<Self, ClaimsError> {
        Self::from_word(&word)
    }
}

/// The three states of the claim `role`: absent and `null` mean different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleClaim {
    Absent,
    Null,
    Role(Role),
}

impl RoleClaim {
    // serde hands `skip_serializing_if` a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(crate) fn from_json(value: Option<&Json<'_>>) -> Result<Self, ClaimsError> {
        match value {
            None => Ok(Self::Absent),
            Some(Json::Null) => Ok(Self::Null),
            Some(Json::Text(role)) => Role::from_word(role).map(Self::Role),
            Some(_) => Err(ClaimsError::UnknownRole),
        }
    }
}

impl Serialize for RoleClaim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // `Absent` is skipped by every struct that has the claim; `null` is the narrower reading should one forget.
            Self::Absent | Self::Null => serializer.serialize_unit(),
            Self::Role(role) => role.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::claims::{Permission, Rule};

    #[test]
    fn the_documented_examples_come_out_exactly() {
        let two = || Rule::custom_data("user_id", "42").unwrap().and_custom_data("region", "eu").unwrap();
        let examples = [
            (
                Access::DefaultWithPolicy(
                    Policy::new().devices(Rule::custom_data("user_id", "my user id here").unwrap()).unwrap(),
                ),
                json!({"policy": {"version": 3, "devices": {"custom_data": {"user_id": "my user id here"}}}}),
            ),
            (
                Access::DefaultWithPolicy(Policy::new().sessions(two()).unwrap().devices(two()).unwrap()),
                json!({"policy": {
                    "version": 3,
                    "sessions": {"custom_data": {"user_id": "42", "region": "eu"}},
                    "devices": {"custom_data": {"user_id": "42", "region": "eu"}},
                }}),
            ),
            (
                Access::PolicyOnly(
                    Policy::new()
                        .sessions(Rule::any())
                        .and_then(|policy| policy.push(Rule::any()))
                        .and_then(|policy| policy.devices(Rule::any()))
                        .unwrap(),
                ),
                json!({"role": null, "policy": {"version": 3, "sessions": {}, "push": {}, "devices": {}}}),
            ),
            (
                Access::RoleWithPolicy(
                    Role::Administrator,
                    Policy::new().features(Rule::permissions([Permission::Read]).unwrap()).unwrap(),
                ),
                json!({"role": "administrator", "policy": {"version": 3, "features": {"permissions": ["read"]}}}),
            ),
        ];
        for (access, expected) in examples {
            assert_eq!(serde_json::to_value(&access).unwrap(), expected);
            assert_eq!(serde_json::from_value::<Access>(expected).unwrap(), access);
        }
    }

    #[test]
    fn a_role_without_a_policy() {
        assert_eq!(serde_json::to_value(Access::AccountDefault).unwrap(), json!({}));
        assert_eq!(serde_json::to_value(Access::Role(Role::Agent)).unwrap(), json!({"role": "agent"}));
        assert_eq!(serde_json::from_value::<Access>(json!({})).unwrap(), Access::AccountDefault);
    }

    #[test]
    fn deserializes_strictly() {
        for wrong in [
            r#"{"role":null}"#,
            r#"{"role":"admin"}"#,
            r#"{"role":"Agent"}"#,
            r#"{"role":1}"#,
            r#"{"role":"agent","role":"administrator"}"#,
            r#"{"policy":null}"#,
            r#"{"policy":"{}"}"#,
            r#"{"policy":{"version":3},"customData":{}}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Access>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_str::<Role>(r#""agent""#).unwrap(), Role::Agent);
        for wrong in [r#"{"agent":null}"#, r#""MIIEvQ""#] {
            let error = serde_json::from_str::<Role>(wrong).unwrap_err();
            assert!(!error.to_string().contains("MIIEvQ"));
        }
    }
}
