//! The shape that all one-string claims share.

/// Defines a string that was checked once, when it was made, and is right ever after.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, checked by $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text if it is well-formed.
            ///
            /// # Errors
            ///
            /// A [`ClaimsError`](crate::ClaimsError) that names what is wrong; it never contains the text.
            pub fn new(text: impl Into<String>) -> Result<Self, crate::ClaimsError> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text))
            }

            /// The text as it stands in the claim.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = crate::ClaimsError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::ClaimsError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }
    };
}

pub(super) use checked_text;
