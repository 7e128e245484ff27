use std::{
    env,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cobrowse_jwt::{
    PublicKey,
    aws_kms::aws_sdk_kms::{
        Client,
        types::{KeySpec, KeyUsageType},
    },
};
use cobrowse_jwt_tests::kms_client;
use tokio::time::{sleep, timeout};

use crate::{
    deadline::Heartbeat,
    keys::Keys,
    process::signal,
    target::{Target, kms_source},
};

const ALIAS: &str = "alias/soak";

/// An emulator of AWS KMS. Its keys are lost when it ends.
pub(crate) struct Emulator {
    name: &'static str,
    url: String,
    client: Client,
    /// A program and its arguments. The program ends when its standard input is closed.
    command: Vec<String>,
    keys: Keys,
    running: Option<Child>,
}

impl Emulator {
    pub(crate) fn from_env(name: &'static str) -> Self {
        let variable =
            |name: String| env::var(&name).unwrap_or_else(|_| panic!("{name} is not set; run `cargo xtask soak`"));
        let url = variable(format!("COBROWSE_TEST_{name}"));
        let command = serde_json::from_str(&variable(format!("COBROWSE_TEST_{name}_COMMAND"))).unwrap();
        Self { name, client: kms_client(&url), url, command, keys: Keys::default(), running: None }
    }

    pub(crate) fn target(&self, heartbeat: &Heartbeat) -> Target {
        Target::new(self.name, kms_source(&self.url, ALIAS), self.keys.clone(), heartbeat)
    }

    /// Starts the emulator, then freezes it, moves the alias, or kills and restarts it at random. At the end, the emulator works.
    pub(crate) async fn cause_faults(mut self, mut random: fastrand::Rng, end: Instant) -> Self {
        self.start().await;
        while Instant::now() < end {
            sleep(Duration::from_millis(random.u64(1_000..15_000))).await;
            match random.u8(..4) {
                0 => self.freeze(Duration::from_millis(random.u64(500..8_000))).await,
                1 => {
                    self.stop("KILL");
                    sleep(Duration::from_millis(random.u64(..10_000))).await;
                    self.start().await;
                }
                _ => self.point_alias_at_new_key().await,
            }
        }
        self
    }

    async fn start(&mut self) {
        let mut command = Command::new(&self.command[0]);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let quiet = command.args(&self.command[1..]).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(quiet.stdin(Stdio::piped()).spawn().unwrap());
        self.point_alias_at_new_key().await;
    }

    async fn freeze(&self, length: Duration) {
        let Some(process) = &self.running else { return };
        signal("STOP", process.id());
        sleep(length).await;
        signal("CONT", process.id());
    }

    fn stop(&mut self, how: &str) {
        if let Some(mut process) = self.running.take() {
            signal(how, process.id());
            process.wait().unwrap();
        }
    }

    /// Repeats until the emulator responds.
    async fn point_alias_at_new_key(&self) {
        for _ in 0..600 {
            match timeout(Duration::from_secs(10), self.try_point_alias_at_new_key()).await {
                Ok(Some(())) => return,
                _ => sleep(Duration::from_millis(200)).await,
            }
        }
        panic!("{} does not respond", self.name);
    }

    async fn try_point_alias_at_new_key(&self) -> Option<()> {
        let new = self.client.create_key().key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify);
        let id = new.send().await.ok()?.key_metadata?.key_id;
        let der = self.client.get_public_key().key_id(&id).send().await.ok()?.public_key?;
        self.keys.add(PublicKey::from_spki_der(der.as_ref()).ok()?);
        let moved = self.client.update_alias().alias_name(ALIAS).target_key_id(&id).send().await;
        if moved.is_err() {
            self.client.create_alias().alias_name(ALIAS).target_key_id(&id).send().await.ok()?;
        }
        Some(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop("KILL");
    }
}
