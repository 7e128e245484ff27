//! Reading policies back, as strictly as they are built: through the same builder calls.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Permission, Policy, PolicyError, Rule};
use crate::json::{self, Json, Object};

impl Policy {
    pub(crate) fn from_json(policy: &Json<'_>) -> Result<Self, PolicyError> {
        let members = policy.as_object().ok_or(PolicyError::NotAnObject)?;
        let empty = match members.get("version") {
            None => return Err(PolicyError::Version1),
            Some(version) => match version.as_u64() {
                Some(3) => Self::new(),
                Some(2) => Self::version_2(),
                Some(1) => return Err(PolicyError::Version1),
                _ => return Err(PolicyError::UnknownVersion),
            },
        };
        members
            .iter()
            .filter(|&(name, _)| name != "version")
            .try_fold(empty, |policy, (name, rule)| policy.resource(name, Rule::from_json(name, rule)?))
    }
}

impl Rule {
    fn from_json(resource: &str, rule: &Json<'_>) -> Result<Self, PolicyError> {
        let members = rule.as_object().ok_or_else(|| PolicyError::RuleNotAnObject(json::shortened(resource)))?;
        let wrong_type = || PolicyError::WrongType(json::shortened(resource));
        members.iter().try_fold(Self::any(), |rule, (member, value)| match member {
            "custom_data" => rule.and_custom_data_json(value.as_object().ok_or_else(wrong_type)?, wrong_type),
            "id" => rule.and_id(value.as_str().ok_or_else(wrong_type)?),
            "permissions" => {
                let listed = value.as_array().ok_or_else(wrong_type)?;
                let permissions = listed.iter().map(|listed| Permission::from_json(resource, listed));
                let permissions = permissions.collect::<Result<BTreeSet<_>, _>>()?;
                let repeated = permissions.len() != listed.len();
                if repeated { Err(PolicyError::RepeatedPermissions) } else { rule.and_permissions(permissions) }
            }
            _ => Err(PolicyError::UnknownRuleMember(json::shortened(resource))),
        })
    }

    fn and_custom_data_json(
        self,
        entries: &Object<'_>,
        wrong_type: impl Fn() -> PolicyError,
    ) -> Result<Self, PolicyError> {
        if entries.is_empty() {
            return Err(PolicyError::EmptyCustomData);
        }
        entries
            .iter()
            .try_fold(self, |rule, (key, value)| rule.and_custom_data(key, value.as_str().ok_or_else(&wrong_type)?))
    }
}

impl Permission {
    fn from_json(resource: &str, value: &Json<'_>) -> Result<Self, PolicyError> {
        let word = value.as_str().ok_or_else(|| PolicyError::WrongType(json::shortened(resource)))?;
        Self::from_word(word)
    }
}

impl<'de> Deserialize<'de> for Policy {
    /// Strict: what the builder would refuse, an unknown or a repeated member is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let policy = Json::Object(json::object(deserializer)?);
        Self::from_json(&policy).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Rule {
    /// Strict: what the builder would refuse, an unknown or a repeated member is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rule = Json::Object(json::object(deserializer)?);
        Self::from_json("rule", &rule).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(policy: &Value) -> Result<Policy, PolicyError> {
        Policy::from_json(&crate::json::Document::parse(policy.to_string().as_bytes()).unwrap().value)
    }

    fn policy_of(devices: Value) -> Result<Policy, PolicyError> {
        let mut policy = json!({"version": 3});
        policy["devices"] = devices;
        read(&policy)
    }

    #[test]
    fn reads_what_it_writes() {
        let rule = Rule::custom_data("a", "1")
            .and_then(|rule| rule.and_id("d1"))
            .and_then(|rule| rule.and_permissions([Permission::Delete, Permission::Create]))
            .unwrap();
        let policy = Policy::new().devices(rule.clone()).and_then(|policy| policy.resource("x", Rule::any())).unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        assert_eq!(serde_json::from_str::<Rule>(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
    }

    #[test]
    fn names_what_is_wrong_with_a_version() {
        assert_eq!(read(&json!({"devices": {"user_id": "x"}})), Err(PolicyError::Version1));
        assert_eq!(read(&json!({"version": 1, "devices": {"user_id": "x"}})), Err(PolicyError::Version1));
        for version in [json!("3"), json!(3.0), json!(4), json!(null)] {
            assert_eq!(read(&json!({"version": version})), Err(PolicyError::UnknownVersion));
        }
        assert_eq!(read(&json!("{\"version\":3}")), Err(PolicyError::NotAnObject));
    }

    #[test]
    fn names_what_is_wrong_with_a_rule() {
        let devices = || "devices".to_owned();
        for (rule, expected) in [
            (json!(null), PolicyError::RuleNotAnObject(devices())),
            (json!("all"), PolicyError::RuleNotAnObject(devices())),
            (json!({"customData": {"a": "b"}}), PolicyError::UnknownRuleMember(devices())),
            (json!({"custom_data": {}}), PolicyError::EmptyCustomData),
            (json!({"custom_data": {"": "b"}}), PolicyError::EmptyKey),
            (json!({"custom_data": {"a": ""}}), PolicyError::EmptyValue("a".into())),
            (json!({"custom_data": {"a": 1}}), PolicyError::WrongType(devices())),
            (json!({"custom_data": null}), PolicyError::WrongType(devices())),
            (json!({"id": ""}), PolicyError::EmptyId),
            (json!({"id": 7}), PolicyError::WrongType(devices())),
            (json!({"permissions": []}), PolicyError::EmptyPermissions),
            (json!({"permissions": ["read", "read"]}), PolicyError::RepeatedPermissions),
            (json!({"permissions": ["write"]}), PolicyError::UnknownPermission),
            (json!({"permissions": "read"}), PolicyError::WrongType(devices())),
        ] {
            assert_eq!(policy_of(rule), Err(expected));
        }
    }

    #[test]
    fn a_long_name_is_not_repeated_whole() {
        let name = "r".repeat(40_000);
        let error = read(&json!({"version": 3, (name): 1})).unwrap_err();
        assert!(error.to_string().len() < 200);
    }

    #[test]
    fn a_repeated_member_is_an_error_at_any_depth() {
        for wrong in [
            r#"{"version":3,"version":2}"#,
            r#"{"version":3,"devices":{"id":"a"},"devices":{}}"#,
            r#"{"version":3,"devices":{"custom_data":{"a":"1","a":"2"}}}"#,
        ] {
            assert!(serde_json::from_str::<Policy>(wrong).unwrap_err().to_string().contains("twice"), "{wrong}");
        }
    }
}
