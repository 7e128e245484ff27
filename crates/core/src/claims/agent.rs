use super::{Access, ClaimsError, ClaimsWarning, DisplayName, Lifetime, Subject};

/// What one agent's token says: who they are, what they may do and for how long.
///
/// The access is asked for at once and cannot be replaced later, so that no chain of calls can widen it.
///
/// ```
/// use cobrowse_jwt_core::{Access, AgentClaims, Policy, Rule};
///
/// let customer = Rule::custom_data("user_id", "42")?;
/// let policy = Policy::new().devices(customer.clone())?.sessions(customer)?.push(Rule::any())?;
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
    /// [`ClaimsError::EmptySubject`] and [`ClaimsError::ControlCharacterInSubject`].
    pub fn new(subject: impl TryInto<Subject, Error: Into<ClaimsError>>, access: Access) -> Result<Self, ClaimsError> {
        let subject = subject.try_into().map_err(Into::into)?;
        Ok(Self { subject, display_name: None, access, lifetime: None })
    }

    /// Sets the name that people read, as in [`DisplayName`].
    ///
    /// # Errors
    ///
    /// [`ClaimsError::EmptyDisplayName`] and [`ClaimsError::ControlCharacterInDisplayName`].
    pub fn with_display_name(
        self,
        name: impl TryInto<DisplayName, Error: Into<ClaimsError>>,
    ) -> Result<Self, ClaimsError> {
        Ok(Self { display_name: Some(name.try_into().map_err(Into::into)?), ..self })
    }

    /// Sets how long the token lives.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Lifetime) -> Self {
        Self { lifetime: Some(lifetime), ..self }
    }

    /// The claim `sub`.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The claim `displayName`.
    #[must_use]
    pub const fn display_name(&self) -> Option<&DisplayName> {
        self.display_name.as_ref()
    }

    /// The claims `role` and `policy`.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Returns the lifetime, or `None` if the default applies. For a verified token, it is the time from `iat` to `exp`.
    #[must_use]
    pub const fn lifetime(&self) -> Option<Lifetime> {
        self.lifetime
    }

    /// What is legal here but probably not meant, for people to read at development time.
    #[must_use]
    pub fn warnings(&self) -> Vec<ClaimsWarning> {
        ClaimsWarning::of(self)
    }
}
