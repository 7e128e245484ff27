use std::{fs::File, io::Read as _, path::Path};

use zeroize::Zeroizing;

/// Reads a text file of at most 64 KiB. A truncated file is an error: a part can mean something else than the whole.
///
/// Errors contain neither the path nor the contents: each can be a secret in the wrong place.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    const LIMIT: u64 = 64 * 1024;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    let length = read.map_err(|error| format!("failed to read the file ({})", error.kind()))?;
    if length as u64 > LIMIT {
        return Err("file is over 64 KiB".to_owned());
    }
    let text = str::from_utf8(&bytes).map_err(|_| "file is not UTF-8 text")?;
    Ok(Zeroizing::new(text.to_owned()))
}
