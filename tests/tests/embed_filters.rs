//! Filters in URLs are decoded without loss by the URL standard's decoder and by npm `qs`.

use cobrowse_jwt::{EmbedUrl, Instance};
use cobrowse_jwt_tests::node_json;
use serde_json::{Value, json};
use url::Url;

const CASES: usize = 2_000;

#[test]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
fn special_characters_round_trip() {
    round_trip(&[
        ("user_id", "42"),
        ("user_email", "ada.lindqvist+bank@example.com"),
        ("user_name", "Ada Lindqvist"),
        ("device_id", "5f3a-11"),
        ("a name with spaces", " a value with spaces "),
        ("plus+name", "1+1=2"),
        ("hash#name", "#42"),
        ("amp&name", "a&b&filter_user_id=43"),
        ("percent%20name", "100%, %2B, %zz"),
        ("equals=name", "a=b=c"),
        ("question?name", "?/;:@,$!*'()~"),
        ("a.b", "[x][]=1]="),
        ("naïve", "Jürgen Ñuñez Ωmega"),
        ("家族", "山田太郎"),
        ("😀", "👩‍👩‍👧‍👦 🇸🇪"),
        ("__proto__", "constructor"),
        ("empty", ""),
        ("quotes\"'`<>", "\\ \u{2028}\u{feff}\u{202e}"),
    ]);
}

#[test]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
fn random_filters_round_trip() {
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let filters: Vec<(String, String)> =
        (0..CASES).map(|_| (text(&mut random, 1..20).replace(['[', ']'], "x"), text(&mut random, 0..60))).collect();
    let filters: Vec<(&str, &str)> = filters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    round_trip(&filters);
}

/// Returns a text of which half are characters with a meaning in URLs, and half any characters but control characters.
fn text(random: &mut fastrand::Rng, length: std::ops::Range<usize>) -> String {
    const MEANINGFUL: &[char] =
        &['%', '+', '&', '=', '#', '?', '/', ';', '[', ']', '.', ' ', '2', 'B', '5', 'D', '\\', '"'];
    let arbitrary = |random: &mut fastrand::Rng| loop {
        let char = random.char(..);
        if !char.is_control() {
            return char;
        }
    };
    (0..random.usize(length))
        .map(|_| if random.bool() { MEANINGFUL[random.usize(..MEANINGFUL.len())] } else { arbitrary(random) })
        .collect()
}

fn round_trip(filters: &[(&str, &str)]) {
    let dashboard = || EmbedUrl::dashboard(&Instance::default());
    let urls = filters.iter().map(|(name, value)| dashboard().filter(name, value).for_post_message().unwrap());
    let queries: Vec<String> = urls.map(|url| Url::parse(url.as_str()).unwrap().query().unwrap().to_owned()).collect();
    let Value::Array(answers) = node_json("decode.mjs", &json!({ "queries": queries })) else { panic!("no array") };
    assert_eq!(answers.len(), filters.len());
    for ((name, value), answer) in filters.iter().zip(answers) {
        let name = format!("filter_{name}");
        let pairs = json!([[name, value], ["token_source", "postMessage"]]);
        assert_eq!(answer["urlSearchParams"], pairs);
        assert_eq!(answer["qs"], json!({name: value, "token_source": "postMessage"}));
    }
}
