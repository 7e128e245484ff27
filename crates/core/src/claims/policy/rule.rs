use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::json;

/// What a resource of a [`Policy`](super::Policy) is narrowed to: all conditions of a rule hold together.
///
/// Only [`Rule::any`] serializes to `{}`, which grants the whole resource: a condition that came out empty is an error where
/// it is built
/// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts/jwt-policies)).
///
/// ```
/// use cobrowse_jwt_core::{Permission, Rule};
///
/// let rule = Rule::custom_data("user_id", "42")?
///     .and_custom_data("region", "eu")?
///     .and_permissions([Permission::Read])?;
/// assert!(Rule::custom_data("user_id", "").is_err());
/// # Ok::<(), cobrowse_jwt_core::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_data: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    permissions: BTreeSet<Permission>,
}

impl Rule {
    /// Grants the whole resource.
    #[must_use]
    pub const fn any() -> Self {
        Self { custom_data: BTreeMap::new(), id: None, permissions: BTreeSet::new() }
    }

    /// Only what carries this `custom_data` property, which the customer's app or page set on the device.
    ///
    /// # Errors
    ///
    /// [`PolicyError::EmptyKey`] and [`PolicyError::EmptyValue`].
    pub fn custom_data(key: impl Into<String>, value: impl Into<String>) -> Result<Self, PolicyError> {
        Self::any().and_custom_data(key, value)
    }

    /// Only the device, session or other resource of this id.
    ///
    /// # Errors
    ///
    /// [`PolicyError::EmptyId`].
    pub fn id(id: impl Into<String>) -> Result<Self, PolicyError> {
        Self::any().and_id(id)
    }

    /// Only these permissions on the resource. Needs a policy of version 3.
    ///
    /// # Errors
    ///
    /// [`PolicyError::EmptyPermissions`].
    pub fn permissions(permissions: impl IntoIterator<Item = Permission>) -> Result<Self, PolicyError> {
        Self::any().and_permissions(permissions)
    }

    /// And this `custom_data` property too.
    ///
    /// # Errors
    ///
    /// As [`Rule::custom_data`], and [`PolicyError::RepeatedKey`].
    pub fn and_custom_data(mut self, key: impl Into<String>, value: impl Into<String>) -> Result<Self, PolicyError> {
        let (key, value) = (key.into(), value.into());
        if key.is_empty() {
            return Err(PolicyError::EmptyKey);
        }
        if value.is_empty() {
            return Err(PolicyError::EmptyValue(json::shortened(&key)));
        }
        if self.custom_data.contains_key(&key) {
            return Err(PolicyError::RepeatedKey(json::shortened(&key)));
        }
        self.custom_data.insert(key, value);
        Ok(self)
    }

    /// And of this id too.
    ///
    /// # Errors
    ///
    /// As [`Rule::id`], and [`PolicyError::RepeatedId`].
    pub fn and_id(self, id: impl Into<String>) -> Result<Self, PolicyError> {
        let id = id.into();
        if id.is_empty() {
            return Err(PolicyError::EmptyId);
        }
        if self.id.is_some() {
            return Err(PolicyError::RepeatedId);
        }
        Ok(Self { id: Some(id), ..self })
    }

    /// And with these permissions only.
    ///
    /// # Errors
    ///
    /// As [`Rule::permissions`], and [`PolicyError::RepeatedPermissions`].
    pub fn and_permissions(self, permissions: impl IntoIterator<Item = Permission>) -> Result<Self, PolicyError> {
        let permissions: BTreeSet<Permission> = permissions.into_iter().collect();
        if permissions.is_empty() {
            return Err(PolicyError::EmptyPermissions);
        }
        if self.has_permissions() {
            return Err(PolicyError::RepeatedPermissions);
        }
        Ok(Self { permissions, ..self })
    }

    pub(super) fn has_permissions(&self) -> bool {
        !self.permissions.is_empty()
    }
}

/// What may be done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
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
    pub(super) fn from_word(word: &str) -> Result<Self, PolicyError> {
        match word {
            "create" => Ok(Self::Create),
            "read" => Ok(Self::Read),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            _ => Err(PolicyError::UnknownPermission),
        }
    }
}

impl TryFrom<String> for Permission {
    type Error = PolicyError;

    fn try_from(word: String) -> Result<Self, PolicyError> {
        Self::from_word(&word)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_stand_together() {
        let rule = Rule::custom_data("user_id", "42")
            .and_then(|rule| rule.and_custom_data("region", "eu"))
            .and_then(|rule| rule.and_id("d1"))
            .and_then(|rule| rule.and_permissions([Permission::Update, Permission::Read, Permission::Read]))
            .unwrap();
        let expected = json!({
            "custom_data": {"region": "eu", "user_id": "42"}, "id": "d1", "permissions": ["read", "update"],
        });
        assert_eq!(serde_json::to_value(rule).unwrap(), expected);
    }

    #[test]
    fn only_any_is_empty() {
        assert_eq!(serde_json::to_string(&Rule::any()).unwrap(), "{}");
        assert_eq!(Rule::custom_data("", "42"), Err(PolicyError::EmptyKey));
        assert_eq!(Rule::custom_data("user_id", ""), Err(PolicyError::EmptyValue("user_id".into())));
        assert_eq!(Rule::id(""), Err(PolicyError::EmptyId));
        assert_eq!(Rule::permissions([]), Err(PolicyError::EmptyPermissions));
    }

    #[test]
    fn nothing_is_silently_replaced() {
        let rule = Rule::custom_data("user_id", "42").unwrap();
        assert_eq!(rule.and_custom_data("user_id", "43"), Err(PolicyError::RepeatedKey("user_id".into())));
        assert_eq!(Rule::id("a").unwrap().and_id("a"), Err(PolicyError::RepeatedId));
        let rule = Rule::permissions([Permission::Read]).unwrap();
        assert_eq!(rule.and_permissions([Permission::Delete]), Err(PolicyError::RepeatedPermissions));
    }
}
