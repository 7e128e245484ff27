use super::{ClaimsError, text::checked_string};

checked_string! {
    /// The agent's identity: the claim `sub` (RFC 7519, section 4.1.2), in most accounts the email address.
    ///
    /// Cobrowse creates a user if the subject is unknown, and a self-hosted instance matches it against its lists of users and
    /// administrators on every request. It is the audit trail: use one subject per person, and take it from the session of the
    /// signed-in agent, never from the request. It is not empty and has no control characters
    /// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts)).
    Subject, check_subject
}

checked_string! {
    /// The agent's name for people: the claim `displayName`. The customer may see it.
    ///
    /// It is not empty and has no control characters
    /// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts)).
    DisplayName, check_display_name
}

fn check_subject(text: &str) -> Result<(), ClaimsError> {
    if text.trim().is_empty() {
        return Err(ClaimsError::EmptySubject);
    }
    if text.contains(char::is_control) {
        return Err(ClaimsError::ControlCharacterInSubject);
    }
    Ok(())
}

fn check_display_name(text: &str) -> Result<(), ClaimsError> {
    if text.trim().is_empty() {
        return Err(ClaimsError::EmptyDisplayName);
    }
    if text.contains(char::is_control) {
        return Err(ClaimsError::ControlCharacterInDisplayName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_with_blank_or_control_character_is_refused() {
        assert!(Subject::new("jane@example.com").is_ok());
        assert!(Subject::new("jane").is_ok());
        assert_eq!(Subject::new(""), Err(ClaimsError::EmptySubject));
        assert_eq!(Subject::new(" \u{a0}"), Err(ClaimsError::EmptySubject));
        assert_eq!(Subject::new("jane@example.com\n"), Err(ClaimsError::ControlCharacterInSubject));
    }

    #[test]
    fn display_name_with_blank_or_control_character_is_refused() {
        assert!(DisplayName::new("Zoë 🦀").is_ok());
        assert_eq!(DisplayName::new(""), Err(ClaimsError::EmptyDisplayName));
        assert_eq!(DisplayName::new("Jane\0"), Err(ClaimsError::ControlCharacterInDisplayName));
        assert_eq!(DisplayName::new("Jane\u{85}"), Err(ClaimsError::ControlCharacterInDisplayName));
    }
}
