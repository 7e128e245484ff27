//! How old what is known of the key may be.

use std::{sync::Arc, time::Duration};

use cobrowse_jwt_core::SigningKey as _;
use tokio::time::Instant;

use super::Flight;
use crate::{key::KmsKey, lookup::Found};

/// What a source knows.
pub(super) struct State {
    pub(super) known: Option<Known>,
    pub(super) flight: Option<Flight>,
    pub(super) pace: Pace,
    /// After a failed look: none in the background before this.
    not_before: Option<Instant>,
}

/// When an alias is looked at again, counted from the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// From here on in the background.
    pub(super) refresh_after: Duration,
    /// From here on a mint waits for it.
    pub(super) wait_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { refresh_after: Duration::from_mins(5), wait_after: Duration::from_mins(15) }
    }
}

impl Pace {
    /// Between a failed look and the next one in the background: 5 seconds at the default pace.
    fn pause(self) -> Duration {
        self.refresh_after / 60
    }
}

/// A key and when it was looked at.
pub(super) struct Known {
    pub(super) key: Arc<KmsKey>,
    /// The id names the key itself, and no alias that can be pointed elsewhere.
    immovable: bool,
    refresh_at: Instant,
    wait_at: Instant,
}

impl Known {
    pub(super) fn is(&self, found: &Found) -> bool {
        self.key.public_key() == &found.public_key && self.key.arn().is_none_or(|arn| arn == found.arn)
    }
}

/// What a mint does.
pub(super) enum Freshness {
    /// Use this key.
    Fresh(Arc<KmsKey>),
    /// Use this key, and look at it in the background.
    Aging(Arc<KmsKey>),
    /// Wait for a look.
    Unknown,
}

impl State {
    pub(super) fn new(pace: Pace) -> Self {
        Self { known: None, flight: None, pace, not_before: None }
    }

    pub(super) fn freshness(&self, now: Instant) -> Freshness {
        match &self.known {
            // A key that was given has never been looked at, and need not be before its first signature.
            Some(Known { key, immovable, .. }) if *immovable || key.arn().is_none() => {
                Freshness::Fresh(Arc::clone(key))
            }
            Some(Known { key, refresh_at, .. }) if now < *refresh_at => Freshness::Fresh(Arc::clone(key)),
            Some(Known { key, wait_at, .. }) if now < *wait_at => Freshness::Aging(Arc::clone(key)),
            None | Some(_) => Freshness::Unknown,
        }
    }

    pub(super) fn know(&mut self, key: Arc<KmsKey>, key_id: &str, now: Instant) {
        let immovable = key.arn().is_some_and(|arn| names_itself(arn, key_id));
        self.known = Some(Known { key, immovable, refresh_at: now, wait_at: now });
        self.looked(now);
    }

    pub(super) fn looked(&mut self, now: Instant) {
        self.not_before = None;
        if let Some(known) = &mut self.known {
            known.refresh_at = now + self.pace.refresh_after;
            known.wait_at = now + self.pace.wait_after;
        }
    }

    pub(super) fn settled(&mut self, arn: &str, key_id: &str, now: Instant) {
        if let Some(known) = self.known.as_mut().filter(|known| known.key.arn() == Some(arn)) {
            known.immovable = names_itself(arn, key_id);
            self.looked(now);
        }
    }

    pub(super) fn failed(&mut self, now: Instant) {
        self.not_before = Some(now + self.pace.pause());
    }

    pub(super) fn may_look(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|not_before| now >= not_before)
    }

    /// A mint has waited in vain: the next ones need not, until the pause is over. What is known may have changed while it waited.
    pub(super) fn keep_for_now(&mut self, now: Instant) -> Option<Arc<KmsKey>> {
        let until = now + self.pace.pause();
        let known = self.known.as_mut()?;
        known.wait_at = known.wait_at.max(until);
        Some(Arc::clone(&known.key))
    }

    pub(super) fn forget(&mut self, key: &KmsKey) {
        if self.known.as_ref().is_some_and(|known| std::ptr::eq(Arc::as_ptr(&known.key), key)) {
            self.known = None;
        }
    }
}

/// `arn:...:key/<id>`, or its id alone.
fn names_itself(arn: &str, key_id: &str) -> bool {
    arn.starts_with("arn:") && (arn == key_id || arn.rsplit_once('/').is_some_and(|(_, id)| id == key_id))
}
