//! JSON read without losing what [`serde_json::Value`] hides: that a member came twice.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// A whole JSON text, and the first member name that an object in it repeats. The last value of a repeated member stands.
pub(crate) struct Document {
    pub(crate) value: Value,
    pub(crate) repeated: Option<String>,
}

impl Document {
    /// Linear in the text; nesting deeper than 128 is an error.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let mut repeated = None;
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value = Tree { repeated: &mut repeated }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { value, repeated })
    }
}

/// A JSON object in which no member, at any depth, comes twice.
pub(crate) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    let mut repeated = None;
    match (Tree { repeated: &mut repeated }.deserialize(deserializer)?, repeated) {
        (_, Some(name)) => {
            Err(D::Error::custom(format_args!("the member {:?} comes twice; keep one", shortened(&name))))
        }
        (Value::Object(object), None) => Ok(object),
        (_, None) => Err(D::Error::custom("this is not a JSON object; write one")),
    }
}

struct Tree<'a> {
    repeated: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(Tree { repeated: &mut *self.repeated })? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Tree { repeated: &mut *self.repeated })?;
            if object.contains_key(&name) {
                self.repeated.get_or_insert_with(|| name.clone());
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// A name from outside, short enough for an error message.
pub(crate) fn shortened(name: &str) -> String {
    const LONGEST: usize = 40;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,3.5,1e300,null,true,"é\n"],"b":{"c":{}},"d":18446744073709551615}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(document.value, serde_json::from_str::<Value>(text).unwrap());
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
}
