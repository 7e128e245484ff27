use std::{collections::BTreeMap, env, ffi::OsString, fs, path::PathBuf};

use anyhow::{Result, ensure};

use super::results::Ignored;
use crate::{
    run::Report,
    services::{EMULATORS, Emulator, Lifetime, Service, openbao_program},
    setup::{browsers, debian, is_root, node, python, require},
};

/// The programs of one test run. A test names those that it needs in `#[ignore = "needs ..."]` or in its own name.
#[derive(Debug)]
pub(super) struct Programs {
    /// The variables by which tests find programs.
    pub(super) variables: Vec<(String, OsString)>,
    /// The programs that could not be set up, with the reason.
    missing: BTreeMap<&'static str, String>,
    services: Vec<Service>,
    /// The files of the services.
    folder: PathBuf,
}

impl Programs {
    /// Sets up every program that this machine allows, and starts the emulators.
    pub(super) fn set_up(report: &mut Report) -> Self {
        let folder = env::temp_dir().join(format!("cobrowse-jwt-services-{}", std::process::id()));
        let mut programs = Self { variables: Vec::new(), missing: BTreeMap::new(), services: Vec::new(), folder };
        programs.add(report, "root", "changes the owner of files", || {
            ensure!(is_root(), "not the user root");
            Ok(())
        });
        programs.add(report, "openssl", "creates keys", || {
            require("openssl", &["version"], "not installed; on Debian: apt-get install openssl")
        });
        programs.add(report, "ssh", "creates a key", || {
            require("ssh", &["-V"], "not installed; on Debian: apt-get install openssh-client")
        });
        programs.add(report, "script", "runs the command in a terminal", || {
            require("script", &["--version"], "not installed; on Debian: apt-get install bsdutils")
        });
        programs.add(report, "softhsm", "a software HSM, 3 MB", || {
            debian("softhsm2-util", &["softhsm2"])?;
            debian("pkcs11-tool", &["opensc"])
        });
        programs.add(report, "tpm", "a software TPM, 30 MB", || {
            const TPM: &str =
                "swtpm tpm2-abrmd tpm2-tools libtss2-tcti-tabrmd0 libtpm2-pkcs11-1 libtpm2-pkcs11-tools dbus";
            let packages: Vec<_> = TPM.split(' ').collect();
            ["swtpm", "tpm2-abrmd", "tpm2_ptool", "dbus-daemon"]
                .iter()
                .try_for_each(|program| debian(program, &packages))
        });
        let modules =
            programs.add(report, "node", "packages with verifiers and browser drivers, 150 MB", node::modules);
        let python = programs.add(report, "python", "packages with verifiers and keys, 170 MB", || {
            Ok(python::programs("python", "tests/interop/python/requirements.txt")?.join("python"))
        });
        let chromium = programs
            .add(report, "chromium", "a browser for the portal, 250 MB", || browsers::chromium(modules.as_deref()));
        let firefox = programs.add(report, "firefox", "a browser for the portal, 250 MB", browsers::firefox);
        let paths =
            [("NODE_MODULES", modules), ("PYTHON", python), ("CHROMIUM", chromium), ("FIREFOX", firefox)].into_iter();
        let paths = paths.filter_map(|(name, path)| Some((format!("COBROWSE_TEST_{name}"), path?.into())));
        programs.variables.extend(paths);
        for emulator in &EMULATORS {
            programs.start(report, emulator);
        }
        // Some tests start a server of their own, to seal and kill it.
        let openbao = openbao_program().ok().map(|path| ("COBROWSE_TEST_OPENBAO_PROGRAM".to_owned(), path.into()));
        programs.variables.extend(openbao);
        programs
    }

    /// Returns why a test cannot run.
    pub(super) fn missing_for(&self, test: &Ignored) -> Option<String> {
        let mut missing = self.missing.iter().filter(|(program, _)| test.needs(program));
        missing.next().map(|(program, reason)| format!("{program}: {reason}"))
    }

    /// Stops the emulators.
    pub(super) fn stop(&self) -> Result<()> {
        self.services.iter().try_for_each(Service::stop)?;
        if self.folder.exists() { Ok(fs::remove_dir_all(&self.folder)?) } else { Ok(()) }
    }

    fn start(&mut self, report: &mut Report, emulator: &'static Emulator) {
        let folder = self.folder.join(emulator.name);
        let service = self.add(report, emulator.name, emulator.purpose, || {
            let mut service = Service::start(emulator, &folder, Lifetime::Scoped)?;
            service.wait_until_ready(emulator, &folder)?;
            Ok(service)
        });
        if let Some(service) = service {
            self.variables.push((emulator.variable(), service.url().into()));
            self.services.push(service);
        }
    }

    fn add<T>(
        &mut self,
        report: &mut Report,
        program: &'static str,
        purpose: &str,
        set_up: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        let result = report.optional_step(&format!("set-up: {program}"), || {
            println!("{purpose}");
            set_up()
        });
        result
            .map_err(|error| {
                let reason = format!("{error:#}");
                self.missing.insert(program, reason.lines().next().unwrap_or_default().to_owned());
            })
            .ok()
    }
}
