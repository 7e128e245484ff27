//! The checks of a key service, without the engine.

use std::sync::Arc;

use cobrowse_jwt_core::SigningInput;
use cobrowse_jwt_remote::{KeyService, KeyVersion};

use crate::{
    cancellation::{Boxed, cancel},
    context::{Checked, Context, failed},
};

const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

pub(crate) async fn authentication(context: &Context, service: &Arc<dyn KeyService>) -> Checked {
    context.call("authenticate", service.authenticate()).await?;
    context.call("authenticate, called again,", service.authenticate()).await?;
    sign(context, service).await
}

pub(crate) async fn stable_version(context: &Context, service: &Arc<dyn KeyService>) -> Checked {
    let first = context.call("resolve", service.resolve()).await?;
    let second = context.call("resolve", service.resolve()).await?;
    match (first.version == second.version, first.public_key == second.public_key) {
        (true, false) => Err(failed("resolve returned the same version name for another key")),
        (false, true) => Err(failed("resolve returned another version name for the same key")),
        _ => Ok(()),
    }
}

pub(crate) async fn exact_version(context: &Context, service: &Arc<dyn KeyService>) -> Checked {
    let version = context.call("resolve", service.resolve()).await?.version;
    let signature = context.call("sign", service.sign(&version, &INPUT)).await?;
    if signature.version.is_some_and(|signed| signed != version) {
        return Err(failed("sign returned another version than the requested one"));
    }
    let unknown = KeyVersion::new("unknown-conformance-version");
    match context.result("sign with an unknown version", service.sign(&unknown, &INPUT)).await? {
        Ok(_) => Err(failed("sign accepted an unknown version")),
        Err(_) => Ok(()),
    }
}

pub(crate) async fn cancellation(context: &Context, service: &Arc<dyn KeyService>) -> Checked {
    let works = || -> Boxed<'_, Checked> { Box::pin(sign(context, service)) };
    let version = context.call("resolve", service.resolve()).await?.version;
    cancel(context, "resolve", || service.resolve(), works).await?;
    cancel(context, "sign", || service.sign(&version, &INPUT), works).await?;
    cancel(context, "authenticate", || service.authenticate(), works).await
}

async fn sign(context: &Context, service: &Arc<dyn KeyService>) -> Checked {
    let version = context.call("resolve", service.resolve()).await?.version;
    context.call("sign", service.sign(&version, &INPUT)).await.map(drop)
}
