//! What a restricted agent may see: the claim `policy`.

mod read;
mod rule;

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value};

pub use rule::{Permission, Rule};

use super::PolicyError;
use crate::json;

/// The resources that an agent may use, each with the [`Rule`] that narrows it: the claim `policy`.
///
/// A resource without a rule is denied, [`Rule::any`] grants it whole, and a policy without rules denies everything. Starting
/// a session on a device takes `sessions`, `push` and `devices` together
/// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts/jwt-policies)).
///
/// ```
/// use cobrowse_jwt_core::{Policy, Rule};
///
/// let customer = Rule::custom_data("user_id", "42")?;
/// let policy = Policy::new().devices(customer.clone())?.sessions(customer)?.push(Rule::any())?;
/// # Ok::<(), cobrowse_jwt_core::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Rules { version: PolicyVersion, rules: BTreeMap<Cow<'static, str>, Rule> },
    Raw(Map<String, Value>),
}

/// The version of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyVersion {
    /// Version 2, which knows no permissions. Official examples still use it.
    V2,
    /// Version 3, the documented one.
    V3,
}

impl Policy {
    /// A policy of version 3 that denies everything until rules are added.
    #[must_use]
    pub const fn new() -> Self {
        Self(Form::Rules { version: PolicyVersion::V3, rules: BTreeMap::new() })
    }

    /// A policy of version 2, for a self-hosted instance that knows no other: without permissions.
    #[must_use]
    pub const fn version_2() -> Self {
        Self(Form::Rules { version: PolicyVersion::V2, rules: BTreeMap::new() })
    }

    /// A policy that goes into the token as it stands, **checked by nothing**: for what Cobrowse has told you but its
    /// documentation does not say, such as a condition on a number.
    ///
    /// An empty or misspelled part of it may grant everything. [`Verifier`](crate::Verifier) refuses what rules could not
    /// have expressed.
    #[must_use]
    pub const fn from_raw_json_unchecked(policy: Map<String, Value>) -> Self {
        Self(Form::Raw(policy))
    }

    /// Grants the sessions that the rule covers.
    ///
    /// # Errors
    ///
    /// As [`Policy::resource`].
    pub fn sessions(self, rule: Rule) -> Result<Self, PolicyError> {
        self.insert("sessions".into(), rule)
    }

    /// Grants the devices that the rule covers.
    ///
    /// # Errors
    ///
    /// As [`Policy::resource`].
    pub fn devices(self, rule: Rule) -> Result<Self, PolicyError> {
        self.insert("devices".into(), rule)
    }

    /// Grants inviting a device to a session.
    ///
    /// # Errors
    ///
    /// As [`Policy::resource`].
    pub fn push(self, rule: Rule) -> Result<Self, PolicyError> {
        self.insert("push".into(), rule)
    }

    /// Grants the account's features.
    ///
    /// # Errors
    ///
    /// As [`Policy::resource`].
    pub fn features(self, rule: Rule) -> Result<Self, PolicyError> {
        self.insert("features".into(), rule)
    }

    /// Grants the account's members, as SCIM provisioning needs.
    ///
    /// # Errors
    ///
    /// As [`Policy::resource`].
    pub fn members(self, rule: Rule) -> Result<Self, PolicyError> {
        self.insert("members".into(), rule)
    }

    /// Grants recordings. Seen in official examples, not in the documentation.
    ///
    /// # Errors
    ///
    /// As [`Policy::resource`].
    pub fn recordings(self, rule: Rule) -> Result<Self, PolicyError> {
        self.insert("recordings".into(), rule)
    }

    /// Grants a resource that has no method here.
    ///
    /// # Errors
    ///
    /// [`PolicyError::EmptyResource`], [`PolicyError::ReservedResource`], [`PolicyError::RepeatedResource`], in version 2
    /// [`PolicyError::PermissionsInVersion2`], and [`PolicyError::RawPolicy`] on a raw policy.
    pub fn resource(self, name: impl Into<String>, rule: Rule) -> Result<Self, PolicyError> {
        self.insert(Cow::Owned(name.into()), rule)
    }

    /// The version, or `None` for raw JSON.
    #[must_use]
    pub const fn version(&self) -> Option<PolicyVersion> {
        match &self.0 {
            Form::Rules { version, .. } => Some(*version),
            Form::Raw(_) => None,
        }
    }

    /// The rules by the names of their resources, sorted; none for raw JSON.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        let rules = match &self.0 {
            Form::Rules { rules, .. } => Some(rules),
            Form::Raw(_) => None,
        };
        rules.into_iter().flatten().map(|(name, rule)| (name.as_ref(), rule))
    }

    /// The rule of one resource; none for raw JSON.
    #[must_use]
    pub fn rule(&self, resource: &str) -> Option<&Rule> {
        match &self.0 {
            Form::Rules { rules, .. } => rules.get(resource),
            Form::Raw(_) => None,
        }
    }

    fn insert(mut self, name: Cow<'static, str>, rule: Rule) -> Result<Self, PolicyError> {
        let Form::Rules { version, rules } = &mut self.0 else {
            return Err(PolicyError::RawPolicy);
        };
        if name.is_empty() {
            return Err(PolicyError::EmptyResource);
        }
        if name == "version" {
            return Err(PolicyError::ReservedResource);
        }
        if *version == PolicyVersion::V2 && rule.has_permissions() {
            return Err(PolicyError::PermissionsInVersion2);
        }
        if rules.contains_key(&name) {
            return Err(PolicyError::RepeatedResource(json::shortened(&name)));
        }
        rules.insert(name, rule);
        Ok(self)
    }
}

impl Default for Policy {
    /// As [`Policy::new`]: denies everything.
    fn default() -> Self {
        Self::new()
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Raw(map) => map.serialize(serializer),
            Form::Rules { version, rules } => {
                let mut map = serializer.serialize_map(Some(1 + rules.len()))?;
                map.serialize_entry("version", &version.number())?;
                for (name, rule) in rules {
                    map.serialize_entry(name, rule)?;
                }
                map.end()
            }
        }
    }
}

impl PolicyVersion {
    const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_resource_has_its_name() {
        let any = Rule::any;
        let policy = Policy::new()
            .sessions(any())
            .and_then(|policy| policy.devices(any()))
            .and_then(|policy| policy.push(any()))
            .and_then(|policy| policy.features(any()))
            .and_then(|policy| policy.members(any()))
            .and_then(|policy| policy.recordings(any()))
            .and_then(|policy| policy.resource("webhooks", any()))
            .unwrap();
        let expected = json!({
            "version": 3, "sessions": {}, "devices": {}, "push": {}, "features": {}, "members": {}, "recordings": {}, "webhooks": {},
        });
        assert_eq!(serde_json::to_value(&policy).unwrap(), expected);
        assert_eq!(serde_json::to_value(Policy::new()).unwrap(), json!({"version": 3}));
    }

    #[test]
    fn a_resource_is_named_and_named_once() {
        let any = Rule::any;
        assert_eq!(Policy::new().resource("", any()), Err(PolicyError::EmptyResource));
        assert_eq!(Policy::new().resource("version", any()), Err(PolicyError::ReservedResource));
        let devices = Policy::new().devices(Rule::id("d1").unwrap()).unwrap();
        let repeated = PolicyError::RepeatedResource("devices".into());
        assert_eq!(devices.clone().devices(any()), Err(repeated.clone()));
        assert_eq!(devices.resource("devices", any()), Err(repeated));
    }

    #[test]
    fn version_2_knows_no_permissions() {
        let rule = Rule::permissions([Permission::Read]).unwrap();
        assert_eq!(Policy::version_2().devices(rule), Err(PolicyError::PermissionsInVersion2));
        let policy = Policy::version_2().devices(Rule::id("d1").unwrap()).unwrap();
        assert_eq!(serde_json::to_value(policy).unwrap(), json!({"version": 2, "devices": {"id": "d1"}}));
    }

    #[test]
    fn raw_json_stands_as_it_is_and_takes_no_rules() {
        let Value::Object(map) = json!({"version": 3, "devices": {"custom_data": {"age": 7}}}) else { unreachable!() };
        let policy = Policy::from_raw_json_unchecked(map.clone());
        assert_eq!(serde_json::to_value(&policy).unwrap(), Value::Object(map));
        assert_eq!(policy.push(Rule::any()), Err(PolicyError::RawPolicy));
    }
}
