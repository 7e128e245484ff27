use std::convert::Infallible;

/// A claim that Cobrowse would refuse, or that would not mean what it seems to.
///
/// No message contains the refused text: people paste private keys into the wrong field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// An empty license key.
    #[error("the license key is empty; copy it from the account settings of the Cobrowse dashboard")]
    EmptyLicenseKey,
    /// A license key with a character outside `[A-Za-z0-9_-]`.
    #[error(
        "the license key has a character other than A-Z, a-z, 0-9, `_` and `-`; copy it again from the account settings"
    )]
    InvalidLicenseKey,
    /// An empty or blank subject.
    #[error("the subject is empty; name the agent, in most accounts by their email address")]
    EmptySubject,
    /// A line break, NUL or the like in the subject.
    #[error("the subject has a control character such as a line break; remove it")]
    ControlCharacterInSubject,
    /// An empty or blank display name.
    #[error("the display name is empty; leave it out or give a name")]
    EmptyDisplayName,
    /// A line break, NUL or the like in the display name.
    #[error("the display name has a control character such as a line break; remove it")]
    ControlCharacterInDisplayName,
    /// A lifetime of less than a second.
    #[error("the lifetime is under one second; give at least one")]
    LifetimeUnderOneSecond,
    /// A lifetime of more than 24 hours without [`Lifetime::long_lived`](crate::Lifetime::long_lived).
    #[error(
        "the lifetime is over 24 hours; shorten it (is it in milliseconds?), or use `Lifetime::long_lived` where SCIM needs it"
    )]
    LifetimeOverOneDay,
    /// A role that Cobrowse does not know.
    #[error("the role is none of \"administrator\", \"agent\" and null; use one of them")]
    UnknownRole,
    /// `"role": null` without a policy.
    #[error("the role is null but there is no policy, so the token grants nothing; add a policy")]
    NullRoleWithoutPolicy,
}

impl From<Infallible> for ClaimsError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A policy that would grant more than it seems to, or that Cobrowse does not document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A condition without entries: it would grant the whole resource.
    #[error("the rule's custom_data has no entry, so it would grant everything; add one, or write `Rule::any()`")]
    EmptyCustomData,
    /// An empty key of a condition.
    #[error("a custom_data key is empty; name the property that the devices carry")]
    EmptyKey,
    /// An empty value of a condition.
    #[error("the value of custom_data {0:?} is empty; refuse the request instead if the customer is unknown")]
    EmptyValue(String),
    /// One key twice: the second value would replace the first.
    #[error("custom_data {0:?} is set twice; give one value for each key")]
    RepeatedKey(String),
    /// An empty id.
    #[error("the rule's id is empty; refuse the request instead if the id is unknown")]
    EmptyId,
    /// A second id in one rule.
    #[error("the rule has an id already; make one rule for one id")]
    RepeatedId,
    /// A list of permissions without entries: it would be left out and grant all of them.
    #[error("the rule's permissions are empty; name at least one, or leave the resource out of the policy to deny it")]
    EmptyPermissions,
    /// A second list of permissions in one rule, or one permission twice.
    #[error("the rule's permissions are given twice; give one list, each permission once")]
    RepeatedPermissions,
    /// Permissions in a policy of version 2.
    #[error("permissions need a policy of version 3; start from `Policy::new()`")]
    PermissionsInVersion2,
    /// A resource without a name.
    #[error("the resource's name is empty; name one, such as \"devices\"")]
    EmptyResource,
    /// `version` as the name of a resource.
    #[error("`version` is not a resource; remove it")]
    ReservedResource,
    /// One resource twice.
    #[error("the resource {0:?} has a rule already; combine the conditions into one rule")]
    RepeatedResource(String),
    /// A rule added to a policy made of raw JSON.
    #[error("a raw policy takes no further rules; put them into its JSON")]
    RawPolicy,
    /// A policy that is not a JSON object.
    #[error("the policy is not a JSON object; write {{\"version\": 3, ...}} and not a string of it")]
    NotAnObject,
    /// No `version`: the deprecated form 1.
    #[error(
        "the policy is of the deprecated version 1, which has no version or 1; write \"version\": 3 and put conditions into custom_data"
    )]
    Version1,
    /// A `version` other than the integers 2 and 3.
    #[error("the policy's version is neither 3 nor 2; write \"version\": 3")]
    UnknownVersion,
    /// A rule that is not a JSON object.
    #[error("the rule of {0:?} is not a JSON object; write {{\"custom_data\": ...}}")]
    RuleNotAnObject(String),
    /// A member that no rule has.
    #[error("the rule of {0:?} has a member other than custom_data, id and permissions; rename or remove it")]
    UnknownRuleMember(String),
    /// A condition of the wrong JSON type.
    #[error(
        "a condition of {0:?} has the wrong JSON type; custom_data maps strings to strings, id is a string, permissions a list of strings"
    )]
    WrongType(String),
    /// A permission that Cobrowse does not document.
    #[error("a permission is none of create, read, update and delete; use these")]
    UnknownPermission,
}
