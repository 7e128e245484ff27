use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    keys::{PublicKey, SigningKey},
    token::{MintError, events},
};

/// The keys registered in the Cobrowse dashboard, and the newest snapshot of one of them. Without registered keys, every key may sign.
#[derive(Debug, Default)]
pub(super) struct RegisteredKeys {
    keys: Vec<PublicKey>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Option<Arc<dyn SigningKey>>,
    /// The unregistered key that was reported last, so that a busy minter reports it once.
    reported: Option<PublicKey>,
}

impl RegisteredKeys {
    pub(super) fn push(&mut self, key: PublicKey) {
        self.keys.push(key);
    }

    pub(super) fn is_accepted(&self, key: &PublicKey) -> bool {
        self.keys.is_empty() || self.keys.contains(key)
    }

    /// Returns the offered key if it is registered, else the newest registered snapshot. Logs an unregistered one when it is
    /// first offered.
    pub(super) fn select(&self, offered: Arc<dyn SigningKey>) -> Result<Arc<dyn SigningKey>, MintError> {
        if self.keys.is_empty() {
            return Ok(offered);
        }
        let mut state = self.state();
        if self.is_accepted(offered.public_key()) {
            state.reported = None;
            if !state.snapshot.as_ref().is_some_and(|snapshot| Arc::ptr_eq(snapshot, &offered)) {
                state.snapshot = Some(Arc::clone(&offered));
            }
            return Ok(offered);
        }
        let found = offered.public_key();
        let Some(snapshot) = state.snapshot.clone() else {
            return Err(MintError::UnregisteredKey { found: found.thumbprint().to_owned() });
        };
        if state.reported.as_ref() != Some(found) {
            state.reported = Some(found.clone());
            // A subscriber may mint.
            drop(state);
            events::unregistered_key(found);
        }
        Ok(snapshot)
    }

    /// Removes a snapshot that cannot sign any more.
    pub(super) fn discard(&self, superseded: &Arc<dyn SigningKey>) {
        let mut state = self.state();
        if state.snapshot.as_ref().is_some_and(|snapshot| Arc::ptr_eq(snapshot, superseded)) {
            state.snapshot = None;
        }
    }

    /// No code panics while it holds the lock, and the state is consistent after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
