use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use super::Json;

/// The members of a JSON object in the order of the text, each name once.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_value())).collect()
    }
}

/// An object that is being read.
#[derive(Default)]
pub(super) struct Members<'a> {
    all: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Where each name stands, once there are many: comparing each with all would be quadratic.
    places: BTreeMap<Cow<'a, str>, usize>,
}

impl<'a> Members<'a> {
    /// So many names are compared one by one.
    const FEW: usize = 16;

    /// The last value of a repeated member stands. Answers with the name if it is repeated.
    pub(super) fn insert(&mut self, name: Cow<'a, str>, value: Json<'a>) -> Option<&str> {
        if let Some(place) = self.place(&name) {
            let (name, known) = &mut self.all[place];
            *known = value;
            return Some(name);
        }
        if self.all.len() == Self::FEW {
            self.places = self.all.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        }
        if self.all.len() >= Self::FEW {
            self.places.insert(name.clone(), self.all.len());
        }
        self.all.push((name, value));
        None
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.all.len() <= Self::FEW {
            self.all.iter().position(|(known, _)| known == name)
        } else {
            self.places.get(name).copied()
        }
    }

    pub(super) fn finish(self) -> Object<'a> {
        Object(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_found_among_few_and_among_many() {
        for count in [1, 15, 16, 17, 18, 100] {
            let mut members = Members::default();
            for number in 0..count {
                assert_eq!(members.insert(format!("{number}").into(), Json::Null), None, "{number} of {count}");
            }
            for number in [0, count / 2, count - 1] {
                let name = number.to_string();
                assert_eq!(members.insert(name.clone().into(), Json::Bool(true)), Some(name.as_str()));
            }
            let object = members.finish();
            assert_eq!(object.names().count(), count);
            assert!(matches!(object.get(&(count - 1).to_string()), Some(Json::Bool(true))));
        }
    }
}
