use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::{Json, Object};
use crate::text::printable_name;

/// A whole JSON text, and the name of a member that is duplicate in one of its objects, if there is one.
pub(crate) struct Document<'a> {
    pub(crate) value: Json<'a>,
    pub(crate) duplicate: Option<String>,
}

impl<'a> Document<'a> {
    /// Nesting deeper than 128 is an error.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut duplicate = None;
        // Validating UTF-8 once is faster than once for each string.
        let text = std::str::from_utf8(text).map_err(serde_json::Error::custom)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = ValueSeed { duplicate: &mut duplicate }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { value, duplicate })
    }
}

/// Deserializes a JSON object. A duplicate member at any depth is an error.
pub(crate) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
    let mut duplicate = None;
    match (ValueSeed { duplicate: &mut duplicate }.deserialize(deserializer)?, duplicate) {
        (_, Some(name)) => Err(D::Error::custom(format_args!("duplicate field {:?}", printable_name(&name)))),
        (Json::Object(object), None) => Ok(object),
        (_, None) => Err(D::Error::custom("expected a JSON object")),
    }
}

struct ValueSeed<'r> {
    duplicate: &'r mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json<'de>, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(ValueSeed { duplicate: &mut *self.duplicate })? {
            array.push(element);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        /// Room for all claims of a token, so that most objects never move.
        const MEMBERS: usize = 8;
        let mut object = Object(Vec::new());
        while let Some(Name(name)) = members.next_key()? {
            if object.0.is_empty() {
                object.0.reserve(MEMBERS);
            }
            object.0.push((name, members.next_value_seed(ValueSeed { duplicate: &mut *self.duplicate })?));
        }
        if self.duplicate.is_none() {
            *self.duplicate = object.duplicate().map(str::to_owned);
        }
        Ok(Json::Object(object))
    }
}

/// A name that is borrowed from the text if it has no escapes. Transparent, because `serde_json` with `arbitrary_precision` passes the name of
/// a number as a string only.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn parse_with_json_returns_what_serde_json_returns() {
        let text = r#"{"a":[1,-2,3.5,1e300,null,true,"é\n"],"b\t":{"c":{}},"d":18446744073709551615}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(document.value.into_value(), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(document.duplicate, None);
    }

    #[test]
    fn parse_with_duplicate_member_returns_its_name() {
        for (text, name) in
            [(r#"{"a":1,"a":1}"#, "a"), (r#"{"a":{"b":1,"c":2,"b":3}}"#, "b"), (r#"[{"a":1},{"x":1,"\u0078":2}]"#, "x")]
        {
            assert_eq!(Document::parse(text.as_bytes()).unwrap().duplicate.as_deref(), Some(name));
        }
        for count in [15, 16, 17, 18, 100] {
            let members = |names: &[usize]| {
                let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":{name}")).collect();
                format!("[{{{}}}]", members.join(","))
            };
            let mut names: Vec<usize> = (0..count).collect();
            assert_eq!(Document::parse(members(&names).as_bytes()).unwrap().duplicate, None);
            names.push(count / 2);
            let text = members(&names);
            let document = Document::parse(text.as_bytes()).unwrap();
            assert_eq!(document.duplicate, Some((count / 2).to_string()), "{count}");
        }
        assert_eq!(Document::parse(br#"{"a":{"a":1},"b":{"a":1}}"#).unwrap().duplicate, None);
    }

    #[test]
    fn duplicate_member_has_its_last_value() {
        let Json::Object(object) = Document::parse(br#"{"a":1,"a":2}"#).unwrap().value else { panic!() };
        assert_eq!(object.get("a").and_then(Json::as_u64), Some(2));
        assert_eq!(object.into_map()["a"], 2);
    }

    #[test]
    fn parse_with_other_text_returns_error() {
        for text in ["", "{", "{}{}", "{} x", "\u{feff}{}", "{\"a\":1,}", "NaN", &"[".repeat(200)] {
            assert!(Document::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Document::parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn parse_with_escapes_copies_only_those_strings() {
        let document = Document::parse(br#"{"plain":"text","esc\u0061ped":"\n"}"#).unwrap();
        let owned = |text: &Cow<'_, str>| matches!(text, Cow::Owned(_));
        let Json::Object(object) = document.value else { panic!() };
        let members: Vec<_> =
            object.iter().map(|(name, value)| (name, matches!(value, Json::Text(text) if owned(text)))).collect();
        assert_eq!(members, [("plain", false), ("escaped", true)]);
    }
}
