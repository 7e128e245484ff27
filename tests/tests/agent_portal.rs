//! The agent portal in a real browser, with a stand-in for Cobrowse and a site of somebody else: who gets a token, and who sees it.

use std::{fs, net::Ipv4Addr, path::PathBuf};

use agent_portal::{Directory, Password, Portal};
use cobrowse_jwt::{
    Instance, Minter,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{Site, license_key, node_json, serve, serve_at};
use cobrowse_stub::{Account, Stub};
use serde_json::{Value, json};

const POST_MESSAGE: &str = "post-message";
const REDIRECT: &str = "redirect";

/// Each test of these is ignored for one reason.
macro_rules! in_chromium {
    ($($name:ident $body:block)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs node, its packages and Chromium, which `cargo xtask test` sets up"]
            async fn $name() $body
        )+
    };
}

in_chromium! {
    by_redirect_only_the_iframe_sees_the_token {
        let stage = Stage::set().await;
        let seen = stage.play("handOver", REDIRECT);
        assert_eq!(seen["embedded"], customer_42());
        let tokens = stage.tokens_in_urls();
        assert_eq!(tokens.len(), 1, "{:?}", stage.stub.seen());
        stage.hidden_from_others(&tokens[0], &seen, "/customers/42/cobrowse");
        assert_eq!(seen["referrer"], "", "the instance does not learn the portal's URL");
    }

    by_post_message_the_token_is_in_no_url {
        let stage = Stage::set().await;
        let seen = stage.play("handOver", POST_MESSAGE);
        assert_eq!(seen["embedded"], customer_42());
        assert_eq!(stage.tokens_in_urls(), [""; 0]);
        let tokens = stage.tokens_in_headers();
        assert!(!tokens.is_empty(), "{:?}", stage.stub.seen());
        let requests = seen["requests"].to_string();
        for token in tokens {
            stage.hidden_from_others(&token, &seen, "token_source=postMessage");
            assert!(!requests.contains(&token), "neither a URL nor a Referer: {requests}");
        }
    }

    only_the_instance_may_be_framed {
        let stage = Stage::set().await;
        let seen = stage.play("frames", REDIRECT);
        let refused: Vec<Value> = stage.foreign.iter().map(|origin| json!(["frame-src", origin])).collect();
        assert_eq!(seen["violations"], json!(refused));
        assert!(stage.stub.seen().iter().any(|request| request.target == "/code"));
        assert!(!stage.site.seen().iter().any(|(target, _)| target == "/frame"));
    }

    a_reload_brings_a_new_token {
        let stage = Stage::set().await;
        stage.brings_new_tokens(&stage.play("reload", REDIRECT), 2);
    }

    the_back_button_brings_a_new_token {
        let stage = Stage::set().await;
        stage.brings_new_tokens(&stage.play("back", REDIRECT), 3);
    }

    a_page_that_the_browser_kept_brings_a_new_token {
        let stage = Stage::set().await;
        let seen = stage.play_kept("back", REDIRECT);
        assert_eq!(seen["kept"], 2, "the browser did keep it");
        stage.brings_new_tokens(&seen, 3);
    }

    by_post_message_each_page_asks_for_a_token {
        for (scenario, times) in [("reload", 2), ("back", 3)] {
            let stage = Stage::set().await;
            let seen = stage.play(scenario, POST_MESSAGE);
            assert_eq!(seen["seen"], Value::from(vec![customer_42(); times]));
            let asked = seen["requests"].as_array().unwrap().iter();
            let asked = asked.filter(|request| request["url"].as_str().unwrap().ends_with("/customers/42/token"));
            assert_eq!(asked.count(), times + 1, "once more after signing in");
            assert!(stage.tokens_in_headers().len() >= times);
            assert_eq!(stage.tokens_in_urls(), [""; 0]);
        }
    }

    back_after_signing_out_brings_none {
        for kept in [false, true] {
            let stage = Stage::set().await;
            let play = if kept { Stage::play_kept } else { Stage::play };
            let seen = play(&stage, "backAfterSigningOut", REDIRECT);
            assert_eq!(stage.tokens_in_urls().len(), 1);
            assert_eq!(seen["frames"], 1, "the page alone, without an embed");
            assert_eq!(seen["after"][0]["status"], 401);
        }
    }

    a_token_is_renewed_and_a_failure_is_no_storm {
        let stage = Stage::set().await;
        let seen = stage.play("renewal", POST_MESSAGE);
        assert_eq!(seen["counts"], json!([1, 1, 2, 3]));
        assert_eq!(seen["failing"], "Cobrowse cannot be reached now. Trying again in half a minute.");
        assert_eq!(seen["after"], "");
        assert_eq!(seen["embedded"], customer_42());
        assert!(stage.tokens_in_headers().len() >= 2, "the iframe uses the new one");
    }

    whoever_is_not_signed_in_gets_none {
        let stage = Stage::set().await;
        let seen = stage.play("signedOut", REDIRECT);
        let form = json!([401, "Sign in\nEmail\nPassword\nSign in", 1]);
        assert_eq!(seen["seen"], json!([form, form, form, [403, "Nothing here.", 1]]));
        assert_eq!(seen["token"], 401);
        assert_eq!(stage.stub.seen(), []);

        let seen = stage.play("wrongPassword", REDIRECT);
        assert_eq!(seen["alert"], "Email or password is wrong.");
        assert_eq!(seen["cookies"], json!([]));
    }

    other_sites_get_none {
        let stage = Stage::set().await;
        let seen = stage.play("fromElsewhere", REDIRECT);
        let cookie = &seen["cookies"][0];
        assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&json!(true), &json!("Strict")));
        stage.got_nothing(&seen);
    }

    // To a browser it is of the same site, so that it sends the cookie along.
    another_port_of_the_portal_s_host_gets_none {
        let mut stage = Stage::set().await;
        stage.elsewhere = serve(stage.site.router()).await;
        let seen = stage.play("fromElsewhere", REDIRECT);
        stage.got_nothing(&seen);
    }

    somebody_else_s_customer_is_as_unknown_as_none {
        let stage = Stage::set().await;
        let seen = stage.play("foreignCustomer", REDIRECT);
        let pages = seen["seen"].as_array().unwrap();
        for page in pages {
            assert_eq!((&page[0], &page[1]), (&json!(404), &json!(1)), "{page}");
            assert_eq!(page[2], pages[2][2], "nothing tells the two apart");
        }
        assert_eq!(seen["token"], 404);
        assert_eq!(seen["framed"], "Nothing here.");
        assert_eq!(stage.tokens_in_urls(), [""; 0]);
    }

    the_keyboard_is_enough {
        let stage = Stage::set().await;
        let seen = stage.play("keyboard", POST_MESSAGE);
        assert_eq!(seen["stops"], json!(["Skip to Cobrowse", "Sign out", "Ada Lindqvist", "Björn Okafor"]));
        assert_eq!(seen["embedded"]["devices"], json!(["iPhone 17"]));
        assert_eq!(seen["connected"], "Waiting for Björn Okafor to accept (session-4).");
    }

    a_narrow_window_is_enough {
        let stage = Stage::set().await;
        let seen = stage.play("narrow", POST_MESSAGE);
        assert_eq!(seen["embedded"], customer_42());
        assert_eq!(seen["overflow"], 0);
    }
}

#[test]
fn the_portal_s_agent_sdk_is_the_one_that_is_tested() {
    let pin = |lock: &str| {
        serde_json::from_str::<Value>(lock).unwrap()["packages"]["node_modules/cobrowse-agent-sdk"].clone()
    };
    let tested = pin(include_str!("../interop/node/package-lock.json"));
    assert!(tested["integrity"].is_string(), "{tested}");
    assert_eq!(pin(include_str!("../../examples/agent-portal/package-lock.json")), tested);
}

/// What the embed shows of a token that is restricted to this customer.
fn customer_42() -> Value {
    json!({"state": "ready", "agent": "Jane Doe · jane@example.com", "devices": ["Pixel 10", "MacBook Air"]})
}

/// Three sites: the portal at 127.0.0.1, the instance at localhost, and somebody else's at 127.0.0.2, of which the instance's pages
/// load an image.
struct Stage {
    portal: String,
    instance: String,
    elsewhere: String,
    /// Origins of somebody else on each of the three hosts.
    foreign: [String; 3],
    stub: Stub,
    site: Site,
}

impl Stage {
    const PASSWORD: &str = "a demo password";

    async fn set() -> Self {
        let site = Site::default();
        let elsewhere = serve_at(Ipv4Addr::new(127, 0, 0, 2), site.router()).await;
        let neighbour = serve(site.router()).await;
        let foreign = [elsewhere.clone(), by_name(&neighbour), neighbour];
        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let account = Account::new(license_key().as_str(), key.public_key().to_pem()).unwrap();
        let stub = Stub::with_third_party(vec![account], &format!("{elsewhere}/image"));
        let instance = by_name(&serve(stub.router()).await);
        let modules = std::env::var_os("COBROWSE_TEST_NODE_MODULES").expect("set by `cargo xtask test`");
        let portal = Portal {
            minter: Minter::new(license_key(), key),
            instance: Instance::new(&instance).unwrap(),
            directory: Directory::demo(Password::new(Self::PASSWORD.into())),
            agent_sdk: PathBuf::from(modules).join("cobrowse-agent-sdk"),
            secure: false,
        };
        Self { portal: serve(portal.router()).await, instance, elsewhere, foreign, stub, site }
    }

    /// Has the browser do something; answers what it saw.
    fn play(&self, scenario: &str, by: &str) -> Value {
        self.ask(scenario, by, false)
    }

    /// The same in a browser that keeps whole pages while they are left.
    fn play_kept(&self, scenario: &str, by: &str) -> Value {
        self.ask(scenario, by, true)
    }

    fn ask(&self, scenario: &str, by: &str, kept: bool) -> Value {
        let pictures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/e2e");
        fs::create_dir_all(&pictures).unwrap();
        let question = json!({
            "scenario": scenario,
            "by": by,
            "kept": kept,
            "portal": self.portal,
            "instance": self.instance,
            "elsewhere": self.elsewhere,
            "foreign": self.foreign,
            "password": Self::PASSWORD,
            "pictures": pictures,
        });
        node_json("browser.mjs", &question)
    }

    /// Each of these pages had its devices, by a token of its own.
    fn brings_new_tokens(&self, seen: &Value, times: usize) {
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
    fn hidden_from_others(&self, token: &str, seen: &Value, embedded: &str) {
        assert!(token.starts_with("eyJ"), "{token}");
        let parent = &seen["parent"];
        assert!(!parent.to_string().contains(token), "{parent}");
        assert!(parent["dom"].as_str().unwrap().contains("<iframe"), "{parent}");
        let timing = parent["timing"].as_array().unwrap();
        assert!(timing.iter().any(|name| name.as_str().unwrap().contains(embedded)), "{timing:?}");
        assert_eq!(parent["location"], "SecurityError");

        let requests = seen["requests"].as_array().unwrap();
        let elsewhere = |request: &&Value| !request["url"].as_str().unwrap().starts_with(&self.instance);
        assert!(requests.iter().filter(elsewhere).count() > 2, "{requests:#?}");
        for request in requests.iter().filter(elsewhere) {
            assert!(!request.to_string().contains(token), "{request}");
        }
        let site = self.site.seen();
        assert!(site.iter().any(|(_, headers)| headers["referer"] == format!("{}/", self.instance)), "{site:?}");
        assert!(!format!("{site:?}").contains(token), "{site:?}");
    }

    /// Nothing that a foreign page has tried has brought a token to anybody.
    fn got_nothing(&self, seen: &Value) {
        assert_eq!(seen["read"], json!(["refused", ["opaque", ""], "refused", ["opaque", ""]]));
        let attempts = seen["attempts"].as_array().unwrap();
        let routes = ["/customers/42/token", "/customers/42/cobrowse", "/login"];
        for route in routes {
            let attempts: Vec<_> =
                attempts.iter().filter(|attempt| attempt["url"].as_str().unwrap().contains(route)).collect();
            assert!(!attempts.is_empty(), "{route}");
            for attempt in attempts {
                assert!(attempt["status"].is_null() || attempt["status"] == 403, "{attempt}");
            }
        }
        assert!(attempts.iter().filter(|attempt| attempt["status"] == 403).count() >= 6, "{attempts:#?}");
        assert_eq!(self.tokens_in_urls(), [""; 0]);
        assert!(!seen.to_string().contains("eyJ"), "no token anywhere: {seen}");
    }
}

/// The same origin, its host written as `localhost`.
fn by_name(origin: &str) -> String {
    origin.replace("127.0.0.1", "localhost")
}
