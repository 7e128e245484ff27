use std::{
    env,
    ffi::OsStr,
    process::{Command, Stdio},
};

/// Runs the ignored test `reexec_helper` of this test program in a child process with these variables, because a process cannot set its own
/// safely. Returns what it printed between `<<` and `>>`.
pub fn reexec<V: AsRef<OsStr>>(variables: impl IntoIterator<Item = (&'static str, V)>) -> String {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "reexec_helper", "--ignored", "--nocapture"]).envs(variables).stderr(Stdio::inherit());
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    let printed = output.split_once("<<").and_then(|(_, rest)| rest.split_once(">>"));
    printed.unwrap_or_else(|| panic!("the child printed nothing: {output}")).0.to_owned()
}
