//! Which token and which key the configuration names.

use std::fmt;

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cryptoki::slot::{Slot, TokenInfo};

/// The attributes that a token must have. Without any, the module must have one token.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenName {
    pub(crate) label: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) slot_id: Option<u64>,
}

impl TokenName {
    pub(crate) fn matches(&self, slot: Slot, token: &TokenInfo) -> bool {
        let same = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        same(&self.label, token.label())
            && same(&self.serial, token.serial_number())
            && same(&self.manufacturer, token.manufacturer_id())
            && same(&self.model, token.model())
            && self.may_be_in(slot)
    }

    pub(crate) fn may_be_in(&self, slot: Slot) -> bool {
        self.slot_id.is_none_or(|id| id == slot.id())
    }
}

/// The attributes that a private key must have. Without any, the token must have one private key.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyName {
    pub(crate) label: Option<String>,
    pub(crate) id: Option<Vec<u8>>,
}

/// Returns the only element, or an error that lists the labels.
pub(crate) fn only<T>(what: Named, mut found: Vec<T>, labels: impl FnOnce() -> Vec<String>) -> Result<T, KeyError> {
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(what.error(what.missing, labels())),
        (Some(_), false) => Err(what.error(what.ambiguous, labels())),
    }
}

/// The messages about tokens or about keys.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    found: &'static str,
    missing: &'static str,
    ambiguous: &'static str,
    hint: &'static str,
}

pub(crate) const TOKENS: Named = Named {
    found: "tokens",
    missing: "PKCS#11 token not found",
    ambiguous: "several PKCS#11 tokens match",
    hint: "use the label, the serial number or the slot id of one token",
};

pub(crate) const KEYS: Named = Named {
    found: "private keys",
    missing: "private key not found in the token",
    ambiguous: "several private keys match",
    hint: "use the label (CKA_LABEL) or the id (CKA_ID) of one key, and give the PIN of the token",
};

impl Named {
    fn error(self, message: &'static str, labels: Vec<String>) -> KeyError {
        KeyError::new(KeyErrorKind::NotFound, message)
            .with_hint(self.hint)
            .with_source(Labels { found: self.found, labels })
    }
}

/// The labels found in a module or a token, escaped: they come from the device.
#[derive(Debug, thiserror::Error)]
struct Labels {
    found: &'static str,
    labels: Vec<String>,
}

impl fmt::Display for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        write!(formatter, "found {} {}", self.labels.len(), self.found)?;
        for (number, label) in self.labels.iter().take(SHOWN).enumerate() {
            write!(formatter, "{} {label:?}", if number == 0 { ":" } else { "," })?;
        }
        if self.labels.len() > SHOWN { formatter.write_str(", …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn only_of_none_or_several_lists_the_labels() {
        assert_eq!(only(KEYS, vec![7], Vec::new).unwrap(), 7);
        let labels = || vec!["a".to_owned(), "b\u{1b}[31m".to_owned()];
        let missing = only(KEYS, Vec::<u8>::new(), labels).unwrap_err();
        assert_eq!(missing.kind(), KeyErrorKind::NotFound);
        assert_eq!(missing.source().unwrap().to_string(), r#"found 2 private keys: "a", "b\u{1b}[31m""#);
        let ambiguous = only(TOKENS, vec![1, 2], || vec!["x".to_owned(); 12]).unwrap_err();
        assert_eq!(ambiguous.to_string(), "several PKCS#11 tokens match");
        assert!(ambiguous.source().unwrap().to_string().ends_with(r#""x", …"#));
    }
}
