//! One choice of formats for every layer of the array.

use std::fmt;

use crate::approx::{ApproximationFile, LayerEntry, LayerFormats, OperandSpec};
use crate::blocked::{Rounding, Window};

/// Formats for every layer that runs on the array, in the network's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration(pub Vec<LayerFormats>);

/// The formats that compute every product exactly.
pub(super) const EXACT: LayerFormats = LayerFormats {
    activations: OperandSpec::Exact,
    weights: OperandSpec::Exact,
    products: None,
};

impl Configuration {
    /// The same formats in each of `layers` layers.
    pub fn uniform(layers: usize, formats: LayerFormats) -> Configuration {
        Configuration(vec![formats; layers])
    }

    /// Every product exact: what FxP8 computes.
    pub fn exact(layers: usize) -> Configuration {
        Configuration::uniform(layers, EXACT)
    }

    /// This one with other formats in one layer.
    #[must_use]
    pub fn with(&self, layer: usize, formats: LayerFormats) -> Configuration {
        let mut layers = self.0.clone();
        layers[layer] = formats;
        Configuration(layers)
    }

    /// As a configuration file for PEs of `block_bits`-bit blocks. `names` are those of the layers of the array.
    /// The formats that most layers have become its default.
    pub fn to_config(
        &self,
        name: &str,
        description: &str,
        block_bits: u8,
        names: &[&str],
    ) -> ApproximationFile {
        let default = self.most_frequent();
        let others = names.iter().zip(&self.0);
        let others = others.filter(|&(_, formats)| *formats != default);
        ApproximationFile {
            name: name.to_owned(),
            description: description.to_owned(),
            block_bits: Some(block_bits),
            default,
            exact_first: false,
            exact_last: false,
            layers: others
                .map(|(name, formats)| LayerEntry {
                    layers: (*name).to_owned(),
                    activations: Some(formats.activations),
                    weights: Some(formats.weights),
                    products: formats.products,
                })
                .collect(),
        }
    }

    /// The formats of most layers; of equals those that come first.
    fn most_frequent(&self) -> LayerFormats {
        let count =
            |formats: &LayerFormats| self.0.iter().filter(|&other| other == formats).count();
        let mut best = (0, EXACT);
        for formats in &self.0 {
            let count = count(formats);
            if count > best.0 {
                best = (count, *formats);
            }
        }
        best.1
    }
}

/// `a2 w1d L2`: kept blocks of activations and weights (`x`: all; `d` or `s`: dynamic or static window; `~`: rounded
/// to nearest) and products, of each layer, runs of equal layers as `5 * ...`.
impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        while let Some(first) = rest.first() {
            let run = rest.iter().take_while(|&formats| formats == first).count();
            if rest.len() < self.0.len() {
                write!(f, ", ")?;
            }
            if run > 1 {
                write!(f, "{run} * ")?;
            }
            write!(f, "{}", Shown(first))?;
            rest = &rest[run..];
        }
        Ok(())
    }
}

struct Shown<'a>(&'a LayerFormats);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LayerFormats {
            activations,
            weights,
            products,
        } = self.0;
        if *self.0 == EXACT {
            return write!(f, "exact");
        }
        write!(f, "a{} w{}", operand(*activations), operand(*weights))?;
        match products {
            Some(products) => write!(f, " L{products}"),
            None => Ok(()),
        }
    }
}

fn operand(spec: OperandSpec) -> String {
    match spec {
        OperandSpec::Exact => "x".to_owned(),
        OperandSpec::Bits(bits) => format!("{bits}b"),
        OperandSpec::Blocks {
            keep,
            window,
            rounding,
        } => {
            let window = match window {
                Window::Dynamic => "d",
                Window::Static { .. } => "s",
            };
            let rounding = match rounding {
                Rounding::Truncate => "",
                Rounding::Nearest => "~",
            };
            format!("{keep}{window}{rounding}")
        }
    }
}
