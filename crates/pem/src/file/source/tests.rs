use std::{fs, os::unix::fs as unix, os::unix::fs::PermissionsExt as _, process::Command, thread, time::Instant};

use pollster::block_on;
use tempfile::TempDir;

use super::*;
use crate::{PemErrorKind, PemKey, RsaKeySize, problem::Problem};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn write(&self, contents: &[u8], mode: u32) -> PathBuf {
        let path = self.path();
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn key() -> (PemKey, Vec<u8>) {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_pkcs8_pem().unwrap().as_bytes().to_vec();
    (key, pem)
}

fn refused(opened: Result<PemFile, PemError>) -> Problem {
    opened.unwrap_err().problem()
}

#[test]
fn opens_and_loads_the_same_key() {
    let (folder, (key, pem)) = (Folder::new(), key());
    let path = folder.write(&pem, 0o600);
    assert_eq!(&PemFile::open_blocking(&path).unwrap().public_key(), key.public_key());
    assert_eq!(&block_on(PemFile::open(&path)).unwrap().public_key(), key.public_key());
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let (folder, (_, pem)) = (Folder::new(), key());
    for mode in [0o602, 0o620, 0o666] {
        let path = folder.write(&pem, mode);
        assert_eq!(refused(PemFile::open_blocking(&path)), Problem::WritableByOthers { mode });
        assert_eq!(refused(block_on(PemFile::open(&path))), Problem::WritableByOthers { mode });
    }
}

#[test]
fn a_file_that_others_may_read_is_refused_when_strict() {
    let (folder, (_, pem)) = (Folder::new(), key());
    for mode in [0o604, 0o640, 0o444] {
        let path = folder.write(&pem, mode);
        assert!(PemFile::open_blocking(&path).is_ok());
        let strict = PemFile::builder(&path).strict_permissions(true);
        assert_eq!(refused(strict.open_blocking()), Problem::ReadableByOthers { mode });
    }
    let path = folder.write(&pem, 0o400);
    assert!(PemFile::builder(&path).strict_permissions(true).open_blocking().is_ok());
}

#[test]
fn what_is_no_small_regular_file_is_named() {
    let folder = Folder::new();
    assert_eq!(refused(PemFile::open_blocking(folder.path())), Problem::NotFound);
    assert_eq!(refused(PemFile::open_blocking(folder.0.path())), Problem::Directory);
    assert_eq!(refused(PemFile::open_blocking("x".repeat(5_000))), Problem::InvalidPath);
    assert_eq!(refused(PemFile::open_blocking(folder.write(b"", 0o600).join("below"))), Problem::InvalidPath);
    fs::remove_file(folder.path()).unwrap();

    let link = folder.0.path().join("link");
    unix::symlink(folder.path(), &link).unwrap();
    assert_eq!(refused(PemFile::open_blocking(&link)), Problem::BrokenSymlink);

    let fifo = folder.0.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert_eq!(refused(PemFile::open_blocking(&fifo)), Problem::NotRegularFile);

    let socket = folder.0.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(refused(PemFile::open_blocking(&socket)), Problem::NotRegularFile);

    let (_, mut pem) = key();
    pem.resize(64 * 1024, b'\n');
    assert!(PemFile::open_blocking(folder.write(&pem, 0o600)).is_ok());
    assert!(PemFile::open_blocking(&link).is_ok());
    pem.push(b'\n');
    assert_eq!(refused(PemFile::open_blocking(folder.write(&pem, 0o600))), Problem::FileTooLarge);
}

#[test]
fn a_pasted_key_is_no_path_and_is_not_echoed() {
    let (_, pem) = key();
    let error = PemFile::open_blocking(String::from_utf8(pem).unwrap()).unwrap_err();
    assert_eq!(error.kind(), PemErrorKind::InvalidPath);
    assert!(!format!("{error} {error:?}").contains("MII"));
}

/// A key file that is replaced.
struct Replaced {
    folder: Folder,
    file: PemFile,
}

impl Replaced {
    fn new(pem: &[u8]) -> Self {
        let folder = Folder::new();
        let file = PemFile::open_blocking(folder.write(pem, 0o600)).unwrap();
        Self { folder, file }
    }

    fn replace(&self, contents: &[u8], mode: u32) {
        let new = self.folder.0.path().join("new");
        fs::write(&new, contents).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(&new, self.folder.path()).unwrap();
    }

    fn snapshot(&self) -> Arc<dyn SigningKey> {
        block_on(self.file.signing_key()).unwrap()
    }

    /// Returns the key that signs after a minute without a check: the caller waits for it.
    fn after_a_minute(&self) -> PublicKey {
        self.file.0.age_by(Duration::from_mins(1));
        self.snapshot().public_key().clone()
    }

    fn wait_for_the_check(&self) {
        let start = Instant::now();
        while self.file.0.is_checking() {
            assert!(start.elapsed() < Duration::from_secs(30), "the check never ended");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn replaced_file_signs_and_a_broken_one_does_not() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    replaced.replace(b"half a key", 0o600);
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    replaced.replace(&second_pem, 0o600);
    assert_eq!(&replaced.after_a_minute(), second.public_key());
    fs::remove_file(replaced.folder.path()).unwrap();
    assert_eq!(&replaced.after_a_minute(), second.public_key());
    replaced.folder.write(&first_pem, 0o600);
    assert_eq!(&replaced.after_a_minute(), first.public_key());
}

#[test]
fn file_checked_within_a_minute_is_checked_in_the_background() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    replaced.replace(&second_pem, 0o600);
    assert_eq!(replaced.snapshot().public_key(), first.public_key());
    assert!(!replaced.file.0.is_checking(), "it was checked within the last second");

    replaced.file.0.age_by(Duration::from_secs(2));
    replaced.snapshot();
    replaced.wait_for_the_check();
    assert_eq!(replaced.snapshot().public_key(), second.public_key());
}

#[test]
fn refresh_waits_for_the_check_and_keeps_the_snapshot_of_an_unchanged_key() {
    let ((_, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    let refresh = || {
        replaced.file.0.age_by(Duration::from_secs(2));
        block_on(replaced.file.refresh()).unwrap()
    };
    let first = replaced.snapshot();
    assert!(Arc::ptr_eq(&first, &refresh()));
    // Written again: another file with the same key.
    replaced.replace(&first_pem, 0o600);
    assert!(Arc::ptr_eq(&first, &refresh()));
    replaced.replace(&second_pem, 0o600);
    assert_eq!(refresh().public_key(), second.public_key());
}

#[test]
fn check_that_hangs_is_waited_for_once() {
    let (first, first_pem) = key();
    let replaced = Replaced::new(&first_pem);
    let hang = replaced.file.0.hang();
    let start = Instant::now();
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    let waited = start.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
    let start = Instant::now();
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(hang);
    replaced.wait_for_the_check();
}

#[test]
fn file_with_wrong_permissions_signs_once_they_are_corrected() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    replaced.replace(&second_pem, 0o664);
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    fs::set_permissions(replaced.folder.path(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(&replaced.after_a_minute(), second.public_key());
}

#[test]
fn file_rewritten_in_place_with_its_old_time_is_read_again() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    let modified = fs::metadata(replaced.folder.path()).unwrap().modified().unwrap();
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    // The file system's clock ticks every few milliseconds.
    thread::sleep(Duration::from_millis(50));
    let path = replaced.folder.write(&second_pem, 0o600);
    fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    assert_eq!(&replaced.after_a_minute(), second.public_key());
}

#[test]
fn debug_shows_the_public_half_alone() {
    let (folder, (key, pem)) = (Folder::new(), key());
    let shown = format!("{:?}", PemFile::open_blocking(folder.write(&pem, 0o600)).unwrap());
    assert!(shown.contains(key.public_key().thumbprint()));
    assert!(!shown.contains("MII"));
}

#[cfg(feature = "encrypted-pem")]
#[test]
fn a_passphrase_stays_out_of_debug() {
    let builder = PemFile::builder("key.pem").passphrase(crate::Passphrase::new("correct horse"));
    assert!(!format!("{builder:?}").contains("horse"));
}
