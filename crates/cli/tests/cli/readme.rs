//! The commands in the README print what it shows.

use std::process::Command;

use crate::program::Directory;

const README: &str = include_str!("../../../../README.md");

/// Separates the outputs of the commands.
const MARK: &str = "=== end of a command ===";

#[test]
fn readme_commands_print_the_shown_output() {
    let steps = steps(README);
    assert_eq!(steps.iter().filter(|(command, _)| command.contains("cobrowse-jwt ")).count(), 4, "{steps:?}");
    let directory = Directory::empty();
    // One shell, so that variables persist.
    let commands: Vec<_> = steps.iter().map(|(command, _)| format!("{{ {command}\n}} 2>&1\necho '{MARK}'\n")).collect();
    let script = commands.concat();
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", &script]).current_dir(directory.path("")).env_clear().envs(directory.variables());
    let output = shell.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let printed: Vec<_> = printed.split(&format!("{MARK}\n")).collect();
    for ((command, expected), printed) in steps.iter().zip(printed) {
        assert_eq!(stable(printed), stable(expected), "\n$ {command}\n{printed}");
    }
}

/// Returns the commands of the `console` blocks with their outputs.
fn steps(readme: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for block in readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        for line in block.lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push((command.to_owned(), String::new())),
                (None, Some((_, output))) => output.extend([line, "\n"]),
                (None, None) => panic!("output before any command: {line}"),
            }
        }
    }
    steps
}

/// Replaces what differs between runs: keys, thumbprints, times and figures.
fn stable(output: &str) -> Vec<String> {
    let mut in_pem = false;
    let mut lines = Vec::new();
    for line in output.lines().filter(|line| !line.is_empty()) {
        let was_in_pem = in_pem;
        in_pem = if line.starts_with("-----BEGIN ") { true } else { in_pem && !line.starts_with("-----END ") };
        if was_in_pem && in_pem {
            continue;
        }
        let date = ["issued", "expires"].into_iter().find(|date| line.trim_start().starts_with(date));
        let line = date.unwrap_or(line);
        let words = line.split_whitespace().map(|word| {
            let base64 = word.trim_end_matches([',', '.']).len() >= 40;
            let unit = ["µs", "ms", "s"].contains(&word.trim_end_matches([',', ';']));
            let figure = word.starts_with(|char: char| char.is_ascii_digit() || char == '+');
            if base64 {
                "<key>"
            } else if figure {
                "<figure>"
            } else if unit {
                "<unit>"
            } else {
                word
            }
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    lines
}
