use std::fmt;

use super::{Access, AgentClaims, DisplayName, Lifetime, Policy, PolicyVersion, Role, Subject};
use crate::text::is_invisible;

/// A warning about claims that are legal but probably unintended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClaimsWarning {
    /// The subject has no `@`.
    SubjectNotEmail,
    /// The subject begins or ends with white space.
    SubjectSurroundingWhitespace,
    /// The subject or the display name contains a character that is not visible, or that reverses the text around it.
    InvisibleCharacter,
    /// A policy beside the role `administrator`.
    AdministratorWithPolicy,
    /// A policy beside the role `agent`.
    AgentWithPolicy,
    /// A policy without the claim `role`.
    DefaultRoleWithPolicy,
    /// A policy without rules beside a role.
    PolicyRestrictsNothing,
    /// A policy without rules and `"role": null`.
    PolicyGrantsNothing,
    /// With `"role": null`, a rule for devices without rules for both `sessions` and `push`.
    DevicesWithoutSession,
    /// A rule for an undocumented resource, such as `device`.
    UndocumentedResource,
    /// A policy of version 2.
    PolicyV2,
    /// A policy of raw JSON, which is not validated.
    RawPolicy,
    /// A lifetime of more than 24 hours.
    LongLived,
}

impl ClaimsWarning {
    /// Returns a stable name in kebab case.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::SubjectNotEmail => "subject-not-email",
            Self::SubjectSurroundingWhitespace => "subject-surrounding-whitespace",
            Self::InvisibleCharacter => "invisible-character",
            Self::AdministratorWithPolicy => "administrator-with-policy",
            Self::AgentWithPolicy => "agent-with-policy",
            Self::DefaultRoleWithPolicy => "default-role-with-policy",
            Self::PolicyRestrictsNothing => "policy-restricts-nothing",
            Self::PolicyGrantsNothing => "policy-grants-nothing",
            Self::DevicesWithoutSession => "devices-without-session",
            Self::UndocumentedResource => "undocumented-resource",
            Self::PolicyV2 => "policy-v2",
            Self::RawPolicy => "raw-policy",
            Self::LongLived => "long-lived",
        }
    }

    /// Returns advice for the operator.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::SubjectNotEmail => {
                "use the agent's email address; Cobrowse creates a new user for an unknown subject"
            }
            Self::SubjectSurroundingWhitespace => "trim it; with white space, it identifies another user",
            Self::InvisibleCharacter => "remove it; the name is not what it appears to be",
            Self::AdministratorWithPolicy | Self::AgentWithPolicy | Self::DefaultRoleWithPolicy => {
                "write \"role\": null to deny what the policy does not grant"
            }
            Self::PolicyRestrictsNothing => "write \"role\": null to deny everything, or remove the policy",
            Self::PolicyGrantsNothing => "add rules for what the agent needs",
            Self::DevicesWithoutSession => "grant devices, sessions and push together",
            Self::UndocumentedResource => "use devices, sessions, push, features, members or recordings",
            Self::PolicyV2 => "use version 3 unless the instance does not support it",
            Self::RawPolicy => "use rules if they can express it",
            Self::LongLived => {
                "shorten it unless the token is for SCIM provisioning; it cannot be revoked individually"
            }
        }
    }

    pub(super) fn of(claims: &AgentClaims) -> Vec<Self> {
        let mut warnings = Self::of_names(Some(claims.subject()), claims.display_name());
        warnings.extend(Self::of_access(claims.access()));
        warnings.extend(claims.lifetime().and_then(Self::of_lifetime));
        warnings
    }

    /// The subject of an inspected token can be invalid.
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
        let Some(policy) = access.policy() else { return Vec::new() };
        let is_empty = policy.version().is_some() && policy.rules().next().is_none();
        let grants = |resource| policy.rule(resource).is_some();
        let lacks_session = grants("devices") && !(grants("sessions") && grants("push"));
        let of_effect = match access {
            Access::AccountDefault | Access::Role(_) => [None, None],
            Access::RoleWithPolicy(role, _) => {
                let role = match role {
                    Role::Administrator => Self::AdministratorWithPolicy,
                    Role::Agent => Self::AgentWithPolicy,
                };
                [Some(role), is_empty.then_some(Self::PolicyRestrictsNothing)]
            }
            Access::DefaultWithPolicy(_) => [Some(Self::DefaultRoleWithPolicy), None],
            Access::PolicyOnly(_) => {
                [is_empty.then_some(Self::PolicyGrantsNothing), lacks_session.then_some(Self::DevicesWithoutSession)]
            }
        };
        of_effect.into_iter().flatten().chain(Self::of_form(policy)).collect()
    }

    pub(crate) fn of_lifetime(lifetime: Lifetime) -> Option<Self> {
        lifetime.is_long_lived().then_some(Self::LongLived)
    }

    /// Returns the warnings that do not depend on the access.
    fn of_form(policy: &Policy) -> impl Iterator<Item = Self> {
        /// Those that Cobrowse documents, and `recordings` from its examples.
        const RESOURCES: [&str; 6] = ["devices", "features", "members", "push", "recordings", "sessions"];
        let version = match policy.version() {
            Some(PolicyVersion::V3) => None,
            Some(PolicyVersion::V2) => Some(Self::PolicyV2),
            None => Some(Self::RawPolicy),
        };
        let is_undocumented = policy.rules().any(|(resource, _)| !RESOURCES.contains(&resource));
        [version, is_undocumented.then_some(Self::UndocumentedResource)].into_iter().flatten()
    }
}

impl fmt::Display for ClaimsWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SubjectNotEmail => "subject has no @",
            Self::SubjectSurroundingWhitespace => "subject begins or ends with white space",
            Self::InvisibleCharacter => "subject or display name contains an invisible character",
            Self::AdministratorWithPolicy => "an administrator can do everything that the policy does not mention",
            Self::AgentWithPolicy => "an agent can do everything that the role allows and the policy does not mention",
            Self::DefaultRoleWithPolicy => "the effect of a policy on the default role is not documented",
            Self::PolicyRestrictsNothing => "the policy has no rules, so it does not restrict the role",
            Self::PolicyGrantsNothing => "the policy has no rules, so it denies everything",
            Self::DevicesWithoutSession => "the policy grants devices, but no session can be started on them",
            Self::UndocumentedResource => "the policy has a rule for an undocumented resource",
            Self::PolicyV2 => "the policy is of version 2",
            Self::RawPolicy => "the policy is raw JSON, which is not validated",
            Self::LongLived => "lifetime exceeds 24 hours",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ClaimsWarning::*, *};
    use crate::claims::{PolicyBuilder, Rule};

    fn warnings(subject: &str, access: Access) -> Vec<ClaimsWarning> {
        AgentClaims::new(subject, access).unwrap().warnings()
    }

    fn full() -> PolicyBuilder {
        Policy::builder().devices(Rule::any()).sessions(Rule::any()).push(Rule::any())
    }

    #[test]
    fn recommended_claims_have_no_warnings() {
        let all = full().features(Rule::any()).members(Rule::any()).recordings(Rule::any()).build().unwrap();
        assert_eq!(warnings("jane@example.com", Access::PolicyOnly(all)), []);
    }

    #[test]
    fn warnings_about_a_policy_depend_on_the_access() {
        let empty = Policy::deny_all;
        let devices = || Policy::builder().devices(Rule::any()).build().unwrap();
        let devices_and_push = || Policy::builder().devices(Rule::any()).push(Rule::any()).build().unwrap();
        let features = || Policy::builder().features(Rule::any()).build().unwrap();
        let full = || full().build().unwrap();
        let administrator = |policy| Access::RoleWithPolicy(Role::Administrator, policy);
        let agent = |policy| Access::RoleWithPolicy(Role::Agent, policy);
        for (access, expected) in [
            (Access::AccountDefault, &[][..]),
            (Access::Role(Role::Administrator), &[]),
            (Access::Role(Role::Agent), &[]),
            (administrator(empty()), &[AdministratorWithPolicy, PolicyRestrictsNothing]),
            (administrator(devices()), &[AdministratorWithPolicy]),
            (administrator(devices_and_push()), &[AdministratorWithPolicy]),
            (administrator(features()), &[AdministratorWithPolicy]),
            (administrator(full()), &[AdministratorWithPolicy]),
            (agent(empty()), &[AgentWithPolicy, PolicyRestrictsNothing]),
            (agent(devices()), &[AgentWithPolicy]),
            (agent(devices_and_push()), &[AgentWithPolicy]),
            (agent(features()), &[AgentWithPolicy]),
            (agent(full()), &[AgentWithPolicy]),
            (Access::DefaultWithPolicy(empty()), &[DefaultRoleWithPolicy]),
            (Access::DefaultWithPolicy(devices()), &[DefaultRoleWithPolicy]),
            (Access::DefaultWithPolicy(devices_and_push()), &[DefaultRoleWithPolicy]),
            (Access::DefaultWithPolicy(features()), &[DefaultRoleWithPolicy]),
            (Access::DefaultWithPolicy(full()), &[DefaultRoleWithPolicy]),
            (Access::PolicyOnly(empty()), &[PolicyGrantsNothing]),
            (Access::PolicyOnly(devices()), &[DevicesWithoutSession]),
            (Access::PolicyOnly(devices_and_push()), &[DevicesWithoutSession]),
            (Access::PolicyOnly(features()), &[]),
            (Access::PolicyOnly(full()), &[]),
        ] {
            assert_eq!(warnings("a@b", access.clone()), expected, "{access:?}");
        }
    }

    #[test]
    fn unusual_name_or_policy_has_its_warning() {
        let singular = Policy::builder().resource("session", Rule::any()).build().unwrap();
        let v2 = Policy::builder().version(PolicyVersion::V2).sessions(Rule::any()).build().unwrap();
        let raw = Policy::from_raw_json_unchecked(serde_json::Map::new());
        for (subject, access, expected) in [
            ("jane", Access::AccountDefault, SubjectNotEmail),
            ("jane@example.com ", Access::AccountDefault, SubjectSurroundingWhitespace),
            ("\u{200b}jane@example.com", Access::AccountDefault, InvisibleCharacter),
            ("a@b", Access::PolicyOnly(singular), UndocumentedResource),
            ("a@b", Access::PolicyOnly(v2), PolicyV2),
            ("a@b", Access::PolicyOnly(raw), RawPolicy),
        ] {
            assert_eq!(warnings(subject, access), [expected]);
        }
    }

    #[test]
    fn invisible_character_in_a_name_has_a_warning() {
        let of = |name: &str| {
            let claims = AgentClaims::new("a@b", Access::AccountDefault).unwrap().with_display_name(name).unwrap();
            claims.warnings()
        };
        for invisible in [
            '\u{ad}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2065}',
            '\u{206f}',
            '\u{3164}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{e0001}',
            '\u{e0041}',
        ] {
            assert_eq!(of(&format!("Jane{invisible} Doe")), [InvisibleCharacter], "{:x}", u32::from(invisible));
            assert_eq!(warnings(&format!("a@b{invisible}c"), Access::AccountDefault), [InvisibleCharacter]);
        }
        for name in [
            "Jane Doe",
            "Zoë 🦀",
            "नि\u{200d}शा",
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "김하늘",
            "می\u{200c}نا",
            "Jane\u{a0}Doe",
        ] {
            assert_eq!(of(name), [], "{name}");
        }
    }

    #[test]
    fn lifetime_of_a_day_has_no_warning_and_a_second_more_has() {
        let claims = AgentClaims::new("a@b", Access::AccountDefault).unwrap();
        let day = claims.clone().with_lifetime(Lifetime::new(Lifetime::MAX).unwrap());
        assert_eq!(day.warnings(), []);
        let longer = Lifetime::long_lived(Lifetime::MAX + Duration::from_secs(1)).unwrap();
        assert_eq!(claims.with_lifetime(longer).warnings(), [ClaimsWarning::LongLived]);
    }
}
