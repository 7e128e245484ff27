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
    let public_key = PublicKey::from_components(&[0xff; 256], &[1, 0, 1]).unwrap();
    ResolvedKey { version: KeyVersion::new(number.to_string()), public_key, pinned: false }
}

fn failure(kind: KeyErrorKind) -> KeyError {
    KeyError::new(kind, "scripted")
}

/// Runs a lookup without jitter. The snapshot of version n is n times 1,000 plus the time, so that equal versions have unequal snapshots.
fn look_up(cache: &mut Cache<u64>, now: Instant, result: Result<ResolvedKey, KeyError>) -> Result<u64, KeyError> {
    let id = cache.begin(now);
    complete(cache, id, now, result).unwrap().0
}

fn complete(
    cache: &mut Cache<u64>,
    id: LookupId,
    now: Instant,
    result: Result<ResolvedKey, KeyError>,
) -> Option<(Result<u64, KeyError>, Change)> {
    let number = cache.last_id.0;
    cache.complete(id, result, now, 0.0, |resolved| resolved.version.as_str().parse::<u64>().unwrap() * 1_000 + number)
}

fn used(decision: &Decision<u64>) -> Option<u64> {
    match decision {
        Decision::Use(key) | Decision::UseAndRefresh(key) => Some(*key),
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
    assert!(matches!(change, Change::Rotated));
    assert_ne!(first, second.unwrap());
    assert!(matches!(cache.refresh(start), Decision::Start), "a new version needs no hold-off");
    let other_key =
        ResolvedKey { public_key: PublicKey::from_components(&[0xfd; 256], &[1, 0, 1]).unwrap(), ..version(2) };
    let id = cache.begin(start);
    assert!(matches!(complete(&mut cache, id, start, Ok(other_key)).unwrap().1, Change::Rotated));
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

#[derive(Clone, Debug)]
enum Event {
    Advance(u64),
    Mint,
    Refresh,
    Rotate,
    /// The lookup in flight ends like this.
    Succeed,
    Fail(KeyErrorKind),
    /// A caller's wait ends before the lookup.
    TimeOut,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0_u64..400_000).prop_map(Event::Advance),
        Just(Event::Mint),
        Just(Event::Refresh),
        Just(Event::Rotate),
        Just(Event::Succeed),
        Just(Event::Fail(KeyErrorKind::Unavailable)),
        Just(Event::Fail(KeyErrorKind::NotFound)),
        Just(Event::TimeOut),
    ];
    proptest::collection::vec(event, 1..200)
}

proptest! {
    /// Never two lookups at once, never two lookups within the hold-off unless the version changed, and never a snapshot after a lookup
    /// has returned a newer one.
    #[test]
    fn random_events_keep_the_invariants(events in events()) {
        let mut now = Instant::now();
        let mut cache = cache();
        // The version in the service, the one that the last successful lookup returned, and the lookup in flight.
        let (mut current, mut newest) = (1_u64, None::<u64>);
        let mut in_flight: Option<(LookupId, Instant, u64)> = None;
        let mut quiet_until: Option<Instant> = None;
        for event in events {
            let decision = match event {
                Event::Advance(milliseconds) => {
                    now += Duration::from_millis(milliseconds);
                    continue;
                }
                Event::Rotate => {
                    current += 1;
                    continue;
                }
                Event::Succeed | Event::Fail(_) => {
                    let Some((id, _, found)) = in_flight.take() else { continue };
                    let result = if let Event::Fail(kind) = event { Err(failure(kind)) } else { Ok(version(found)) };
                    let succeeded = result.is_ok();
                    let changed = succeeded && newest != Some(found);
                    complete(&mut cache, id, now, result);
                    quiet_until = (!changed).then_some(now + HOLD_OFF);
                    if succeeded {
                        newest = Some(found);
                    }
                    continue;
                }
                Event::TimeOut => {
                    if let Ok(key) = cache.wait_failed(failure(KeyErrorKind::Unavailable), now) {
                        prop_assert_eq!(Some(key / 1_000), newest);
                    }
                    continue;
                }
                Event::Mint => cache.signing_key(now),
                Event::Refresh => cache.refresh(now),
            };
            if let Some(key) = used(&decision) {
                prop_assert_eq!(Some(key / 1_000), newest, "a superseded snapshot was served");
            }
            if let Decision::Join = decision {
                prop_assert!(in_flight.is_some(), "nothing to wait for");
            }
            if matches!(decision, Decision::Start | Decision::UseAndRefresh(_)) {
                if let Some((_, started, _)) = in_flight {
                    prop_assert!(now - started >= STUCK_AFTER, "two lookups at once");
                }
                prop_assert!(quiet_until.is_none_or(|until| until <= now), "a lookup within the hold-off");
                in_flight = Some((cache.begin(now), now, current));
            }
        }
    }
}
