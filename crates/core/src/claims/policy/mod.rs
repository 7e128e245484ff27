//! The claim `policy`.

mod builder;
mod error;
mod read;
mod rule;

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value};

pub use builder::PolicyBuilder;
pub use error::PolicyError;
pub use rule::{Permission, Rule};

/// The resources that an agent may use, each with a [`Rule`]: the claim `policy`.
///
/// What a missing rule means depends on [`Access`](crate::Access): with [`Access::PolicyOnly`](crate::Access::PolicyOnly), the resource
/// is denied; beside a role, it stays as open as the role leaves it. Starting a session on a device needs `sessions`, `push` and
/// `devices` ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts/jwt-policies)).
///
/// ```
/// use cobrowse_jwt_core::{Policy, Rule};
///
/// let customer = Rule::custom_data("user_id", "42");
/// let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
/// # Ok::<(), cobrowse_jwt_core::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    Rules { version: PolicyVersion, rules: BTreeMap<Cow<'static, str>, Rule> },
    Raw(Map<String, Value>),
}

impl Policy {
    /// Returns a builder for a policy of version 3.
    pub const fn builder() -> PolicyBuilder {
        PolicyBuilder::new()
    }

    /// Returns a policy without rules, which denies everything with [`Access::PolicyOnly`](crate::Access::PolicyOnly). Beside a role, it
    /// restricts nothing.
    #[must_use]
    pub const fn deny_all() -> Self {
        Self(Repr::Rules { version: PolicyVersion::V3, rules: BTreeMap::new() })
    }

    /// Returns a policy that is written to the token **unvalidated**: for what Cobrowse supports but does not document, such as a
    /// condition on a number.
    ///
    /// An empty or misspelled condition may grant everything. [`Verifier`](crate::Verifier) refuses what a [`Rule`] cannot express.
    #[must_use]
    pub const fn from_raw_json_unchecked(policy: Map<String, Value>) -> Self {
        Self(Repr::Raw(policy))
    }

    /// Returns the version, or `None` for raw JSON.
    #[must_use]
    pub const fn version(&self) -> Option<PolicyVersion> {
        match &self.0 {
            Repr::Rules { version, .. } => Some(*version),
            Repr::Raw(_) => None,
        }
    }

    /// Returns the rules with the names of their resources, sorted by name. Raw JSON has none.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        let rules = match &self.0 {
            Repr::Rules { rules, .. } => Some(rules),
            Repr::Raw(_) => None,
        };
        rules.into_iter().flatten().map(|(name, rule)| (name.as_ref(), rule))
    }

    /// Returns the rule for a resource. Raw JSON has none.
    #[must_use]
    pub fn rule(&self, resource: &str) -> Option<&Rule> {
        match &self.0 {
            Repr::Rules { rules, .. } => rules.get(resource),
            Repr::Raw(_) => None,
        }
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::Raw(map) => map.serialize(serializer),
            Repr::Rules { version, rules } => {
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

/// The version of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyVersion {
    /// Version 2, without permissions, for a self-hosted instance that does not support version 3.
    V2,
    /// Version 3, which Cobrowse documents.
    V3,
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
mod tests;
