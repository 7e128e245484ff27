use super::{ClaimsError, text::checked_text};

checked_text! {
    /// Who the agent is: the claim `sub` (RFC 7519, section 4.1.2), in most accounts their email address.
    ///
    /// Cobrowse creates a user it does not know, and a self-hosted instance matches the text against its lists of users and
    /// administrators at every request. It is the audit trail: one name per person, taken from the session of the signed-in
    /// agent and never from the request. Not empty, no control characters
    /// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts)).
    Subject, checked by check_subject
}

checked_text! {
    /// The agent's name as people read it: the claim `displayName`. The customer may see it.
    ///
    /// Not empty, no control characters
    /// ([Cobrowse](https://docs.cobrowse.io/agent-side-integrations/json-web-tokens-jwts)).
    DisplayName, checked by check_display_name
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
    fn a_subject_need_not_be_an_address_but_says_something() {
        assert!(Subject::new("jane@example.com").is_ok());
        assert!(Subject::new("jane").is_ok());
        assert_eq!(Subject::new(""), Err(ClaimsError::EmptySubject));
        assert_eq!(Subject::new(" \u{a0}"), Err(ClaimsError::EmptySubject));
        assert_eq!(Subject::new("jane@example.com\n"), Err(ClaimsError::ControlCharacterInSubject));
    }

    #[test]
    fn a_display_name_is_any_readable_text() {
        assert!(DisplayName::new("Zoë 🦀").is_ok());
        assert_eq!(DisplayName::new(""), Err(ClaimsError::EmptyDisplayName));
        assert_eq!(DisplayName::new("Jane\0"), Err(ClaimsError::ControlCharacterInDisplayName));
        assert_eq!(DisplayName::new("Jane\u{85}"), Err(ClaimsError::ControlCharacterInDisplayName));
    }
}
