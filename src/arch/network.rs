//! What a machine does across the layers of a network.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a machine does across the layers of a network. With all of it off, it runs layer by layer: a layer begins when
/// the one before it is in DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkOptions {
    /// An element-wise layer takes the tiles of the layer before it from the output buffer, and what lies between the two
    /// never goes to DRAM.
    #[serde(default)]
    pub fusion: bool,
    /// A tensor for which the activation buffer has room stays there until it is read for the last time.
    #[serde(default)]
    pub residency: bool,
    /// Tiles of a layer are loaded, and its steps begin, while layers before it still work, as soon as what they read is
    /// there and the buffers have room.
    #[serde(default)]
    pub prefetch: bool,
}

impl NetworkOptions {
    /// Layer by layer.
    pub const OFF: NetworkOptions = NetworkOptions {
        fusion: false,
        residency: false,
        prefetch: false,
    };
}

/// As it is read: `off`, or a list.
impl fmt::Display for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("fusion", self.fusion),
            ("residency", self.residency),
            ("prefetch", self.prefetch),
        ];
        let on: Vec<&str> = all
            .into_iter()
            .filter(|&(_, on)| on)
            .map(|(name, _)| name)
            .collect();
        f.write_str(
            match on.is_empty() {
                true => "off".to_string(),
                false => on.join(","),
            }
            .as_str(),
        )
    }
}

/// Neither `off` nor a list of options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `off` nor a list of `fusion`, `residency`, `prefetch`")]
pub struct NotAnOption(String);

impl FromStr for NetworkOptions {
    type Err = NotAnOption;

    fn from_str(text: &str) -> Result<Self, NotAnOption> {
        let mut options = NetworkOptions::OFF;
        if text == "off" {
            return Ok(options);
        }
        for name in text.split(',') {
            match name {
                "fusion" => options.fusion = true,
                "residency" => options.residency = true,
                "prefetch" => options.prefetch = true,
                _ => return Err(NotAnOption(name.to_string())),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_reads_as_it_is_shown() {
        for bits in 0..8 {
            let options = NetworkOptions {
                fusion: bits & 1 != 0,
                residency: bits & 2 != 0,
                prefetch: bits & 4 != 0,
            };
            assert_eq!(options.to_string().parse(), Ok(options));
        }
        for wrong in ["", "on", "off,fusion", "fusion,"] {
            let error = wrong.parse::<NetworkOptions>().unwrap_err();
            assert!(error.to_string().contains("neither"), "{error}");
        }
    }
}
