//! The checks of a key source.

use std::{sync::Arc, time::Duration};

use cobrowse_jwt_core::{KeyErrorKind, KeySource, MintError, PublicKey, SigningInput, SigningKey};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    cancellation::{Boxed, cancel},
    context::{Checked, Context, Failure, Hook, failed, minter, verify, verify_token},
};

const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");
/// The interval at which a check repeats a call until it succeeds.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) async fn debug(context: &Context) -> Checked {
    let mut texts = vec![("source", format!("{:?}", context.source))];
    texts.extend(context.service.as_ref().map(|service| ("service", format!("{service:?}"))));
    // The check of the signature reports a source without a key.
    if let Ok(key) = context.result("signing_key", context.source.signing_key()).await? {
        texts.push(("signing key", format!("{key:?}")));
        texts.push(("source with a key", format!("{:?}", context.source)));
    }
    match texts.iter().find_map(|(name, text)| Some((name, context.secrets.find(text)?))) {
        Some((name, kind)) => Err(failed(format!("`Debug` of the {name} contains {kind}"))),
        None => Ok(()),
    }
}

pub(crate) async fn signature(context: &Context) -> Checked {
    let key = context.snapshot().await?;
    // The longest token has 65,536 bytes.
    for message in [&b"x"[..], b"header.payload", &vec![b'x'; 65_536]] {
        context.sign_and_verify(&*key, message).await?;
    }
    Ok(())
}

pub(crate) async fn stable_public_key(context: &Context) -> Checked {
    let key = context.snapshot().await?;
    let before = key.public_key().clone();
    context.call("sign", key.sign(&INPUT)).await?;
    let unchanged = *key.public_key() == before;
    context.call("refresh", context.source.refresh()).await?;
    if unchanged && *key.public_key() == before { Ok(()) } else { Err(failed("the public key of a snapshot changed")) }
}

pub(crate) async fn same_snapshot(context: &Context) -> Checked {
    let first = context.snapshot().await?;
    let second = context.snapshot().await?;
    let refreshed = context.call("refresh", context.source.refresh()).await?;
    for (name, other) in [("signing_key", second), ("refresh", refreshed)] {
        if !Arc::ptr_eq(&first, &other) && first.public_key() == other.public_key() {
            return Err(failed(format!("{name} returned another snapshot of the same key")));
        }
    }
    Ok(())
}

pub(crate) async fn registered_key(context: &Context) -> Checked {
    let key = context.snapshot().await?.public_key().clone();
    let minter = || minter(Arc::clone(&context.source));
    match context.mint(&minter().expect_public_key(key.clone()).build()).await? {
        Ok(token) => verify_token(&token, &key)?,
        Err(error) => return Err(failed(format!("minter with the registered key returned {}", error.id()))),
    }
    match context.mint(&minter().expect_public_key(unrelated_key()).build()).await? {
        Err(MintError::UnregisteredKey { found }) if found == key.thumbprint() => Ok(()),
        Err(MintError::UnregisteredKey { .. }) => {
            Err(failed("minter with another registered key reported a different key than `signing_key` returns"))
        }
        Err(error) => Err(failed(format!("minter with another registered key returned {}", error.id()))),
        Ok(_) => Err(failed("minter with another registered key returned a token")),
    }
}

pub(crate) async fn concurrency(context: &Arc<Context>) -> Checked {
    let mut callers = JoinSet::new();
    for number in 0..64 {
        let context = Arc::clone(context);
        callers.spawn(async move {
            if number % 8 == 0 {
                context.call("refresh", context.source.refresh()).await?;
            }
            let key = context.snapshot().await?;
            context.sign_and_verify(&*key, format!("header.{number}").as_bytes()).await
        });
    }
    while let Some(result) = callers.join_next().await {
        result.map_err(|_| failed("a concurrent call panicked"))??;
    }
    Ok(())
}

pub(crate) async fn rotation(context: &Context, rotate: Option<Hook>) -> Checked {
    let rotate = rotate.ok_or(Failure::NotApplicable("no `rotate` was given"))?;
    let old = context.snapshot().await?;
    let old_key = old.public_key().clone();
    rotate().await;
    let start = Instant::now();
    let new = loop {
        let refreshed = context.call("refresh", context.source.refresh()).await?;
        if *refreshed.public_key() != old_key {
            break refreshed;
        }
        if start.elapsed() > context.time_limit {
            return Err(failed("refresh returned the old key until the time limit"));
        }
        sleep(POLL_INTERVAL).await;
    };
    if context.snapshot().await?.public_key() != new.public_key() {
        return Err(failed("signing_key returned another key than the refresh before"));
    }
    context.sign_and_verify(&*new, b"header.new").await?;
    if *old.public_key() != old_key {
        return Err(failed("the public key of the old snapshot changed"));
    }
    match context.result("sign", old.sign(&INPUT)).await? {
        Ok(signature) => {
            verify(signature, &INPUT, &old_key).map_err(|_| failed("the old snapshot did not sign with the old key"))
        }
        Err(error) if error.kind() == KeyErrorKind::Superseded => Ok(()),
        Err(error) => Err(failed(format!("old snapshot: {}", context.describe("sign", &error)))),
    }
}

pub(crate) async fn superseded(context: &Context, supersede: Option<Hook>) -> Checked {
    let supersede = supersede.ok_or(Failure::NotApplicable("no `supersede` was given"))?;
    let old = context.snapshot().await?;
    let minter = minter(Arc::clone(&context.source)).build();
    supersede().await;
    let start = Instant::now();
    let is_late = || start.elapsed() > context.time_limit;
    loop {
        match context.result("sign", old.sign(&INPUT)).await? {
            Err(error) if error.kind() == KeyErrorKind::Superseded => break,
            Err(error) if error.is_transient() && !is_late() => {}
            Err(error) => return Err(failed(context.describe("sign", &error))),
            Ok(_) if is_late() => return Err(failed("the superseded snapshot signed until the time limit")),
            Ok(_) => {}
        }
        sleep(POLL_INTERVAL).await;
    }
    loop {
        match context.mint(&minter).await? {
            Ok(token) => {
                let key = context.snapshot().await?;
                return verify_token(&token, key.public_key());
            }
            Err(error) if is_late() => {
                return Err(failed(format!("minter returned {} until the time limit", error.id())));
            }
            Err(_) => sleep(POLL_INTERVAL).await,
        }
    }
}

pub(crate) async fn error_kind(context: &Context, failing: &[(KeyErrorKind, Arc<dyn KeySource>)]) -> Checked {
    if failing.is_empty() {
        return Err(Failure::NotApplicable("no `failing_source` was given"));
    }
    for (expected, source) in failing {
        let error = match context.result("signing_key of a failing source", source.signing_key()).await? {
            Err(error) => error,
            Ok(key) => match context.result("sign of a failing source", key.sign(&INPUT)).await? {
                Err(error) => error,
                Ok(_) => return Err(failed(format!("source signed, expected {}", expected.id()))),
            },
        };
        if error.kind() != *expected {
            return Err(failed(format!("source returned {}, expected {}", error.id(), expected.id())));
        }
    }
    Ok(())
}

pub(crate) async fn cancellation(context: &Context) -> Checked {
    let source = &context.source;
    let works = || -> Boxed<'_, Checked> {
        Box::pin(async {
            let key = context.snapshot().await?;
            context.sign_and_verify(&*key, b"header.payload").await
        })
    };
    let key: Arc<dyn SigningKey> = context.snapshot().await?;
    cancel(context, "refresh", || source.refresh(), works).await?;
    cancel(context, "signing_key", || source.signing_key(), works).await?;
    cancel(context, "sign", || key.sign(&INPUT), works).await
}

/// Returns a public key without a private key.
#[expect(clippy::expect_used, reason = "the constants are valid")]
fn unrelated_key() -> PublicKey {
    PublicKey::from_components(&[0xff; 256], &[1, 0, 1]).expect("2048 bits and an odd modulus")
}
