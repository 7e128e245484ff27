//! The agent portal in a real browser, with a stand-in for Cobrowse and a site of somebody else: who gets a token, and who sees it.

use std::{fs, path::PathBuf};

use agent_portal::{Directory, Password, Portal};
use cobrowse_jwt::{
    Instance, Minter,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{Site, license_key, node_json, serve};
use cobrowse_stub::{Account, Stub};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn by_redirect_only_the_iframe_sees_the_token() {
    let stage = Stage::set().await;
    let seen = stage.play("byRedirect");
    assert_eq!(seen["embedded"], customer_42());
    let tokens = stage.tokens_in_urls();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    stage.hidden_from_others(&tokens[0], &seen);
    assert_eq!(seen["referrer"], "", "the instance does not learn the portal's URL");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn by_post_message_the_token_is_in_no_url() {
    let stage = Stage::set().await;
    let seen = stage.play("byPostMessage");
    assert_eq!(seen["embedded"], customer_42());
    assert_eq!(stage.tokens_in_urls(), [""; 0]);
    let tokens = stage.tokens_in_headers();
    assert!(!tokens.is_empty(), "{:?}", stage.stub.seen());
    let requests = seen["requests"].to_string();
    for token in tokens {
        stage.hidden_from_others(&token, &seen);
        assert!(!requests.contains(&token), "neither a URL nor a Referer: {requests}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn only_the_instance_may_be_framed() {
    let stage = Stage::set().await;
    let seen = stage.play("frames");
    assert_eq!(seen["violations"], json!([["frame-src", stage.elsewhere]]));
    assert!(stage.stub.seen().iter().any(|request| request.target == "/code"));
    assert!(!stage.site.seen().iter().any(|(target, _)| target == "/frame"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn a_reload_brings_a_new_token() {
    Stage::set().await.brings_new_tokens("reload", 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn the_back_button_brings_a_new_token() {
    Stage::set().await.brings_new_tokens("back", 3);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn a_page_that_the_browser_kept_brings_a_new_token() {
    Stage::set().await.brings_new_tokens("backFromCache", 3);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn back_after_signing_out_brings_none() {
    let stage = Stage::set().await;
    let seen = stage.play("backAfterSigningOut");
    assert_eq!(stage.tokens_in_urls().len(), 1);
    assert_eq!(seen["frames"], 1, "the page alone, without an embed");
    assert_eq!(seen["after"][0]["status"], 401);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn whoever_is_not_signed_in_gets_none() {
    let stage = Stage::set().await;
    let seen = stage.play("signedOut");
    let form = json!([401, "Sign in\nEmail\nPassword\nSign in", 1]);
    let frames_only = json!([403, "only the portal's own pages may ask for this", 1]);
    assert_eq!(seen["seen"], json!([form, form, form, frames_only]));
    assert_eq!(seen["token"], 401);
    assert_eq!(stage.stub.seen(), []);

    let seen = stage.play("wrongPassword");
    assert_eq!(seen["alert"], "Email or password is wrong.");
    assert_eq!(seen["cookies"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn other_sites_get_none() {
    let stage = Stage::set().await;
    let seen = stage.play("fromElsewhere");
    let cookie = &seen["cookies"][0];
    assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&json!(true), &json!("Strict")));
    assert_eq!(seen["read"], json!(["refused", ["opaque", ""], "refused", ["opaque", ""]]));
    let attempts = seen["attempts"].as_array().unwrap();
    assert!(attempts.len() >= 7, "the attempts were made: {attempts:#?}");
    for attempt in attempts {
        assert!(matches!(attempt["status"].as_u64(), Some(401 | 403)), "{attempt}");
    }
    assert_eq!(stage.tokens_in_urls(), [""; 0]);
    assert!(!seen.to_string().contains("eyJ"), "no token anywhere: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn somebody_else_s_customer_is_as_unknown_as_none() {
    let stage = Stage::set().await;
    let seen = stage.play("foreignCustomer");
    let pages = seen["seen"].as_array().unwrap();
    for page in pages {
        assert_eq!((&page[0], &page[1]), (&json!(404), &json!(1)), "{page}");
        assert_eq!(page[2], pages[2][2], "nothing tells the two apart");
    }
    assert_eq!(seen["token"], 404);
    assert_eq!(seen["framed"]["status"], 404);
    assert_eq!(stage.tokens_in_urls(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn the_keyboard_is_enough() {
    let stage = Stage::set().await;
    let seen = stage.play("keyboard");
    assert_eq!(seen["stops"], json!(["Skip to Cobrowse", "Sign out", "Ada Lindqvist", "Björn Okafor"]));
    assert_eq!(seen["embedded"]["devices"], json!(["iPhone 17"]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
async fn a_narrow_window_is_enough() {
    let stage = Stage::set().await;
    let seen = stage.play("narrow");
    assert_eq!(seen["embedded"], customer_42());
    assert_eq!(seen["overflow"], 0);
}

/// What the embed shows of a token that is restricted to this customer.
fn customer_42() -> Value {
    json!({"state": "ready", "agent": "Jane Doe · jane@example.com", "devices": ["Pixel 10", "MacBook Air"]})
}

/// The three origins: the portal, the instance, and somebody else's site, of which the instance's pages load an image.
struct Stage {
    portal: String,
    instance: String,
    elsewhere: String,
    stub: Stub,
    site: Site,
}

impl Stage {
    const PASSWORD: &str = "a demo password";

    async fn set() -> Self {
        let site = Site::default();
        let elsewhere = site.serve("<!doctype html><title>Elsewhere</title>".into()).await;
        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let account = Account::new(license_key().as_str(), key.public_key().to_pem()).unwrap();
        let stub = Stub::with_third_party(vec![account], &format!("{elsewhere}/image"));
        let instance = serve(stub.router()).await;
        let modules = std::env::var_os("COBROWSE_TEST_NODE_MODULES").expect("set by `cargo xtask test`");
        let portal = Portal {
            minter: Minter::new(license_key(), key),
            instance: Instance::new(&instance).unwrap(),
            directory: Directory::demo(Password::new(Self::PASSWORD.into())),
            agent_sdk: PathBuf::from(modules).join("cobrowse-agent-sdk"),
            secure: false,
        };
        Self { portal: serve(portal.router()).await, instance, elsewhere, stub, site }
    }

    /// Has the browser do something; answers what it saw.
    fn play(&self, scenario: &str) -> Value {
        let pictures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/e2e");
        fs::create_dir_all(&pictures).unwrap();
        let question = json!({
            "scenario": scenario,
            "portal": self.portal,
            "instance": self.instance,
            "elsewhere": self.elsewhere,
            "password": Self::PASSWORD,
            "pictures": pictures,
        });
        node_json("browser.mjs", &question)
    }

    fn brings_new_tokens(&self, scenario: &str, times: usize) {
        let seen = self.play(scenario);
        assert_eq!(seen["seen"], Value::from(vec![customer_42(); times]));
        let mut tokens = self.tokens_in_urls();
        assert_eq!(tokens.len(), times, "one for each time");
        assert!(self.tokens_in_headers().contains(&tokens[times - 1]), "the last one was used");
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), times, "each another");
    }

    /// The tokens with which pages of the instance were asked for, in their order.
    fn tokens_in_urls(&self) -> Vec<String> {
        let seen = self.stub.seen().into_iter().filter(|request| !request.target.starts_with("/api/"));
        seen.filter_map(|request| Some(request.target.split_once("token=")?.1.to_owned())).collect()
    }

    /// The different tokens with which the instance's interface was called.
    fn tokens_in_headers(&self) -> Vec<String> {
        let seen = self.stub.seen().into_iter();
        let mut tokens: Vec<_> =
            seen.filter_map(|request| Some(request.authorization?.strip_prefix("Bearer ")?.to_owned())).collect();
        tokens.sort();
        tokens.dedup();
        tokens
    }

    /// Neither the page around the iframe nor any origin but the instance has come to know the token.
    fn hidden_from_others(&self, token: &str, seen: &Value) {
        assert!(token.starts_with("eyJ"), "{token}");
        let parent = &seen["parent"];
        assert!(!parent.to_string().contains(token), "{parent}");
        assert!(parent["dom"].as_str().unwrap().contains("<iframe"), "{parent}");
        assert!(parent["timing"].as_array().unwrap().len() > 2, "{parent}");
        assert_eq!(parent["location"], "SecurityError");

        let requests = seen["requests"].as_array().unwrap();
        let elsewhere = |request: &&Value| !request["url"].as_str().unwrap().starts_with(&self.instance);
        assert!(requests.iter().filter(elsewhere).count() > 2, "{requests:#?}");
        for request in requests.iter().filter(elsewhere) {
            assert!(!request.to_string().contains(token), "{request}");
        }
        let site = self.site.seen();
        assert!(site.iter().any(|(_, headers)| headers.contains_key("referer")), "{site:?}");
        assert!(!format!("{site:?}").contains(token), "{site:?}");
    }
}
