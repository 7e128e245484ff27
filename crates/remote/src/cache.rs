use std::time::Duration;

use cobrowse_jwt_core::KeyError;
use tokio::time::Instant;

use crate::service::ResolvedKey;

/// Decides when the key is looked up. A plain state machine: the caller passes the time and runs the lookups.
#[derive(Debug)]
pub(crate) struct Cache<K> {
    policy: RefreshPolicy,
    known: Option<Known<K>>,
    lookup: Option<Lookup>,
    hold_off: Option<HoldOff>,
    last_id: LookupId,
}

/// When a version that is not pinned is looked up again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshPolicy {
    /// In the background, from this age.
    pub(crate) refresh_after: Duration,
    /// Callers wait for the lookup, from this age.
    pub(crate) max_age: Duration,
    /// A lookup that takes longer is replaced.
    pub(crate) stuck_after: Duration,
}

/// Tells a lookup from the one that replaced it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LookupId(u64);

/// What a caller does to get the key.
#[derive(Clone, Debug)]
pub(crate) enum Decision<K> {
    Use(K),
    /// Use this key, although the last lookup failed.
    UseDespite(K, KeyError),
    /// Use this key, and start a lookup in the background.
    UseAndRefresh(K),
    /// Wait for the lookup that is in flight.
    Join,
    /// Start a lookup and wait for it.
    Start,
    /// The last lookup failed less than [`HOLD_OFF`] ago.
    Fail(KeyError),
}

/// What a lookup changed, for the events.
#[derive(Debug)]
pub(crate) enum Change<K> {
    None,
    Rotated(K),
    RefreshFailed(KeyError),
}

/// How long no other lookup starts after one that failed or returned the same version.
pub(crate) const HOLD_OFF: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Known<K> {
    key: K,
    resolved: ResolvedKey,
    /// `None`: never.
    refresh_at: Option<Instant>,
    /// `None`: never.
    expires_at: Option<Instant>,
}

#[derive(Debug)]
struct Lookup {
    id: LookupId,
    started: Instant,
}

#[derive(Debug)]
struct HoldOff {
    until: Instant,
    error: Option<KeyError>,
}

impl<K: Clone> Cache<K> {
    pub(crate) fn new(policy: RefreshPolicy) -> Self {
        Self { policy, known: None, lookup: None, hold_off: None, last_id: LookupId::default() }
    }

    pub(crate) fn known(&self) -> Option<&K> {
        self.known.as_ref().map(|known| &known.key)
    }

    /// Decides for a caller that accepts a cached key.
    pub(crate) fn signing_key(&self, now: Instant) -> Decision<K> {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        match &self.known {
            Some(known) if passed(known.expires_at) => self.refresh(now),
            Some(known) if passed(known.refresh_at) && self.lookup_may_start(now) => {
                Decision::UseAndRefresh(known.key.clone())
            }
            Some(known) => Decision::Use(known.key.clone()),
            None => self.refresh(now),
        }
    }

    /// Decides for a caller that wants a new lookup.
    pub(crate) fn refresh(&self, now: Instant) -> Decision<K> {
        if self.is_in_flight(now) {
            return Decision::Join;
        }
        match self.hold_off.as_ref().filter(|hold_off| now < hold_off.until) {
            None => Decision::Start,
            Some(HoldOff { error, .. }) => match (error, &self.known) {
                (Some(error), Some(known)) if error.is_transient() => {
                    Decision::UseDespite(known.key.clone(), error.clone())
                }
                (Some(error), _) => Decision::Fail(error.clone()),
                (None, Some(known)) => Decision::Use(known.key.clone()),
                (None, None) => Decision::Start,
            },
        }
    }

    /// Records that a lookup starts.
    pub(crate) fn begin(&mut self, now: Instant) -> LookupId {
        self.last_id.0 += 1;
        self.lookup = Some(Lookup { id: self.last_id, started: now });
        self.last_id
    }

    /// Discards a lookup whose task has ended, so that the next one can start.
    pub(crate) fn abandon(&mut self) {
        self.lookup = None;
    }

    /// Records the result of a lookup and returns the key that signs from now on, or `None` if another lookup has replaced this one.
    /// `jitter`, from 0 to 1, moves the next refresh up to a tenth of `refresh_after` earlier.
    pub(crate) fn complete(
        &mut self,
        id: LookupId,
        result: Result<ResolvedKey, KeyError>,
        now: Instant,
        jitter: f64,
        snapshot: impl FnOnce(&ResolvedKey) -> K,
    ) -> Option<(Result<K, KeyError>, Change<K>)> {
        self.lookup.take_if(|lookup| lookup.id == id)?;
        let resolved = match result {
            Ok(resolved) => resolved,
            Err(error) => {
                self.hold_off = Some(HoldOff { until: now + HOLD_OFF, error: Some(error.clone()) });
                let change = if self.known.is_some() { Change::RefreshFailed(error.clone()) } else { Change::None };
                return Some((Err(error), change));
            }
        };
        let until = now + HOLD_OFF;
        let (key, change, hold_off) = match self.known.take() {
            Some(known) if known.is_same_version(&resolved) => {
                (known.key, Change::None, Some(HoldOff { until, error: None }))
            }
            Some(_) => {
                let key = snapshot(&resolved);
                (key.clone(), Change::Rotated(key), None)
            }
            None => (snapshot(&resolved), Change::None, None),
        };
        let RefreshPolicy { refresh_after, max_age, .. } = self.policy;
        let at = |age: Duration| if resolved.pinned { None } else { now.checked_add(age) };
        let refresh_at = at(refresh_after.saturating_sub((refresh_after / 10).mul_f64(jitter)));
        let expires_at = at(max_age);
        self.hold_off = hold_off;
        self.known = Some(Known { key: key.clone(), resolved, refresh_at, expires_at });
        Some((Ok(key), change))
    }

    /// Returns what a caller gets whose wait ended with this error: the known key if the error is transient. The next callers get it
    /// without waiting until the hold-off is over.
    pub(crate) fn wait_failed(&mut self, error: KeyError, now: Instant) -> Result<K, KeyError> {
        let Some(known) = self.known.as_mut().filter(|_| error.is_transient()) else { return Err(error) };
        known.expires_at = known.expires_at.map(|at| at.max(now + HOLD_OFF));
        Ok(known.key.clone())
    }

    fn lookup_may_start(&self, now: Instant) -> bool {
        !self.is_in_flight(now) && self.hold_off.as_ref().is_none_or(|hold_off| hold_off.until <= now)
    }

    pub(crate) fn is_in_flight(&self, now: Instant) -> bool {
        self.lookup.as_ref().is_some_and(|lookup| now - lookup.started < self.policy.stuck_after)
    }
}

impl<K> Known<K> {
    fn is_same_version(&self, resolved: &ResolvedKey) -> bool {
        self.resolved.version == resolved.version && self.resolved.public_key == resolved.public_key
    }
}

#[cfg(test)]
mod tests;
