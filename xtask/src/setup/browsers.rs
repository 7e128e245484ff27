use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{cache, content_hash, debian, once, require};
use crate::run::succeed;

/// Unpacks the browser and its fonts into `TMPDIR`, and its libraries if the variables are those of AWS Lambda.
const UNPACK: &str = "import(process.argv[1]).then(({ default: chromium }) => chromium.executablePath())";

const FONTS: &str = r#"<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>"#;

/// Returns the path of Chromium: the installed one, otherwise the one in the npm package `@sparticuz/chromium` (Linux on x86-64).
pub(crate) fn chromium(modules: Option<&Path>) -> Result<PathBuf> {
    if let Some(installed) = installed("COBROWSE_TEST_CHROMIUM", &["chromium", "google-chrome", "chromium-browser"]) {
        return Ok(installed);
    }
    let modules =
        modules.context("not installed, and npm packages are missing; on Debian: apt-get install chromium")?;
    let package = modules.join("@sparticuz/chromium");
    let folder = cache()?.join(format!("chromium-{}", content_hash(&[&package.join("package.json")])?));
    let start = folder.join("start");
    once(&folder, || {
        let mut unpack = Command::new("node");
        unpack.args(["--input-type=module", "-e", UNPACK]).arg(package.join("build/esm/index.js"));
        succeed(unpack.env("TMPDIR", &folder).env("AWS_LAMBDA_JS_RUNTIME", "nodejs20.x"))?;
        let shown = folder.display();
        fs::write(folder.join("fonts.conf"), format!("{FONTS}<dir>{shown}/fonts</dir></fontconfig>\n"))?;
        let script = format!(
            "#!/bin/sh\nexport LD_LIBRARY_PATH='{shown}/al2023/lib' FONTCONFIG_FILE='{shown}/fonts.conf'\nexec '{shown}/chromium' \"$@\"\n"
        );
        fs::write(&start, script)?;
        #[cfg(unix)]
        fs::set_permissions(&start, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        require(&start.to_string_lossy(), &["--version"], "the Chromium of @sparticuz/chromium does not start here")
    })?;
    Ok(start)
}

/// Returns the path of Firefox: the installed one, otherwise one that is installed from Debian, which needs root.
pub(crate) fn firefox() -> Result<PathBuf> {
    let find = || installed("COBROWSE_TEST_FIREFOX", &["firefox-esr", "firefox"]);
    if let Some(installed) = find() {
        return Ok(installed);
    }
    debian("firefox-esr", &["firefox-esr"])?;
    find().context("not found after its installation")
}

/// Returns the value of a variable, otherwise the first of these programs in `PATH`.
fn installed(variable: &str, programs: &[&str]) -> Option<PathBuf> {
    let given = env::var_os(variable).map(PathBuf::from);
    given.or_else(|| programs.iter().find_map(|program| super::installed(program)))
}
