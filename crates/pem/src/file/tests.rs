use std::{fs, os::unix::fs as unix, os::unix::fs::PermissionsExt as _, process::Command};

use pollster::block_on;
use tempfile::TempDir;

use super::*;
use crate::RsaKeySize;

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

#[test]
fn a_replaced_file_is_followed_and_a_broken_one_is_not() {
    let (folder, (first, first_pem), (second, second_pem)) = (Folder::new(), key(), key());
    let file = PemFile::open(folder.write(&first_pem, 0o600)).unwrap();
    let signs_with = |file: &PemFile| block_on(file.signing_key()).unwrap().public_key().clone();
    let look_now = || file.state().next_look = Instant::now();
    let replace = |contents: &[u8]| {
        let new = folder.0.path().join("new");
        fs::write(&new, contents).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&new, folder.path()).unwrap();
    };

    replace(b"half a key");
    assert_eq!(&signs_with(&file), first.public_key(), "not looked at yet");
    look_now();
    assert_eq!(&signs_with(&file), first.public_key());

    replace(&second_pem);
    look_now();
    assert_eq!(&signs_with(&file), second.public_key());
    assert_eq!(&file.public_key(), second.public_key());

    fs::remove_file(folder.path()).unwrap();
    look_now();
    assert_eq!(&signs_with(&file), second.public_key());
}

#[test]
fn a_caller_that_stops_waiting_stops_nobody_else() {
    let (folder, (_, first_pem), (second, second_pem)) = (Folder::new(), key(), key());
    let file = PemFile::open(folder.write(&first_pem, 0o600)).unwrap();
    fs::remove_file(folder.path()).unwrap();
    folder.write(&second_pem, 0o600);
    file.state().next_look = Instant::now();

    let mut impatient = file.signing_key();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = impatient.as_mut().poll(&mut context);
    drop(impatient);

    let deadline = Instant::now() + Duration::from_secs(30);
    while &file.public_key() != second.public_key() {
        assert!(Instant::now() < deadline, "the replaced file was never read");
        thread::sleep(Duration::from_millis(5));
    }
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
