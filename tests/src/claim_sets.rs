use std::time::Duration;

use cobrowse_jwt::{Access, AgentClaims, Lifetime, Permission, Policy, PolicyVersion, Role, Rule};
use serde_json::{Value, json};

/// Claims as a user builds them, and the expected JSON, written by hand.
#[derive(Debug)]
pub struct ClaimSet {
    /// What is minted.
    pub claims: AgentClaims,
    /// All claims of the token but `iat` and `exp`.
    pub expected: Value,
    /// From `iat` to `exp`, in seconds.
    pub seconds: u64,
}

/// Every kind of access, every resource and every claim at least once.
#[must_use]
pub fn claim_sets() -> Vec<ClaimSet> {
    let customer = || Rule::custom_data("user_id", "42");
    let new = |subject: &str, access| AgentClaims::new(subject, access).unwrap();
    let set = |claims, seconds, mut expected: Value| {
        expected["aud"] = json!("https://cobrowse.io");
        expected["iss"] = json!("SPGqPIcVnsOEJQ");
        ClaimSet { claims, expected, seconds }
    };
    vec![
        set(new("jane@example.com", Access::AccountDefault), 3_600, json!({"sub": "jane@example.com"})),
        set(
            new("Zoë \"Z\" 🦀 <zoe@example.com>", Access::Role(Role::Agent))
                .with_display_name("Zoë\u{2019}s \\ 🦀")
                .unwrap(),
            3_600,
            json!({"sub": "Zoë \"Z\" 🦀 <zoe@example.com>", "displayName": "Zoë’s \\ 🦀", "role": "agent"}),
        ),
        set(
            new("boss@example.com", Access::Role(Role::Administrator))
                .with_lifetime(Lifetime::new(Duration::from_mins(1)).unwrap()),
            60,
            json!({"sub": "boss@example.com", "role": "administrator"}),
        ),
        set(
            new(
                "boss@example.com",
                Access::RoleWithPolicy(
                    Role::Administrator,
                    Policy::builder().features(Rule::permissions([Permission::Read])).build().unwrap(),
                ),
            ),
            3_600,
            json!({
                "sub": "boss@example.com", "role": "administrator",
                "policy": {"version": 3, "features": {"permissions": ["read"]}},
            }),
        ),
        set(
            new("jane@example.com", Access::DefaultWithPolicy(Policy::builder().devices(customer()).build().unwrap())),
            3_600,
            json!({
                "sub": "jane@example.com",
                "policy": {"version": 3, "devices": {"custom_data": {"user_id": "42"}}},
            }),
        ),
        set(
            new(
                "jane@example.com",
                Access::PolicyOnly(
                    Policy::builder()
                        .devices(customer().with_custom_data("región", "\u{7} \"eu\""))
                        .sessions(customer().with_id("s1"))
                        .push(Rule::any())
                        .members(Rule::permissions([Permission::Create, Permission::Delete]))
                        .recordings(Rule::id("r1"))
                        .resource("webhooks", Rule::any())
                        .build()
                        .unwrap(),
                ),
            )
            .with_display_name("Jane Doe")
            .unwrap(),
            3_600,
            json!({
                "sub": "jane@example.com", "displayName": "Jane Doe", "role": null,
                "policy": {
                    "version": 3,
                    "devices": {"custom_data": {"user_id": "42", "región": "\u{7} \"eu\""}},
                    "sessions": {"custom_data": {"user_id": "42"}, "id": "s1"},
                    "push": {}, "members": {"permissions": ["create", "delete"]}, "recordings": {"id": "r1"}, "webhooks": {},
                },
            }),
        ),
        set(
            new(
                "scim@example.com",
                Access::PolicyOnly(Policy::builder().version(PolicyVersion::V2).devices(customer()).build().unwrap()),
            )
            .with_lifetime(Lifetime::long_lived(Duration::from_hours(365 * 24)).unwrap()),
            365 * 86_400,
            json!({
                "sub": "scim@example.com", "role": null,
                "policy": {"version": 2, "devices": {"custom_data": {"user_id": "42"}}},
            }),
        ),
    ]
}
