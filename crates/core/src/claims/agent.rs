use super::{Access, ClaimsError, ClaimsWarning, DisplayName, Lifetime, Subject};

/// The claims of one agent's token: identity, access and lifetime.
///
/// The access is set on creation and cannot be replaced, so no later call can widen it.
///
/// ```
/// use cobrowse_jwt_core::{Access, AgentClaims, Policy, Rule};
///
/// let customer = Rule::custom_data("user_id", "42");
/// let policy = Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build()?;
/// let claims = AgentClaims::new("jane@example.com", Access::PolicyOnly(policy))?.with_display_name("Jane Doe")?;
/// assert!(claims.warnings().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentClaims {
    subject: Subject,
    display_name: Option<DisplayName>,
    access: Access,
    lifetime: Option<Lifetime>,
}

impl AgentClaims {
    /// Returns the claims of an agent, without a display name and with the default lifetime.
    ///
    /// # Errors
    ///
    /// Those of [`Subject::new`].
    pub fn new(subject: impl TryInto<Subject, Error: Into<ClaimsError>>, access: Access) -> Result<Self, ClaimsError> {
        let subject = subject.try_into().map_err(Into::into)?;
        Ok(Self { subject, display_name: None, access, lifetime: None })
    }

    /// Sets the display name.
    ///
    /// # Errors
    ///
    /// Those of [`DisplayName::new`].
    pub fn with_display_name(
        self,
        name: impl TryInto<DisplayName, Error: Into<ClaimsError>>,
    ) -> Result<Self, ClaimsError> {
        Ok(Self { display_name: Some(name.try_into().map_err(Into::into)?), ..self })
    }

    /// Sets the lifetime of the token.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Lifetime) -> Self {
        Self { lifetime: Some(lifetime), ..self }
    }

    /// Returns the claim `sub`.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Returns the claim `displayName`.
    #[must_use]
    pub const fn display_name(&self) -> Option<&DisplayName> {
        self.display_name.as_ref()
    }

    /// Returns the claims `role` and `policy`.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Returns the lifetime, or `None` if the default applies. For a verified token, it is the time from `iat` to `exp`.
    #[must_use]
    pub const fn lifetime(&self) -> Option<Lifetime> {
        self.lifetime
    }

    /// Returns warnings about claims that are legal but probably unintended, to read during development.
    #[must_use]
    pub fn warnings(&self) -> Vec<ClaimsWarning> {
        ClaimsWarning::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_text_type_are_accepted() {
        let (owned, subject) = ("Jane".to_owned(), Subject::new("Jane").unwrap());
        let name = DisplayName::new("Jane").unwrap();
        let claims = AgentClaims::new(subject, Access::AccountDefault).unwrap().with_display_name(name).unwrap();
        for same in [
            AgentClaims::new("Jane", Access::AccountDefault).unwrap().with_display_name("Jane"),
            AgentClaims::new(&owned, Access::AccountDefault).unwrap().with_display_name(&owned),
            AgentClaims::new(owned.clone(), Access::AccountDefault).unwrap().with_display_name(owned.clone()),
        ] {
            assert_eq!(same.unwrap(), claims);
        }
    }
}
