use cobrowse_jwt_tests::node;
use serde_json::json;

use crate::program::{Directory, KEY, LICENSE};

#[test]
#[ignore = "needs Node's packages, which `cargo xtask test` sets up"]
fn jsonwebtoken_and_jose_accept_what_is_minted() {
    let directory = Directory::new();
    let mint = |args: &[&str]| {
        let args = [&["mint", "key.pem", "--license", LICENSE, "--agent", "jane@example.com"], args].concat();
        directory.run(&args).stdout.trim_end().to_owned()
    };
    let tokens = [
        mint(&[]),
        mint(&["--customer", "user_id=42", "--name", "Zoë \"Z\" 🦀"]),
        mint(&["--role", "administrator", "--lifetime", "90s"]),
        mint(&["--lifetime", "30d", "--allow-long-lived"]),
    ];
    let answers = node(KEY.public_key().to_pem(), LICENSE, &tokens);
    for answer in &answers {
        for verifier in ["jsonwebtoken", "jose"] {
            assert_eq!(answer[verifier]["payload"]["sub"], "jane@example.com", "{answer}");
            assert_eq!(answer[verifier]["header"], json!({"alg": "RS256", "typ": "JWT"}), "{answer}");
        }
    }
    assert_eq!(answers[1]["jsonwebtoken"]["payload"]["role"], json!(null));
    assert_eq!(answers[1]["jsonwebtoken"]["payload"]["policy"]["devices"], json!({"custom_data": {"user_id": "42"}}));
    assert_eq!(answers[1]["jose"]["payload"]["displayName"], "Zoë \"Z\" 🦀");
}
