//! How much memory queries may take: `[memory]` in `medley.toml`.
use anyhow::ensure;
use medley_engine::Limits;
use serde::{Deserialize, Serialize};

/// What is not said is as [`Limits::default`] has it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// For sorting, grouping and joining, of all queries together, in megabytes.
    pub total_mb: Option<usize>,
    /// The same of the queries of one role.
    pub per_role_mb: Option<usize>,
}

impl Config {
    /// As the engine takes them.
    pub fn limits(self) -> anyhow::Result<Limits> {
        let plain = Limits::default();
        let bytes =
            |given: Option<usize>, plain| given.map_or(plain, |mb| mb.saturating_mul(1 << 20));
        let limits = Limits {
            memory_bytes: bytes(self.total_mb, plain.memory_bytes),
            role_memory_bytes: bytes(self.per_role_mb, plain.role_memory_bytes),
            ..plain
        };
        let least = limits.memory_bytes.min(limits.role_memory_bytes);
        ensure!(least > 0, "in [memory] of medley.toml: no memory at all may be taken");
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_it_was() {
        let config: Config = toml::from_str("per_role_mb = 3").unwrap();
        let limits = config.limits().unwrap();
        assert_eq!(limits.role_memory_bytes, 3 << 20);
        assert_eq!(limits.memory_bytes, Limits::default().memory_bytes);
        assert!(toml::from_str::<Config>("total_mb = 0").unwrap().limits().is_err());
        assert!(toml::from_str::<Config>("per_person_mb = 3").is_err());
    }
}
