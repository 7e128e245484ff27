use std::{
    io::{self, Write},
    ops::Deref,
};

use serde::Serialize;
use zeroize::Zeroizing;

/// Bytes that are wiped wherever they have been: when they are dropped, and when they move because there are more of them.
pub(super) struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    /// Room for the claims and the policy of most agents, so that they need not move.
    const ROOM: usize = 512;

    pub(super) fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut bytes = Self(Zeroizing::new(Vec::with_capacity(Self::ROOM)));
        serde_json::to_writer(&mut bytes, value)?;
        Ok(bytes)
    }
}

impl Write for Wiped {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.write_all(more).map(|()| more.len())
    }

    #[inline]
    fn write_all(&mut self, more: &[u8]) -> io::Result<()> {
        if more.len() > self.0.capacity() - self.0.len() {
            self.0 = moved(&self.0, more.len());
        }
        self.0.extend_from_slice(more);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same bytes with room for more. Those that they are copied from are wiped by their owner.
#[cold]
fn moved(bytes: &[u8], more: usize) -> Zeroizing<Vec<u8>> {
    let mut moved = Zeroizing::new(Vec::with_capacity((bytes.len() + more).max(bytes.len() * 2)));
    moved.extend_from_slice(bytes);
    moved
}

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_serde_json_writes_however_long_it_is() {
        for length in [0, 1, 500, 511, 512, 513, 5_000] {
            let text = "ä\"\n".repeat(length);
            assert_eq!(*Wiped::json(&text).unwrap(), *serde_json::to_vec(&text).unwrap());
            let list = vec![7; length];
            assert_eq!(*Wiped::json(&list).unwrap(), *serde_json::to_vec(&list).unwrap());
        }
    }
}
