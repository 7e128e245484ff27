use cobrowse_jwt::{Inspector, Minter, Outcome, TokenCheck};
use pollster::block_on;
use serde_json::Value;

use crate::{
    account::{self, KEY},
    errors,
};

/// Input: claims as JSON. Property: if only the check of the signature fails, the token is accepted after it is signed, its claims are those
/// of the JSON, and minting them again returns a token with the same claims.
pub fn claims(data: &[u8]) {
    let Ok(json) = str::from_utf8(data) else { return };
    let input = account::signing_input(r#"{"alg":"RS256","typ":"JWT"}"#, json);
    let inspector = Inspector::new().license_key(account::license_key()).clock(account::now);
    let inspection = inspector.inspect(&format!("{input}.AAAA"));
    inspection.failures().for_each(|failure| errors::check(failure));
    let is_passed = |check| check == TokenCheck::Signature;
    if !inspection.findings().iter().all(|finding| finding.outcome == Outcome::Passed || is_passed(finding.check)) {
        return;
    }

    let verified = account::verifier().verify(&account::token(&input)).expect("the inspection found no failure");
    let expected: Value = serde_json::from_str(json).expect("the token was accepted");
    assert_eq!(expected["iss"], account::license_key().as_str());
    assert_eq!(expected["sub"], verified.claims.subject().as_str());
    let name = verified.claims.display_name().map(cobrowse_jwt::DisplayName::as_str);
    assert_eq!(expected.get("displayName").and_then(Value::as_str), name);
    let access = serde_json::to_value(verified.claims.access()).expect("JSON");
    assert_eq!(access.get("role"), expected.get("role"));
    assert_eq!(access.get("policy").is_some(), expected.get("policy").is_some());

    let minter = Minter::builder(account::license_key(), KEY.clone()).clock(account::now).build();
    let token = block_on(minter.mint(&verified.claims)).expect("the claims are valid");
    let again = account::verifier().verify(token.expose_secret()).expect("minted tokens are valid");
    assert_eq!(again.claims, verified.claims);
}
