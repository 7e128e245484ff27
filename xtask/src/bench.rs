use anyhow::Result;

use crate::run::{cargo, succeed};

/// Runs the driver in `benches/`, which is outside the workspace.
pub(crate) fn bench(arguments: &[&str]) -> Result<()> {
    let run = "run --quiet --release --locked --manifest-path benches/Cargo.toml --target-dir target/benches";
    succeed(cargo(run).args(["--package", "driver", "--"]).args(arguments))
}
