use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::{Json, Object, object::Members};
use crate::text::printable_name;

/// A whole JSON text, and the first member name that an object in it repeats. The last value of a repeated member stands.
pub(crate) struct Document<'a> {
    pub(crate) value: Json<'a>,
    pub(crate) repeated: Option<String>,
}

impl<'a> Document<'a> {
    /// Linear in the text; nesting deeper than 128 is an error.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut repeated = None;
        // Validating UTF-8 once is faster than once for each string.
        let text = std::str::from_utf8(text).map_err(serde_json::Error::custom)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = Tree { repeated: &mut repeated }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { value, repeated })
    }
}

/// A JSON object in which no member, at any depth, comes twice.
pub(crate) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
    let mut repeated = None;
    match (Tree { repeated: &mut repeated }.deserialize(deserializer)?, repeated) {
        (_, Some(name)) => Err(D::Error::custom(format_args!("duplicate field {:?}", printable_name(&name)))),
        (Json::Object(object), None) => Ok(object),
        (_, None) => Err(D::Error::custom("expected a JSON object")),
    }
}

struct Tree<'r> {
    repeated: &'r mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
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
        while let Some(element) = elements.next_element_seed(Tree { repeated: &mut *self.repeated })? {
            array.push(element);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let mut object = Members::default();
        while let Some(name) = members.next_key_seed(Name)? {
            let value = members.next_value_seed(Tree { repeated: &mut *self.repeated })?;
            if let Some(name) = object.insert(name, value) {
                self.repeated.get_or_insert_with(|| name.to_owned());
            }
        }
        Ok(Json::Object(object.finish()))
    }
}

/// The name of a member. The `Deserialize` of [`Cow`] would always own it.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E>(self, name: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,3.5,1e300,null,true,"é\n"],"b\t":{"c":{}},"d":18446744073709551615}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(document.value.into_value(), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(document.repeated, None);
    }

    #[test]
    fn tells_which_member_came_twice() {
        for (text, name) in
            [(r#"{"a":1,"a":1}"#, "a"), (r#"{"a":{"b":1,"c":2,"b":3}}"#, "b"), (r#"[{"a":1},{"x":1,"\u0078":2}]"#, "x")]
        {
            assert_eq!(Document::parse(text.as_bytes()).unwrap().repeated.as_deref(), Some(name));
        }
        assert_eq!(Document::parse(br#"{"a":{"a":1},"b":{"a":1}}"#).unwrap().repeated, None);
    }

    #[test]
    fn refuses_what_is_not_one_json_text() {
        for text in ["", "{", "{}{}", "{} x", "\u{feff}{}", "{\"a\":1,}", "NaN", &"[".repeat(200)] {
            assert!(Document::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Document::parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn owns_only_what_is_escaped() {
        let document = Document::parse(br#"{"plain":"text","esc\u0061ped":"\n"}"#).unwrap();
        let owned = |text: &Cow<'_, str>| matches!(text, Cow::Owned(_));
        let Json::Object(object) = document.value else { panic!() };
        let members: Vec<_> =
            object.iter().map(|(name, value)| (name, matches!(value, Json::Text(text) if owned(text)))).collect();
        assert_eq!(members, [("plain", false), ("escaped", true)]);
    }
}
