//! What operators read of a key that is not registered. Alone in its program: `tracing` remembers for all threads which events are
//! wanted.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use cobrowse_jwt::{Access, AgentClaims, Minter, Verifier, aws_kms::AwsKmsKey};
use cobrowse_jwt_tests::{fault_server::FaultServer, kms_client, license_key};

/// Collects the warnings of this thread.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn an_unregistered_key_behind_the_alias_is_reported() {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let server = FaultServer::start().await;
    let registered = server.public_key();
    let source =
        AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS).expect_public_key(registered.clone());
    let minter = Minter::new(license_key(), source.refresh(Duration::ZERO, Duration::from_mins(1)).build());
    let claims = AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap();
    minter.mint(&claims).await.unwrap();
    server.rotate().await;
    for _ in 0..20 {
        let token = minter.mint(&claims).await.unwrap();
        Verifier::new(license_key(), registered.clone()).verify(token.expose_secret()).unwrap();
    }
    let warnings = warnings.0.lock().unwrap();
    let report = warnings.iter().find(|warning| warning.contains("not registered"));
    let report = report.unwrap_or_else(|| panic!("{warnings:?}"));
    assert!(report.contains(server.public_key().thumbprint()), "{report}");
    assert!(!report.contains("arn:"), "{report}");
}
