use std::sync::LazyLock;

use cobrowse_jwt_core::{KeyErrorKind, PublicKey};
use proptest::prelude::*;

use super::*;
use crate::service::KeyVersion;

const REFRESH_AFTER: Duration = Duration::from_secs(300);
const MAX_AGE: Duration = Duration::from_secs(900);
const STUCK_AFTER: Duration = Duration::from_secs(23);
const SECOND: Duration = Duration::from_secs(1);

fn cache() -> Cache<u64> {
    Cache::new(RefreshPolicy { refresh_after: REFRESH_AFTER, max_age: MAX_AGE, stuck_after: STUCK_AFTER })
}

fn version(number: u64) -> ResolvedKey {
    static KEY: LazyLock<PublicKey> = LazyLock::new(|| PublicKey::from_components(&[0xff; 256], &[1, 0, 1]).unwrap());
    ResolvedKey { version: KeyVersion::new(number.to_string()), public_key: KEY.clone(), pinned: false }
}

fn failure(kind: KeyErrorKind) -> KeyError {
    KeyError::new(kind, "scripted")
}

/// Runs a lookup without jitter. A snapshot is 1,000 times its version plus the number of the lookup, so that two lookups of one version
/// would make unequal snapshots.
fn look_up(cache: &mut Cache<u64>, now: Instant, result: Result<ResolvedKey, KeyError>) -> Result<u64, KeyError> {
    let id = cache.begin(now);
    complete(cache, id, now, result).unwrap().0
}

fn complete(
    cache: &mut Cache<u64>,
    id: LookupId,
    now: Instant,
    result: Result<ResolvedKey, KeyError>,
) -> Option<(Result<u64, KeyError>, Change<u64>)> {
    let number = cache.last_id.0;
    cache.complete(id, result, now, 0.0, |resolved| resolved.version.as_str().parse::<u64>().unwrap() * 1_000 + number)
}

fn used(decision: &Decision<u64>) -> Option<u64> {
    match decision {
        Decision::Use(key) | Decision::UseDespite(key, _) | Decision::UseAndRefresh(key) => Some(*key),
        _ => None,
    }
}

#[test]
fn signing_key_when_empty_starts_one_lookup() {
    let now = Instant::now();
    let mut cache = cache();
    assert!(matches!(cache.signing_key(now), Decision::Start));
    cache.begin(now);
    assert!(matches!(cache.signing_key(now), Decision::Join));
    assert!(matches!(cache.refresh(now), Decision::Join));
}

#[test]
fn signing_key_by_age_is_used_then_refreshed_then_awaited() {
    let start = Instant::now();
    let mut cache = cache();
    let key = look_up(&mut cache, start, Ok(version(1))).unwrap();
    let at = |age: Duration| cache.signing_key(start + age);
    assert!(matches!(at(REFRESH_AFTER.saturating_sub(SECOND)), Decision::Use(known) if known == key));
    assert!(matches!(at(REFRESH_AFTER), Decision::UseAndRefresh(known) if known == key));
    assert!(matches!(at(MAX_AGE.saturating_sub(SECOND)), Decision::UseAndRefresh(known) if known == key));
    assert!(matches!(at(MAX_AGE), Decision::Start));
    let late = start + MAX_AGE.saturating_sub(SECOND);
    cache.begin(late);
    assert!(matches!(cache.signing_key(late), Decision::Use(known) if known == key), "one lookup is in flight");
    assert!(matches!(cache.signing_key(late + SECOND), Decision::Join));
}

#[test]
fn complete_with_jitter_refreshes_up_to_a_tenth_earlier() {
    let start = Instant::now();
    let mut cache = cache();
    let id = cache.begin(start);
    cache.complete(id, Ok(version(1)), start, 1.0, |_| 1).unwrap().0.unwrap();
    let refresh = start + REFRESH_AFTER - REFRESH_AFTER / 10;
    assert!(matches!(cache.signing_key(refresh - SECOND), Decision::Use(1)));
    assert!(matches!(cache.signing_key(refresh), Decision::UseAndRefresh(1)));
}

#[test]
fn complete_with_same_version_keeps_the_snapshot_and_holds_off() {
    let start = Instant::now();
    let mut cache = cache();
    let key = look_up(&mut cache, start, Ok(version(1))).unwrap();
    assert!(matches!(cache.refresh(start), Decision::Start), "the first lookup needs no hold-off");
    let id = cache.begin(start);
    let (result, change) = complete(&mut cache, id, start, Ok(version(1))).unwrap();
    assert!(matches!(change, Change::None));
    assert_eq!(result.unwrap(), key);
    assert!(matches!(cache.refresh(start + HOLD_OFF - SECOND), Decision::Use(known) if known == key));
    assert!(matches!(cache.refresh(start + HOLD_OFF), Decision::Start));
}

#[test]
fn complete_with_new_version_or_new_public_key_replaces_the_snapshot() {
    let start = Instant::now();
    let mut cache = cache();
    let first = look_up(&mut cache, start, Ok(version(1))).unwrap();
    let id = cache.begin(start);
    let (second, change) = complete(&mut cache, id, start, Ok(version(2))).unwrap();
    assert!(matches!(change, Change::Rotated(_)));
    assert_ne!(first, second.unwrap());
    assert!(matches!(cache.refresh(start), Decision::Start), "a new version needs no hold-off");
    let other_key =
        ResolvedKey { public_key: PublicKey::from_components(&[0xfd; 256], &[1, 0, 1]).unwrap(), ..version(2) };
    let id = cache.begin(start);
    assert!(matches!(complete(&mut cache, id, start, Ok(other_key)).unwrap().1, Change::Rotated(_)));
}

#[test]
fn failed_lookup_is_retried_after_five_seconds_whatever_the_interval() {
    let start = Instant::now();
    for refresh_after in [Duration::ZERO, REFRESH_AFTER, Duration::MAX] {
        let policy = RefreshPolicy { refresh_after, max_age: Duration::MAX, stuck_after: STUCK_AFTER };
        let mut cache = Cache::new(policy);
        look_up(&mut cache, start, Err(failure(KeyErrorKind::NotFound))).unwrap_err();
        let error = |decision| matches!(decision, Decision::Fail(error) if error.kind() == KeyErrorKind::NotFound);
        assert!(error(cache.signing_key(start + HOLD_OFF - SECOND)));
        assert!(error(cache.refresh(start + HOLD_OFF - SECOND)));
        assert!(matches!(cache.signing_key(start + HOLD_OFF), Decision::Start));
    }
}

#[test]
fn failed_refresh_serves_the_known_version_if_transient() {
    let start = Instant::now();
    let late = start + MAX_AGE;
    for (kind, transient) in [(KeyErrorKind::Unavailable, true), (KeyErrorKind::NotFound, false)] {
        let mut cache = cache();
        let key = look_up(&mut cache, start, Ok(version(1))).unwrap();
        let id = cache.begin(late);
        let (result, change) = complete(&mut cache, id, late, Err(failure(kind))).unwrap();
        assert!(matches!(change, Change::RefreshFailed(_)));
        let error = result.unwrap_err();
        for decision in [cache.signing_key(late), cache.refresh(late)] {
            assert_eq!(used(&decision), transient.then_some(key), "{kind:?}");
        }
        assert_eq!(cache.wait_failed(error, late).ok(), transient.then_some(key));
        assert!(matches!(cache.refresh(late + HOLD_OFF), Decision::Start));
    }
}

#[test]
fn failed_background_refresh_keeps_the_known_version_until_max_age() {
    let start = Instant::now();
    let mut cache = cache();
    let key = look_up(&mut cache, start, Ok(version(1))).unwrap();
    let at = start + REFRESH_AFTER;
    look_up(&mut cache, at, Err(failure(KeyErrorKind::NotFound))).unwrap_err();
    assert!(matches!(cache.signing_key(at), Decision::Use(known) if known == key), "no second lookup so soon");
    assert!(matches!(cache.signing_key(at + HOLD_OFF), Decision::UseAndRefresh(known) if known == key));
}

#[test]
fn wait_that_timed_out_spares_the_next_callers_the_wait() {
    let start = Instant::now();
    let mut cache = cache();
    let key = look_up(&mut cache, start, Ok(version(1))).unwrap();
    let late = start + MAX_AGE;
    cache.begin(late);
    assert!(matches!(cache.signing_key(late), Decision::Join));
    let waited = late + 3 * SECOND;
    assert_eq!(cache.wait_failed(failure(KeyErrorKind::Unavailable), waited).unwrap(), key);
    assert!(matches!(cache.signing_key(waited), Decision::Use(known) if known == key));
    assert!(matches!(cache.signing_key(waited + HOLD_OFF), Decision::Join));
}

#[test]
fn pinned_version_is_never_refreshed_by_age() {
    let start = Instant::now();
    let mut cache = cache();
    let key = look_up(&mut cache, start, Ok(ResolvedKey { pinned: true, ..version(1) })).unwrap();
    let later = start + Duration::from_secs(1_000_000_000);
    assert!(matches!(cache.signing_key(later), Decision::Use(known) if known == key));
    assert!(matches!(cache.refresh(later), Decision::Start));
}

#[test]
fn endless_intervals_never_refresh() {
    let start = Instant::now();
    let policy = RefreshPolicy { refresh_after: Duration::MAX, max_age: Duration::MAX, stuck_after: Duration::MAX };
    let mut cache = Cache::new(policy);
    look_up(&mut cache, start, Ok(version(1))).unwrap();
    assert!(matches!(cache.signing_key(start + Duration::from_secs(1_000_000_000)), Decision::Use(_)));
}

#[test]
fn stuck_lookup_is_replaced_and_its_result_ignored() {
    let start = Instant::now();
    let mut cache = cache();
    let stuck = cache.begin(start);
    let later = start + STUCK_AFTER;
    assert!(matches!(cache.signing_key(later - SECOND), Decision::Join));
    assert!(matches!(cache.signing_key(later), Decision::Start));
    let key = look_up(&mut cache, later, Ok(version(2))).unwrap();
    assert!(complete(&mut cache, stuck, later, Ok(version(1))).is_none());
    assert_eq!(cache.known(), Some(&key));
}

#[test]
fn abandoned_lookup_makes_room_for_another() {
    let now = Instant::now();
    let mut cache = cache();
    cache.begin(now);
    cache.abandon();
    assert!(matches!(cache.signing_key(now), Decision::Start));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Advance(u64),
    SigningKey,
    Refresh,
    Rotate,
    /// Whether the service resolves pinned versions from now on.
    Pin(bool),
    /// The lookup in flight ends like this.
    Succeed {
        jitter: f64,
    },
    Fail(KeyErrorKind),
    /// A replaced lookup ends.
    EndLate,
    /// A caller's wait ends before the lookup.
    TimeOut,
    /// The runtime of the lookup in flight ends.
    Abandon,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => (0_u64..7_000).prop_map(Event::Advance),
        2 => (0_u64..400_000).prop_map(Event::Advance),
        4 => Just(Event::SigningKey),
        2 => Just(Event::Refresh),
        1 => Just(Event::Rotate),
        1 => any::<bool>().prop_map(Event::Pin),
        3 => (0.0..1.0).prop_map(|jitter| Event::Succeed { jitter }),
        1 => Just(Event::Fail(KeyErrorKind::Unavailable)),
        1 => Just(Event::Fail(KeyErrorKind::NotFound)),
        1 => Just(Event::EndLate),
        1 => Just(Event::TimeOut),
        1 => Just(Event::Abandon),
    ];
    proptest::collection::vec(event, 1..150)
}

#[derive(Debug)]
struct Flight {
    id: LookupId,
    started: Instant,
    found: ResolvedKey,
}

/// What a user of the cache can observe, to check its decisions against.
#[derive(Debug)]
struct Model {
    now: Instant,
    current: ResolvedKey,
    /// The version of the last successful lookup, its snapshot, and when it was looked up.
    known: Option<(ResolvedKey, u64, Instant)>,
    in_flight: Option<Flight>,
    replaced: Vec<Flight>,
    last_failure: Option<KeyErrorKind>,
    /// No lookup starts before.
    held_off_until: Instant,
    /// An expired version may be served before.
    lenient_until: Instant,
}

impl Model {
    fn number(resolved: &ResolvedKey) -> u64 {
        resolved.version.as_str().parse().unwrap()
    }

    fn apply(&mut self, cache: &mut Cache<u64>, event: Event) {
        match event {
            Event::Advance(milliseconds) => self.now += Duration::from_millis(milliseconds),
            Event::Rotate => self.current.version = version(Self::number(&self.current) + 1).version,
            Event::Pin(pinned) => self.current.pinned = pinned,
            Event::Succeed { jitter } => self.succeed(cache, jitter),
            Event::Fail(kind) => self.fail(cache, kind),
            Event::EndLate => {
                if let Some(Flight { id, found, .. }) = self.replaced.pop() {
                    let late = cache.complete(id, Ok(found), self.now, 0.0, |_| panic!("a late result was used"));
                    assert!(late.is_none());
                }
            }
            Event::TimeOut => {
                let result = cache.wait_failed(failure(KeyErrorKind::Unavailable), self.now);
                assert_eq!(result.ok(), self.known.as_ref().map(|&(_, key, _)| key));
                self.lenient_until = self.now + HOLD_OFF;
            }
            Event::Abandon => {
                cache.abandon();
                self.replaced.extend(self.in_flight.take());
            }
            Event::SigningKey => {
                let decision = cache.signing_key(self.now);
                if let Some(key) = used(&decision) {
                    self.check_age(key, matches!(decision, Decision::UseAndRefresh(_)));
                }
                self.follow(cache, decision);
            }
            Event::Refresh => {
                let decision = cache.refresh(self.now);
                if used(&decision).is_some() {
                    assert!(self.now < self.held_off_until, "a refresh returned the cached version");
                }
                self.follow(cache, decision);
            }
        }
    }

    fn succeed(&mut self, cache: &mut Cache<u64>, jitter: f64) {
        let Some(Flight { id, found, .. }) = self.in_flight.take() else { return };
        let made = Self::number(&found) * 1_000 + cache.last_id.0;
        let (result, change) = cache.complete(id, Ok(found.clone()), self.now, jitter, |_| made).unwrap();
        let key = result.unwrap();
        let same = self.known.as_ref().filter(|(known, ..)| known.version == found.version);
        let rotated = self.known.is_some() && same.is_none();
        assert_eq!(matches!(change, Change::Rotated(_)), rotated);
        assert_eq!(key, same.map_or(made, |&(_, key, _)| key), "one snapshot for each version");
        self.held_off_until = if same.is_some() { self.now + HOLD_OFF } else { self.now };
        self.last_failure = None;
        self.known = Some((found, key, self.now));
    }

    fn fail(&mut self, cache: &mut Cache<u64>, kind: KeyErrorKind) {
        let Some(Flight { id, .. }) = self.in_flight.take() else { return };
        let (result, change) = complete(cache, id, self.now, Err(failure(kind))).unwrap();
        assert_eq!(result.unwrap_err().kind(), kind);
        assert_eq!(matches!(change, Change::RefreshFailed(_)), self.known.is_some());
        self.last_failure = Some(kind);
        self.held_off_until = self.now + HOLD_OFF;
        if failure(kind).is_transient() {
            self.lenient_until = self.now + HOLD_OFF;
        }
    }

    /// Checks whether a version of this age is served, and refreshed.
    fn check_age(&self, key: u64, refreshes: bool) {
        let (resolved, known, looked_up) = self.known.as_ref().unwrap();
        assert_eq!(key, *known);
        let age = self.now - *looked_up;
        if resolved.pinned {
            assert!(!refreshes, "a pinned version was refreshed by age");
            return;
        }
        assert!(age < MAX_AGE || self.now < self.lenient_until, "an expired version was served");
        let may_start = !self.is_in_flight() && self.held_off_until <= self.now;
        assert!(!refreshes || age >= REFRESH_AFTER.mul_f64(0.9), "refreshed too early");
        assert!(refreshes || age < REFRESH_AFTER || age >= MAX_AGE || !may_start, "not refreshed");
    }

    fn is_in_flight(&self) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| self.now - flight.started < STUCK_AFTER)
    }

    fn follow(&mut self, cache: &mut Cache<u64>, decision: Decision<u64>) {
        match decision {
            Decision::Use(key) | Decision::UseDespite(key, _) => {
                assert_eq!(Some(key), self.known.as_ref().map(|&(_, key, _)| key), "superseded");
            }
            Decision::Join => assert!(self.is_in_flight(), "nothing to wait for"),
            Decision::Fail(error) => {
                assert_eq!(Some(error.kind()), self.last_failure);
                assert!(self.now < self.held_off_until, "an old failure was returned");
            }
            Decision::Start | Decision::UseAndRefresh(_) => {
                assert!(!self.is_in_flight(), "two lookups in flight");
                assert!(self.held_off_until <= self.now, "a lookup within the hold-off");
                self.replaced.extend(self.in_flight.take());
                let id = cache.begin(self.now);
                self.in_flight = Some(Flight { id, started: self.now, found: self.current.clone() });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Never two lookups in flight, never a lookup within the hold-off, never a superseded or expired snapshot, and a refresh when it is due.
    #[test]
    fn random_events_keep_the_invariants(events in events()) {
        let now = Instant::now();
        let mut cache = cache();
        let mut model = Model {
            now,
            current: version(1),
            known: None,
            in_flight: None,
            replaced: Vec::new(),
            last_failure: None,
            held_off_until: now,
            lenient_until: now,
        };
        for event in events {
            model.apply(&mut cache, event);
        }
    }
}
