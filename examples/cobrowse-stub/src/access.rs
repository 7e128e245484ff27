//! The caller of the REST API, and the access that a policy permits.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::account::Refusal;

/// The claims of a token that the JWT library does not check.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    sub: String,
    #[expect(dead_code, reason = "required, as an integer")]
    iat: u64,
    #[serde(rename = "displayName")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    role: RoleClaim,
    policy: Option<Policy>,
}

/// The three states of the claim `role`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum RoleClaim {
    #[default]
    Absent,
    Null,
    Is(Role),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Agent,
    Administrator,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoleClaim, D::Error> {
    Ok(Option::<Role>::deserialize(deserializer)?.map_or(RoleClaim::Null, RoleClaim::Is))
}

#[derive(Debug, Deserialize)]
struct Policy {
    version: Option<u64>,
    #[serde(flatten)]
    rules: BTreeMap<String, Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    custom_data: BTreeMap<String, String>,
    id: Option<String>,
    permissions: Option<Vec<Permission>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permission {
    Create,
    Read,
    Update,
    Delete,
}

/// An object to which a policy applies.
pub(crate) trait Resource {
    const NAME: &'static str;
    fn id(&self) -> &str;
    fn custom_data(&self) -> &BTreeMap<String, String>;
}

/// An agent with a valid token.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) license_key: String,
    pub(crate) agent: String,
    pub(crate) display_name: Option<String>,
    pub(crate) is_administrator: bool,
    /// With `"role": null`, the policy denies every resource that it does not contain.
    denies_by_default: bool,
    rules: BTreeMap<String, Rule>,
}

impl Caller {
    pub(crate) fn new(license_key: &str, claims: Claims) -> Result<Self, Refusal> {
        // Version 1 is deprecated, has no `version` and another structure.
        if claims.policy.as_ref().is_some_and(|policy| !matches!(policy.version, Some(2 | 3))) {
            return Err(Refusal::Policy);
        }
        Ok(Self {
            license_key: license_key.to_owned(),
            agent: claims.sub,
            display_name: claims.display_name,
            is_administrator: claims.role == RoleClaim::Is(Role::Administrator),
            denies_by_default: claims.role == RoleClaim::Null,
            rules: claims.policy.map(|policy| policy.rules).unwrap_or_default(),
        })
    }

    /// Returns whether the policy permits this for at least some objects of the resource.
    pub(crate) fn may_any(&self, resource: &str, permission: Permission) -> bool {
        self.rules.get(resource).map_or(!self.denies_by_default, |rule| rule.permits(permission))
    }

    /// Returns whether the policy permits this for the object.
    pub(crate) fn may<R: Resource>(&self, resource: &R, permission: Permission) -> bool {
        self.rules.get(R::NAME).map_or(!self.denies_by_default, |rule| {
            let same = |(key, value)| resource.custom_data().get(key) == Some(value);
            rule.permits(permission)
                && rule.id.as_deref().is_none_or(|id| id == resource.id())
                && rule.custom_data.iter().all(same)
        })
    }
}

impl Rule {
    fn permits(&self, permission: Permission) -> bool {
        self.permissions.as_ref().is_none_or(|permissions| permissions.contains(&permission))
    }
}
