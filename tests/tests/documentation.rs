//! Links in Markdown files have a target, and the messages in the manual are those of the code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn relative_link_of_markdown_file_has_a_target() {
    let root = Path::new(ROOT).canonicalize().unwrap();
    let files = files(&root, "md");
    assert!(files.len() > 15, "{files:?}");
    for file in files {
        for link in links(&fs::read_to_string(&file).unwrap()) {
            // rustdoc checks links to items. Links to other hosts need a network.
            if link.contains("://") || link.contains("::") {
                continue;
            }
            assert!(!file.starts_with(root.join("crates")), "{}: rustdoc has no target for {link}", file.display());
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { file.clone() } else { file.with_file_name(path) };
            assert!(target.exists(), "{}: no target for {link}", file.display());
            let has_anchor = || anchors(&fs::read_to_string(&target).unwrap()).iter().any(|found| found == anchor);
            assert!(anchor.is_empty() || has_anchor(), "{}: no heading for {link}", file.display());
        }
    }
}

#[test]
fn message_in_troubleshooting_is_one_of_the_code() {
    let page = include_str!("../../crates/cobrowse-jwt/src/manual/troubleshooting.md");
    let sources = files(&Path::new(ROOT).join("crates"), "rs");
    let code: String = sources.iter().map(|file| fs::read_to_string(file).unwrap().replace("\\\"", "\"")).collect();
    let messages = page.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0));
    assert!(messages.clone().count() > 40);
    for message in messages {
        // An ellipsis replaces a value.
        let is_message = |line: &str| {
            let rest = message.split('…').try_fold(line, |rest, part| Some(rest.split_once(part)?.1));
            line.contains('"') && rest.is_some()
        };
        assert!(code.lines().any(is_message), "{message}");
    }
}

fn links(markdown: &str) -> Vec<String> {
    let link = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    };
    Parser::new(markdown).filter_map(link).collect()
}

/// Returns the anchors of the headings, as GitHub generates them.
fn anchors(markdown: &str) -> Vec<String> {
    let (mut anchors, mut heading) = (Vec::new(), String::new());
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading.clear(),
            Event::End(TagEnd::Heading(_)) => anchors.push(heading.replace(' ', "-")),
            Event::Text(text) | Event::Code(text) => {
                let is_kept = |char: &char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
                heading.extend(text.chars().filter(is_kept).flat_map(char::to_lowercase));
            }
            _ => {}
        }
    }
    anchors
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let is_skipped = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with('.') || matches!(&*name, "target" | "node_modules")
    };
    let files_of = |path: PathBuf| {
        if path.is_dir() {
            files(&path, extension)
        } else {
            path.extension().is_some_and(|found| found == extension).then_some(path).into_iter().collect()
        }
    };
    entries.filter(|path| !is_skipped(path)).flat_map(files_of).collect()
}
