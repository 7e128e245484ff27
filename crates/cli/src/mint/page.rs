use std::str::FromStr;

use cobrowse_jwt::{EmbedUrl, Instance};

use crate::failure::Failure;

pub(super) const HELP: &str = "Print the URL of a Cobrowse page with the token";

pub(super) const LONG_HELP: &str = "\
Print the URL of a Cobrowse page with the token

Pages:
- dashboard:            List of devices and sessions
- code:                 Prompt for the code that a customer reads out
- connect:              The one device that matches the filters
- connect/device/ID:    One device
- session/ID:           One session
- session/ID/recording: Recording of one session";

/// The path of a page that can be embedded.
#[derive(Clone)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn url(&self, instance: &Instance) -> Result<EmbedUrl, Failure> {
        let url = match *self.0.split('/').collect::<Vec<_>>() {
            ["dashboard"] => EmbedUrl::dashboard(instance),
            ["code"] => EmbedUrl::code(instance),
            ["connect"] => EmbedUrl::connect(instance),
            ["connect", "device", id] => EmbedUrl::connect_device(instance, id),
            ["session", id] => EmbedUrl::session(instance, id),
            ["session", id, "recording"] => EmbedUrl::recording(instance, id),
            _ => return Err(Failure::usage("unknown page")),
        };
        match url.clone().for_post_message() {
            Ok(_) => Ok(url),
            Err(error) => Err(Failure::usage(error.to_string())),
        }
    }
}

impl FromStr for Page {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let page = Self(text.to_owned());
        // Validates the page before anything is signed.
        match page.url(&Instance::default()) {
            Ok(_) => Ok(page),
            Err(failure) => Err(failure.message.clone()),
        }
    }
}
