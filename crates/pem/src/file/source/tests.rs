use std::{
    fs,
    io::{self, Write},
    os::unix::fs as unix,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    sync::{LazyLock, Mutex},
    thread,
    time::Instant,
};

use pollster::block_on;
use tempfile::TempDir;

use super::*;
use crate::{PemErrorKind, PemKey, RsaKeySize, problem::Problem};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        LazyLock::force(&EVENTS);
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn write(&self, contents: &[u8], mode: u32) -> PathBuf {
        let path = self.path();
        fs::write(&path, contents).unwrap();
        set_mode(&path, mode);
        path
    }
}

fn key() -> (PemKey, Vec<u8>) {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let pem = key.to_pkcs8_pem().unwrap().as_bytes().to_vec();
    (key, pem)
}

static EVENTS: LazyLock<Events> = LazyLock::new(Events::collect);

/// The lines of all events of this process.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<u8>>>);

impl Events {
    fn collect() -> Self {
        let events = Self::default();
        let writer = events.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
        events
    }

    fn count(&self, parts: &[&str]) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    }

    fn wait_for(&self, parts: &[&str]) {
        let start = Instant::now();
        while self.count(parts) == 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "no event {parts:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(opened: Result<PemFile, PemError>) -> Problem {
    opened.unwrap_err().problem()
}

#[test]
fn open_and_open_blocking_return_the_same_key() {
    let (folder, (key, pem)) = (Folder::new(), key());
    let path = folder.write(&pem, 0o600);
    assert_eq!(&PemFile::open_blocking(&path).unwrap().public_key(), key.public_key());
    assert_eq!(&block_on(PemFile::open(&path)).unwrap().public_key(), key.public_key());
}

#[test]
fn open_writable_file_returns_insecure_permissions() {
    let (folder, (_, pem)) = (Folder::new(), key());
    for mode in [0o602, 0o620, 0o666] {
        let path = folder.write(&pem, mode);
        assert_eq!(refused(PemFile::open_blocking(&path)), Problem::WritableByOthers { mode });
        assert_eq!(refused(block_on(PemFile::open(&path))), Problem::WritableByOthers { mode });
    }
}

#[test]
fn open_readable_file_is_refused_if_strict_and_reported_otherwise() {
    let (folder, (_, pem)) = (Folder::new(), key());
    for mode in [0o604, 0o640, 0o444] {
        let path = folder.write(&pem, mode);
        assert!(PemFile::open_blocking(&path).is_ok());
        let shown = format!("mode={mode:04o}");
        assert_eq!(EVENTS.count(&["key file is group- or world-readable", path.to_str().unwrap(), &shown]), 1);
        let strict = PemFile::builder(&path).strict_permissions(true);
        assert_eq!(refused(strict.open_blocking()), Problem::ReadableByOthers { mode });
    }
    let path = folder.write(&pem, 0o400);
    assert!(PemFile::builder(&path).strict_permissions(true).open_blocking().is_ok());
}

#[test]
#[ignore = "needs `root`: only root can change the owner of a file"]
fn open_file_of_another_owner_is_refused_unless_allowed() {
    let (folder, (_, pem)) = (Folder::new(), key());
    let path = folder.write(&pem, 0o600);
    unix::chown(&path, Some(65_534), None).unwrap();
    assert_eq!(refused(PemFile::open_blocking(&path)), Problem::ForeignOwner { owner: 65_534 });
    assert!(PemFile::builder(&path).allow_foreign_owner(true).open_blocking().is_ok());
}

#[test]
fn open_file_in_world_writable_directory_is_refused_unless_sticky() {
    let (folder, (_, pem)) = (Folder::new(), key());
    let path = folder.write(&pem, 0o600);
    let link = Folder::new();
    unix::symlink(&path, link.path()).unwrap();
    for (directory, opened) in [(&folder, &path), (&folder, &link.path()), (&link, &link.path())] {
        let directory = directory.0.path();
        for (mode, accepted) in [(0o777, false), (0o1777, true), (0o770, true), (0o700, true)] {
            set_mode(directory, mode);
            let opened = PemFile::builder(opened).strict_permissions(true).open_blocking();
            if accepted {
                assert!(opened.is_ok(), "{mode:o}");
            } else {
                let error = opened.unwrap_err();
                assert_eq!(error.kind(), PemErrorKind::InsecurePermissions);
                let message = "directory is world-writable without the sticky bit (mode 0777)";
                assert_eq!(error.to_string(), format!("{}: {message}", directory.display()));
            }
        }
    }
    let shown = folder.0.path().to_str().unwrap();
    assert_eq!(EVENTS.count(&["directory of the key file is group-writable", shown, "mode=0770"]), 2);
}

#[test]
fn open_file_below_world_writable_directory_is_refused_unless_sticky() {
    let (folder, (_, pem)) = (Folder::new(), key());
    let keys = folder.0.path().join("service/keys");
    fs::create_dir_all(&keys).unwrap();
    fs::write(keys.join("key.pem"), &pem).unwrap();
    set_mode(&keys.join("key.pem"), 0o600);
    set_mode(&keys, 0o700);
    let link = Folder::new();
    unix::symlink(keys.join("key.pem"), link.path()).unwrap();
    for path in [keys.join("key.pem"), link.path()] {
        for (mode, accepted) in [(0o777, false), (0o1777, true), (0o755, true)] {
            set_mode(folder.0.path(), mode);
            let opened = PemFile::open_blocking(&path).map(drop).map_err(|error| error.kind());
            let expected = if accepted { Ok(()) } else { Err(PemErrorKind::InsecurePermissions) };
            assert_eq!(opened, expected, "{mode:o}");
        }
    }
}

#[test]
fn open_kubernetes_secret_mount_follows_an_update() {
    let (folder, (first, first_pem), (second, second_pem)) = (Folder::new(), key(), key());
    let mount = folder.0.path();
    set_mode(mount, 0o3777);
    let publish = |version: &str, pem: &[u8], mode| {
        let directory = mount.join(version);
        fs::create_dir(&directory).unwrap();
        set_mode(&directory, 0o2755);
        fs::write(directory.join("key.pem"), pem).unwrap();
        set_mode(&directory.join("key.pem"), mode);
        unix::symlink(version, mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    };
    publish("..2026_01_01", &first_pem, 0o644);
    unix::symlink("..data/key.pem", folder.path()).unwrap();
    let file = PemFile::open_blocking(folder.path()).unwrap();
    let replaced = Replaced { folder: Folder::new(), file };
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    publish("..2026_02_02", &second_pem, 0o440);
    assert_eq!(&replaced.after_a_minute(), second.public_key());
}

#[test]
fn open_path_without_small_regular_file_returns_error() {
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
fn open_pasted_key_returns_error_without_it() {
    let (_, pem) = key();
    let error = PemFile::open_blocking(String::from_utf8(pem).unwrap()).unwrap_err();
    assert_eq!(error.kind(), PemErrorKind::InvalidPath);
    assert!(!format!("{error} {error:?}").contains("MII"));
}

/// A key file that a test replaces.
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
        set_mode(&new, mode);
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

    fn wait_until_checked(&self) {
        let start = Instant::now();
        while self.file.0.is_checking() {
            assert!(start.elapsed() < Duration::from_secs(30), "the check did not end");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn signing_key_after_replacement_uses_the_new_key_unless_it_is_invalid() {
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
fn signing_key_within_a_minute_checks_in_the_background() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    replaced.replace(&second_pem, 0o600);
    replaced.file.0.renew_check();
    assert_eq!(replaced.snapshot().public_key(), first.public_key());
    assert!(!replaced.file.0.is_checking(), "the last check was within a second");

    replaced.file.0.age_by(Duration::from_secs(2));
    replaced.snapshot();
    replaced.wait_until_checked();
    assert_eq!(replaced.snapshot().public_key(), second.public_key());
}

#[test]
fn refresh_of_unchanged_key_returns_the_same_snapshot() {
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
fn signing_key_with_hanging_check_waits_three_seconds_once() {
    let (first, first_pem) = key();
    let replaced = Replaced::new(&first_pem);
    let hang = replaced.file.0.hang();
    let start = Instant::now();
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    let waited = start.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
    let start = Instant::now();
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let path = replaced.folder.path();
    let timed_out = ["timed out checking the key file; the known key signs", path.to_str().unwrap()];
    EVENTS.wait_for(&timed_out);
    drop(hang);
    replaced.wait_until_checked();
    assert_eq!(EVENTS.count(&timed_out), 1);
}

#[test]
fn signing_key_after_max_unchecked_waits_for_the_check() {
    let ((_, first_pem), (second, second_pem)) = (key(), key());
    let folder = Folder::new();
    let file = PemFile::builder(folder.write(&first_pem, 0o600)).max_unchecked(Duration::from_secs(10));
    let replaced = Replaced { file: file.open_blocking().unwrap(), folder };
    replaced.replace(&second_pem, 0o600);
    replaced.file.0.age_by(Duration::from_secs(10));
    assert_eq!(replaced.snapshot().public_key(), second.public_key());
}

#[test]
fn failed_reload_is_reported_once_per_change() {
    let (first, first_pem) = key();
    let replaced = Replaced::new(&first_pem);
    let path = replaced.folder.path();
    let reload_failed = ["failed to reload the key file; the known key signs", path.to_str().unwrap()];
    for (change, contents, mode, id) in
        [(1, &b"half a key"[..], 0o600, "not-pem"), (2, &first_pem, 0o666, "insecure-permissions")]
    {
        replaced.replace(contents, mode);
        for _ in 0..3 {
            assert_eq!(&replaced.after_a_minute(), first.public_key());
        }
        assert_eq!(EVENTS.count(&reload_failed), change);
        assert_eq!(EVENTS.count(&[&reload_failed[..], &[id]].concat()), 1);
    }
}

#[test]
fn each_outage_of_the_directory_is_reported() {
    let (parent, (_, pem)) = (Folder::new(), key());
    let (keys, away) = (parent.0.path().join("keys"), parent.0.path().join("away"));
    fs::create_dir(&keys).unwrap();
    set_mode(&keys, 0o700);
    let path = keys.join("key.pem");
    fs::write(&path, pem).unwrap();
    set_mode(&path, 0o600);
    let file = PemFile::open_blocking(&path).unwrap();
    let check = || {
        file.0.age_by(Duration::from_mins(1));
        block_on(file.signing_key()).unwrap();
    };
    for outage in 1..=2 {
        fs::rename(&keys, &away).unwrap();
        check();
        check();
        // A path whose directory does not exist is redacted; no other test has one.
        assert_eq!(EVENTS.count(&["failed to reload the key file", "<redacted>"]), outage);
        fs::rename(&away, &keys).unwrap();
        check();
    }
}

#[test]
fn replacement_in_world_writable_directory_signs_after_chmod() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    replaced.replace(&second_pem, 0o600);
    set_mode(replaced.folder.0.path(), 0o777);
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    set_mode(replaced.folder.0.path(), 0o700);
    assert_eq!(&replaced.after_a_minute(), second.public_key());
    assert_eq!(EVENTS.count(&["key file replaced", second.public_key().thumbprint()]), 1);
}

#[test]
fn replacement_with_insecure_mode_signs_after_chmod() {
    let ((first, first_pem), (second, second_pem)) = (key(), key());
    let replaced = Replaced::new(&first_pem);
    replaced.replace(&second_pem, 0o664);
    assert_eq!(&replaced.after_a_minute(), first.public_key());
    set_mode(&replaced.folder.path(), 0o600);
    assert_eq!(&replaced.after_a_minute(), second.public_key());
}

#[test]
fn file_rewritten_with_same_modification_time_is_reloaded() {
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
fn debug_shows_only_the_public_key() {
    let (folder, (key, pem)) = (Folder::new(), key());
    let shown = format!("{:?}", PemFile::open_blocking(folder.write(&pem, 0o600)).unwrap());
    assert!(shown.contains(key.public_key().thumbprint()));
    assert!(!shown.contains("MII"));
}

#[cfg(feature = "encrypted-pem")]
#[test]
fn debug_of_builder_redacts_path_and_passphrase() {
    let builder = PemFile::builder("hunter2-battery-staple").passphrase(crate::Passphrase::new("correct horse"));
    let shown = format!("{builder:?}");
    assert!(shown.contains("<redacted>") && !shown.contains("staple") && !shown.contains("horse"), "{shown}");
}
