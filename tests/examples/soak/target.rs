use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use cobrowse_jwt::{
    Access, AgentClaims, KeySource, Minter,
    aws_kms::{
        AwsKmsKey,
        aws_sdk_kms::{Client, config::timeout::TimeoutConfig},
    },
    vault::{VaultKey, VaultKeyBuilder},
};
use cobrowse_jwt_tests::{kms_client, license_key};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    deadline::{Deadline, Heartbeat, Measured},
    keys::Keys,
};

const CONCURRENCY: usize = 4;

/// A source under load. To add one, return its target from the module that causes its faults.
#[derive(Clone)]
pub(crate) struct Target {
    name: &'static str,
    minter: Minter,
    keys: Keys,
    deadline: Deadline,
    tally: Arc<Mutex<Tally>>,
}

#[derive(Default)]
struct Tally {
    tokens: u64,
    unverifiable: u64,
    /// Counts by [`cobrowse_jwt::MintError::id`].
    errors: BTreeMap<&'static str, u64>,
}

impl Target {
    pub(crate) fn new(name: &'static str, source: impl KeySource + 'static, keys: Keys, heartbeat: &Heartbeat) -> Self {
        let deadline = Deadline::new(heartbeat);
        let minter = Minter::new(license_key(), Measured::new(source, deadline.clone()));
        Self { name, minter, keys, deadline, tally: Arc::default() }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn start(&self, load: &mut JoinSet<()>, random: &mut fastrand::Rng) {
        for _ in 0..CONCURRENCY {
            let (target, mut random) = (self.clone(), random.fork());
            load.spawn(async move {
                loop {
                    let pause = if target.mint().await { random.u64(..50) } else { random.u64(20..200) };
                    sleep(Duration::from_millis(pause)).await;
                }
            });
        }
    }

    /// Returns whether a token was minted, whatever its signature.
    async fn mint(&self) -> bool {
        let claims = AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap();
        match self.minter.mint(&claims).await {
            Ok(token) => {
                let is_valid = self.keys.verify(&token).await;
                let mut tally = self.tally.lock().unwrap();
                tally.tokens += 1;
                tally.unverifiable += u64::from(!is_valid);
                true
            }
            Err(error) => {
                *self.tally.lock().unwrap().errors.entry(error.id()).or_default() += 1;
                false
            }
        }
    }

    /// Returns whether 10 tokens in a row are minted within a minute.
    pub(crate) async fn recovers(&self) -> bool {
        let mut in_a_row = 0;
        for _ in 0..600 {
            in_a_row = if self.mint().await { in_a_row + 1 } else { 0 };
            if in_a_row == 10 {
                return true;
            }
            sleep(Duration::from_millis(100)).await;
        }
        false
    }

    pub(crate) fn held(&self) -> bool {
        let tally = self.tally.lock().unwrap();
        tally.tokens > 0 && tally.unverifiable == 0 && self.deadline.observed().late == 0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tally, observed) = (self.tally.lock().unwrap(), self.deadline.observed());
        let Tally { tokens, unverifiable, errors } = &*tally;
        write!(formatter, "{:<12} {tokens} tokens, {unverifiable} unverifiable, {} late, ", self.name, observed.late)?;
        write!(formatter, "slowest call {:.2} s, errors {errors:?}", observed.slowest.as_secs_f64())
    }
}

/// Returns a source that resolves its alias often, with the timeouts of `AwsKmsKey::from_env`.
pub(crate) fn kms_source(endpoint: &str, alias: &str) -> AwsKmsKey {
    let second = Duration::from_secs(1);
    let timeouts = TimeoutConfig::builder().connect_timeout(second).read_timeout(second).build();
    let config = kms_client(endpoint).config().to_builder().timeout_config(timeouts).build();
    let key = AwsKmsKey::builder(&Client::from_conf(config), alias);
    key.refresh_after(Duration::from_secs(1)).max_age(Duration::from_secs(5)).build().unwrap()
}

/// Returns a source that resolves its key often.
pub(crate) fn vault_source(builder: VaultKeyBuilder) -> VaultKey {
    builder.refresh_after(Duration::from_secs(1)).max_age(Duration::from_secs(5)).build().unwrap()
}
