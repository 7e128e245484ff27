use std::os::unix::fs::PermissionsExt;

use crate::program::{Folder, KEY, LICENSE, OTHER_KEY};

const DOCTOR: [&str; 4] = ["doctor", "key.pem", "--license", LICENSE];

/// The outcome of each step.
pub(crate) fn steps(stdout: &str) -> Vec<(&str, &str)> {
    let words = |line: &'_ str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    stdout
        .lines()
        .filter(|line| ["ok", "FAILED", "?", "warn"].contains(&words(line).first().map_or("", String::as_str)))
        .filter_map(|line| line.split_once(' ').map(|(mark, rest)| (mark, rest.trim_start())))
        .map(|(mark, rest)| (mark, rest.split_whitespace().next().unwrap_or_default()))
        .collect()
}

#[test]
fn all_holds_of_a_good_key() {
    let said = Folder::new().run(&[&DOCTOR, &["--expect-public-key", "key.pub.pem"][..]].concat()).result();
    let expected =
        ["open", "permissions", "sign", "verify", "rs256", "registered", "clock", "token", "expiry", "latency"];
    assert_eq!(steps(&said), expected.map(|step| ("ok", step)), "{said}");
    assert!(said.contains(KEY.public_key().thumbprint()), "{said}");
    assert!(
        said.contains("20 signs: median ") && said.contains(", worst ") && said.contains("without a quota"),
        "{said}"
    );
    assert!(said.ends_with("\nAll of it holds.\n"), "{said}");
    assert!(!said.contains("eyJ"), "no token is shown");
}

#[test]
fn what_was_not_compared_is_said() {
    let said = Folder::new().run(&DOCTOR).result();
    assert!(steps(&said).contains(&("?", "registered")), "{said}");
    assert!(said.ends_with("\nAll that was checked holds.\n"), "{said}");
    let help = Folder::empty().run(&["doctor", "--help"]).result();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Exits with 0 if everything that was checked holds."), "{help}");
    assert!(help.contains("Without --expect-public-key the key is not compared"), "{help}");
}

#[test]
fn another_key_than_the_dashboards_is_named() {
    let folder = Folder::new();
    folder.write("registered.pem", OTHER_KEY.public_key().to_pem(), 0o644);
    let ended = folder.run(&[&DOCTOR, &["--expect-public-key", "registered.pem"][..]].concat());
    let said = ended.exits(1, "").stdout;
    assert!(steps(&said).contains(&("FAILED", "registered")), "{said}");
    assert!(said.contains("register its public key in the Cobrowse dashboard"), "{said}");
    assert!(steps(&said).contains(&("ok", "latency")), "the rest is looked at all the same: {said}");
    assert!(said.ends_with("\nNot all of it holds.\n"), "{said}");
}

#[test]
fn the_modes_of_the_file_are_looked_at() {
    let folder = Folder::new();
    folder.write("key.pem", &KEY.to_pkcs8_pem().unwrap(), 0o644);
    let ended = folder.run(&DOCTOR).exits(1, "");
    assert!(steps(&ended.stdout).contains(&("FAILED", "permissions")), "{ended:?}");
    assert!(ended.stdout.contains("(mode 644)") && ended.stdout.contains("--allow-readable-key"), "{ended:?}");
    let allowed = folder.run(&[&DOCTOR, &["--allow-readable-key"][..]].concat()).exits(0, "");
    assert!(steps(&allowed.stdout).contains(&("warn", "permissions")), "{allowed:?}");

    folder.write("key.pem", &KEY.to_pkcs8_pem().unwrap(), 0o620);
    let ended = folder.run(&[&DOCTOR, &["--allow-readable-key"][..]].concat()).exits(4, "");
    assert_eq!(steps(&ended.stdout), [("FAILED", "permissions"), ("ok", "clock")], "{ended:?}");
}

/// Whoever may write in the folder may replace the key, whatever the file's mode.
#[test]
fn the_folders_of_the_file_and_of_its_link_are_looked_at() {
    let folder = Folder::new();
    for name in ["open", "sticky", "shared"] {
        std::fs::create_dir(folder.path(name)).unwrap();
        folder.write(&format!("{name}/key.pem"), &KEY.to_pkcs8_pem().unwrap(), 0o600);
        std::os::unix::fs::symlink(folder.path(name).join("key.pem"), folder.path(&format!("to-{name}.pem"))).unwrap();
    }
    std::os::unix::fs::symlink(folder.path("key.pem"), folder.path("open/from.pem")).unwrap();
    for (name, mode) in [("open", 0o777), ("sticky", 0o1777), ("shared", 0o775)] {
        std::fs::set_permissions(folder.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    let uri = format!("file://{}", folder.path("open/key.pem").display());
    for (key, named) in [
        ("open/key.pem", "the key's folder (mode 777)"),
        ("file:open/key.pem", "the key's folder (mode 777)"),
        (&uri, "the key's folder (mode 777)"),
        ("open/from.pem", "the key's folder (mode 777)"),
        ("to-open.pem", "the folder that the key's link leads to (mode 777)"),
        ("shared/key.pem", "the key's folder (mode 775)"),
    ] {
        let ended = folder.run(&["doctor", key, "--license", LICENSE]).exits(1, "");
        assert!(steps(&ended.stdout).contains(&("FAILED", "permissions")), "{ended:?}");
        assert!(ended.stdout.contains(named) && !ended.stdout.contains("ok      permissions"), "{ended:?}");
    }
    for key in ["sticky/key.pem", "to-sticky.pem", "key.pem"] {
        let said = folder.run(&["doctor", key, "--license", LICENSE]).result();
        assert!(steps(&said).contains(&("ok", "permissions")), "{said}");
        assert!(said.contains("no other folder was looked at"), "{said}");
    }
}

#[test]
fn a_key_that_is_none_ends_it_with_its_exit_code() {
    let folder = Folder::new();
    for (key, named) in [
        ("nothing.pem", "there is no such file"),
        ("key.pub.pem", "this is a public key"),
        ("env:NOT_SET", "the variable NOT_SET is not set"),
    ] {
        let ended = folder.run(&["doctor", key, "--license", LICENSE]).exits(4, "");
        assert_eq!(steps(&ended.stdout), [("FAILED", "open"), ("ok", "clock")], "{ended:?}");
        assert!(ended.stdout.contains(named), "{ended:?}");
        assert!(!ended.stdout.contains("because"), "{ended:?}");
    }
    let verbose = folder.run(&["doctor", "/proc/self/mem", "--license", LICENSE, "-v"]).exits(3, "");
    assert!(
        verbose.stdout.contains("see the cause\n")
            && verbose.stdout.contains("because: Input/output")
            && !verbose.stdout.contains("because: the signing key"),
        "{verbose:?}"
    );
    folder.run(&["doctor", "vault:x", "--license", LICENSE]).exits(2, "");
}

#[test]
fn lifetimes_are_looked_at() {
    let folder = Folder::new();
    folder.run(&[&DOCTOR, &["--lifetime", "2d"][..]].concat()).exits(2, "--allow-long-lived");
    let said = folder.run(&[&DOCTOR, &["--lifetime", "2d", "--allow-long-lived"][..]].concat()).result();
    assert!(
        steps(&said).contains(&("warn", "expiry")) && said.contains("it expires 2 days after it was issued"),
        "{said}"
    );
}
