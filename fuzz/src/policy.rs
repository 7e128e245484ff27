use std::fmt::Debug;

use cobrowse_jwt::{Access, Policy, Rule};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_str, to_string};

use crate::errors;

/// Input: a policy, a rule or an access as JSON. Property: a value that is accepted is equal after it is serialized and deserialized.
pub fn policy(data: &[u8]) {
    let Ok(json) = str::from_utf8(data) else { return };
    if let Some(policy) = read::<Policy>(json) {
        let value: Value = from_str(json).expect("accepted");
        let resources = value.as_object().expect("accepted").keys().filter(|name| *name != "version");
        assert!(resources.map(String::as_str).eq(policy.rules().map(|(name, _)| name)));
    }
    read::<Rule>(json);
    read::<Access>(json);
}

fn read<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &str) -> Option<T> {
    match from_str::<T>(json) {
        Ok(value) => {
            let again: T = from_str(&to_string(&value).expect("JSON")).expect("serialized by us");
            assert_eq!(again, value);
            Some(value)
        }
        Err(error) => {
            errors::check(&error);
            None
        }
    }
}
