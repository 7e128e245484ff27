use std::str::FromStr;

use cobrowse_jwt::{EmbedUrl, Instance};

use crate::failure::Failure;

macro_rules! pages {
    () => {
        "dashboard, code, connect, connect/device/ID, session/ID or session/ID/recording"
    };
}

pub(super) const HELP: &str = concat!("Print the URL of a page of Cobrowse, signed in with the token: ", pages!());

/// A page that can be embedded, by its path.
#[derive(Clone)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn at(&self, instance: &Instance) -> Result<EmbedUrl, Failure> {
        let url = match *self.0.split('/').collect::<Vec<_>>() {
            ["dashboard"] => EmbedUrl::dashboard(instance),
            ["code"] => EmbedUrl::code(instance),
            ["connect"] => EmbedUrl::connect(instance),
            ["connect", "device", id] => EmbedUrl::connect_device(instance, id),
            ["session", id] => EmbedUrl::session(instance, id),
            ["session", id, "recording"] => EmbedUrl::recording(instance, id),
            _ => return Err(Failure::usage(concat!("there is no such page; write ", pages!()))),
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
        // Before anything is signed.
        match page.at(&Instance::default()) {
            Ok(_) => Ok(page),
            Err(failure) => Err(failure.message().to_owned()),
        }
    }
}
