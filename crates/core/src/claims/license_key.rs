use super::{ClaimsError, text::checked_string};

checked_string! {
    /// The license key of a Cobrowse account: the claim `iss` (RFC 7519, section 4.1.1).
    ///
    /// It is shown in the account settings of the dashboard. It is not a secret: customers' devices contain it too. It consists of
    /// `A-Z`, `a-z`, `0-9`, `_` and `-`; its length is not documented and not checked
    /// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts)).
    ///
    /// ```
    /// use cobrowse_jwt_core::LicenseKey;
    ///
    /// assert!(LicenseKey::new("SPGqPIcVnsOEJQ").is_ok());
    /// assert!(LicenseKey::new("SPGqPIcVnsOEJQ\n").is_err());
    /// ```
    LicenseKey, check
}

fn check(text: &str) -> Result<(), ClaimsError> {
    if text.is_empty() {
        return Err(ClaimsError::EmptyLicenseKey);
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Err(ClaimsError::InvalidLicenseKey);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_with_key_of_an_account_returns_it() {
        for key in ["SPGqPIcVnsOEJQ", "trial", "a_b-c", "0123456789"] {
            assert_eq!(LicenseKey::new(key).unwrap().as_str(), key);
        }
    }

    #[test]
    fn new_with_other_text_returns_error_without_it() {
        assert_eq!(LicenseKey::new(""), Err(ClaimsError::EmptyLicenseKey));
        for key in ["SPGq PIc", "SPGqPIcVnsOEJQ\n", "https://cobrowse.io", "é", "-----BEGIN PRIVATE KEY-----"] {
            let error = LicenseKey::new(key).unwrap_err();
            assert_eq!(error, ClaimsError::InvalidLicenseKey);
            assert!(!error.to_string().contains(key.trim()));
        }
    }

    #[test]
    fn deserialize_with_invalid_key_returns_error() {
        assert!(serde_json::from_str::<LicenseKey>(r#""SPGq""#).is_ok());
        assert!(serde_json::from_str::<LicenseKey>(r#""SP Gq""#).is_err());
    }

    #[test]
    fn every_conversion_from_text_returns_the_same() {
        let key = LicenseKey::new("SPGq").unwrap();
        assert_eq!("SPGq".parse(), Ok(key.clone()));
        assert_eq!(LicenseKey::try_from("SPGq"), Ok(key.clone()));
        assert_eq!(LicenseKey::try_from("SPGq".to_owned()), Ok(key.clone()));
        assert_eq!(LicenseKey::try_from(&"SPGq".to_owned()), Ok(key.clone()));
        assert_eq!((key.to_string().as_str(), key.as_ref()), ("SPGq", "SPGq"));
        assert_eq!(serde_json::to_string(&key).unwrap(), r#""SPGq""#);
    }
}
