use cobrowse_jwt::{EmbedUrl, Instance};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::errors;

/// Input: lines with an origin, an id, a language, and filters as `name=value`. Property: a browser parses the URL into exactly this origin,
/// path and parameters.
pub fn embed_url(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let [origin, id, language] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let filters: Vec<_> = lines.filter_map(|line| line.split_once('=')).collect();
    let instance = match Instance::new(origin) {
        Ok(instance) => instance,
        Err(error) => return errors::check(&error),
    };
    assert_eq!(Instance::new(instance.origin()).as_ref(), Ok(&instance));
    let Ok(url) = Url::parse(instance.origin()) else {
        assert!(
            instance.origin().contains("xn--"),
            "the only rule of browsers that the SDK does not check is punycode"
        );
        return;
    };
    let origin = url.origin();
    assert_eq!(origin.ascii_serialization(), instance.origin());

    for (builder, path) in [
        (EmbedUrl::dashboard(&instance), vec!["dashboard"]),
        (EmbedUrl::session(&instance, id), vec!["session", id]),
        (EmbedUrl::connect_device(&instance, id), vec!["connect", "device", id]),
        (EmbedUrl::recording(&instance, id), vec!["session", id, "recording"]),
    ] {
        let builder = if language.is_empty() { builder } else { builder.language(language) };
        let builder = filters.iter().fold(builder, |builder, (name, value)| builder.filter(name, value));
        let url = match builder.for_post_message() {
            Ok(url) => url,
            Err(error) => {
                errors::check(&error);
                continue;
            }
        };
        let url = Url::parse(url.as_str()).expect("a URL");
        assert_eq!(url.origin(), origin);
        assert_eq!(url.fragment(), None);
        let segments: Vec<_> = url
            .path_segments()
            .expect("a path")
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy())
            .collect();
        assert_eq!(segments, path);
        let mut expected: Vec<_> =
            filters.iter().map(|(name, value)| (format!("filter_{name}"), (*value).to_owned())).collect();
        if !language.is_empty() {
            expected.push(("lng".into(), language.into()));
        }
        expected.push(("token_source".into(), "postMessage".into()));
        assert!(url.query_pairs().into_owned().eq(expected), "{url}");
    }
}
