//! Reads a policy through its builder, so that a token can contain no policy that the builder refuses.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Permission, Policy, PolicyError, PolicyVersion, Rule};
use crate::{
    json::{self, Json},
    text::printable_name,
};

impl Policy {
    pub(crate) fn from_json(policy: &Json<'_>) -> Result<Self, PolicyError> {
        let members = policy.as_object().ok_or(PolicyError::NotAnObject)?;
        let version = match members.get("version").map(Json::as_u64) {
            None | Some(Some(1)) => return Err(PolicyError::DeprecatedVersion),
            Some(Some(2)) => PolicyVersion::V2,
            Some(Some(3)) => PolicyVersion::V3,
            Some(_) => return Err(PolicyError::UnknownVersion),
        };
        let mut builder = Self::builder().version(version);
        for (name, rule) in members.iter().filter(|&(name, _)| name != "version") {
            builder = builder.resource(name, Rule::from_json(name, rule)?);
        }
        builder.build()
    }
}

impl Rule {
    fn from_json(resource: &str, rule: &Json<'_>) -> Result<Self, PolicyError> {
        let wrong_type = || PolicyError::WrongType(printable_name(resource));
        let mut read = Self::any();
        for (member, value) in rule.as_object().ok_or_else(wrong_type)?.iter() {
            read = match member {
                "custom_data" => {
                    let entries = value.as_object().ok_or_else(wrong_type)?;
                    if entries.is_empty() {
                        return Err(PolicyError::EmptyCondition("custom_data".to_owned()));
                    }
                    let add = |rule: Self, (key, value): (&str, &Json<'_>)| {
                        Ok(rule.with_custom_data(key, value.as_str().ok_or_else(wrong_type)?))
                    };
                    entries.iter().try_fold(read, add)?
                }
                "id" => read.with_id(value.as_str().ok_or_else(wrong_type)?),
                "permissions" => {
                    let listed = value.as_array().ok_or_else(wrong_type)?;
                    let permission = |listed: &Json<'_>| Permission::new(listed.as_str().ok_or_else(wrong_type)?);
                    let permissions: BTreeSet<_> = listed.iter().map(permission).collect::<Result<_, _>>()?;
                    if permissions.len() != listed.len() {
                        return Err(PolicyError::Duplicate("permission".to_owned()));
                    }
                    read.with_permissions(permissions)
                }
                _ => return Err(PolicyError::UnknownField(printable_name(resource))),
            };
        }
        read.check().map(|()| read)
    }
}

impl<'de> Deserialize<'de> for Policy {
    /// An unknown or repeated member is an error, and so is what the builder refuses.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let policy = Json::Object(json::object(deserializer)?);
        Self::from_json(&policy).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Rule {
    /// An unknown or repeated member is an error, and so is what the builder refuses.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rule = Json::Object(json::object(deserializer)?);
        Self::from_json("rule", &rule).map_err(D::Error::custom)
    }
}
