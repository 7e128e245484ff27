use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{ClaimsError, Policy};
use crate::{
    json::{self, Json},
    text::text_conversions,
};

/// What the agent may do: the claims `role` and `policy` as one value.
///
/// Only [`Access::PolicyOnly`] denies by default; use it for a restricted agent. Serializes to a JSON object with the two claims
/// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts/jwt-policies)).
///
/// ```
/// use cobrowse_jwt_core::{Access, Policy, Rule};
///
/// let policy = Policy::builder().devices(Rule::custom_data("user_id", "42")).build()?;
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
    /// Everything that the role allows.
    Role(Role),
    /// Everything that the role allows, except where the policy has a rule. **Not deny by default**: a resource without a rule stays as
    /// open as the role leaves it.
    RoleWithPolicy(Role, Policy),
    /// A policy without the claim `role`, as in two documented examples. How Cobrowse combines the policy with the default role is not
    /// documented, so do not rely on it to deny anything.
    DefaultWithPolicy(Policy),
    /// `"role": null` and a policy: only what the policy grants. A resource without a rule is denied.
    PolicyOnly(Policy),
}

impl Access {
    /// Returns the policy, if there is one. Its effect depends on the variant.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        match self {
            Self::AccountDefault | Self::Role(_) => None,
            Self::RoleWithPolicy(_, policy) | Self::DefaultWithPolicy(policy) | Self::PolicyOnly(policy) => {
                Some(policy)
            }
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
    /// An unknown or repeated member is an error, and so is a policy that [`Policy::builder`] refuses.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let claims = json::object(deserializer)?;
        let role = RoleClaim::from_json(claims.get("role")).map_err(D::Error::custom)?;
        let policy = claims.get("policy").map(Policy::from_json).transpose().map_err(D::Error::custom)?;
        if claims.names().all(|name| matches!(name, "role" | "policy")) {
            Self::from_claims(role, policy).map_err(D::Error::custom)
        } else {
            Err(D::Error::custom("unknown field; expected role or policy"))
        }
    }
}

/// A value of the claim `role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[non_exhaustive]
pub enum Role {
    /// `administrator`: sees the sessions of all agents and can change the account.
    Administrator,
    /// `agent`
    Agent,
}

impl Role {
    fn new(name: &str) -> Result<Self, ClaimsError> {
        [Self::Administrator, Self::Agent]
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or(ClaimsError::UnknownRole)
    }

    /// Returns the value of the claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Agent => "agent",
        }
    }
}

text_conversions!(Role, ClaimsError, as_str);

/// The three states of the claim `role`: absent and `null` mean different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleClaim {
    Absent,
    Null,
    Role(Role),
}

impl RoleClaim {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(crate) fn from_json(value: Option<&Json<'_>>) -> Result<Self, ClaimsError> {
        match value {
            None => Ok(Self::Absent),
            Some(Json::Null) => Ok(Self::Null),
            Some(Json::Text(role)) => Role::new(role).map(Self::Role),
            Some(_) => Err(ClaimsError::UnknownRole),
        }
    }
}

impl Serialize for RoleClaim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Every struct skips `Absent`. If one did not, `null` would be the safe value: it grants less.
            Self::Absent | Self::Null => serializer.serialize_unit(),
            Self::Role(role) => role.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::claims::{Permission, PolicyBuilder, Rule};

    #[test]
    fn documented_examples_are_serialized_exactly() {
        let two = || Rule::custom_data("user_id", "42").with_custom_data("region", "eu");
        let build = |policy: PolicyBuilder| policy.build().unwrap();
        let any = Rule::any;
        let examples = [
            (
                Access::DefaultWithPolicy(build(
                    Policy::builder().devices(Rule::custom_data("user_id", "my user id here")),
                )),
                json!({"policy": {"version": 3, "devices": {"custom_data": {"user_id": "my user id here"}}}}),
            ),
            (
                Access::DefaultWithPolicy(build(Policy::builder().sessions(two()).devices(two()))),
                json!({"policy": {
                    "version": 3,
                    "sessions": {"custom_data": {"user_id": "42", "region": "eu"}},
                    "devices": {"custom_data": {"user_id": "42", "region": "eu"}},
                }}),
            ),
            (
                Access::PolicyOnly(build(Policy::builder().sessions(any()).push(any()).devices(any()))),
                json!({"role": null, "policy": {"version": 3, "sessions": {}, "push": {}, "devices": {}}}),
            ),
            (
                Access::RoleWithPolicy(
                    Role::Administrator,
                    build(Policy::builder().features(Rule::permissions([Permission::Read]))),
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
    fn access_without_policy_is_serialized_without_it() {
        assert_eq!(serde_json::to_value(Access::AccountDefault).unwrap(), json!({}));
        assert_eq!(serde_json::to_value(Access::Role(Role::Agent)).unwrap(), json!({"role": "agent"}));
        assert_eq!(serde_json::from_value::<Access>(json!({})).unwrap(), Access::AccountDefault);
    }

    #[test]
    fn deserialize_with_invalid_claims_returns_error() {
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
        assert_eq!("administrator".parse(), Ok(Role::Administrator));
        assert_eq!(Role::Agent.to_string(), "agent");
        for wrong in [r#"{"agent":null}"#, r#""MIIEvQ""#] {
            let error = serde_json::from_str::<Role>(wrong).unwrap_err();
            assert!(!error.to_string().contains("MIIEvQ"));
        }
    }
}
