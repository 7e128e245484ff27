use std::{borrow::Cow, collections::BTreeMap};

use super::{Policy, PolicyError, PolicyVersion, Repr, Rule};
use crate::text::printable_name;

/// Builder for [`Policy`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct PolicyBuilder {
    version: PolicyVersion,
    rules: BTreeMap<Cow<'static, str>, Rule>,
    /// The first one.
    error: Option<PolicyError>,
}

impl PolicyBuilder {
    pub(super) const fn new() -> Self {
        Self { version: PolicyVersion::V3, rules: BTreeMap::new(), error: None }
    }

    /// Sets the version; [`PolicyVersion::V3`] by default.
    pub fn version(self, version: PolicyVersion) -> Self {
        Self { version, ..self }
    }

    /// Sets the rule for sessions.
    pub fn sessions(self, rule: Rule) -> Self {
        self.insert("sessions".into(), rule)
    }

    /// Sets the rule for devices.
    pub fn devices(self, rule: Rule) -> Self {
        self.insert("devices".into(), rule)
    }

    /// Sets the rule for inviting a device to a session.
    pub fn push(self, rule: Rule) -> Self {
        self.insert("push".into(), rule)
    }

    /// Sets the rule for the account's features.
    pub fn features(self, rule: Rule) -> Self {
        self.insert("features".into(), rule)
    }

    /// Sets the rule for the account's members, which SCIM provisioning needs.
    pub fn members(self, rule: Rule) -> Self {
        self.insert("members".into(), rule)
    }

    /// Sets the rule for recordings. Official examples use it; it is not documented.
    pub fn recordings(self, rule: Rule) -> Self {
        self.insert("recordings".into(), rule)
    }

    /// Sets the rule for a resource that has no method here.
    pub fn resource(self, name: impl Into<String>, rule: Rule) -> Self {
        self.insert(Cow::Owned(name.into()), rule)
    }

    /// Returns the policy.
    ///
    /// # Errors
    ///
    /// The first error of a call on this builder or on one of its rules: [`PolicyError::EmptyCondition`],
    /// [`PolicyError::Duplicate`] and [`PolicyError::InvalidResource`]; then [`PolicyError::PermissionsInV2`].
    pub fn build(self) -> Result<Policy, PolicyError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.version == PolicyVersion::V2 && self.rules.values().any(Rule::has_permissions) {
            return Err(PolicyError::PermissionsInV2);
        }
        Ok(Policy(Repr::Rules { version: self.version, rules: self.rules }))
    }

    fn insert(mut self, name: Cow<'static, str>, rule: Rule) -> Self {
        if self.error.is_none() {
            self.error = self.try_insert(name, rule).err();
        }
        self
    }

    fn try_insert(&mut self, name: Cow<'static, str>, rule: Rule) -> Result<(), PolicyError> {
        rule.check()?;
        if matches!(&*name, "" | "version") {
            return Err(PolicyError::InvalidResource(name.into_owned()));
        }
        if self.rules.contains_key(&name) {
            return Err(PolicyError::Duplicate(format!("resource {:?}", printable_name(&name))));
        }
        self.rules.insert(name, rule);
        Ok(())
    }
}
