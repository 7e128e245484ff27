use super::{ClaimsError, text::checked_text};

checked_text! {
    /// The license key of a Cobrowse account: the claim `iss` (RFC 7519, section 4.1.1).
    ///
    /// It stands in the dashboard's account settings and is not a secret: customers' devices carry it too. It consists of
    /// `A-Z`, `a-z`, `0-9`, `_` and `-`; its length is not documented and not checked
    /// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts)).
    ///
    /// ```
    /// use cobrowse_jwt_core::LicenseKey;
    ///
    /// assert!(LicenseKey::new("SPGqPIcVnsOEJQ").is_ok());
    /// assert!(LicenseKey::new("SPGqPIcVnsOEJQ\n").is_err());
    /// ```
    LicenseKey, checked by check
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
    fn takes_the_keys_seen_in_the_wild() {
        for key in ["SPGqPIcVnsOEJQ", "trial", "a_b-c", "0123456789"] {
            assert_eq!(LicenseKey::new(key).unwrap().as_str(), key);
        }
    }

    #[test]
    fn refuses_everything_else_without_showing_it() {
        assert_eq!(LicenseKey::new(""), Err(ClaimsError::EmptyLicenseKey));
        for key in ["SPGq PIc", "SPGqPIcVnsOEJQ\n", "https://cobrowse.io", "é", "-----BEGIN PRIVATE KEY-----"] {
            let error = LicenseKey::new(key).unwrap_err();
            assert_eq!(error, ClaimsError::InvalidLicenseKey);
            assert!(!error.to_string().contains(key.trim()));
        }
    }

    #[test]
    fn deserializes_strictly() {
        assert!(serde_json::from_str::<LicenseKey>(r#""SPGq""#).is_ok());
        assert!(serde_json::from_str::<LicenseKey>(r#""SP Gq""#).is_err());
    }
}
