//! How operands switch: the statistics on which the energy of a PE's cycle depends ([`OperandStatistics`]),
//! and the file that holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arch::PeKind;
use crate::source::{self, Checker, Diagnostics, LoadError, Place, Shelf, SourceFile, matches};

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
#[serde(deny_unknown_fields)]
pub struct OperandActivity {
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
    /// 49 / n.
    pub partial_product_toggle_rate: f64,
    /// Share of MACs whose product is not zero or follows one that is not: 0 to 1.
    pub changed_products: f64,
}

/// Operand statistics and the file they came from, to which later errors point.
#[derive(Debug, Clone)]
pub struct ActivityFile {
    source: SourceFile,
    activity: OperandActivity,
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
    pub fn relative_switching(&self, pe: PeKind, products: u32) -> Option<f64> {
        match pe {
            PeKind::Fxp { .. } => {
                let two = &self.twos_complement;
                let operands = two.operand_toggle_rate / RANDOM_BITS;
                let products = two.partial_product_toggle_rate / RANDOM_PARTIAL_PRODUCTS;
                Some(mix(FIXED_POINT_OPERANDS, operands, products))
            }
            PeKind::AxBxp { block_bits, .. } => {
                let all = MAGNITUDE_BITS.div_ceil(u32::from(block_bits.max(1))).pow(2);
                let computed = f64::from(products.min(all)) / f64::from(all);
                let sign = &self.sign_magnitude;
                let products =
                    computed * sign.partial_product_toggle_rate / RANDOM_PARTIAL_PRODUCTS;
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

impl ActivityFile {
    /// Reads the statistics in `source`.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value out of range, each at its place.
    pub fn load(source: SourceFile) -> Result<ActivityFile, Diagnostics> {
        let activity: OperandActivity = source::parse(&source)?;
        let mut checker = Checker::new(&source);
        check(&mut checker, &activity);
        let activity = checker.finish(activity)?;
        Ok(ActivityFile { source, activity })
    }

    /// Opens shipped statistics by name, or a file by path, and reads them.
    ///
    /// # Errors
    /// As [`source::open`] and [`ActivityFile::load`].
    pub fn open(name_or_path: &str) -> Result<ActivityFile, LoadError> {
        let source = source::open(Shelf::Activity, name_or_path)?;
        Ok(ActivityFile::load(source)?)
    }

    /// What the file says.
    pub fn activity(&self) -> &OperandActivity {
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

fn check(checker: &mut Checker<'_>, activity: &OperandActivity) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// (operand bits that toggle or share of changed products, partial products that toggle, net toggles relative to the first
    /// stream), counted in
    /// gate-level netlists with unit delays under 3,000 operand pairs each. Streams: uniform; half-normal activations and
    /// normal weights of various widths and shares of zeros.
    type Streams = [(f64, f64, f64); 15];

    const FXP8: Streams = [
        (7.966, 24.059, 1.0),
        (7.107, 17.424, 0.8547),
        (6.596, 14.570, 0.7653),
        (6.010, 9.220, 0.5927),
        (6.416, 10.985, 0.6404),
        (5.022, 4.179, 0.4168),
        (5.741, 8.239, 0.5796),
        (8.002, 23.988, 0.9427),
        (5.421, 5.834, 0.4760),
        (4.323, 1.100, 0.3118),
        (7.450, 19.300, 0.8763),
        (4.793, 3.468, 0.4122),
        (4.148, 3.394, 0.3935),
        (7.930, 23.376, 0.8841),
        (6.977, 14.084, 0.6670),
    ];

    const K4: Streams = [
        (1.000, 18.564, 1.0),
        (0.999, 12.756, 0.8104),
        (0.999, 9.374, 0.7034),
        (0.738, 6.176, 0.4902),
        (0.741, 7.813, 0.5413),
        (0.365, 2.740, 0.2341),
        (0.864, 4.091, 0.4670),
        (0.999, 11.232, 0.7635),
        (0.536, 3.456, 0.3198),
        (0.104, 0.791, 0.0731),
        (0.961, 15.603, 0.8656),
        (0.509, 1.413, 0.2370),
        (0.324, 2.154, 0.1970),
        (0.996, 6.609, 0.6102),
        (0.733, 5.692, 0.4705),
    ];

    const FXP: PeKind = PeKind::Fxp { bits: 8 };
    const PE_K4: PeKind = PeKind::AxBxp {
        block_bits: 4,
        multipliers: 4,
    };
    const K2: PeKind = PeKind::AxBxp {
        block_bits: 2,
        multipliers: 16,
    };

    /// K = 4 with one of the four block products computed, relative to the first stream of [`K4`].
    const K4_ONE_PRODUCT: Streams = [
        (1.000, 4.365, 0.5562),
        (0.999, 3.575, 0.5244),
        (0.999, 3.765, 0.5505),
        (0.738, 1.985, 0.3562),
        (0.741, 2.113, 0.3577),
        (0.365, 0.911, 0.1771),
        (0.864, 3.580, 0.4593),
        (0.999, 3.465, 0.5359),
        (0.536, 1.576, 0.2714),
        (0.104, 0.257, 0.0555),
        (0.961, 3.735, 0.5111),
        (0.509, 1.408, 0.2371),
        (0.324, 0.843, 0.1537),
        (0.996, 4.563, 0.5779),
        (0.733, 2.136, 0.3597),
    ];

    /// Net toggles of K = 2 under the streams of [`K4`].
    const K2_TOGGLES: [f64; 15] = [
        1.0, 0.8147, 0.7007, 0.4922, 0.5496, 0.2391, 0.4595, 0.7657, 0.3243, 0.0740, 0.8697,
        0.2378, 0.2000, 0.5984, 0.4739,
    ];

    /// Of 8-bit operands there are 16 bits and 64 partial products, of 7-bit magnitudes 49, of which `products` block
    /// products of `all` have their share.
    fn switching(pe: PeKind, (products, all): (u32, u32), stream: (f64, f64, f64)) -> f64 {
        let (first, toggles, _) = stream;
        let share = f64::from(products) / f64::from(all);
        let operands = OperandStatistics {
            twos_complement: TwosComplement {
                operand_toggle_rate: first / 16.0,
                partial_product_toggle_rate: toggles / 64.0,
            },
            sign_magnitude: SignMagnitude {
                partial_product_toggle_rate: toggles / (49.0 * share),
                changed_products: first,
            },
        };
        operands.relative_switching(pe, products).expect("known")
    }

    #[test]
    fn the_switching_of_gate_level_netlists() {
        let mut k2 = K4;
        for (stream, toggles) in k2.iter_mut().zip(K2_TOGGLES) {
            stream.2 = toggles;
        }
        // The toggles are relative to those of a uniform stream with all products computed.
        for (pe, products, all, uniform, streams, stated) in [
            (FXP, 1, 1, FXP8[0], FXP8, 0.102),
            (PE_K4, 4, 4, K4[0], K4, 0.023),
            (PE_K4, 1, 4, K4[0], K4_ONE_PRODUCT, 0.034),
            (K2, 16, 16, K4[0], k2, 0.023),
        ] {
            let uniform = switching(pe, (all, all), uniform);
            let worst = streams
                .iter()
                .map(|&stream| (switching(pe, (products, all), stream) / uniform - stream.2).abs())
                .fold(0.0, f64::max);
            assert!(worst <= stated + 5e-4, "{pe}: {worst}");
        }
    }

    #[test]
    fn uniform_operands_switch_as_random_ones() {
        let uniform = ActivityFile::open("uniform").unwrap_or_else(|error| panic!("{error}"));
        let [operands] = uniform.resolve(&["conv"]).expect("a default")[..] else {
            panic!("one layer")
        };
        for (pe, products) in [(FXP, 1), (PE_K4, 4), (K2, 16)] {
            assert_eq!(operands.relative_switching(pe, products), Some(1.0));
        }
        // One block product of four: a quarter of the partial products, and the accumulator.
        let one = operands.relative_switching(PE_K4, 1).expect("known");
        assert!((one - (0.6 / 4.0 + 0.4)).abs() < 1e-12);
        assert_eq!(operands.relative_switching(PeKind::BitFusion {}, 1), None);
    }

    const FILE: &str = "(
        name: \"mine\",
        source: \"test\",
        layers: [
            (layers: \"conv*\", operands: (
                twos_complement: (operand_toggle_rate: 0.4, partial_product_toggle_rate: 0.12),
                sign_magnitude: (partial_product_toggle_rate: 0.09, changed_products: 0.5),
            )),
            (layers: \"conv2\", operands: (
                twos_complement: (operand_toggle_rate: 0.2, partial_product_toggle_rate: 0.06),
                sign_magnitude: (partial_product_toggle_rate: 0.03, changed_products: 0.25),
            )),
        ],
    )";

    #[test]
    fn the_last_entry_that_matches_holds() {
        let file = ActivityFile::load(SourceFile::from_text("mine.ron", FILE)).expect("right");
        let found = file.resolve(&["conv1", "conv2", "conv3"]).expect("all");
        let toggles: Vec<f64> = found
            .iter()
            .map(|operands| operands.twos_complement.operand_toggle_rate)
            .collect();
        assert_eq!(toggles, [0.4, 0.2, 0.4]);
        assert!(file.resolve(&["conv1", "conv2", "fc"]).is_err());
        assert!(file.resolve(&["conv1"]).is_err());
    }
}
