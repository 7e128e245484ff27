use std::{ffi::OsString, path::Path, str::FromStr};

use super::{Config, ConfigError, passphrase::PassphraseSource, public_keys};

const LICENSE_KEY: &str = "COBROWSE_LICENSE_KEY";
const KEY: &str = "COBROWSE_KEY";
const PUBLIC_KEY: &str = "COBROWSE_PUBLIC_KEY";
const INSTANCE: &str = "COBROWSE_INSTANCE";
const LIFETIME: &str = "COBROWSE_LIFETIME";
const PASSPHRASE: &str = "COBROWSE_PASSPHRASE";
const PASSPHRASE_FILE: &str = "COBROWSE_PASSPHRASE_FILE";
const STRICT_PERMISSIONS: &str = "COBROWSE_STRICT_PERMISSIONS";
const ALLOW_FOREIGN_OWNER: &str = "COBROWSE_ALLOW_FOREIGN_OWNER";
const ALLOW_HTTP: &str = "COBROWSE_ALLOW_HTTP";

const ALL: [&str; 10] = [
    LICENSE_KEY,
    KEY,
    PUBLIC_KEY,
    INSTANCE,
    LIFETIME,
    PASSPHRASE,
    PASSPHRASE_FILE,
    STRICT_PERMISSIONS,
    ALLOW_FOREIGN_OWNER,
    ALLOW_HTTP,
];

/// Reads the configuration from a lookup of variables, so that tests need no process-wide state.
pub(super) fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Config, ConfigError> {
    let variables = Variables(lookup);
    if ALL.into_iter().all(|variable| variables.value(variable).is_none()) {
        return Err(ConfigError::NotConfigured);
    }
    let license_key = variables.required(LICENSE_KEY)?;
    let key = variables.required(KEY)?;
    let public_keys = variables.value(PUBLIC_KEY).map(|file| public_keys::read(PUBLIC_KEY, Path::new(&file)));
    Ok(Config {
        license_key,
        key,
        public_keys: public_keys.transpose()?.unwrap_or_default(),
        instance: variables.parsed(INSTANCE)?.unwrap_or_default(),
        default_lifetime: variables.parsed(LIFETIME)?.unwrap_or_default(),
        passphrase: variables.passphrase()?,
        strict_permissions: variables.flag(STRICT_PERMISSIONS)?,
        allow_foreign_owner: variables.flag(ALLOW_FOREIGN_OWNER)?,
        allow_http: variables.flag(ALLOW_HTTP)?,
    })
}

struct Variables<L>(L);

impl<L: Fn(&str) -> Option<OsString>> Variables<L> {
    /// Returns the value, unless it is empty.
    fn value(&self, variable: &str) -> Option<OsString> {
        (self.0)(variable).filter(|value| !value.is_empty())
    }

    fn text(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let text = self.value(variable).map(OsString::into_string).transpose();
        text.map_err(|_| ConfigError::invalid(variable, "not Unicode"))
    }

    fn parsed<T: FromStr>(&self, variable: &'static str) -> Result<Option<T>, ConfigError>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let text = self.text(variable)?;
        let parsed = text.map(|text| text.parse()).transpose();
        parsed.map_err(|error| ConfigError::invalid(variable, error))
    }

    fn required<T: FromStr>(&self, variable: &'static str) -> Result<T, ConfigError>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.parsed(variable)?.ok_or(ConfigError::Missing { setting: variable })
    }

    fn flag(&self, variable: &'static str) -> Result<bool, ConfigError> {
        match self.text(variable)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ConfigError::Invalid {
                setting: variable,
                hint: Some("use true or false"),
                source: "neither true nor false".into(),
            }),
        }
    }

    fn passphrase(&self) -> Result<Option<PassphraseSource>, ConfigError> {
        if let Some(file) = self.value(PASSPHRASE_FILE) {
            return Ok(Some(PassphraseSource::File { path: file.into(), setting: PASSPHRASE_FILE }));
        }
        let text = self.text(PASSPHRASE)?;
        #[cfg(feature = "encrypted-pem")]
        let source = text.map(|text| PassphraseSource::Value(cobrowse_jwt_pem::Passphrase::new(text)));
        #[cfg(not(feature = "encrypted-pem"))]
        let source = text.and(None);
        Ok(source)
    }
}
