//! Test doubles for services that mint tokens. Enable this feature in `[dev-dependencies]` only.
//!
//! A [`TestAccount`] replaces the key and the dashboard: it has a generated key, a license key, a clock that tests set, a minter for the
//! service under test, and assertions that name the failed check.
//!
//! ```
//! use std::time::Duration;
//!
//! use cobrowse_jwt::{Access, AgentClaims, AgentToken, Minter, Role, TokenCheck, testing::TestAccount};
//!
//! /// The service under test.
//! struct SignIn {
//!     minter: Minter,
//! }
//!
//! impl SignIn {
//!     async fn token(&self, email: &str) -> Result<AgentToken, Box<dyn std::error::Error>> {
//!         let claims = AgentClaims::new(email, Access::Role(Role::Agent))?;
//!         Ok(self.minter.mint(&claims).await?)
//!     }
//! }
//!
//! # pollster::block_on(async {
//! let account = TestAccount::new();
//! let service = SignIn { minter: account.minter() };
//! let token = service.token("jane@example.com").await?;
//!
//! let verified = account.assert_accepted(token.expose_secret());
//! assert_eq!(*verified.claims.access(), Access::Role(Role::Agent));
//!
//! account.clock().advance(Duration::from_secs(3_600));
//! account.assert_refused(token.expose_secret(), TokenCheck::Expiry);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod account;
mod clock;

pub use account::TestAccount;
pub use clock::FixedClock;
