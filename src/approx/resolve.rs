//! Configuration, PE kind and layers put together.

use super::config::{ApproximationFile, LayerEntry, OperandSpec};
use super::load::Approximation;
use super::precision::{LayerPrecision, OperandFormat};
use crate::arch::{FULL_PRECISION_BITS, PeKind, WindowUse};
use crate::blocked::{BlockFormat, ProductSet, Signedness, Window};
use crate::source::{self, Checker, Diagnostics, Place, Problem, matches};

/// What [`resolve`] needs to know of a layer that runs on the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayLayer<'a> {
    /// The layer's name.
    pub name: &'a str,
    /// Whether its activations have a sign.
    pub activation_signedness: Signedness,
    /// Whether its weights (or its second activations) have a sign.
    pub weight_signedness: Signedness,
}

/// The precision of each of `layers` (in the order in which they run) on PEs of kind `pe`.
///
/// # Errors
/// Every place of the file that does not fit: another block size than the PE's, a window wider than the operand,
/// more products than there are, a format the PE kind does not have, an entry that matches no layer. A place that
/// is wrong for many layers is reported once, with the first of them.
pub fn resolve(
    file: &Approximation,
    pe: &PeKind,
    layers: &[ArrayLayer<'_>],
) -> Result<Vec<LayerPrecision>, Diagnostics> {
    let config = file.config();
    let mut resolver = Resolver {
        checker: Checker::new(file.source()),
        pe,
        reported: Vec::new(),
    };
    resolver.check_block_bits(config);
    resolver.check_patterns(config, layers);
    let mut precisions = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let kept_exact =
            (config.exact_first && index == 0) || (config.exact_last && index + 1 == layers.len());
        let choice = if kept_exact {
            Choice::exact()
        } else {
            Choice::of(config, layer.name)
        };
        precisions.extend(resolver.layer(layer, &choice));
    }
    resolver.checker.finish(precisions)
}

/// Which part of the file a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Default,
    Entry(usize),
}

impl Origin {
    fn place(self) -> Place {
        match self {
            Origin::Default => Place::root().field("default"),
            Origin::Entry(index) => Place::root().field("layers").index(index),
        }
    }
}

/// Which operand a value is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Activations,
    Weights,
    Products,
}

impl Slot {
    fn field(self) -> &'static str {
        match self {
            Slot::Activations => "activations",
            Slot::Weights => "weights",
            Slot::Products => "products",
        }
    }
}

/// What the file says of one layer, and where.
struct Choice {
    activations: (OperandSpec, Origin),
    weights: (OperandSpec, Origin),
    products: (Option<u32>, Origin),
}

impl Choice {
    fn exact() -> Choice {
        Choice {
            activations: (OperandSpec::Exact, Origin::Default),
            weights: (OperandSpec::Exact, Origin::Default),
            products: (None, Origin::Default),
        }
    }

    fn of(config: &ApproximationFile, layer: &str) -> Choice {
        let mut choice = Choice {
            activations: (config.default.activations, Origin::Default),
            weights: (config.default.weights, Origin::Default),
            products: (config.default.products, Origin::Default),
        };
        for (index, entry) in config.layers.iter().enumerate() {
            if matches(&entry.layers, layer) {
                choice.take(entry, Origin::Entry(index));
            }
        }
        choice
    }

    fn take(&mut self, entry: &LayerEntry, origin: Origin) {
        if let Some(spec) = entry.activations {
            self.activations = (spec, origin);
        }
        if let Some(spec) = entry.weights {
            self.weights = (spec, origin);
        }
        if entry.products.is_some() || entry.activations.is_some() || entry.weights.is_some() {
            self.products = (entry.products, origin);
        }
    }
}

struct Resolver<'a> {
    checker: Checker<'a>,
    pe: &'a PeKind,
    reported: Vec<(Origin, Slot)>,
}

impl Resolver<'_> {
    fn check_block_bits(&mut self, config: &ApproximationFile) {
        let Some(wanted) = config.block_bits else {
            return;
        };
        let place = Place::root().field("block_bits");
        match *self.pe {
            PeKind::AxBxp { block_bits, .. } if block_bits == wanted => {}
            PeKind::AxBxp { block_bits, .. } => self.checker.report_with_help(
                place,
                format!("blocks of {wanted} bits on a PE whose blocks are {block_bits}"),
                format!("expected {block_bits}, as the PE has"),
                "the block size belongs to the hardware: choose another configuration or architecture",
            ),
            _ => self.checker.report_with_help(
                place,
                format!("blocks of {wanted} bits on a PE that has no blocks"),
                format!("the PE is {}", self.pe),
                "only `ax_bxp` PEs work on blocks",
            ),
        }
    }

    fn check_patterns(&mut self, config: &ApproximationFile, layers: &[ArrayLayer<'_>]) {
        for (index, entry) in config.layers.iter().enumerate() {
            if layers
                .iter()
                .any(|layer| matches(&entry.layers, layer.name))
            {
                continue;
            }
            let place = Origin::Entry(index).place().field("layers");
            let message = format!("`{}` matches no layer", entry.layers);
            let expected = "expected the name or pattern of a layer that runs on the array";
            let help = match source::nearest(&entry.layers, layers.iter().map(|layer| layer.name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!(
                    "{} layers run on the array{}",
                    layers.len(),
                    examples(layers)
                ),
            };
            self.checker
                .report_with_help(place, message, expected, help);
        }
    }

    /// The layer's precision, or nothing if something was reported (now or for an earlier layer).
    fn layer(&mut self, layer: &ArrayLayer<'_>, choice: &Choice) -> Option<LayerPrecision> {
        let activations = self.operand(
            layer.name,
            Slot::Activations,
            choice.activations,
            layer.activation_signedness,
        );
        let weights = self.operand(
            layer.name,
            Slot::Weights,
            choice.weights,
            layer.weight_signedness,
        );
        let (activations, weights) = (activations?, weights?);
        let products = self.products(layer.name, choice.products, &activations, &weights)?;
        let windows = window_use([
            (choice.activations.0, &activations),
            (choice.weights.0, &weights),
        ]);
        Some(LayerPrecision {
            activations,
            weights,
            products,
            windows,
        })
    }

    fn operand(
        &mut self,
        layer: &str,
        slot: Slot,
        (spec, origin): (OperandSpec, Origin),
        signedness: Signedness,
    ) -> Option<OperandFormat> {
        match (*self.pe, spec) {
            (PeKind::AxBxp { block_bits, .. }, OperandSpec::Exact) => {
                let exact = BlockFormat::exact(FULL_PRECISION_BITS, signedness, block_bits);
                if let Err(error) = &exact {
                    let message = format!("the {} of `{layer}`: {error}", slot.field());
                    self.report((origin, slot), None, message, "no such format", None);
                }
                exact.ok().map(OperandFormat::Blocks)
            }
            (
                PeKind::AxBxp { block_bits, .. },
                OperandSpec::Blocks {
                    keep,
                    window,
                    rounding,
                },
            ) => {
                let format = BlockFormat::new(
                    FULL_PRECISION_BITS,
                    signedness,
                    block_bits,
                    keep,
                    window,
                    rounding,
                );
                if format.is_err() {
                    let blocks = signedness.blocks(FULL_PRECISION_BITS, block_bits);
                    self.report_blocks(layer, (origin, slot), keep, blocks, block_bits);
                }
                format.ok().map(OperandFormat::Blocks)
            }
            (pe, OperandSpec::Exact) => Some(OperandFormat::Exact {
                bits: pe.operand_bits(),
                signedness,
            }),
            (PeKind::BitSerial { .. } | PeKind::BitFusion {}, OperandSpec::Bits(bits)) => {
                Some(OperandFormat::Bits { bits, signedness })
            }
            (pe, spec) => {
                let (has, help) = formats_of(&pe);
                let message = format!("`{}` on a PE that is {pe}", spec_name(spec));
                self.report((origin, slot), None, message, has, Some(help));
                None
            }
        }
    }

    /// No format keeps `keep` of `blocks` as wanted: they are too many, or else it is a top block given by number that
    /// is wrong.
    fn report_blocks(
        &mut self,
        layer: &str,
        at: (Origin, Slot),
        keep: u8,
        blocks: u8,
        block_bits: u8,
    ) {
        let what = at.1.field();
        if keep > blocks {
            let message = format!(
                "`keep` is {keep}, but the {what} of `{layer}` have {blocks} blocks of {block_bits} bits"
            );
            let expected = format!("expected at most {blocks}");
            self.report(at, Some("keep"), message, &expected, None);
        } else {
            let message = format!(
                "the window does not lie inside the {blocks} blocks of the {what} of `{layer}`"
            );
            let (lowest, highest) = (keep.saturating_sub(1), blocks - 1);
            let expected = format!("expected a top block from {lowest} to {highest}");
            self.report(at, Some("window"), message, &expected, None);
        }
    }

    fn products(
        &mut self,
        layer: &str,
        (wanted, origin): (Option<u32>, Origin),
        activations: &OperandFormat,
        weights: &OperandFormat,
    ) -> Option<Option<ProductSet>> {
        let at = (origin, Slot::Products);
        let (OperandFormat::Blocks(a), OperandFormat::Blocks(w)) = (activations, weights) else {
            if wanted.is_some() {
                let message = format!("`products` on a PE that is {}", self.pe);
                let help = "only `ax_bxp` PEs choose among block products";
                self.report(at, None, message, "expected no `products`", Some(help));
                return None;
            }
            return Some(None);
        };
        let candidates = u32::from(a.kept()) * u32::from(w.kept());
        let computed = wanted.unwrap_or(candidates);
        let set = ProductSet::new(a.kept(), w.kept(), computed);
        if set.is_err() {
            self.report(
                at,
                None,
                format!(
                    "`products` is {computed}, but `{layer}` keeps {} x {} blocks",
                    a.kept(),
                    w.kept()
                ),
                &format!("expected 1 to {candidates}"),
                Some("leave `products` out to compute all of them"),
            );
        }
        set.ok().map(Some)
    }

    /// Reports the first problem of each value in the file; `inner` is the field of the value that is wrong.
    fn report(
        &mut self,
        (origin, slot): (Origin, Slot),
        inner: Option<&str>,
        message: String,
        expected: &str,
        help: Option<&str>,
    ) {
        if self.reported.contains(&(origin, slot)) {
            return;
        }
        self.reported.push((origin, slot));
        let place = origin.place().field(slot.field());
        self.checker.add(Problem {
            place: match inner {
                Some(field) => place.field(field),
                None => place,
            },
            message,
            expected: expected.to_owned(),
            help: help.map(str::to_owned),
        });
    }
}

fn formats_of(pe: &PeKind) -> (&'static str, &'static str) {
    match pe {
        PeKind::Fxp { .. } => (
            "expected `exact`",
            "`blocks` need an `ax_bxp` PE, `bits` a `bit_serial` or `bit_fusion` PE",
        ),
        PeKind::AxBxp { .. } => (
            "expected `exact` or `blocks(keep: ..)`",
            "`bits` are for `bit_serial` and `bit_fusion` PEs",
        ),
        PeKind::BitSerial { .. } | PeKind::BitFusion {} => (
            "expected `exact` or `bits(..)`",
            "`blocks` are for `ax_bxp` PEs",
        ),
    }
}

fn spec_name(spec: OperandSpec) -> String {
    match spec {
        OperandSpec::Exact => "exact".to_owned(),
        OperandSpec::Bits(bits) => format!("bits({bits})"),
        OperandSpec::Blocks { keep, .. } => format!("blocks(keep: {keep})"),
    }
}

fn examples(layers: &[ArrayLayer<'_>]) -> String {
    let names: Vec<String> = layers
        .iter()
        .take(3)
        .map(|layer| format!("`{}`", layer.name))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", such as {}", names.join(", "))
    }
}

fn window_use(operands: [(OperandSpec, &OperandFormat); 2]) -> WindowUse {
    let mut found = WindowUse::Exact;
    for (spec, format) in operands {
        if format.is_exact() {
            continue;
        }
        match spec {
            OperandSpec::Blocks {
                window: Window::Dynamic,
                ..
            } => return WindowUse::Dynamic,
            OperandSpec::Blocks { .. } => found = WindowUse::Static,
            OperandSpec::Exact | OperandSpec::Bits(_) => {}
        }
    }
    found
}
