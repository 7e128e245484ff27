use std::{collections::BTreeMap, fmt};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::{EmbedError, EndAction, Instance, Show};
use crate::token::AgentToken;

/// A page of Cobrowse that is to be embedded in an iframe: which page, and how it looks. It becomes a URL in one of two ways,
/// [`for_post_message`](Self::for_post_message) or [`with_token`](Self::with_token).
///
/// Pages and parameters are [Cobrowse's](https://docs.cobrowse.io/agent-side-integrations/iframe-embeds); what is known from its
/// clients or examples only says so. A space is encoded as `%20`, which every decoder reads.
///
/// ```
/// use cobrowse_jwt_core::{EmbedUrl, EndAction, Instance, Show};
///
/// let url = EmbedUrl::dashboard(&Instance::default())
///     .filter("user_id", "42")?
///     .navigation(Show::None)
///     .end_action(EndAction::Code)
///     .for_post_message()?;
/// assert_eq!(
///     url.as_str(),
///     "https://cobrowse.io/dashboard?filter_user_id=42&end_action=code&navigation=none&token_source=postMessage",
/// );
/// # Ok::<(), cobrowse_jwt_core::EmbedError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct EmbedUrl {
    page: String,
    /// Names with their prefix, in the order in which they were given.
    filters: Vec<(String, String)>,
    options: BTreeMap<&'static str, String>,
}

impl EmbedUrl {
    /// The longest URL that is made, in bytes: common proxies fail at 8 KiB.
    pub const MAX_BYTES: usize = 8_000;

    /// The agent's list of devices and sessions: `/dashboard`.
    pub fn dashboard(instance: &Instance) -> Self {
        Self::of(instance.page(&["dashboard"]))
    }

    /// The prompt for a code that the customer reads out: `/code`.
    pub fn code(instance: &Instance) -> Self {
        Self::of(instance.page(&["code"]))
    }

    /// The connection to the one device that the filters leave: `/connect`.
    pub fn connect(instance: &Instance) -> Self {
        Self::of(instance.page(&["connect"]))
    }

    /// One session: `/session/<id>`.
    ///
    /// # Errors
    ///
    /// [`EmbedError::InvalidId`].
    pub fn session(instance: &Instance, id: &str) -> Result<Self, EmbedError> {
        Ok(Self::of(instance.page(&["session", path_id(id)?])))
    }

    /// The connection to one device, by Cobrowse's own id of it: `/connect/device/<id>`. Known from official examples.
    ///
    /// # Errors
    ///
    /// [`EmbedError::InvalidId`].
    pub fn connect_device(instance: &Instance, id: &str) -> Result<Self, EmbedError> {
        Ok(Self::of(instance.page(&["connect", "device", path_id(id)?])))
    }

    /// The recording of one session: `/session/<id>/recording`. Known from official examples.
    ///
    /// # Errors
    ///
    /// [`EmbedError::InvalidId`].
    pub fn recording(instance: &Instance, session_id: &str) -> Result<Self, EmbedError> {
        Ok(Self::of(instance.page(&["session", path_id(session_id)?, "recording"])))
    }

    /// Shows devices whose `custom_data` has this value under this name; several filters all have to match. `device_id` is the
    /// customer data of that name, and not Cobrowse's own id of the device.
    ///
    /// It is a convenience and no access control: the agent can edit the URL. What an agent may see stands in the token's
    /// [`Policy`](crate::Policy).
    ///
    /// # Errors
    ///
    /// [`EmbedError::InvalidFilterName`] if the name is empty or contains a bracket, [`EmbedError::DuplicateFilter`], and
    /// [`EmbedError::ControlCharacter`] in name or value.
    pub fn filter(mut self, name: &str, value: &str) -> Result<Self, EmbedError> {
        // Servers that parse queries as npm's `qs` does make nested objects of brackets, encoded or not.
        if name.is_empty() || name.contains(['[', ']']) {
            return Err(EmbedError::InvalidFilterName);
        }
        if name.chars().chain(value.chars()).any(char::is_control) {
            return Err(EmbedError::ControlCharacter);
        }
        let parameter = format!("filter_{name}");
        if self.filters.iter().any(|(other, _)| *other == parameter) {
            return Err(EmbedError::DuplicateFilter);
        }
        self.filters.push((parameter, value.to_owned()));
        Ok(self)
    }

    /// The navigation bar: `navigation`.
    pub fn navigation(self, show: Show) -> Self {
        self.option("navigation", show.as_str())
    }

    /// The button that opens the session in a window of its own: `popout`.
    pub fn popout(self, show: Show) -> Self {
        self.option("popout", show.as_str())
    }

    /// The agent's tools, such as drawing: `agent_tools`.
    pub fn agent_tools(self, show: Show) -> Self {
        self.option("agent_tools", show.as_str())
    }

    /// The controls of the customer's device: `device_controls`.
    pub fn device_controls(self, show: Show) -> Self {
        self.option("device_controls", show.as_str())
    }

    /// The details of the session: `session_details`.
    pub fn session_details(self, show: Show) -> Self {
        self.option("session_details", show.as_str())
    }

    /// Messages about the session: `messages`.
    pub fn messages(self, show: Show) -> Self {
        self.option("messages", show.as_str())
    }

    /// What follows the end of a session: `end_action`.
    pub fn end_action(self, action: EndAction) -> Self {
        self.option("end_action", action.as_str())
    }

    /// The language of the page, as a language tag such as `de` or `pt-BR` (RFC 5646): `lng`. Known from Cobrowse's client.
    ///
    /// # Errors
    ///
    /// [`EmbedError::InvalidLanguageTag`] if the text does not have the form of a tag.
    pub fn language(self, tag: &str) -> Result<Self, EmbedError> {
        let is_subtag =
            |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_language = |language: &str| {
            language.bytes().all(|byte| byte.is_ascii_alphabetic())
                && (language.len() > 1 || matches!(language, "i" | "x"))
        };
        let is_tag = tag.split('-').all(is_subtag) && tag.split('-').next().is_some_and(is_language);
        if is_tag { Ok(self.option("lng", tag)) } else { Err(EmbedError::InvalidLanguageTag) }
    }

    /// The URL of a page that waits for its token: the parent hands it over with `CobrowseAPI.attachContext` of Cobrowse's Agent
    /// SDK, version 2.1.0 or later, and the token stands in no URL at all. The way to prefer.
    ///
    /// The parent asks its backend for the token; [`Instance::token_response`] is the answer. Known from Cobrowse's client.
    ///
    /// # Errors
    ///
    /// [`EmbedError::TooLong`].
    pub fn for_post_message(self) -> Result<PostMessageUrl, EmbedError> {
        let text = self.option("token_source", "postMessage").into_url();
        no_longer_than_proxies_pass(&text)?;
        Ok(PostMessageUrl(text))
    }

    /// The URL with the token in its query. Whoever sees the URL is the agent: redirect to it from a route that requires a
    /// log-in ([`TokenUrl::redirect`]) rather than writing it into a page, where the DOM and the resource timing show it.
    ///
    /// # Errors
    ///
    /// [`EmbedError::TooLong`].
    pub fn with_token(self, token: &AgentToken) -> Result<TokenUrl, EmbedError> {
        let url = self.into_url();
        let separator = if url.contains('?') { "&" } else { "?" };
        // Base64url and dots, which no encoding changes. Allocated once, so that no copy of the token is left behind.
        let text = Zeroizing::new([&url, separator, "token=", token.expose_secret()].concat());
        no_longer_than_proxies_pass(&text)?;
        Ok(TokenUrl(text))
    }

    fn of(page: String) -> Self {
        Self { page, filters: Vec::new(), options: BTreeMap::new() }
    }

    fn option(mut self, name: &'static str, value: &str) -> Self {
        self.options.insert(name, value.to_owned());
        self
    }

    fn into_url(self) -> String {
        /// Every decoder of a query reads these as they are.
        const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
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
        url
    }
}

/// An [`EmbedUrl`] that carries no token and may stand in a page: the token comes by `postMessage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostMessageUrl(String);

impl PostMessageUrl {
    /// The text of the URL.
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

/// An [`EmbedUrl`] that carries a token, and is as secret as the token.
///
/// It has no `Display`, its `Debug` shows nothing, and its memory is wiped when it is dropped.
pub struct TokenUrl(Zeroizing<String>);

impl TokenUrl {
    /// The text of the URL, for the one place that hands it over. Keep it out of logs.
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

fn path_id(id: &str) -> Result<&str, EmbedError> {
    // Browsers drop dot segments, tabs and line breaks, and without an id the URL names another page.
    if matches!(id, "" | "." | "..") || id.contains(char::is_control) {
        return Err(EmbedError::InvalidId);
    }
    Ok(id)
}

fn no_longer_than_proxies_pass(url: &str) -> Result<(), EmbedError> {
    if url.len() > EmbedUrl::MAX_BYTES {
        return Err(EmbedError::TooLong { bytes: url.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
