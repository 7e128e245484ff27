use proptest::prelude::*;
use url::Url;

use super::*;

#[test]
fn every_page_stands_on_its_path() {
    let instance = Instance::new("https://cobrowse.example.com:8443").unwrap();
    for (url, path) in [
        (EmbedUrl::dashboard(&instance), "/dashboard"),
        (EmbedUrl::code(&instance), "/code"),
        (EmbedUrl::connect(&instance), "/connect"),
        (EmbedUrl::session(&instance, "5ee1").unwrap(), "/session/5ee1"),
        (EmbedUrl::connect_device(&instance, "de1ce").unwrap(), "/connect/device/de1ce"),
        (EmbedUrl::recording(&instance, "5ee1").unwrap(), "/session/5ee1/recording"),
    ] {
        assert_eq!(url.clone().into_url(), format!("https://cobrowse.example.com:8443{path}"));
        let expected = format!("https://cobrowse.example.com:8443{path}?token_source=postMessage");
        assert_eq!(url.for_post_message().unwrap().to_string(), expected);
    }
}

#[test]
fn an_id_is_one_segment_whatever_it_contains() {
    for (id, encoded) in [
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("../admin", "..%2Fadmin"),
        ("a\\b", "a%5Cb"),
        ("%2e%2e", "%252e%252e"),
        ("?token=x#y", "%3Ftoken=x%23y"),
        ("ä€😀", "%C3%A4%E2%82%AC%F0%9F%98%80"),
        ("...", "..."),
    ] {
        let url = EmbedUrl::recording(&Instance::default(), id).unwrap().into_url();
        assert_eq!(url, format!("https://cobrowse.io/session/{encoded}/recording"));
    }
}

#[test]
fn an_id_that_would_name_another_page_is_refused() {
    for id in ["", ".", "..", "a\tb", "a\nb", "\u{7f}"] {
        assert_eq!(EmbedUrl::session(&Instance::default(), id), Err(EmbedError::InvalidId), "{id:?}");
        assert_eq!(EmbedUrl::connect_device(&Instance::default(), id), Err(EmbedError::InvalidId), "{id:?}");
        assert_eq!(EmbedUrl::recording(&Instance::default(), id), Err(EmbedError::InvalidId), "{id:?}");
    }
}

#[test]
fn filters_keep_their_order_and_are_encoded_for_every_decoder() {
    let url = dashboard()
        .filter("user id", "a b+c")
        .and_then(|url| url.filter("a+b&c=d", "50%#&=?/"))
        .and_then(|url| url.filter("naïve", "Jürgen 😀"))
        .and_then(|url| url.filter("empty", ""))
        .unwrap();
    let query = "filter_user%20id=a%20b%2Bc&filter_a%2Bb%26c%3Dd=50%25%23%26%3D%3F%2F\
                 &filter_na%C3%AFve=J%C3%BCrgen%20%F0%9F%98%80&filter_empty=";
    assert_eq!(url.into_url(), format!("https://cobrowse.io/dashboard?{query}"));
}

#[test]
fn filters_that_servers_would_misread_are_refused() {
    for (name, value, expected) in [
        ("", "x", EmbedError::InvalidFilterName),
        ("a[b]", "x", EmbedError::InvalidFilterName),
        ("a]", "x", EmbedError::InvalidFilterName),
        ("a\n", "x", EmbedError::ControlCharacter),
        ("a", "x\0", EmbedError::ControlCharacter),
        ("a", "x\u{85}", EmbedError::ControlCharacter),
        ("user_id", "43", EmbedError::DuplicateFilter),
    ] {
        let filtered = dashboard().filter("user_id", "42").unwrap().filter(name, value);
        assert_eq!(filtered, Err(expected), "{name:?}={value:?}");
    }
    assert!(dashboard().filter("a", "[x]").is_ok());
}

#[test]
fn each_option_has_its_parameter_and_the_last_value_counts() {
    let url = dashboard()
        .navigation(Show::None)
        .popout(Show::None)
        .agent_tools(Show::None)
        .device_controls(Show::None)
        .session_details(Show::None)
        .messages(Show::None)
        .end_action(EndAction::Code)
        .end_action(EndAction::None)
        .language("de")
        .and_then(|url| url.language("pt-BR"))
        .unwrap();
    assert_eq!(
        url.into_url(),
        concat!(
            "https://cobrowse.io/dashboard?",
            "agent_tools=none&device_controls=none&end_action=none&lng=pt-BR&messages=none&navigation=none&popout=none\
             &session_details=none"
        )
    );
    for (action, value) in [(EndAction::Dashboard, "dashboard"), (EndAction::None, "none"), (EndAction::Code, "code")] {
        let url = dashboard().end_action(action).into_url();
        assert_eq!(url, format!("https://cobrowse.io/dashboard?end_action={value}"));
    }
}

#[test]
fn a_language_has_the_form_of_a_tag() {
    for tag in ["de", "pt-BR", "zh-Hant-TW", "i-klingon"] {
        assert!(dashboard().language(tag).is_ok(), "{tag}");
    }
    for tag in ["", "-", "de-", "de_AT", "deutschland", "1a", "a1", "d", "de&token=x", "dé"] {
        assert_eq!(dashboard().language(tag), Err(EmbedError::InvalidLanguageTag), "{tag}");
    }
}

#[test]
fn the_token_stands_last_in_the_query_and_not_in_debug() {
    let url = dashboard().filter("user_id", "a b").unwrap().with_token(&token(3)).unwrap();
    assert_eq!(url.expose_secret(), "https://cobrowse.io/dashboard?filter_user_id=a%20b&token=aaa");
    assert_eq!(format!("{url:?}"), "TokenUrl(..)");
}

#[test]
fn a_url_that_proxies_cut_is_an_error() {
    let rest = "https://cobrowse.io/dashboard?token=".len();
    assert!(dashboard().with_token(&token(EmbedUrl::MAX_BYTES - rest)).is_ok());
    let long = dashboard().with_token(&token(EmbedUrl::MAX_BYTES - rest + 1));
    assert_eq!(long.unwrap_err(), EmbedError::TooLong { bytes: EmbedUrl::MAX_BYTES + 1 });

    let rest = "https://cobrowse.io/dashboard?filter_a=&token_source=postMessage".len();
    let filtered = |length: usize| dashboard().filter("a", &"x".repeat(length)).unwrap().for_post_message();
    assert!(filtered(EmbedUrl::MAX_BYTES - rest).is_ok());
    let long = filtered(EmbedUrl::MAX_BYTES - rest + 1);
    assert_eq!(long, Err(EmbedError::TooLong { bytes: EmbedUrl::MAX_BYTES + 1 }));
}

proptest! {
    #[test]
    fn whatever_is_accepted_comes_out_as_it_went_in(name in "\\PC{1,20}", value in "\\PC{0,40}", id in "\\PC{1,20}") {
        let instance = Instance::default();
        if let Ok(url) = EmbedUrl::session(&instance, &id).and_then(|url| url.filter(&name, &value)) {
            let url = url.navigation(Show::None).into_url();
            let read = Url::parse(&url).unwrap();
            prop_assert_eq!(read.as_str(), &url);
            let pairs: Vec<(String, String)> = read.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, [(format!("filter_{name}"), value), ("navigation".into(), "none".into())]);
            prop_assert_eq!(read.path_segments().unwrap().count(), 2);
            prop_assert!(read.fragment().is_none() && !read.query().unwrap().contains('+'));
        }
    }
}

fn dashboard() -> EmbedUrl {
    EmbedUrl::dashboard(&Instance::default())
}

fn token(length: usize) -> AgentToken {
    AgentToken::new(Zeroizing::new("a".repeat(length)), 0)
}
