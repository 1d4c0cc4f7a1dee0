//! How operands switch: the statistics on which the energy of a PE's cycle depends ([`OperandStatistics`]),
//! and the file that holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arch::{FULL_PRECISION_BITS, PeKind};
use crate::source::{self, Checker, Diagnostics, FileKind, LoadError, Place, SourceFile, matches};

/// Weight of the partial products of sign-magnitude operands; the rest is the accumulator's.
const BLOCKED_PARTIAL_PRODUCTS: f64 = 0.6;

/// Share of operand bits that toggle from one MAC to the next if operands are uniformly random.
const RANDOM_BITS: f64 = 0.5;

/// Share of partial products that then toggle: each is 1 in a quarter of the MACs, `2 x 1/4 x 3/4`.
const RANDOM_PARTIAL_PRODUCTS: f64 = 0.375;

/// Bits of a signed operand's magnitude.
const MAGNITUDE_BITS: u32 = 7;

/// Weight of the operand bits of two's complement operands; the rest is the partial products'.
const FIXED_POINT_OPERANDS: f64 = 0.6;

/// Operand statistics of the layers of a network: what `--activity` takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "OperandActivity", deny_unknown_fields)]
pub struct OperandActivityFile {
    /// Short name for reports.
    pub name: String,
    /// How the statistics were measured: network, images, configuration.
    pub source: String,
    /// Statistics by layer; of several entries that match a layer the last holds.
    #[serde(default)]
    pub layers: Vec<LayerOperands>,
    /// Statistics of layers that no pattern matches. Without them every layer on the array has to be matched.
    #[serde(default)]
    pub default: Option<OperandStatistics>,
}

/// Statistics of the layers whose names match a pattern.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerOperands {
    /// Name of a layer, or a pattern of names with `*` and `?`.
    pub layers: String,
    /// Their statistics.
    pub operands: OperandStatistics,
}

/// How the operands of one multiplier change from one MAC to the next, means over a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperandStatistics {
    /// The 8-bit operands in two's complement, as an `fxp` PE takes them.
    pub twos_complement: TwosComplement,
    /// The operands as signs and magnitudes, in the blocks that are kept, as an `ax_bxp` PE takes them.
    pub sign_magnitude: SignMagnitude,
}

/// Switching of two's complement operands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwosComplement {
    /// Share of the bits of activation and weight that differ from those of the MAC before: 0 to 1, 0.5 if uniformly
    /// random.
    pub operand_toggle_rate: f64,
    /// Share of the partial products (one activation bit times one weight bit) that differ: 0 to 1, 0.375 if uniformly
    /// random.
    pub partial_product_toggle_rate: f64,
}

/// Switching of sign-magnitude operands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignMagnitude {
    /// Share of the partial products in the block products that are computed that differ from those of the MAC before: 0
    /// to 1, 0.375 if uniformly random. A magnitude of 7 bits times another has 49, of which one of n block products has
    /// 49 / n. They are counted so for 8 bits without a sign too, which have more: what a PE spends follows how many
    /// toggle. The MAC before is the one before on the same multipliers.
    pub partial_product_toggle_rate: f64,
    /// Share of MACs whose product is not zero or follows one that is not: 0 to 1.
    pub changed_products: f64,
}

/// Operand statistics and the file they came from, to which later errors point.
#[derive(Debug, Clone)]
pub struct OperandActivity {
    source: SourceFile,
    activity: OperandActivityFile,
}

impl TwosComplement {
    /// The rates of 8-bit operands of which, from one MAC to the next, so many bits and partial products differ: of 16 and
    /// 64.
    pub fn of_toggles(operand_bits: f64, partial_products: f64) -> TwosComplement {
        let bits = f64::from(FULL_PRECISION_BITS);
        TwosComplement {
            operand_toggle_rate: operand_bits / (2.0 * bits),
            partial_product_toggle_rate: partial_products / (bits * bits),
        }
    }
}

impl SignMagnitude {
    /// The rates of operands of which, from one MAC to the next, so many partial products differ in the `products` block
    /// products of `block_bits` bits that are computed; a share `changed` of the MACs has a product that is not zero or
    /// follows one.
    ///
    /// The toggles are relative to those that `products` of all block products of two 7-bit magnitudes have in the mean, as
    /// [`OperandStatistics::relative_switching`] takes them. Where there are more (8 bits without a sign; one block product
    /// of four whole bits) and nearly all of them toggle, the rate stays at 1.
    pub fn of_toggles(
        partial_products: f64,
        block_bits: u8,
        products: u32,
        changed: f64,
    ) -> SignMagnitude {
        let all = f64::from(MAGNITUDE_BITS * MAGNITUDE_BITS);
        let counted = all * computed_share(block_bits, products);
        SignMagnitude {
            partial_product_toggle_rate: (partial_products / counted).min(1.0),
            changed_products: changed,
        }
    }
}

/// The share of the block products of two 7-bit magnitudes that `products` of them are; at least one counts.
fn computed_share(block_bits: u8, products: u32) -> f64 {
    let all = MAGNITUDE_BITS.div_ceil(u32::from(block_bits.max(1))).pow(2);
    f64::from(products.clamp(1, all)) / f64::from(all)
}

impl OperandStatistics {
    /// Switching of `pe`, which computes `products` block products of a MAC, relative to uniformly random operands of which
    /// all are computed; none for PEs of which it is not known (`bit_serial`, `bit_fusion`).
    ///
    /// The table's PE energies hold for its `real` stimulus. For operands that were measured elsewhere, a PE's cycle costs
    ///
    /// `idle + (random - idle) x s`
    ///
    /// where `s` is the switching relative to uniformly random operands, computed from the statistics of a layer:
    ///
    /// * sign-magnitude operands in blocks (`ax_bxp`): `s = 0.6 (l p / 0.375) + 0.4 c`, with `p` the share of the computed
    ///   partial products that toggle from one MAC to the next, `l` the share of the block products that are computed, and
    ///   `c` the share of MACs whose product or whose predecessor's is not zero;
    /// * two's complement operands (`fxp`): `s = 0.6 o / 0.5 + 0.4 p / 0.375`, with `o` the share of the operand bits and `p`
    ///   that of the partial products that toggle.
    ///
    /// Sources. The energy of a cycle is linear in its net toggles: of `fxp(bits: 8)` and `ax_bxp` PEs (K = 4, M = 4; K = 2,
    /// M = 16) the line through idle and `random` meets the gate-level energies for the stimuli `dnn` and `real` within 2.5 %
    /// (ASAP7 and NanGate45), of `fxp(bits: 4)` within 7 %. The net toggles were counted in the PEs' gate-level netlists with
    /// unit delays, glitches included, under 15 streams of 3,000 operand pairs (uniform, half-normal activations with 0 to 95 %
    /// zeros, normal weights). Of `ax_bxp`, `s` is within 0.023 of the count with all block products computed (K = 4 and K = 2)
    /// and within 0.034 with one of four; of `fxp` within 0.102 (0.043 rms). The references are expectations for uniform
    /// operands: a bit toggles half of the time, a partial product `2 x 1/4 x 3/4`.
    ///
    /// In those streams both operands change, as in an output-stationary array. Where one stays, fewer operand bits toggle
    /// than in any of them, and the law is carried on beyond what was counted. Statistics hold for the dataflow for which
    /// they were measured: those of `fashion_cnn` in an output-stationary array make a weight-stationary FxP8 array cost 18 %
    /// more than its own do, an input-stationary one 7 % more.
    pub fn relative_switching(&self, pe: PeKind, products: u32) -> Option<f64> {
        match pe {
            PeKind::Fxp { .. } => {
                let two = &self.twos_complement;
                let operands = two.operand_toggle_rate / RANDOM_BITS;
                let products = two.partial_product_toggle_rate / RANDOM_PARTIAL_PRODUCTS;
                Some(mix(FIXED_POINT_OPERANDS, operands, products))
            }
            PeKind::AxBxp { block_bits, .. } => {
                let sign = &self.sign_magnitude;
                let products = computed_share(block_bits, products)
                    * sign.partial_product_toggle_rate
                    / RANDOM_PARTIAL_PRODUCTS;
                Some(mix(
                    BLOCKED_PARTIAL_PRODUCTS,
                    products,
                    sign.changed_products,
                ))
            }
            PeKind::BitSerial { .. } | PeKind::BitFusion {} => None,
        }
    }
}

/// Whether the energy of a kind of PE is known to depend on [`OperandStatistics`].
pub fn switching_is_known(pe: PeKind) -> bool {
    matches!(pe, PeKind::Fxp { .. } | PeKind::AxBxp { .. })
}

fn mix(weight: f64, first: f64, second: f64) -> f64 {
    weight * first + (1.0 - weight) * second
}

impl OperandActivity {
    /// Reads the statistics in `source`.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value out of range, each at its place.
    pub fn load(source: SourceFile) -> Result<OperandActivity, Diagnostics> {
        let activity: OperandActivityFile = source::parse_as(FileKind::Activity, &source)?;
        let mut checker = Checker::new(&source);
        check(&mut checker, &activity);
        let activity = checker.finish(activity)?;
        Ok(OperandActivity { source, activity })
    }

    /// Opens shipped statistics by name, or a file by path, and reads them.
    ///
    /// # Errors
    /// As [`source::open`] and [`OperandActivity::load`].
    pub fn open(name_or_path: &str) -> Result<OperandActivity, LoadError> {
        let source = source::open(FileKind::Activity, name_or_path)?;
        Ok(OperandActivity::load(source)?)
    }

    /// What the file says.
    pub fn activity(&self) -> &OperandActivityFile {
        &self.activity
    }

    /// The statistics of each of the layers that run on the array, given by their names.
    ///
    /// # Errors
    /// Every entry that matches no layer; the first layer without statistics.
    pub fn resolve(&self, layers: &[&str]) -> Result<Vec<OperandStatistics>, Diagnostics> {
        let mut checker = Checker::new(&self.source);
        for (index, entry) in self.activity.layers.iter().enumerate() {
            if !layers.iter().any(|layer| matches(&entry.layers, layer)) {
                checker.report_with_help(
                    Place::root().field("layers").index(index).field("layers"),
                    format!("`{}` matches no layer", entry.layers),
                    "expected the name or pattern of a layer that runs on the array",
                    match source::nearest(&entry.layers, layers.iter().copied()) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => format!("{} layers run on the array", layers.len()),
                    },
                );
            }
        }
        let mut found = Vec::with_capacity(layers.len());
        let mut without = layers.iter().filter(|layer| match self.of(layer) {
            Some(operands) => {
                found.push(operands);
                false
            }
            None => true,
        });
        if let Some(first) = without.next() {
            let others = without.count();
            checker.report(
                Place::root().field("layers"),
                format!("no statistics for layer `{first}` and {others} more"),
                "expected a `default`, or a pattern that matches every layer on the array",
            );
        }
        checker.finish(found)
    }

    /// The statistics of a layer. As in an approximation, the last entry that matches holds.
    fn of(&self, layer: &str) -> Option<OperandStatistics> {
        let mut entries = self.activity.layers.iter().rev();
        entries
            .find(|entry| matches(&entry.layers, layer))
            .map(|entry| entry.operands)
            .or(self.activity.default)
    }
}

fn check(checker: &mut Checker<'_>, activity: &OperandActivityFile) {
    let root = Place::root();
    for (field, text) in [("name", &activity.name), ("source", &activity.source)] {
        if text.trim().is_empty() {
            checker.report(
                root.clone().field(field),
                format!("`{field}` is empty"),
                "expected some text",
            );
        }
    }
    for (index, entry) in activity.layers.iter().enumerate() {
        let place = root.clone().field("layers").index(index).field("operands");
        check_statistics(checker, &place, &entry.operands);
    }
    if let Some(operands) = &activity.default {
        check_statistics(checker, &root.field("default"), operands);
    }
}

fn check_statistics(checker: &mut Checker<'_>, place: &Place, operands: &OperandStatistics) {
    let (two, sign) = (&operands.twos_complement, &operands.sign_magnitude);
    let shares = [
        (
            "twos_complement",
            "operand_toggle_rate",
            two.operand_toggle_rate,
        ),
        (
            "twos_complement",
            "partial_product_toggle_rate",
            two.partial_product_toggle_rate,
        ),
        (
            "sign_magnitude",
            "partial_product_toggle_rate",
            sign.partial_product_toggle_rate,
        ),
        ("sign_magnitude", "changed_products", sign.changed_products),
    ];
    for (encoding, field, value) in shares {
        // The negation also catches NaN.
        if !(0.0..=1.0).contains(&value) {
            checker.report(
                place.clone().field(encoding).field(field),
                format!("`{field}` is {value}"),
                "expected 0 to 1",
            );
        }
    }
}
