use std::fmt;

use super::{Access, AgentClaims, DisplayName, Lifetime, Policy, PolicyVersion, Role, Subject};

/// Claims that are legal but probably not meant: the lint over [`AgentClaims`].
///
/// `Display` is a sentence for people; [`ClaimsWarning::id`] a word for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClaimsWarning {
    /// The subject has no `@`.
    SubjectNotEmail,
    /// The subject begins or ends with a space.
    SubjectSurroundingWhitespace,
    /// A character in the subject or the display name that shows nothing, or turns the text around it.
    InvisibleCharacter,
    /// An administrator's role beside a policy.
    AdministratorWithPolicy,
    /// An agent's role beside a policy.
    AgentWithPolicy,
    /// A policy without the claim `role`.
    DefaultRoleWithPolicy,
    /// A policy that names no resource.
    PolicyGrantsNothing,
    /// Devices are granted, but not all that it takes to start a session on one.
    DevicesWithoutSession,
    /// A policy with a rule for a resource that is documented nowhere, such as `device`.
    UndocumentedResource,
    /// A policy of version 2.
    PolicyV2,
    /// A policy of raw JSON, which nothing here has checked.
    RawPolicy,
    /// A lifetime of more than 24 hours.
    LongLived,
}

impl ClaimsWarning {
    /// A stable name in kebab case, for programs and documentation.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::SubjectNotEmail => "subject-without-at",
            Self::SubjectSurroundingWhitespace => "subject-with-outer-space",
            Self::InvisibleCharacter => "invisible-character",
            Self::AdministratorWithPolicy => "administrator-with-policy",
            Self::AgentWithPolicy => "agent-with-policy",
            Self::DefaultRoleWithPolicy => "default-role-with-policy",
            Self::PolicyGrantsNothing => "policy-grants-nothing",
            Self::DevicesWithoutSession => "devices-without-session",
            Self::UndocumentedResource => "undocumented-resource",
            Self::PolicyV2 => "policy-of-version-2",
            Self::RawPolicy => "raw-policy",
            Self::LongLived => "long-lived",
        }
    }

    pub(super) fn of(claims: &AgentClaims) -> Vec<Self> {
        let mut warnings = Self::of_names(Some(claims.subject()), claims.display_name());
        warnings.extend(Self::of_access(claims.access()));
        warnings.extend(claims.lifetime().and_then(Self::of_lifetime));
        warnings
    }

    /// A token that is inspected may lack a subject.
    pub(crate) fn of_names(subject: Option<&Subject>, display_name: Option<&DisplayName>) -> Vec<Self> {
        let mut warnings = Vec::new();
        if let Some(subject) = subject.map(Subject::as_str) {
            if !subject.contains('@') {
                warnings.push(Self::SubjectNotEmail);
            }
            if subject.trim() != subject {
                warnings.push(Self::SubjectSurroundingWhitespace);
            }
        }
        let mut names = [subject.map(Subject::as_str), display_name.map(DisplayName::as_str)].into_iter().flatten();
        if names.any(|name| name.contains(is_invisible)) {
            warnings.push(Self::InvisibleCharacter);
        }
        warnings
    }

    pub(crate) fn of_access(access: &Access) -> Vec<Self> {
        let mut warnings = Vec::new();
        match access {
            Access::RoleWithPolicy(Role::Administrator, _) => warnings.push(Self::AdministratorWithPolicy),
            Access::RoleWithPolicy(Role::Agent, _) => warnings.push(Self::AgentWithPolicy),
            Access::DefaultWithPolicy(_) => warnings.push(Self::DefaultRoleWithPolicy),
            Access::AccountDefault | Access::Role(_) | Access::PolicyOnly(_) => {}
        }
        if let Some(policy) = access.policy() {
            warnings.extend(Self::of_policy(policy));
        }
        warnings
    }

    pub(crate) fn of_lifetime(lifetime: Lifetime) -> Option<Self> {
        lifetime.is_long_lived().then_some(Self::LongLived)
    }

    fn of_policy(policy: &Policy) -> Vec<Self> {
        let mut warnings = Vec::new();
        match policy.version() {
            Some(PolicyVersion::V3) => {}
            Some(PolicyVersion::V2) => warnings.push(Self::PolicyV2),
            None => return vec![Self::RawPolicy],
        }
        if policy.rules().next().is_none() {
            warnings.push(Self::PolicyGrantsNothing);
        }
        let grants = |resource| policy.rule(resource).is_some();
        if grants("devices") && !(grants("sessions") && grants("push")) {
            warnings.push(Self::DevicesWithoutSession);
        }
        if policy.rules().any(|(resource, _)| !RESOURCES.contains(&resource)) {
            warnings.push(Self::UndocumentedResource);
        }
        warnings
    }
}

/// What Cobrowse documents, and `recordings` of its examples.
const RESOURCES: [&str; 6] = ["devices", "features", "members", "push", "recordings", "sessions"];

/// Zero-width and direction characters and line separators; not the joiners, which scripts and emoji need.
const fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for ClaimsWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SubjectNotEmail => {
                "the subject has no `@`; in most accounts it is the agent's email address, and another text creates a new user"
            }
            Self::SubjectSurroundingWhitespace => {
                "the subject begins or ends with a space, so it names another user than without it; trim it"
            }
            Self::InvisibleCharacter => {
                "the subject or the display name has an invisible character, so it is not what it seems to people; remove it"
            }
            Self::AdministratorWithPolicy => {
                "an administrator with a policy may still do all that the policy does not mention; write \"role\": null (`Access::PolicyOnly`) to restrict"
            }
            Self::AgentWithPolicy => {
                "an agent's role with a policy is not deny-by-default; write \"role\": null (`Access::PolicyOnly`) to restrict"
            }
            Self::DefaultRoleWithPolicy => {
                "how a policy merges with the default role is not documented; write \"role\": null (`Access::PolicyOnly`) to restrict"
            }
            Self::PolicyGrantsNothing => "the policy names no resource, so it denies everything; add the rules that are meant",
            Self::DevicesWithoutSession => {
                "the policy grants devices but not both sessions and push, so no session can be started on them; add the missing rules"
            }
            Self::UndocumentedResource => {
                "the policy names a resource that is not documented, so the rule may restrict nothing; write devices, sessions, push, features, members or recordings"
            }
            Self::PolicyV2 => "the policy is of version 2; write \"version\": 3 (`Policy::new()`), which is the current one",
            Self::RawPolicy => "the policy is raw JSON that nothing has checked; build it from rules if they can express it",
            Self::LongLived => {
                "the token lives over a day and cannot be revoked alone; shorten it unless it is meant for SCIM provisioning"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::claims::Rule;

    fn warnings(subject: &str, access: Access) -> Vec<ClaimsWarning> {
        AgentClaims::new(subject, access).unwrap().warnings()
    }

    fn whole() -> Policy {
        Policy::new()
            .devices(Rule::any())
            .and_then(|policy| policy.sessions(Rule::any()))
            .and_then(|policy| policy.push(Rule::any()))
            .unwrap()
    }

    #[test]
    fn nothing_to_say_of_what_is_recommended() {
        assert_eq!(warnings("jane@example.com", Access::PolicyOnly(whole())), []);
        let all = whole()
            .features(Rule::any())
            .and_then(|policy| policy.members(Rule::any()))
            .and_then(|policy| policy.recordings(Rule::any()))
            .unwrap();
        assert_eq!(
            warnings("jane@example.com", Access::PolicyOnly(all)),
            [],
            "each resource with a method is documented"
        );
        assert_eq!(warnings("jane@example.com", Access::Role(Role::Administrator)), []);
        assert_eq!(warnings("jane@example.com", Access::AccountDefault), []);
    }

    #[test]
    fn names_what_is_probably_wrong() {
        use ClaimsWarning::*;
        let devices = Policy::new().devices(Rule::any()).unwrap();
        let with_push = devices.clone().push(Rule::any()).unwrap();
        let singular = Policy::new().resource("session", Rule::any()).unwrap();
        let v2 = Policy::version_2().sessions(Rule::any()).unwrap();
        let raw = Policy::from_raw_json_unchecked(serde_json::Map::new());
        for (subject, access, expected) in [
            ("jane", Access::AccountDefault, SubjectNotEmail),
            ("jane@example.com ", Access::AccountDefault, SubjectSurroundingWhitespace),
            ("\u{200b}jane@example.com", Access::AccountDefault, InvisibleCharacter),
            ("a@b", Access::RoleWithPolicy(Role::Administrator, whole()), AdministratorWithPolicy),
            ("a@b", Access::RoleWithPolicy(Role::Agent, whole()), AgentWithPolicy),
            ("a@b", Access::DefaultWithPolicy(whole()), DefaultRoleWithPolicy),
            ("a@b", Access::PolicyOnly(Policy::new()), PolicyGrantsNothing),
            ("a@b", Access::PolicyOnly(devices), DevicesWithoutSession),
            ("a@b", Access::PolicyOnly(with_push), DevicesWithoutSession),
            ("a@b", Access::PolicyOnly(singular), UndocumentedResource),
            ("a@b", Access::PolicyOnly(v2), PolicyV2),
            ("a@b", Access::PolicyOnly(raw), RawPolicy),
        ] {
            assert_eq!(warnings(subject, access), [expected]);
        }
    }

    #[test]
    fn a_day_is_no_warning_and_a_second_more_is() {
        let claims = AgentClaims::new("a@b", Access::AccountDefault).unwrap();
        let day = claims.clone().with_lifetime(Lifetime::new(Lifetime::MAX).unwrap());
        assert_eq!(day.warnings(), []);
        let longer = Lifetime::long_lived(Lifetime::MAX + Duration::from_secs(1)).unwrap();
        assert_eq!(claims.with_lifetime(longer).warnings(), [ClaimsWarning::LongLived]);
    }
}
