//! The agent portal in Chromium and Firefox, with a mock of Cobrowse and an unrelated site: who gets a token, and who can read it.

use std::{
    fs,
    net::Ipv4Addr,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use agent_portal::{Directory, Password, Portal};
use axum::{Router, response::Html};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{
    Instance, Minter,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{RecordedRequest, Recorder, bind, bind_at, license_key, node_json, serve, serve_at};
use cobrowse_stub::{Account, Stub};
use serde_json::{Value, json};

const POST_MESSAGE: &str = "post-message";
const REDIRECT: &str = "redirect";

/// Defines each test for each browser, in a module with the browser's name, by which a missing browser is skipped.
macro_rules! in_browsers {
    ($($name:ident($browser:ident) $body:block)+) => {
        mod chromium {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs Node, its packages and Chromium, which `cargo xtask test` sets up"]
                async fn $name() {
                    super::$name("chromium").await;
                }
            )+
        }
        mod firefox {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs Node, its packages and Firefox, which `cargo xtask test` sets up"]
                async fn $name() {
                    super::$name("firefox").await;
                }
            )+
        }
        $(async fn $name($browser: &'static str) $body)+
    };
}

in_browsers! {
    redirect_hides_the_token_from_the_parent_and_other_sites(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("embed", REDIRECT);
        assert_eq!(seen["embedded"], customer_42());
        let tokens = stage.tokens_in_urls();
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        stage.assert_hidden(&tokens[0], &seen, "/customers/42/cobrowse");
        assert_eq!(seen["referrer"], "", "the instance does not get the portal's URL");
    }

    post_message_keeps_the_token_out_of_every_url(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("embed", POST_MESSAGE);
        assert_eq!(seen["embedded"], customer_42());
        assert_eq!(stage.tokens_in_urls(), [""; 0]);
        let tokens = stage.tokens_in_headers();
        assert!(!tokens.is_empty());
        for token in tokens {
            stage.assert_hidden(&token, &seen, "token_source=postMessage");
            for request in stage.instance.requests() {
                assert!(!request.target.contains(&token) && !request.header("referer").contains(&token), "{request:?}");
            }
        }
    }

    frame_of_another_origin_is_blocked(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("frames", REDIRECT);
        let blocked: Vec<Value> = stage.foreign.iter().map(|origin| json!(["frame-src", origin])).collect();
        assert_eq!(seen["violations"], json!(blocked));
        assert!(stage.instance.requests().iter().any(|request| request.target == "/code"));
        assert!(!stage.elsewhere.requests().iter().any(|request| request.target == "/frame"));
    }

    reload_brings_a_new_token(browser) {
        for embed in [REDIRECT, POST_MESSAGE] {
            let stage = Stage::new(browser).await;
            let seen = stage.play("reload", embed);
            assert_eq!(seen["seen"], json!([customer_42(), customer_42()]));
            stage.assert_new_tokens(embed, 2);
        }
    }

    back_and_forward_bring_new_tokens(browser) {
        for (embed, keeps_pages) in [(REDIRECT, true), (REDIRECT, false), (POST_MESSAGE, true)] {
            if is_repetition(browser, keeps_pages) {
                continue;
            }
            let stage = Stage::new(browser).await;
            let seen = stage.play_with("history", embed, keeps_pages);
            let customer_43 = json!({"state": "ready", "agent": "Jane Doe · jane@example.com", "devices": ["iPhone 17"]});
            let customers = [customer_42(), customer_42(), customer_42(), customer_43, customer_42()];
            assert_eq!(seen["seen"], Value::from_iter(customers));
            stage.assert_new_tokens(embed, 6);
            // Which pages Chromium keeps depends on its memory. Firefox keeps none with `no-store`.
            println!("{embed} in {}: {} whole pages from memory", seen["version"], seen["restored"]);
        }
    }

    page_restored_from_memory_brings_a_new_token(browser) {
        for embed in [REDIRECT, POST_MESSAGE] {
            let stage = Stage::new(browser).await;
            let seen = stage.play("restored", embed);
            assert_eq!(seen["seen"], json!([customer_42(), customer_42()]));
            stage.assert_new_tokens(embed, 2);
        }
    }

    back_after_sign_out_shows_the_form(browser) {
        for (embed, keeps_pages) in [(REDIRECT, true), (REDIRECT, false), (POST_MESSAGE, true)] {
            if is_repetition(browser, keeps_pages) {
                continue;
            }
            let stage = Stage::new(browser).await;
            let seen = stage.play_with("backAfterSignOut", embed, keeps_pages);
            assert_eq!(stage.tokens_in_urls().len(), usize::from(embed == REDIRECT));
            assert_eq!(seen["frames"], 1, "the page has no iframe");
            let last = stage.portal.requests().into_iter().rfind(|request| request.target.starts_with("/customers/42"));
            assert_eq!(last.unwrap().status, 401);
        }
    }

    second_agent_gets_no_token_of_the_first(browser) {
        for (embed, keeps_pages) in [(REDIRECT, true), (REDIRECT, false), (POST_MESSAGE, true)] {
            if is_repetition(browser, keeps_pages) {
                continue;
            }
            let stage = Stage::new(browser).await;
            let seen = stage.play_with("secondAgent", embed, keeps_pages);
            let customer_43 = |agent: &str| json!({"state": "ready", "agent": agent, "devices": ["iPhone 17"]});
            assert_eq!(seen["jane"], customer_43("Jane Doe · jane@example.com"));
            let pages = seen["seen"].as_array().unwrap();
            let shared = format!("/customers/43?embed={embed}");
            assert_eq!(pages.len(), 4);
            for (page, path) in pages.iter().zip([&shared, &shared, "/customers/43", &shared]) {
                assert_eq!((&page["path"], &page["agent"]), (&json!(path), &json!("Omar Haddad")));
                assert_eq!(page["embedded"], customer_43("Omar Haddad · omar@example.com"));
                let token = page["url"].as_str().unwrap().split_once("token=").map(|(_, token)| subject(token));
                assert_eq!(token.is_some(), embed == REDIRECT && *path == shared);
                assert!(token.is_none_or(|subject| subject == "omar@example.com"), "{page}");
            }
            assert_eq!(stage.subjects(), ["jane@example.com", "omar@example.com"], "in this order");
            let connected = "Waiting for Björn Okafor to accept (session-4).";
            assert_eq!(seen["connected"], json!([connected, connected]), "the second time the same session");
        }
    }

    post_message_token_is_renewed_and_failures_are_retried_slowly(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("renewal", POST_MESSAGE);
        assert_eq!(seen["counts"], json!([1, 1, 2, 3, 4]));
        assert_eq!(seen["renewed"], "");
        assert_eq!(seen["failing"], "The portal cannot issue a token. Trying again in 30 seconds.");
        assert_eq!(seen["embedded"], customer_42());
        assert_eq!(stage.tokens_in_headers().len(), 3, "the iframe uses each token");
    }

    unreachable_instance_is_reported_after_ten_seconds(browser) {
        let stage = Stage::unreachable(browser).await;
        let seen = stage.play("unreachable", POST_MESSAGE);
        let message = format!("No response from {} for 10 seconds. Check that this browser can open it.", stage.instance_origin);
        assert_eq!(seen["messages"], json!(["", message]), "before and after");
    }

    redirect_token_expires_after_five_minutes_with_a_message(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("expiry", REDIRECT);
        assert_eq!(seen["messages"], json!(["", "The token has expired. Reload the page to continue."]));
        assert_eq!(lifetime(&stage.tokens_in_urls()[0]), 300);
    }

    signed_out_visitor_gets_the_form(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("signedOut", REDIRECT);
        assert_eq!(seen["seen"], json!([[200, true, 1], [401, true, 1], [401, true, 1], [403, false, 1]]));
        assert_eq!(seen["token"], 401);
        assert!(stage.instance.requests().is_empty());
    }

    wrong_password_keeps_the_email_and_the_page(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("wrongPassword", REDIRECT);
        assert_eq!(seen["alert"], "Email or password is wrong.");
        assert_eq!(seen["email"], "jane@example.com");
        assert_eq!(seen["focus"], "password");
        assert_eq!(seen["cookies"], json!([]));
        assert_eq!(seen["path"], "/customers/43?embed=redirect");
        assert_eq!(seen["embedded"]["devices"], json!(["iPhone 17"]));
    }

    other_site_gets_no_token(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("attack", REDIRECT);
        let cookie = &seen["cookies"][0];
        assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&json!(true), &json!("Strict")));
        stage.assert_attack_failed(&seen);
    }

    // The same site for a browser, so that it sends the cookie.
    other_port_of_the_portal_gets_no_token(browser) {
        let mut stage = Stage::new(browser).await;
        stage.elsewhere_origin = serve(stage.elsewhere.record(empty_site())).await;
        let seen = stage.play("attack", REDIRECT);
        stage.assert_attack_failed(&seen);
    }

    other_agents_customer_is_not_found(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("otherAgentsCustomer", REDIRECT);
        let pages = seen["seen"].as_array().unwrap();
        for page in pages {
            assert_eq!((&page[0], &page[1]), (&json!(404), &json!(1)), "{page}");
            assert_eq!(page[2], pages[2][2], "the same page as for a customer who does not exist");
        }
        assert_eq!(seen["token"], 404);
        assert_eq!(seen["framed"], "Not found");
        assert_eq!(stage.tokens_in_urls(), [""; 0]);
    }

    keyboard_reaches_everything(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("keyboard", POST_MESSAGE);
        assert_eq!(seen["stops"], json!(["Skip to Cobrowse", "Sign out", "Ada Lindqvist", "Björn Okafor"]));
        assert_eq!(seen["embedded"]["devices"], json!(["iPhone 17"]));
        assert_eq!(seen["connected"], "Waiting for Björn Okafor to accept (session-4).");
    }

    small_window_has_no_overflow_and_a_usable_frame(browser) {
        let stage = Stage::new(browser).await;
        let seen = stage.play("smallWindow", POST_MESSAGE);
        assert_eq!(seen["embedded"], customer_42());
        assert_eq!(seen["overflow"], json!([0, 0, 0]));
        assert!(seen["height"].as_u64().unwrap() >= 400, "{seen}");
    }

    missing_agent_sdk_shows_how_to_install_it(browser) {
        let stage = Stage::without_agent_sdk(browser).await;
        let seen = stage.play("missingSdk", REDIRECT);
        assert!(seen["text"].as_str().unwrap().contains("npm ci --ignore-scripts"), "{seen}");
        assert_eq!(seen["overflow"], 0);
    }
}

#[test]
fn agent_sdk_of_the_portal_is_the_tested_version() {
    let pin = |lock: &str| {
        serde_json::from_str::<Value>(lock).unwrap()["packages"]["node_modules/cobrowse-agent-sdk"].clone()
    };
    let tested = pin(include_str!("../interop/node/package-lock.json"));
    assert!(tested["integrity"].is_string(), "{tested}");
    assert_eq!(pin(include_str!("../../examples/agent-portal/package-lock.json")), tested);
}

/// Only Chromium can be started without its memory for whole pages.
fn is_repetition(browser: &str, keeps_pages: bool) -> bool {
    browser == "firefox" && !keeps_pages
}

/// What the iframe shows with a token for this customer.
fn customer_42() -> Value {
    json!({"state": "ready", "agent": "Jane Doe · jane@example.com", "devices": ["Pixel 10", "MacBook Air"]})
}

/// Three sites: the portal at 127.0.0.1, the instance at localhost, and an unrelated one at 127.0.0.2, from which the instance's
/// pages load an image.
struct Stage {
    browser: &'static str,
    portal: Recorder,
    portal_origin: String,
    instance: Recorder,
    instance_origin: String,
    elsewhere: Recorder,
    elsewhere_origin: String,
    /// Unrelated origins on each of the three hosts.
    foreign: [String; 3],
}

impl Stage {
    const PASSWORD: &str = "a demo password";

    async fn new(browser: &'static str) -> Self {
        let modules = std::env::var_os("COBROWSE_TEST_NODE_MODULES").expect("set by `cargo xtask test`");
        Self::start(browser, PathBuf::from(modules).join("cobrowse-agent-sdk"), true).await
    }

    async fn without_agent_sdk(browser: &'static str) -> Self {
        Self::start(browser, PathBuf::new(), true).await
    }

    async fn unreachable(browser: &'static str) -> Self {
        let modules = std::env::var_os("COBROWSE_TEST_NODE_MODULES").expect("set by `cargo xtask test`");
        Self::start(browser, PathBuf::from(modules).join("cobrowse-agent-sdk"), false).await
    }

    async fn start(browser: &'static str, agent_sdk: PathBuf, is_reachable: bool) -> Self {
        let [portal, instance, elsewhere] = [(); 3].map(|()| Recorder::default());
        let elsewhere_origin = serve_at(bind_at(Ipv4Addr::new(127, 0, 0, 2)).await, elsewhere.record(empty_site()));
        let neighbour = serve(elsewhere.record(empty_site())).await;
        let foreign = [elsewhere_origin.clone(), by_name(&neighbour), neighbour];

        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let account = Account::new(license_key().as_str(), key.public_key().to_pem()).unwrap();
        let stub = Stub::with_third_party(vec![account], &format!("{elsewhere_origin}/image"));
        let routes = if is_reachable { stub.router() } else { Router::new() };
        let instance_origin = by_name(&serve(instance.record(routes)).await);

        // Each token differs from the one before, also within a second.
        let minted = AtomicU64::new(0);
        let clock = move || SystemTime::now() + Duration::from_secs(minted.fetch_add(1, Ordering::Relaxed));
        let listener = bind().await;
        let portal_origin = format!("http://{}", listener.local_addr().unwrap());
        let routes = Portal {
            minter: Minter::builder(license_key(), key).clock(clock).build(),
            instance: Instance::new(&instance_origin).unwrap(),
            directory: Directory::demo(Password::new(Self::PASSWORD.into())),
            agent_sdk,
            origin: Instance::new(&portal_origin).unwrap(),
        };
        serve_at(listener, portal.record(routes.router()));
        Self { browser, portal, portal_origin, instance, instance_origin, elsewhere, elsewhere_origin, foreign }
    }

    /// Runs a scenario, and returns what the browser showed.
    fn play(&self, scenario: &str, embed: &str) -> Value {
        self.play_with(scenario, embed, true)
    }

    /// Runs a scenario. Unless `keeps_pages` is set, Chromium keeps no whole pages in memory for the back button.
    fn play_with(&self, scenario: &str, embed: &str, keeps_pages: bool) -> Value {
        let pictures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/e2e");
        fs::create_dir_all(&pictures).unwrap();
        let question = json!({
            "browser": self.browser,
            "scenario": scenario,
            "embed": embed,
            "keepsPages": keeps_pages,
            "portal": self.portal_origin,
            "instance": self.instance_origin,
            "elsewhere": self.elsewhere_origin,
            "foreign": self.foreign,
            "password": Self::PASSWORD,
            "pictures": pictures,
        });
        node_json("browser.mjs", &question)
    }

    /// The instance got this number of tokens, all different, and their number with `postMessage` includes the one after the log-in.
    fn assert_new_tokens(&self, embed: &str, expected: usize) {
        let in_urls = self.tokens_in_urls();
        let in_headers = self.tokens_in_headers();
        if embed == REDIRECT {
            assert_eq!(in_urls.len(), expected, "{in_urls:?}");
            assert!(in_urls.iter().all(|token| in_headers.contains(token)), "each is used");
        } else {
            assert_eq!(in_urls, [""; 0]);
        }
        assert_eq!(in_headers.len(), expected + 1, "all different, and one after the log-in");
    }

    /// Returns the tokens in the URLs of the instance's pages, in order.
    fn tokens_in_urls(&self) -> Vec<String> {
        let requests = self.instance.requests().into_iter().filter(|request| !request.target.starts_with("/api/"));
        requests.filter_map(|request| Some(request.target.split_once("token=")?.1.to_owned())).collect()
    }

    /// Returns the different tokens of calls of the instance's API, in order.
    fn tokens_in_headers(&self) -> Vec<String> {
        let mut tokens = Vec::new();
        for request in self.instance.requests() {
            let token = request.header("authorization").strip_prefix("Bearer ").map(str::to_owned);
            tokens.extend(token.filter(|token| !tokens.contains(token)));
        }
        tokens
    }

    /// Returns the agents of the API calls, without repetitions in a row.
    fn subjects(&self) -> Vec<String> {
        let requests = self.instance.requests();
        let tokens = requests.iter().filter_map(|request| request.header("authorization").strip_prefix("Bearer "));
        let mut subjects: Vec<String> = tokens.map(subject).collect();
        subjects.dedup();
        subjects
    }

    /// Neither the page around the iframe nor any origin but the instance received the token.
    fn assert_hidden(&self, token: &str, seen: &Value, embedded: &str) {
        assert!(token.starts_with("eyJ"), "{token}");
        let parent = &seen["parent"];
        assert!(!parent.to_string().contains(token), "{parent}");
        assert!(parent["dom"].as_str().unwrap().contains("<iframe"), "{parent}");
        let timing = parent["timing"].as_array().unwrap();
        assert!(timing.iter().any(|name| name.as_str().unwrap().contains(embedded)), "{timing:?}");
        assert_eq!(parent["location"], "SecurityError");

        assert!(self.portal.requests().len() > 2);
        let images = self.elsewhere.requests();
        assert!(
            images.iter().any(|image| image.header("referer") == format!("{}/", self.instance_origin)),
            "{images:?}"
        );
        for request in self.portal.requests().iter().chain(&images) {
            assert!(!format!("{request:?}").contains(token), "{request:?}");
        }
    }

    /// The other site read nothing, and the portal refused all its requests.
    fn assert_attack_failed(&self, seen: &Value) {
        assert_eq!(seen["read"], json!(["refused", ["opaque", ""], "refused", ["opaque", ""]]));
        let is_foreign =
            |request: &RecordedRequest| ["cross-site", "same-site"].contains(&request.header("sec-fetch-site"));
        let attempts: Vec<_> = self.portal.requests().into_iter().filter(is_foreign).collect();
        for route in ["/customers/42/token", "/customers/42/cobrowse", "/login"] {
            let attempts: Vec<_> = attempts.iter().filter(|attempt| attempt.target.starts_with(route)).collect();
            assert!(!attempts.is_empty(), "{route}");
            assert!(attempts.iter().all(|attempt| attempt.status == 403), "{attempts:?}");
        }
        assert!(attempts.iter().filter(|attempt| attempt.status == 403).count() >= 6, "{attempts:#?}");
        assert_eq!(self.tokens_in_urls(), [""; 0]);
        assert!(!seen.to_string().contains("eyJ"), "no token: {seen}");
    }
}

/// Returns a site whose pages are empty.
fn empty_site() -> Router {
    Router::new().fallback(|| async { Html("<!doctype html><title>Elsewhere</title>") })
}

fn subject(token: &str) -> String {
    claims(token)["sub"].as_str().unwrap().to_owned()
}

fn lifetime(token: &str) -> u64 {
    claims(token)["exp"].as_u64().unwrap() - claims(token)["iat"].as_u64().unwrap()
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// Returns the same origin, its host written as `localhost`.
fn by_name(origin: &str) -> String {
    origin.replace("127.0.0.1", "localhost")
}
