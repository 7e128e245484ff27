use std::{fs, path::Path};

/// Writes a private key to a file that only the user can read, whatever the umask is.
pub fn write_private_key(path: &Path, pem: &str) {
    fs::write(path, pem).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}
