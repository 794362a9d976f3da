//! How many connections to remotes there may be: `[connections]` in `medley.toml`.
use std::time::Duration;

use anyhow::ensure;
use medley_foreign::Limits;
use serde::{Deserialize, Serialize};

/// What is not said is as [`Limits::default`] has it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Connections in all, idle ones included.
    pub total: Option<usize>,
    /// To one server.
    pub per_server: Option<usize>,
    /// Of one user mapping.
    pub per_mapping: Option<usize>,
    /// How many seconds a statement waits for one.
    pub wait_seconds: Option<u64>,
    /// How many seconds an idle one is kept.
    pub idle_seconds: Option<u64>,
}

impl Config {
    /// As the pool takes them.
    pub fn limits(self) -> anyhow::Result<Limits> {
        let plain = Limits::default();
        let seconds = |given: Option<u64>, plain| given.map_or(plain, Duration::from_secs);
        let limits = Limits {
            total: self.total.unwrap_or(plain.total),
            per_server: self.per_server.unwrap_or(plain.per_server),
            per_mapping: self.per_mapping.unwrap_or(plain.per_mapping),
            wait: seconds(self.wait_seconds, plain.wait),
            idle: seconds(self.idle_seconds, plain.idle),
        };
        let least = limits.total.min(limits.per_server).min(limits.per_mapping);
        ensure!(least > 0, "in [connections] of medley.toml: no connection at all may be open");
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_it_was() {
        let config: Config = toml::from_str("per_mapping = 3\nwait_seconds = 5").unwrap();
        let limits = config.limits().unwrap();
        assert_eq!((limits.per_mapping, limits.wait), (3, Duration::from_secs(5)));
        assert_eq!(limits.total, Limits::default().total);
        assert!(toml::from_str::<Config>("total = 0").unwrap().limits().is_err());
        assert!(toml::from_str::<Config>("per_role = 3").is_err());
    }
}
