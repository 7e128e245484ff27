use serde_json::json;

use super::*;
use crate::json::Document;

fn read(policy: &Value) -> Result<Policy, PolicyError> {
    Policy::from_json(&Document::parse(policy.to_string().as_bytes()).unwrap().value)
}

#[test]
fn every_resource_is_serialized_under_its_name() {
    let any = Rule::any;
    let policy = Policy::builder()
        .sessions(any())
        .devices(any())
        .push(any())
        .features(any())
        .members(any())
        .recordings(any())
        .resource("webhooks", any())
        .build();
    let expected = json!({
        "version": 3, "sessions": {}, "devices": {}, "push": {}, "features": {}, "members": {}, "recordings": {}, "webhooks": {},
    });
    assert_eq!(serde_json::to_value(policy.unwrap()).unwrap(), expected);
    assert_eq!(serde_json::to_value(Policy::deny_all()).unwrap(), json!({"version": 3}));
    assert_eq!(Policy::builder().build(), Ok(Policy::deny_all()));
}

#[test]
fn version_2_is_serialized_with_its_number() {
    let policy = Policy::builder().version(PolicyVersion::V2).devices(Rule::id("d1")).build().unwrap();
    assert_eq!(serde_json::to_value(policy).unwrap(), json!({"version": 2, "devices": {"id": "d1"}}));
}

#[test]
fn raw_json_is_serialized_unchanged() {
    let Value::Object(map) = json!({"version": 3, "devices": {"custom_data": {"age": 7}}}) else { unreachable!() };
    let policy = Policy::from_raw_json_unchecked(map.clone());
    assert_eq!(serde_json::to_value(&policy).unwrap(), Value::Object(map));
    assert_eq!((policy.version(), policy.rules().count()), (None, 0));
}

#[test]
fn build_with_invalid_rule_or_resource_returns_first_error() {
    let (any, devices) = (Rule::any, || Policy::builder().devices(Rule::id("d1")));
    let user = || Rule::custom_data("user_id", "42");
    let of = |rule: Rule| Policy::builder().devices(rule);
    let v2 = || Policy::builder().version(PolicyVersion::V2);
    let read_only = || Rule::permissions([Permission::Read]);
    for (policy, expected) in [
        (of(Rule::custom_data("", "42")), empty("custom_data key")),
        (of(Rule::custom_data("user_id", "")), empty("custom_data \"user_id\"")),
        (of(Rule::id("")), empty("id")),
        (of(Rule::permissions([])), empty("list of permissions")),
        (of(user().with_custom_data("user_id", "43")), duplicate("custom_data \"user_id\"")),
        (of(Rule::id("a").with_id("a")), duplicate("id")),
        (of(read_only().with_permissions([Permission::Delete])), duplicate("list of permissions")),
        (Policy::builder().resource("", any()), PolicyError::InvalidResource(String::new())),
        (Policy::builder().resource("version", any()), PolicyError::InvalidResource("version".into())),
        (devices().devices(any()), duplicate("resource \"devices\"")),
        (devices().resource("devices", any()), duplicate("resource \"devices\"")),
        (v2().devices(read_only()), PolicyError::PermissionsInV2),
        (of(read_only()).version(PolicyVersion::V2), PolicyError::PermissionsInV2),
        // The first error is reported, whatever follows it.
        (of(Rule::id("").with_id("d1").with_custom_data("", "")), empty("id")),
        (of(Rule::id("")).push(Rule::permissions([])).devices(any()), empty("id")),
        (devices().devices(any()).push(Rule::id("")), duplicate("resource \"devices\"")),
    ] {
        assert_eq!(policy.build(), Err(expected));
    }
}

#[test]
fn deserialize_with_invalid_version_returns_error() {
    for version_1 in [json!({"devices": {"user_id": "x"}}), json!({"version": 1, "devices": {"user_id": "x"}})] {
        assert_eq!(read(&version_1), Err(PolicyError::DeprecatedVersion));
    }
    for version in [json!("3"), json!(3.0), json!(4), json!(null)] {
        assert_eq!(read(&json!({"version": version})), Err(PolicyError::UnknownVersion));
    }
    assert_eq!(read(&json!("{\"version\":3}")), Err(PolicyError::NotAnObject));
}

#[test]
fn deserialize_with_invalid_rule_returns_error() {
    let wrong_type = || PolicyError::WrongType("devices".into());
    for (rule, expected) in [
        (json!(null), wrong_type()),
        (json!("all"), wrong_type()),
        (json!({"customData": {"a": "b"}}), PolicyError::UnknownField("devices".into())),
        (json!({"custom_data": {}}), empty("custom_data")),
        (json!({"custom_data": {"": "b"}}), empty("custom_data key")),
        (json!({"custom_data": {"a": ""}}), empty("custom_data \"a\"")),
        (json!({"custom_data": {"a": 1}}), wrong_type()),
        (json!({"custom_data": null}), wrong_type()),
        (json!({"id": ""}), empty("id")),
        (json!({"id": 7}), wrong_type()),
        (json!({"permissions": []}), empty("list of permissions")),
        (json!({"permissions": ["read", "read"]}), duplicate("permission")),
        (json!({"permissions": ["write"]}), PolicyError::UnknownPermission),
        (json!({"permissions": [1]}), wrong_type()),
        (json!({"permissions": "read"}), wrong_type()),
    ] {
        assert_eq!(read(&json!({"version": 3, "devices": rule})), Err(expected));
    }
    let v2 = json!({"version": 2, "devices": {"permissions": ["read"]}});
    assert_eq!(read(&v2), Err(PolicyError::PermissionsInV2));
    assert_eq!(read(&json!({"version": 3, "": {}})), Err(PolicyError::InvalidResource(String::new())));
}

#[test]
fn deserialize_with_serialized_policy_returns_it() {
    let rule = Rule::custom_data("a", "1").with_id("d1").with_permissions([Permission::Delete, Permission::Create]);
    let policy = Policy::builder().devices(rule.clone()).resource("x", Rule::any()).build().unwrap();
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    assert_eq!(serde_json::from_str::<Rule>(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
    assert!(serde_json::from_str::<Rule>(r#"{"id":""}"#).is_err());
}

#[test]
fn deserialize_with_repeated_member_returns_error_at_any_depth() {
    for wrong in [
        r#"{"version":3,"version":2}"#,
        r#"{"version":3,"devices":{"id":"a"},"devices":{}}"#,
        r#"{"version":3,"devices":{"custom_data":{"a":"1","a":"2"}}}"#,
    ] {
        assert!(serde_json::from_str::<Policy>(wrong).unwrap_err().to_string().contains("duplicate"), "{wrong}");
    }
}

#[test]
fn long_name_is_not_part_of_an_error() {
    let name = "r".repeat(40_000);
    for policy in [json!({"version": 3, (&name): 1}), json!({"version": 3, "devices": {"custom_data": {(&name): ""}}})]
    {
        assert!(read(&policy).unwrap_err().to_string().len() < 200);
    }
}

fn empty(condition: &str) -> PolicyError {
    PolicyError::EmptyCondition(condition.into())
}

fn duplicate(name: &str) -> PolicyError {
    PolicyError::Duplicate(name.into())
}
