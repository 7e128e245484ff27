use std::str::FromStr;

use cobrowse_jwt::{EmbedUrl, Instance};

use crate::failure::Failure;

pub(super) const HELP: &str = "Print the URL of a page of Cobrowse, signed in with the token: dashboard";

/// A page that can be embedded: its name, and after a slash the id of what it shows.
#[derive(Clone)]
pub(super) struct Page(String);

impl Page {
    /// One line for every page.
    pub(super) fn at(&self, instance: &Instance) -> Result<EmbedUrl, Failure> {
        let (page, id) = self.0.split_once('/').map_or((self.0.as_str(), None), |(page, id)| (page, Some(id)));
        match (page, id) {
            ("dashboard", None) => Ok(EmbedUrl::dashboard(instance)),
            _ => Err(Failure::usage("there is no such page; write one of those that `mint --help` lists")),
        }
    }
}

impl FromStr for Page {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let page = Self(text.to_owned());
        // Before anything is signed.
        page.at(&Instance::default()).map_err(|error| error.sentence().to_owned())?;
        Ok(page)
    }
}
