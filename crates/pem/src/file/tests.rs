use std::{
    fs,
    os::unix::fs as unix,
    os::unix::fs::PermissionsExt as _,
    process::Command,
    time::{Duration, Instant},
};

use pollster::block_on;
use tempfile::TempDir;

use super::*;
use crate::{PemKey, RsaKeySize};

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

fn refused(opened: Result<PemFile, PemError>) -> PemErrorKind {
    opened.unwrap_err().kind()
}

#[test]
fn opens_and_loads_the_same_key() {
    let (folder, (key, pem)) = (Folder::new(), key());
    let path = folder.write(&pem, 0o600);
    assert_eq!(&PemFile::open(&path).unwrap().public_key(), key.public_key());
    assert_eq!(&block_on(PemFile::load(&path)).unwrap().public_key(), key.public_key());
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let (folder, (_, pem)) = (Folder::new(), key());
    for mode in [0o602, 0o620, 0o666] {
        let path = folder.write(&pem, mode);
        assert_eq!(refused(PemFile::open(&path)), PemErrorKind::WritableByOthers { mode });
        assert_eq!(refused(block_on(PemFile::load(&path))), PemErrorKind::WritableByOthers { mode });
    }
}

#[test]
fn a_file_that_others_may_read_is_refused_when_strict() {
    let (folder, (_, pem)) = (Folder::new(), key());
    for mode in [0o604, 0o640, 0o444] {
        let path = folder.write(&pem, mode);
        assert!(PemFile::open(&path).is_ok());
        let strict = PemFileOptions::new().strict_permissions();
        assert_eq!(refused(strict.open(&path)), PemErrorKind::ReadableByOthers { mode });
    }
    let path = folder.write(&pem, 0o400);
    assert!(PemFileOptions::new().strict_permissions().open(&path).is_ok());
}

#[test]
fn what_is_no_small_regular_file_is_named() {
    let folder = Folder::new();
    assert_eq!(refused(PemFile::open(folder.path())), PemErrorKind::NotFound);
    assert_eq!(refused(PemFile::open(folder.0.path())), PemErrorKind::Directory);
    assert_eq!(refused(PemFile::open("x".repeat(5_000))), PemErrorKind::InvalidPath);
    assert_eq!(refused(PemFile::open(folder.write(b"", 0o600).join("below"))), PemErrorKind::InvalidPath);
    fs::remove_file(folder.path()).unwrap();

    let link = folder.0.path().join("link");
    unix::symlink(folder.path(), &link).unwrap();
    assert_eq!(refused(PemFile::open(&link)), PemErrorKind::DanglingLink);

    let fifo = folder.0.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert_eq!(refused(PemFile::open(&fifo)), PemErrorKind::NotRegularFile);

    let socket = folder.0.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(refused(PemFile::open(&socket)), PemErrorKind::NotRegularFile);

    let (_, mut pem) = key();
    pem.resize(64 * 1024, b'\n');
    assert!(PemFile::open(folder.write(&pem, 0o600)).is_ok());
    assert!(PemFile::open(&link).is_ok());
    pem.push(b'\n');
    assert_eq!(refused(PemFile::open(folder.write(&pem, 0o600))), PemErrorKind::FileTooLarge);
}

#[test]
fn a_pasted_key_is_no_path_and_is_not_echoed() {
    let (_, pem) = key();
    let error = PemFile::open(String::from_utf8(pem).unwrap()).unwrap_err();
    assert_eq!(error.kind(), PemErrorKind::TextForPath);
    assert!(!format!("{error} {error:?}").contains("MII"));
}

/// A followed file, and what became of it after the next look.
struct Following {
    folder: Folder,
    file: PemFile,
}

impl Following {
    fn new(pem: &[u8], options: PemFileOptions) -> Self {
        let folder = Folder::new();
        let file = options.open(folder.write(pem, 0o600)).unwrap();
        Self { folder, file }
    }

    fn replace(&self, contents: &[u8], mode: u32) {
        let new = self.folder.0.path().join("new");
        fs::write(&new, contents).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(&new, self.folder.path()).unwrap();
    }

    /// What signs once the next look is over. Whoever asks for it by then gets the old key and does not wait.
    fn signs_with(&self) -> PublicKey {
        self.file.0.look_soon();
        block_on(self.file.signing_key()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.file.0.is_looking() {
            assert!(Instant::now() < deadline, "the look never ended");
            thread::sleep(Duration::from_millis(1));
        }
        block_on(self.file.signing_key()).unwrap().public_key().clone()
    }
}

#[test]
fn a_replaced_file_is_followed_and_a_broken_one_is_not() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let following = Following::new(&first_pem, PemFileOptions::new());
    following.replace(b"half a key", 0o600);
    assert_eq!(block_on(following.file.signing_key()).unwrap().public_key(), first.public_key(), "not looked at yet");
    assert_eq!(&following.signs_with(), first.public_key());
    following.replace(&second_pem, 0o600);
    assert_eq!(&following.signs_with(), second.public_key());
    fs::remove_file(following.folder.path()).unwrap();
    assert_eq!(&following.signs_with(), second.public_key());
    following.folder.write(&first_pem, 0o600);
    assert_eq!(&following.signs_with(), first.public_key());
}

#[test]
fn a_replaced_file_with_wrong_permissions_is_followed_once_they_are_mended() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let following = Following::new(&first_pem, PemFileOptions::new());
    following.replace(&second_pem, 0o664);
    assert_eq!(&following.signs_with(), first.public_key());
    fs::set_permissions(following.folder.path(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(&following.signs_with(), second.public_key());
}

#[test]
fn a_file_rewritten_in_place_with_its_old_time_is_followed() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let following = Following::new(&first_pem, PemFileOptions::new());
    let modified = fs::metadata(following.folder.path()).unwrap().modified().unwrap();
    assert_eq!(&following.signs_with(), first.public_key());
    // The file system's clock ticks every few milliseconds.
    thread::sleep(Duration::from_millis(50));
    let path = following.folder.write(&second_pem, 0o600);
    fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    assert_eq!(&following.signs_with(), second.public_key());
}

#[test]
fn only_a_registered_key_is_followed() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let registered = |key: &PemKey| PemFileOptions::new().expect_public_key(key.public_key().clone());
    let following = Following::new(&first_pem, registered(&first));
    following.replace(&second_pem, 0o600);
    assert_eq!(&following.signs_with(), first.public_key());

    assert_eq!(refused(registered(&first).open(following.folder.path())), PemErrorKind::Unregistered);
    let changing_over = registered(&first).expect_public_key(second.public_key().clone());
    assert!(changing_over.open(following.folder.path()).is_ok());
}

#[test]
fn one_look_at_a_time() {
    let (_, pem) = key();
    let following = Following::new(&pem, PemFileOptions::new());
    following.file.0.look_soon();
    assert!(following.file.0.is_time_to_look());
    following.file.0.look_soon();
    assert!(!following.file.0.is_time_to_look());
    following.file.0.give_up_looking();
    assert!(following.file.0.is_time_to_look());
}

#[test]
fn debug_shows_the_public_half_alone() {
    let (folder, (key, pem)) = (Folder::new(), key());
    let shown = format!("{:?}", PemFile::open(folder.write(&pem, 0o600)).unwrap());
    assert!(shown.contains(key.public_key().thumbprint()));
    assert!(!shown.contains("MII"));
}

#[cfg(feature = "encrypted-pem")]
#[test]
fn a_passphrase_stays_out_of_debug() {
    let options = PemFileOptions::new().passphrase(crate::Passphrase::new("correct horse"));
    assert!(!format!("{options:?}").contains("horse"));
}
