use std::{collections::BTreeMap, fmt};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::{EmbedError, EndAction, Instance, Visibility};
use crate::token::AgentToken;

/// Builder for the URL of a Cobrowse page in an iframe.
///
/// The token is delivered in one of two ways, [`for_post_message`](Self::for_post_message) or [`with_token`](Self::with_token). Pages and parameters are documented by [Cobrowse](https://docs.cobrowse.io/agent-side-integrations/iframe-embeds) unless said
/// otherwise.
///
/// ```
/// use cobrowse_jwt_core::{EmbedUrl, EndAction, Instance, Visibility};
///
/// let url = EmbedUrl::dashboard(&Instance::default())
///     .filter("user_id", "42")
///     .navigation(Visibility::Hidden)
///     .end_action(EndAction::Code)
///     .for_post_message()?;
/// assert_eq!(
///     url.as_str(),
///     "https://cobrowse.io/dashboard?filter_user_id=42&end_action=code&navigation=none&token_source=postMessage",
/// );
/// # Ok::<(), cobrowse_jwt_core::EmbedError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a builder does nothing until `for_post_message` or `with_token` is called"]
pub struct EmbedUrl {
    page: String,
    /// Parameters in the order in which they were added.
    filters: Vec<(String, String)>,
    options: BTreeMap<&'static str, String>,
    /// The first one.
    error: Option<EmbedError>,
}

impl EmbedUrl {
    /// The maximum length of the URL in bytes. Common proxies fail at 8 KiB.
    pub const MAX_BYTES: usize = 8_000;

    /// Returns the URL of the list of devices and sessions: `/dashboard`.
    pub fn dashboard(instance: &Instance) -> Self {
        Self::new(instance.page(&["dashboard"]))
    }

    /// Returns the URL of the prompt for a code that the customer reads out: `/code`.
    pub fn code(instance: &Instance) -> Self {
        Self::new(instance.page(&["code"]))
    }

    /// Returns the URL that connects to the only device that matches the filters: `/connect`.
    pub fn connect(instance: &Instance) -> Self {
        Self::new(instance.page(&["connect"]))
    }

    /// Returns the URL of a session: `/session/<id>`.
    pub fn session(instance: &Instance, id: &str) -> Self {
        Self::new(instance.page(&["session", id])).check_id(id)
    }

    /// Returns the URL that connects to a device by its Cobrowse id: `/connect/device/<id>`. Used by official examples, not
    /// documented.
    pub fn connect_device(instance: &Instance, id: &str) -> Self {
        Self::new(instance.page(&["connect", "device", id])).check_id(id)
    }

    /// Returns the URL of the recording of a session: `/session/<id>/recording`. Used by official examples, not documented.
    pub fn recording(instance: &Instance, session_id: &str) -> Self {
        Self::new(instance.page(&["session", session_id, "recording"])).check_id(session_id)
    }

    /// Shows only devices with this `custom_data` property: `filter_<name>`. Several filters all have to match. The name `device_id` is
    /// a `custom_data` property too, not the Cobrowse id of a device.
    ///
    /// A filter is not access control: the agent can edit the URL. Restrict access with a [`Policy`](crate::Policy).
    pub fn filter(mut self, name: &str, value: &str) -> Self {
        let parameter = format!("filter_{name}");
        // Servers that parse queries like npm's `qs` build nested objects from brackets, encoded or not.
        if name.is_empty() || name.contains(['[', ']']) {
            self.fail(EmbedError::InvalidFilterName);
        } else if name.chars().chain(value.chars()).any(char::is_control) {
            self.fail(EmbedError::ControlCharacter);
        } else if self.filters.iter().any(|(other, _)| *other == parameter) {
            self.fail(EmbedError::DuplicateFilter);
        } else {
            self.filters.push((parameter, value.to_owned()));
        }
        self
    }

    /// Sets the visibility of the navigation bar: `navigation`.
    pub fn navigation(self, visibility: Visibility) -> Self {
        self.option("navigation", visibility.as_str())
    }

    /// Sets the visibility of the button that opens the session in a new window: `popout`.
    pub fn popout(self, visibility: Visibility) -> Self {
        self.option("popout", visibility.as_str())
    }

    /// Sets the visibility of the agent's tools, such as drawing: `agent_tools`.
    pub fn agent_tools(self, visibility: Visibility) -> Self {
        self.option("agent_tools", visibility.as_str())
    }

    /// Sets the visibility of the controls of the customer's device: `device_controls`.
    pub fn device_controls(self, visibility: Visibility) -> Self {
        self.option("device_controls", visibility.as_str())
    }

    /// Sets the visibility of the details of the session: `session_details`.
    pub fn session_details(self, visibility: Visibility) -> Self {
        self.option("session_details", visibility.as_str())
    }

    /// Sets the visibility of messages about the session: `messages`.
    pub fn messages(self, visibility: Visibility) -> Self {
        self.option("messages", visibility.as_str())
    }

    /// Sets what the page does at the end of a session: `end_action`.
    pub fn end_action(self, action: EndAction) -> Self {
        self.option("end_action", action.as_str())
    }

    /// Sets the language by its tag, such as `de` or `pt-BR` (RFC 5646): `lng`. Used by Cobrowse's client, not documented.
    pub fn language(mut self, tag: &str) -> Self {
        let is_subtag =
            |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_language = |language: &str| {
            language.bytes().all(|byte| byte.is_ascii_alphabetic())
                && (language.len() > 1 || matches!(language, "i" | "x"))
        };
        if !(tag.split('-').all(is_subtag) && tag.split('-').next().is_some_and(is_language)) {
            self.fail(EmbedError::InvalidLanguageTag);
        }
        self.option("lng", tag)
    }

    /// Returns the URL of a page that receives its token by `postMessage`. Preferred: the token never appears in a URL.
    ///
    /// The embedding page requests the token from its backend, which responds with [`Instance::token_response`], and passes it to
    /// `CobrowseAPI.attachContext` of Cobrowse's Agent SDK, version 2.1.0 or later. Used by Cobrowse's client, not documented.
    ///
    /// # Errors
    ///
    /// The first error of a call on this builder, and [`EmbedError::TooLong`].
    pub fn for_post_message(self) -> Result<PostMessageUrl, EmbedError> {
        let url = self.option("token_source", "postMessage").build()?;
        check_length(&url)?;
        Ok(PostMessageUrl(url))
    }

    /// Returns the URL with the token in its query. Anyone who sees the URL can impersonate the agent.
    ///
    /// Redirect to it ([`TokenUrl::redirect`]) from a route that requires a log-in. Do not write it into a page, where it is readable in
    /// the DOM and in the resource timing.
    ///
    /// # Errors
    ///
    /// The first error of a call on this builder, and [`EmbedError::TooLong`].
    pub fn with_token(self, token: &AgentToken) -> Result<TokenUrl, EmbedError> {
        let url = self.build()?;
        let separator = if url.contains('?') { "&" } else { "?" };
        // A token is base64url and dots, which need no encoding. One allocation, so that growing leaves no copy of the token in memory.
        let url = Zeroizing::new([&url, separator, "token=", token.expose_secret()].concat());
        check_length(&url)?;
        Ok(TokenUrl(url))
    }

    fn new(page: String) -> Self {
        Self { page, filters: Vec::new(), options: BTreeMap::new(), error: None }
    }

    fn check_id(mut self, id: &str) -> Self {
        // Browsers remove dot segments, tabs and line breaks, and without an id the URL is another page.
        if matches!(id, "" | "." | "..") || id.contains(char::is_control) {
            self.fail(EmbedError::InvalidId);
        }
        self
    }

    fn option(mut self, name: &'static str, value: &str) -> Self {
        self.options.insert(name, value.to_owned());
        self
    }

    fn fail(&mut self, error: EmbedError) {
        self.error.get_or_insert(error);
    }

    fn build(self) -> Result<String, EmbedError> {
        /// Characters that need no encoding in any decoder of a query. A space becomes `%20`, which every decoder reads.
        const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
        if let Some(error) = self.error {
            return Err(error);
        }
        let filters = self.filters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let options = self.options.iter().map(|(name, value)| (*name, value.as_str()));
        let mut url = self.page;
        let mut separator = '?';
        for (name, value) in filters.chain(options) {
            url.push(separator);
            url.extend(utf8_percent_encode(name, QUERY));
            url.push('=');
            url.extend(utf8_percent_encode(value, QUERY));
            separator = '&';
        }
        Ok(url)
    }
}

/// An [`EmbedUrl`] without a token, which may be written into a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostMessageUrl(String);

impl PostMessageUrl {
    /// Returns the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PostMessageUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An [`EmbedUrl`] with a token, as secret as the token.
///
/// It has no `Display`, its `Debug` is redacted, and its memory is wiped on drop.
pub struct TokenUrl(Zeroizing<String>);

impl TokenUrl {
    /// Returns the URL. Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenUrl(..)")
    }
}

fn check_length(url: &str) -> Result<(), EmbedError> {
    if url.len() > EmbedUrl::MAX_BYTES {
        return Err(EmbedError::TooLong { bytes: url.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
