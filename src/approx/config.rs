//! The schema of an approximation file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blocked::{Rounding, Window};

/// An approximation configuration, as one RON file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "ApproxConfig", deny_unknown_fields)]
pub struct ApproximationFile {
    /// Short name for reports.
    pub name: String,
    /// What it stands for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Block size K the configuration was made for, 1 to 8; none: any. It must be that of the PE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_bits: Option<u8>,
    /// Formats of every layer no entry speaks of.
    pub default: LayerFormats,
    /// The first layer that runs on the array is exact, whatever the rest of the file says.
    #[serde(default)]
    pub exact_first: bool,
    /// The last layer that runs on the array is exact, whatever the rest of the file says.
    #[serde(default)]
    pub exact_last: bool,
    /// Entries for some layers; where several match, the later one wins, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerEntry>,
}

/// Formats of one layer's operands and the products computed of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerFormats {
    /// The activations; of a product of two activations, the first.
    pub activations: OperandSpec,
    /// The weights; of a product of two activations, the second.
    pub weights: OperandSpec,
    /// Block products L computed of the `keep x keep` candidates, most significant first; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<u32>,
}

/// What a configuration says of some layers. A field left out leaves what the default or an earlier entry said,
/// but `products`: a count of products belongs to the formats it was written with, so an entry that sets a format
/// and no `products` computes all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerEntry {
    /// Name of a layer, or a pattern: `*` stands for any run of characters, `?` for one.
    pub layers: String,
    /// Format of the activations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activations: Option<OperandSpec>,
    /// Format of the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<OperandSpec>,
    /// Block products L.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<u32>,
}

/// Format of one operand: `exact`, `bits(4)` or `blocks(keep: 2, window: dynamic, rounding: truncate)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OperandSpec {
    /// All bits the PE has for an operand.
    Exact,
    /// Fixed point of this many bits, 2 to 8: for `bit_serial` and `bit_fusion`.
    Bits(u8),
    /// A window of blocks: for `ax_bxp`.
    Blocks {
        /// Blocks kept n, 1 to N.
        keep: u8,
        /// How the window is chosen; `dynamic` if left out.
        #[serde(default = "dynamic")]
        window: Window,
        /// What becomes of the bits below the window; `truncate` if left out.
        #[serde(default = "truncate")]
        rounding: Rounding,
    },
}

fn dynamic() -> Window {
    Window::Dynamic
}

fn truncate() -> Rounding {
    Rounding::Truncate
}
