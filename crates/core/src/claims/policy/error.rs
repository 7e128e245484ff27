/// A policy that grants more than it appears to, or that Cobrowse does not document.
///
/// Names of resources and keys are part of a message only if they are short; values are never part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A condition without a value. Serialized, it would grant the whole resource.
    #[error("{0} is empty")]
    EmptyCondition(String),
    /// A condition, a permission or a resource that is set twice. One of the two would be lost.
    #[error("{0} is set twice")]
    Duplicate(String),
    /// A resource without a name, or with the name `version`.
    #[error("invalid resource name {0:?}")]
    InvalidResource(String),
    /// Permissions in a policy of version 2.
    #[error("policy version 2 does not support permissions")]
    PermissionsInV2,
    /// The deprecated version 1: no `version`, or 1.
    #[error("policy version 1 is not supported")]
    DeprecatedVersion,
    /// A `version` other than the integers 2 and 3.
    #[error("unknown policy version")]
    UnknownVersion,
    /// The policy is not a JSON object.
    #[error("policy is not a JSON object")]
    NotAnObject,
    /// A rule, or a condition of it, has another JSON type than documented.
    #[error("wrong JSON type in the rule for {0:?}")]
    WrongType(String),
    /// A field that a rule does not have.
    #[error("unknown field in the rule for {0:?}")]
    UnknownField(String),
    /// A permission that Cobrowse does not document.
    #[error("unknown permission")]
    UnknownPermission,
}

impl PolicyError {
    /// Returns advice for the operator, if there is any.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::EmptyCondition(_) => Some("set a value; a rule without conditions grants the whole resource"),
            Self::Duplicate(_) => Some("write one rule for each resource, with one value for each condition"),
            Self::InvalidResource(_) => Some("use a resource such as devices, sessions or push"),
            Self::PermissionsInV2 => Some("use policy version 3"),
            Self::DeprecatedVersion => Some("write \"version\": 3 and put the conditions into custom_data"),
            Self::UnknownVersion => Some("write \"version\": 3"),
            Self::NotAnObject => Some("write {\"version\": 3, ...}, not a string that contains it"),
            Self::WrongType(_) => {
                Some("custom_data maps strings to strings, id is a string, permissions is a list of strings")
            }
            Self::UnknownField(_) => Some("use custom_data, id or permissions"),
            Self::UnknownPermission => Some("use create, read, update or delete"),
        }
    }
}
