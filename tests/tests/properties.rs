//! Properties of all claims, policies and mutations of a token.

use std::{sync::LazyLock, time::Duration};

use cobrowse_jwt::{
    Access, AgentClaims, ClockSkew, LicenseKey, Lifetime, Minter, Permission, Policy, PolicyBuilder, PolicyVersion,
    Role, Rule, Verifier,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::license_key;
use pollster::block_on;
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree as _};
use serde_json::Value;

static KEY: LazyLock<PemKey> = LazyLock::new(|| PemKey::generate(RsaKeySize::Rsa2048).unwrap());

fn verifier(license_key: &LicenseKey) -> Verifier {
    Verifier::new(license_key.clone(), KEY.public_key().clone())
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{1,40}".prop_filter("readable", |text| !text.trim().is_empty() && !text.contains(char::is_control))
}

fn custom_text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 1..20).prop_map(|chars| chars.into_iter().collect())
}

fn permissions() -> impl Strategy<Value = Vec<Permission>> {
    vec(select(vec![Permission::Create, Permission::Read, Permission::Update, Permission::Delete]), 1..6)
}

/// One call on a rule.
#[derive(Clone, Debug)]
enum RuleCall {
    CustomData(String, String),
    Id(String),
    Permissions(Vec<Permission>),
}

impl RuleCall {
    fn on(&self, rule: Rule) -> Rule {
        match self.clone() {
            Self::CustomData(key, value) => rule.with_custom_data(key, value),
            Self::Id(id) => rule.with_id(id),
            Self::Permissions(permissions) => rule.with_permissions(permissions),
        }
    }
}

/// The calls that a chain could take, good and bad.
fn rule_calls() -> impl Strategy<Value = Vec<RuleCall>> {
    let short = || "[a-c]{0,2}";
    let call = prop_oneof![
        (short(), short()).prop_map(|(key, value)| RuleCall::CustomData(key, value)),
        short().prop_map(RuleCall::Id),
        vec(select(vec![Permission::Read, Permission::Create]), 0..3).prop_map(RuleCall::Permissions),
    ];
    vec(call, 0..5)
}

/// A rule with all calls that succeeded.
fn chained(calls: &[RuleCall]) -> Rule {
    let is_valid = |rule: &Rule| Policy::builder().devices(rule.clone()).build().is_ok();
    calls.iter().fold(Rule::any(), |rule, call| Some(call.on(rule.clone())).filter(is_valid).unwrap_or(rule))
}

fn rule() -> impl Strategy<Value = Rule> {
    let call = prop_oneof![
        (custom_text(), custom_text()).prop_map(|(key, value)| RuleCall::CustomData(key, value)),
        custom_text().prop_map(RuleCall::Id),
        permissions().prop_map(RuleCall::Permissions),
    ];
    vec(call, 0..5).prop_map(|calls| chained(&calls))
}

const RESOURCES: [&str; 8] = ["sessions", "devices", "push", "features", "members", "recordings", "webhooks", "☎"];

fn policy() -> impl Strategy<Value = Policy> {
    (any::<bool>(), vec((select(RESOURCES.to_vec()), rule()), 0..6)).prop_map(|(version_2, rules)| {
        let version = if version_2 { PolicyVersion::V2 } else { PolicyVersion::V3 };
        let with = |builder: PolicyBuilder, (name, rule)| {
            let next = builder.clone().resource(name, rule);
            if next.clone().build().is_ok() { next } else { builder }
        };
        rules.into_iter().fold(Policy::builder().version(version), with).build().unwrap()
    })
}

fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Administrator, Role::Agent])
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![
        Just(Access::AccountDefault),
        role().prop_map(Access::Role),
        (role(), policy()).prop_map(|(role, policy)| Access::RoleWithPolicy(role, policy)),
        policy().prop_map(Access::DefaultWithPolicy),
        policy().prop_map(Access::PolicyOnly),
    ]
}

fn claims() -> impl Strategy<Value = AgentClaims> {
    (text(), proptest::option::of(text()), access(), 1_u64..2_000_000_000).prop_map(
        |(subject, name, access, seconds)| {
            let lifetime = Lifetime::long_lived(Duration::from_secs(seconds)).unwrap();
            let claims = AgentClaims::new(subject, access).unwrap().with_lifetime(lifetime);
            match name {
                Some(name) => claims.with_display_name(name).unwrap(),
                None => claims,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_claims_survive_mint_and_verify(
        claims in claims(),
        license_key in "[A-Za-z0-9_-]{1,30}",
        backdate in 0_u64..=300,
        include_key_id in any::<bool>(),
    ) {
        let license_key = LicenseKey::new(license_key).unwrap();
        let builder = Minter::builder(license_key.clone(), KEY.clone())
            .backdate(ClockSkew::new(Duration::from_secs(backdate)).unwrap());
        let minter = if include_key_id { builder.include_key_id(true).build() } else { builder.build() };
        let token = block_on(minter.mint(&claims)).unwrap();
        let verified = verifier(&license_key).allow_long_lived(true).verify(token.expose_secret()).unwrap();
        prop_assert_eq!(verified.expires_at, token.expires_at());
        let since_issue = Duration::from_secs(claims.lifetime().unwrap_or_default().as_secs() + backdate);
        prop_assert_eq!(verified.claims, claims.with_lifetime(Lifetime::long_lived(since_issue).unwrap()));
    }

    #[test]
    fn up_to_a_day_is_verified_with_the_backdate_as_leeway(seconds in 1_u64..=86_400, backdate in 0_u64..=300) {
        let minter = Minter::builder(license_key(), KEY.clone())
            .backdate(ClockSkew::new(Duration::from_secs(backdate)).unwrap()).build();
        let claims = AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
            .with_lifetime(Lifetime::new(Duration::from_secs(seconds)).unwrap());
        let token = block_on(minter.mint(&claims)).unwrap();
        let leeway = ClockSkew::new(Duration::from_secs(backdate)).unwrap();
        prop_assert!(verifier(&license_key()).leeway(leeway).verify(token.expose_secret()).is_ok());
    }

    /// Every call adds a condition or makes the rule invalid, and an invalid rule stays invalid.
    #[test]
    fn further_conditions_never_widen_a_rule(calls in rule_calls()) {
        let (mut rule, mut before) = (Rule::any(), Some(serde_json::to_value(Rule::any()).unwrap()));
        for call in calls {
            rule = call.on(rule);
            let after = serde_json::to_value(&rule).ok();
            prop_assert_eq!(after.is_some(), Policy::builder().devices(rule.clone()).build().is_ok());
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    prop_assert!(has_all_conditions_of(after, before), "{after} after {before}");
                }
                (_, None) => {}
                (None, Some(after)) => prop_assert!(false, "valid again: {after}"),
            }
            before = after;
        }
    }

    /// Whatever is called on claims of a policy alone: the role stays null, and no resource is granted but by the call that
    /// names it, with the rule that it was given.
    #[test]
    fn access_by_policy_is_never_widened(
        rules in vec((select(RESOURCES.to_vec()), rule_calls()), 0..8),
        names in vec(text(), 0..3),
        lifetimes in vec(1_u64..86_400, 0..3),
    ) {
        let mut granted: std::collections::BTreeMap<&str, Value> = std::collections::BTreeMap::new();
        let mut policy = Policy::builder();
        for (name, calls) in rules {
            let rule = chained(&calls);
            let next = policy.clone().resource(name, rule.clone());
            if next.clone().build().is_ok() {
                prop_assert!(granted.insert(name, serde_json::to_value(rule).unwrap()).is_none(), "a rule was replaced");
                policy = next;
            }
        }
        let mut claims = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy.build().unwrap())).unwrap();
        for name in names {
            claims = claims.with_display_name(name).unwrap();
        }
        for seconds in lifetimes {
            claims = claims.with_lifetime(Lifetime::new(Duration::from_secs(seconds)).unwrap());
        }
        let written = serde_json::to_value(claims.access()).unwrap();
        prop_assert_eq!(&written["role"], &Value::Null);
        prop_assert!(written.as_object().unwrap().contains_key("role"));
        let mut policy = written["policy"].as_object().unwrap().clone();
        prop_assert_eq!(policy.remove("version"), Some(3.into()));
        prop_assert_eq!(policy, granted.into_iter().map(|(name, rule)| (name.to_owned(), rule)).collect());
    }
}

fn has_all_conditions_of(narrow: &Value, wide: &Value) -> bool {
    wide.as_object().unwrap().iter().all(|(member, condition)| match (member.as_str(), &narrow[member]) {
        ("custom_data", Value::Object(entries)) => {
            condition.as_object().unwrap().iter().all(|(key, value)| entries.get(key) == Some(value))
        }
        (_, same) => same == condition,
    })
}

#[test]
fn ten_thousand_single_byte_mutations_are_refused() {
    let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent)).unwrap();
    let token = block_on(Minter::new(license_key(), KEY.clone()).mint(&claims)).unwrap();
    let verifier = verifier(&license_key());
    assert!(verifier.verify(token.expose_secret()).is_ok());

    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut refused, mut text) = (0, String::new());
    while refused < 10_000 {
        let (place, byte) = (0..token.expose_secret().len(), 0_u8..128).new_tree(&mut runner).unwrap().current();
        if token.expose_secret().as_bytes()[place] == byte {
            continue;
        }
        text.clear();
        text.push_str(&token.expose_secret()[..place]);
        text.push(char::from(byte));
        text.push_str(&token.expose_secret()[place + 1..]);
        assert!(verifier.verify(&text).is_err(), "byte {place} as {byte}");
        refused += 1;
    }
}
