//! Claims of a signed token that readers understand differently, or that Cobrowse's own library would accept.

use crate::{
    Attack,
    expected::{AUD, CLAIMS as NOT_AN_OBJECT, EXPIRED, FUTURE, ISS, LIFETIME, ROLE, SECONDS, UNKNOWN},
    forge::{CLAIMS, HEADER, account, replaced, with},
};

pub(crate) fn attacks() -> Vec<Attack> {
    [duplicates(), numbers(), dates(), texts(), names(), json()].concat()
}

fn duplicates() -> Vec<Attack> {
    [
        ("duplicate iat", with(r#""iat":1"#)),
        ("duplicate exp", with(r#""exp":1800000000"#)),
        ("duplicate exp with the same value", with(r#""exp":1700003600"#)),
        ("duplicate aud", with(r#""aud":"https://attacker.example""#)),
        ("duplicate iss", with(r#""iss":"trial""#)),
        ("duplicate sub", with(r#""sub":"root@example.com""#)),
        ("duplicate role", with(r#""role":"agent","role":"administrator""#)),
        ("duplicate displayName", with(r#""displayName":"a","displayName":"b""#)),
        ("duplicate policy", with(r#""policy":{"version":3},"policy":{"version":3,"sessions":{}}"#)),
        ("duplicate unknown claim", with(r#""x":1,"x":2"#)),
        ("duplicate sub with an escape", with(r#""s\u0075b":"root@example.com""#)),
        ("duplicate sub with escapes only", with(r#""\u0073\u0075\u0062":"root@example.com""#)),
        ("duplicate sub with escapes in upper case", with(r#""\u0073\u0055b":"a","s\u0055b":"b""#)),
        ("duplicate version", with(r#""policy":{"version":3,"version":2}"#)),
        ("duplicate resource", with(r#""policy":{"version":3,"devices":{"id":"a"},"devices":{}}"#)),
        ("duplicate resource with an escape", with(r#""policy":{"version":3,"devices":{"id":"a"},"device\u0073":{}}"#)),
        ("duplicate id in a rule", with(r#""policy":{"version":3,"devices":{"id":"a","id":"b"}}"#)),
        ("duplicate permissions", with(r#""policy":{"version":3,"a":{"permissions":["read"],"permissions":[]}}"#)),
        ("duplicate custom_data", with(r#""policy":{"version":3,"a":{"custom_data":{"k":"1"},"custom_data":{}}}"#)),
        ("duplicate key in custom_data", with(r#""policy":{"version":3,"a":{"custom_data":{"k":"1","k":"2"}}}"#)),
        ("duplicate key with an escape", with(r#""policy":{"version":3,"a":{"custom_data":{"k":"1","\u006b":"2"}}}"#)),
        ("duplicate member in an array", with(r#""x":[{"a":1},{"a":1,"a":2}]"#)),
        ("duplicate member 100 levels deep", with(&nested(100, r#"{"a":1,"a":2}"#))),
        ("duplicate empty name", with(r#""":1,"":2"#)),
        ("duplicate among 1,000 members", with(&format!("{},\"m500\":1", members(1_000)))),
    ]
    .map(|(name, token)| (name, token, NOT_AN_OBJECT))
    .to_vec()
}

fn numbers() -> Vec<Attack> {
    const TYPE: &str = "wrong-claim-type exp";
    const IAT_TYPE: &str = "wrong-claim-type iat";
    let exp = |form: &str| replaced("1700003600", form);
    let iat = |form: &str| replaced("1700000000", form);
    vec![
        ("exp as a string", exp(r#""1700003600""#), TYPE),
        ("exp with a fraction of zero", exp("1700003600.0"), TYPE),
        ("exp with a fraction", exp("1700003600.5"), TYPE),
        ("exp with an exponent", exp("17000036e2"), TYPE),
        ("exp with an exponent of zero", exp("1700003600E0"), TYPE),
        ("a negative exp", exp("-1"), TYPE),
        ("exp of minus zero", exp("-0"), TYPE),
        ("exp over 64 bits", exp("18446744073709551616"), TYPE),
        ("exp of 1e300", exp("1e300"), TYPE),
        ("exp as true", exp("true"), TYPE),
        ("exp as null", exp("null"), TYPE),
        ("exp as an array", exp("[1700003600]"), TYPE),
        ("exp as an object", exp(r#"{"$numberLong":"1700003600"}"#), TYPE),
        ("exp as a private number of serde_json", exp(r#"{"$serde_json::private::Number":"1700003600"}"#), TYPE),
        ("exp of 64 bits", exp("18446744073709551615"), SECONDS),
        ("exp of 63 bits", exp("9223372036854775807"), SECONDS),
        ("exp of 53 bits and one more", exp("9007199254740993"), SECONDS),
        ("exp in milliseconds", exp("1700003600000"), SECONDS),
        ("iat in milliseconds", iat("1700000000000"), SECONDS),
        ("exp of 1e400", exp("1e400"), NOT_AN_OBJECT),
        ("exp with a leading zero", exp("01700003600"), NOT_AN_OBJECT),
        ("exp with a plus sign", exp("+1700003600"), NOT_AN_OBJECT),
        ("exp in hexadecimal", exp("0x6553F390"), NOT_AN_OBJECT),
        ("exp with underscores", exp("1_700_003_600"), NOT_AN_OBJECT),
        ("exp with a final point", exp("1700003600."), NOT_AN_OBJECT),
        ("exp as Infinity", exp("Infinity"), NOT_AN_OBJECT),
        ("exp as NaN", exp("NaN"), NOT_AN_OBJECT),
        ("exp in full-width digits", exp("１７００００３６００"), NOT_AN_OBJECT),
        ("exp of 45,000 digits", exp(&"9".repeat(45_000)), NOT_AN_OBJECT),
        ("iat as a string", iat(r#""1700000000""#), IAT_TYPE),
        ("iat with a fraction", iat("1700000000.5"), IAT_TYPE),
        ("a negative iat", iat("-1700000000"), IAT_TYPE),
        ("iat as null", iat("null"), IAT_TYPE),
    ]
}

fn dates() -> Vec<Attack> {
    let exp = |exp: u64| replaced("1700003600", &exp.to_string());
    let both = |iat: u64, exp: u64| {
        account(HEADER, CLAIMS.replace("1700000000", &iat.to_string()).replace("1700003600", &exp.to_string()))
    };
    vec![
        ("exp is now", exp(1_700_000_000), EXPIRED),
        ("exp one second ago", both(1_699_990_000, 1_699_999_999), EXPIRED),
        ("exp of zero", exp(0), EXPIRED),
        ("exp before iat", both(1_700_000_000, 1_699_999_999), EXPIRED),
        ("iat in one second", both(1_700_000_001, 1_700_003_600), FUTURE),
        ("iat after exp", both(1_700_009_999, 1_700_003_600), FUTURE),
        ("one second over a day", exp(1_700_086_401), LIFETIME),
        ("exp in the year 5138", exp(99_999_999_999), LIFETIME),
        ("iat of zero", both(0, 1_700_003_600), LIFETIME),
        ("no exp", replaced(r#""exp":1700003600,"#, ""), "missing-claim exp"),
        ("no iat", replaced(r#""iat":1700000000,"#, ""), "missing-claim iat"),
    ]
}

fn texts() -> Vec<Attack> {
    let aud = |aud: &str| replaced(r#""https://cobrowse.io""#, aud);
    let iss = |iss: &str| replaced(r#""SPGqPIcVnsOEJQ""#, iss);
    let sub = |sub: &str| replaced(r#""jane@example.com""#, sub);
    vec![
        ("aud with a slash", aud(r#""https://cobrowse.io/""#), AUD),
        ("aud over http", aud(r#""http://cobrowse.io""#), AUD),
        ("aud in upper case", aud(r#""HTTPS://COBROWSE.IO""#), AUD),
        ("aud of a subdomain", aud(r#""https://eu.cobrowse.io""#), AUD),
        ("aud with a suffix", aud(r#""https://cobrowse.io.attacker.example""#), AUD),
        ("aud with user info", aud(r#""https://cobrowse.io@attacker.example""#), AUD),
        ("aud with a port", aud(r#""https://cobrowse.io:443""#), AUD),
        ("aud with a space", aud(r#""https://cobrowse.io ""#), AUD),
        ("aud with a NUL", aud(r#""https://cobrowse.io\u0000""#), AUD),
        ("aud with a Cyrillic o", aud(r#""https://cоbrowse.io""#), AUD),
        ("aud with a zero-width space", aud(r#""https://cobrowse.io\u200b""#), AUD),
        ("aud as an array", aud(r#"["https://cobrowse.io"]"#), AUD),
        ("aud as an array of two", aud(r#"["https://cobrowse.io","https://attacker.example"]"#), AUD),
        ("aud as an object", aud(r#"{"https://cobrowse.io":1}"#), AUD),
        ("aud as null", aud("null"), AUD),
        ("an empty aud", aud(r#""""#), AUD),
        ("no aud", replaced(r#""aud":"https://cobrowse.io","#, ""), "missing-claim aud"),
        ("iss of another account", iss(r#""trial""#), ISS),
        ("iss in lower case", iss(r#""spgqpicvnsoejq""#), ISS),
        ("iss with one character less", iss(r#""SPGqPIcVnsOEJ""#), ISS),
        ("iss with one character more", iss(r#""SPGqPIcVnsOEJQQ""#), ISS),
        ("iss with a space", iss(r#""SPGqPIcVnsOEJQ ""#), "invalid-claim iss"),
        ("iss with a NUL", iss(r#""SPGqPIcVnsOEJQ\u0000""#), "invalid-claim iss"),
        ("iss with a Greek letter", iss(r#""SΡGqPIcVnsOEJQ""#), "invalid-claim iss"),
        ("an empty iss", iss(r#""""#), "invalid-claim iss"),
        ("iss as an array", iss(r#"["SPGqPIcVnsOEJQ"]"#), "wrong-claim-type iss"),
        ("iss as null", iss("null"), "wrong-claim-type iss"),
        ("no iss", replaced(r#""iss":"SPGqPIcVnsOEJQ","#, ""), "missing-claim iss"),
        ("an empty sub", sub(r#""""#), "invalid-claim sub"),
        ("a blank sub", sub("\"\u{2003}\""), "invalid-claim sub"),
        ("sub with a NUL", sub(r#""jane@example.com\u0000@attacker.example""#), "invalid-claim sub"),
        ("sub with a line break", sub(r#""jane@example.com\nroot""#), "invalid-claim sub"),
        ("sub with a next-line character", sub(r#""jane\u0085""#), "invalid-claim sub"),
        ("sub as a number", sub("1"), "wrong-claim-type sub"),
        ("sub as an array", sub(r#"["jane@example.com"]"#), "wrong-claim-type sub"),
        ("sub as an object", sub(r#"{"$ne":null}"#), "wrong-claim-type sub"),
        ("no sub", replaced(r#","sub":"jane@example.com""#, ""), "missing-claim sub"),
        ("an empty displayName", with(r#""displayName":"""#), "invalid-claim display-name"),
        ("displayName with an escape sequence", with(r#""displayName":"\u001b[2J""#), "invalid-claim display-name"),
        ("displayName as null", with(r#""displayName":null"#), "wrong-claim-type display-name"),
        ("role admin", with(r#""role":"admin""#), ROLE),
        ("role in upper case", with(r#""role":"ADMINISTRATOR""#), ROLE),
        ("role with a space", with(r#""role":"administrator ""#), ROLE),
        ("role as an array", with(r#""role":["administrator"]"#), ROLE),
        ("role as a number", with(r#""role":1"#), ROLE),
        ("role as false", with(r#""role":false"#), ROLE),
        ("role as null without a policy", with(r#""role":null"#), ROLE),
    ]
}

fn names() -> Vec<Attack> {
    [
        ("nbf", with(r#""nbf":1"#)),
        ("jti", with(r#""jti":"1""#)),
        ("scope", with(r#""scope":"admin""#)),
        ("admin", with(r#""admin":true"#)),
        ("Role", with(r#""Role":"administrator""#)),
        ("EXP", with(r#""EXP":1800000000"#)),
        ("display_name", with(r#""display_name":"Jane""#)),
        ("sub with a Cyrillic letter", with(r#""ѕub":"root@example.com""#)),
        ("sub with a space", with(r#""sub ":"root@example.com""#)),
        ("sub with a NUL in its name", with(r#""sub\u0000":"root@example.com""#)),
        ("role with a zero-width space", with(r#""role\u200b":"administrator""#)),
        ("exp in full-width letters", with(r#""ｅｘｐ":1800000000"#)),
        ("an empty claim name", with(r#""":1"#)),
        ("__proto__", with(r#""__proto__":{"role":"administrator"}"#)),
        ("constructor", with(r#""constructor":{"prototype":{"role":"administrator"}}"#)),
        ("a nested token", with(&format!(r#""token":{:?}"#, account(HEADER, CLAIMS)))),
        ("1,000 unknown claims", with(&members(1_000))),
    ]
    .map(|(name, token)| (name, token, UNKNOWN))
    .to_vec()
}

fn json() -> Vec<Attack> {
    let text = |claims: &str| account(HEADER, claims);
    [
        ("claims as an array", text(&format!("[{CLAIMS}]"))),
        ("claims as a string", text(&format!("{CLAIMS:?}"))),
        ("claims as null", text("null")),
        ("claims as a number", text("1")),
        ("no claims", text("")),
        ("two objects", text(&format!("{CLAIMS}{CLAIMS}"))),
        ("text after the claims", text(&format!("{CLAIMS} x"))),
        ("claims with a byte order mark", text(&format!("\u{feff}{CLAIMS}"))),
        ("claims with a NUL after them", text(&format!("{CLAIMS}\0"))),
        ("claims with a comment", text(&CLAIMS.replacen(',', ",/**/", 1))),
        ("claims with a final comma", text(&CLAIMS.replace('}', ",}"))),
        ("claims with a no-break space", text(&CLAIMS.replacen(',', ",\u{a0}", 1))),
        ("claims without the last brace", text(CLAIMS.trim_end_matches('}'))),
        ("a raw line break in a string", text(&CLAIMS.replace("jane", "ja\nne"))),
        ("a lone surrogate", text(&CLAIMS.replace("jane", r"\ud800"))),
        ("surrogates in the wrong order", text(&CLAIMS.replace("jane", r"\ude00\ud83d"))),
        ("an unknown escape", text(&CLAIMS.replace("jane", r"\x6aane"))),
        ("claims in Latin-1", account(HEADER, latin1(&CLAIMS.replace("jane", "jané")))),
        ("claims in UTF-16", account(HEADER, utf16(CLAIMS))),
        ("claims in MessagePack", account(HEADER, [0x80])),
        ("claims of 130 levels", with(&nested(130, "1"))),
        ("claims of 40,000 open arrays", text(&"[".repeat(40_000))),
        ("claims of 10,000 open objects", text(&r#"{"":"#.repeat(10_000))),
    ]
    .map(|(name, token)| (name, token, NOT_AN_OBJECT))
    .to_vec()
}

fn nested(levels: usize, innermost: &str) -> String {
    format!(r#""x":{}{innermost}{}"#, "[".repeat(levels), "]".repeat(levels))
}

fn members(count: usize) -> String {
    (0..count).map(|number| format!("\"m{number}\":0")).collect::<Vec<_>>().join(",")
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|char| u8::try_from(char).unwrap()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}
