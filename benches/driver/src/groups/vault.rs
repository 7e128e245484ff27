//! A key in Vault beside the bare HTTP request, against a stub in the same process on another thread.

use anyhow::Result;

use super::kms::cpu;
use crate::{figure::Figures, programs::Sampler};

/// A mint over Vault, its CPU time beside that of the bare request.
pub(crate) fn vault(figures: &mut Figures) -> Result<()> {
    let mut programs = [Sampler::start("bench-vault", "vault-samples")?];
    cpu(figures, &mut programs, "Vault", &[(1, 128), (64, 256)])
}
