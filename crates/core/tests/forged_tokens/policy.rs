//! Policies that grant more than they seem to.

use crate::{Attack, expected::POLICY, forge::with};

pub(crate) fn attacks() -> Vec<Attack> {
    let policy = |policy: &str| with(&format!(r#""role":null,"policy":{policy}"#));
    let rule = |rule: &str| policy(&format!(r#"{{"version":3,"devices":{rule}}}"#));
    [
        ("policy as null", policy("null")),
        ("policy as a string", policy(r#""{\"version\":3}""#)),
        ("policy as an array", policy("[]")),
        ("policy as true", policy("true")),
        ("an empty policy", policy("{}")),
        ("policy without a version", policy(r#"{"devices":{"user_id":"x"}}"#)),
        ("policy of version 1", policy(r#"{"version":1,"devices":{}}"#)),
        ("policy of version 4", policy(r#"{"version":4,"devices":{}}"#)),
        ("policy of version 0", policy(r#"{"version":0}"#)),
        ("policy with the version as a string", policy(r#"{"version":"3"}"#)),
        ("policy with the version as a fraction", policy(r#"{"version":3.0}"#)),
        ("policy with the version as an exponent", policy(r#"{"version":3e0}"#)),
        ("policy with the version as null", policy(r#"{"version":null}"#)),
        ("policy with Version", policy(r#"{"Version":3}"#)),
        ("a rule as true", rule("true")),
        ("a rule as null", rule("null")),
        ("a rule as a string", rule(r#""*""#)),
        ("a rule as an array", rule("[]")),
        ("a rule with customData", rule(r#"{"customData":{"user_id":"42"}}"#)),
        ("a rule with an unknown condition", rule(r#"{"user_id":"42"}"#)),
        ("a rule with a negation", rule(r#"{"not":{"id":"a"}}"#)),
        ("custom_data without properties", rule(r#"{"custom_data":{}}"#)),
        ("custom_data as null", rule(r#"{"custom_data":null}"#)),
        ("custom_data as an array", rule(r#"{"custom_data":[]}"#)),
        ("custom_data with an empty value", rule(r#"{"custom_data":{"user_id":""}}"#)),
        ("custom_data with an empty key", rule(r#"{"custom_data":{"":"42"}}"#)),
        ("custom_data with a number", rule(r#"{"custom_data":{"user_id":42}}"#)),
        ("custom_data with null", rule(r#"{"custom_data":{"user_id":null}}"#)),
        ("custom_data with an operator", rule(r#"{"custom_data":{"user_id":{"$ne":""}}}"#)),
        ("custom_data with an array", rule(r#"{"custom_data":{"user_id":["1","2"]}}"#)),
        ("an empty id", rule(r#"{"id":""}"#)),
        ("id as a number", rule(r#"{"id":1}"#)),
        ("id as an operator", rule(r#"{"id":{"$gt":""}}"#)),
        ("permissions without elements", rule(r#"{"permissions":[]}"#)),
        ("permissions as a string", rule(r#"{"permissions":"read"}"#)),
        ("permissions as null", rule(r#"{"permissions":null}"#)),
        ("permissions with a wildcard", rule(r#"{"permissions":["*"]}"#)),
        ("permissions in upper case", rule(r#"{"permissions":["READ"]}"#)),
        ("permissions twice the same", rule(r#"{"permissions":["read","read"]}"#)),
        ("permissions with a number", rule(r#"{"permissions":[1]}"#)),
        ("permissions in version 2", policy(r#"{"version":2,"devices":{"permissions":["read"]}}"#)),
        ("a resource without a name", policy(r#"{"version":3,"":{}}"#)),
    ]
    .map(|(name, token)| (name, token, POLICY))
    .to_vec()
}
