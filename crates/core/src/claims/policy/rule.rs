use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};

use super::PolicyError;
use crate::text::printable_name;

/// The conditions under which a [`Policy`](super::Policy) grants a resource. All of them have to match.
///
/// Building a rule does not fail: an error, such as a condition without a value, is reported by
/// [`PolicyBuilder::build`](super::PolicyBuilder::build). Only [`Rule::any`] serializes to `{}`, which grants the whole resource
/// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts/jwt-policies)).
///
/// ```
/// use cobrowse_jwt_core::{Permission, Policy, Rule};
///
/// let rule = Rule::custom_data("user_id", "42").with_custom_data("region", "eu").with_permissions([Permission::Read]);
/// assert!(Policy::builder().devices(rule).build().is_ok());
/// assert!(Policy::builder().devices(Rule::custom_data("user_id", "")).build().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rule(Result<Conditions, PolicyError>);

impl Rule {
    /// Grants the whole resource.
    pub const fn any() -> Self {
        Self(Ok(Conditions { custom_data: BTreeMap::new(), id: None, permissions: BTreeSet::new() }))
    }

    /// Grants the resources with this `custom_data` property, which the customer's app or page sets on the device.
    pub fn custom_data(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::any().with_custom_data(key, value)
    }

    /// Grants the one device, session or other resource with this id.
    pub fn id(id: impl Into<String>) -> Self {
        Self::any().with_id(id)
    }

    /// Grants these permissions on the resource. Needs a policy of version 3.
    pub fn permissions(permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self::any().with_permissions(permissions)
    }

    /// Adds a `custom_data` property.
    pub fn with_custom_data(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.and(|conditions| conditions.add_custom_data(key.into(), value.into()))
    }

    /// Adds an id.
    pub fn with_id(self, id: impl Into<String>) -> Self {
        self.and(|conditions| conditions.add_id(id.into()))
    }

    /// Adds permissions.
    pub fn with_permissions(self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        self.and(|conditions| conditions.add_permissions(permissions.into_iter().collect()))
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        self.0.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    pub(super) fn has_permissions(&self) -> bool {
        self.0.as_ref().is_ok_and(|conditions| !conditions.permissions.is_empty())
    }

    fn and(self, add: impl FnOnce(&mut Conditions) -> Result<(), PolicyError>) -> Self {
        Self(self.0.and_then(|mut conditions| add(&mut conditions).map(|()| conditions)))
    }
}

impl Serialize for Rule {
    /// An invalid rule is an error: without its conditions, it would grant the whole resource.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Conditions {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_data: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    permissions: BTreeSet<Permission>,
}

impl Conditions {
    fn add_custom_data(&mut self, key: String, value: String) -> Result<(), PolicyError> {
        if key.is_empty() {
            return Err(PolicyError::EmptyCondition("custom_data key".to_owned()));
        }
        let name = || format!("custom_data {:?}", printable_name(&key));
        if value.is_empty() {
            return Err(PolicyError::EmptyCondition(name()));
        }
        if self.custom_data.contains_key(&key) {
            return Err(PolicyError::Duplicate(name()));
        }
        self.custom_data.insert(key, value);
        Ok(())
    }

    fn add_id(&mut self, id: String) -> Result<(), PolicyError> {
        if id.is_empty() {
            return Err(PolicyError::EmptyCondition("id".to_owned()));
        }
        match self.id.replace(id) {
            None => Ok(()),
            Some(_) => Err(PolicyError::Duplicate("id".to_owned())),
        }
    }

    fn add_permissions(&mut self, permissions: BTreeSet<Permission>) -> Result<(), PolicyError> {
        if permissions.is_empty() {
            return Err(PolicyError::EmptyCondition("list of permissions".to_owned()));
        }
        if !self.permissions.is_empty() {
            return Err(PolicyError::Duplicate("list of permissions".to_owned()));
        }
        self.permissions = permissions;
        Ok(())
    }
}

/// A permission on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[non_exhaustive]
pub enum Permission {
    /// `create`
    Create,
    /// `read`
    Read,
    /// `update`
    Update,
    /// `delete`
    Delete,
}

impl Permission {
    pub(super) fn new(name: &str) -> Result<Self, PolicyError> {
        [Self::Create, Self::Read, Self::Update, Self::Delete]
            .into_iter()
            .find(|permission| permission.as_str() == name)
            .ok_or(PolicyError::UnknownPermission)
    }

    /// Returns the name in the policy.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

crate::text::text_conversions!(Permission, PolicyError, as_str);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_conditions_of_a_rule_are_serialized() {
        let rule = Rule::custom_data("user_id", "42")
            .with_custom_data("region", "eu")
            .with_id("d1")
            .with_permissions([Permission::Update, Permission::Read, Permission::Read]);
        let expected = json!({
            "custom_data": {"region": "eu", "user_id": "42"}, "id": "d1", "permissions": ["read", "update"],
        });
        assert_eq!(serde_json::to_value(rule).unwrap(), expected);
    }

    #[test]
    fn only_any_serializes_to_an_empty_object() {
        assert_eq!(serde_json::to_string(&Rule::any()).unwrap(), "{}");
        for invalid in
            [Rule::custom_data("", "42"), Rule::custom_data("user_id", ""), Rule::id(""), Rule::permissions([])]
        {
            assert!(serde_json::to_string(&invalid).is_err(), "{invalid:?}");
            assert!(serde_json::to_string(&invalid.with_id("d1")).is_err());
        }
    }
}
