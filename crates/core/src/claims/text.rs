/// Defines a string that is checked when it is created.
macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the value if the text is valid.
            ///
            /// # Errors
            ///
            /// A [`ClaimsError`](crate::ClaimsError), which never contains the text.
            pub fn new(text: impl Into<String>) -> Result<Self, crate::ClaimsError> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text))
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        crate::text::text_conversions!($name, crate::ClaimsError, as_str);
    };
}

pub(super) use checked_string;
