use std::{fs::File, io::Read as _, path::Path};

use zeroize::Zeroizing;

/// Reads a file of text that somebody named: all of it or nothing, for a part may say something else than the whole.
///
/// What was named may be a secret in the wrong place, so no error repeats it; and so may be what the file holds.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    const LIMIT: u64 = 64 * 1024;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    let length = read.map_err(|error| format!("the file cannot be read ({}); correct the path", error.kind()))?;
    if length as u64 > LIMIT {
        return Err("the file is over 64 KiB; name the right one".to_owned());
    }
    let text = str::from_utf8(&bytes).map_err(|_| "the file is not UTF-8 text; name the right one")?;
    Ok(Zeroizing::new(text.to_owned()))
}
