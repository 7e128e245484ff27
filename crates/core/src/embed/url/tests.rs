use proptest::prelude::*;
use url::Url;

use super::*;

#[test]
fn every_page_has_its_path() {
    let instance = Instance::new("https://cobrowse.example.com:8443").unwrap();
    for (url, path) in [
        (EmbedUrl::dashboard(&instance), "/dashboard"),
        (EmbedUrl::code(&instance), "/code"),
        (EmbedUrl::connect(&instance), "/connect"),
        (EmbedUrl::session(&instance, "5ee1"), "/session/5ee1"),
        (EmbedUrl::connect_device(&instance, "de1ce"), "/connect/device/de1ce"),
        (EmbedUrl::recording(&instance, "5ee1"), "/session/5ee1/recording"),
    ] {
        assert_eq!(url.clone().build().unwrap(), format!("https://cobrowse.example.com:8443{path}"));
        let expected = format!("https://cobrowse.example.com:8443{path}?token_source=postMessage");
        assert_eq!(url.for_post_message().unwrap().to_string(), expected);
    }
}

#[test]
fn id_with_special_characters_is_one_segment() {
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
        let url = EmbedUrl::recording(&Instance::default(), id).build().unwrap();
        assert_eq!(url, format!("https://cobrowse.io/session/{encoded}/recording"));
    }
}

#[test]
fn id_of_another_page_is_refused() {
    let instance = Instance::default();
    for id in ["", ".", "..", "a\tb", "a\nb", "\u{7f}"] {
        for url in [
            EmbedUrl::session(&instance, id),
            EmbedUrl::connect_device(&instance, id),
            EmbedUrl::recording(&instance, id),
        ] {
            assert_eq!(url.clone().for_post_message(), Err(EmbedError::InvalidId), "{id:?}");
            assert_eq!(url.with_token(&token(3)).unwrap_err(), EmbedError::InvalidId, "{id:?}");
        }
    }
}

#[test]
fn filters_keep_their_order_and_are_encoded_for_every_decoder() {
    let url = dashboard()
        .filter("user id", "a b+c")
        .filter("a+b&c=d", "50%#&=?/")
        .filter("naïve", "Jürgen 😀")
        .filter("empty", "");
    let query = "filter_user%20id=a%20b%2Bc&filter_a%2Bb%26c%3Dd=50%25%23%26%3D%3F%2F\
                 &filter_na%C3%AFve=J%C3%BCrgen%20%F0%9F%98%80&filter_empty=";
    assert_eq!(url.build().unwrap(), format!("https://cobrowse.io/dashboard?{query}"));
}

#[test]
fn filter_that_servers_parse_differently_is_refused() {
    for (name, value, expected) in [
        ("", "x", EmbedError::InvalidFilterName),
        ("a[b]", "x", EmbedError::InvalidFilterName),
        ("a]", "x", EmbedError::InvalidFilterName),
        ("a\n", "x", EmbedError::ControlCharacter),
        ("a", "x\0", EmbedError::ControlCharacter),
        ("a", "x\u{85}", EmbedError::ControlCharacter),
        ("user_id", "43", EmbedError::DuplicateFilter),
    ] {
        let filtered = dashboard().filter("user_id", "42").filter(name, value);
        assert_eq!(filtered.clone().for_post_message(), Err(expected.clone()), "{name:?}={value:?}");
        assert_eq!(filtered.language("").filter("a", "1").for_post_message(), Err(expected), "the first error");
    }
    assert!(dashboard().filter("a", "[x]").for_post_message().is_ok());
}

#[test]
fn option_that_is_set_twice_has_the_last_value() {
    let url = dashboard()
        .navigation(Visibility::Hidden)
        .popout(Visibility::Hidden)
        .agent_tools(Visibility::Hidden)
        .device_controls(Visibility::Hidden)
        .session_details(Visibility::Hidden)
        .messages(Visibility::Hidden)
        .end_action(EndAction::Code)
        .end_action(EndAction::Stay)
        .language("de")
        .language("pt-BR");
    assert_eq!(
        url.build().unwrap(),
        concat!(
            "https://cobrowse.io/dashboard?",
            "agent_tools=none&device_controls=none&end_action=none&lng=pt-BR&messages=none&navigation=none&popout=none\
             &session_details=none"
        )
    );
    for (action, value) in [(EndAction::Dashboard, "dashboard"), (EndAction::Stay, "none"), (EndAction::Code, "code")] {
        let url = dashboard().end_action(action).build().unwrap();
        assert_eq!(url, format!("https://cobrowse.io/dashboard?end_action={value}"));
    }
}

#[test]
fn language_with_other_text_than_a_tag_is_refused() {
    for tag in ["de", "pt-BR", "zh-Hant-TW", "i-klingon"] {
        assert!(dashboard().language(tag).for_post_message().is_ok(), "{tag}");
    }
    for tag in ["", "-", "de-", "de_AT", "deutschland", "1a", "a1", "d", "de&token=x", "dé"] {
        assert_eq!(dashboard().language(tag).for_post_message(), Err(EmbedError::InvalidLanguageTag), "{tag}");
    }
}

#[test]
fn token_is_last_in_the_query_and_not_in_debug() {
    let url = dashboard().filter("user_id", "a b").with_token(&token(3)).unwrap();
    assert_eq!(url.expose_secret(), "https://cobrowse.io/dashboard?filter_user_id=a%20b&token=aaa");
    assert_eq!(format!("{url:?}"), "TokenUrl(..)");
}

#[test]
fn url_over_the_limit_of_proxies_is_refused() {
    let rest = "https://cobrowse.io/dashboard?token=".len();
    assert!(dashboard().with_token(&token(EmbedUrl::MAX_BYTES - rest)).is_ok());
    let long = dashboard().with_token(&token(EmbedUrl::MAX_BYTES - rest + 1));
    assert_eq!(long.unwrap_err(), EmbedError::TooLong { bytes: EmbedUrl::MAX_BYTES + 1 });

    let rest = "https://cobrowse.io/dashboard?filter_a=&token_source=postMessage".len();
    let filtered = |length: usize| dashboard().filter("a", &"x".repeat(length)).for_post_message();
    assert!(filtered(EmbedUrl::MAX_BYTES - rest).is_ok());
    let long = filtered(EmbedUrl::MAX_BYTES - rest + 1);
    assert_eq!(long, Err(EmbedError::TooLong { bytes: EmbedUrl::MAX_BYTES + 1 }));
}

proptest! {
    #[test]
    fn accepted_parameters_survive_the_parser_of_browsers(name in "\\PC{1,20}", value in "\\PC{0,40}", id in "\\PC{1,20}") {
        let instance = Instance::default();
        let url = EmbedUrl::session(&instance, &id).filter(&name, &value).navigation(Visibility::Hidden);
        if let Ok(url) = url.build() {
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
