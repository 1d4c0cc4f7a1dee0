//! Mapping files: tiles, orders and what is kept, fixed by the user or saved from a run.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fixed::FixedLayer;
use super::plan::{LayerPlan, NetworkPlan};
use super::tiling::Loop;
use crate::arch::{Operand, PerOperand};
use crate::source::{self, Checker, Diagnostics, FileKind, LoadError, Place, SourceFile, matches};
use crate::workload::Network;

/// What is fixed of the mapping of some layers; the rest is chosen as always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Mapping", deny_unknown_fields)]
pub struct MappingFile {
    /// Entries; where several match a layer, the later one wins, field by field.
    #[serde(rename = "mappings")]
    pub layers: Vec<LayerMapping>,
}

/// What is fixed for the layers whose names match. A field left out is chosen by the mapper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerMapping {
    /// Name of a layer, or a pattern: `*` stands for any run of characters, `?` for one.
    pub layers: String,
    /// Extents of a full tile; one that is larger than the layer stands for all of it.
    #[serde(default)]
    pub tile: TileSizes,
    /// The loops over tiles, outermost first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<[Loop; 3]>,
    /// Operands exchanged at the edges of an output-stationary array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<bool>,
    /// Operands that stay in the buffer while the loop that does not move them goes round. One of which nothing would
    /// be fetched again has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Vec<Operand>>,
    /// Input rows that the next tile reads too stay in the buffer, where such tiles follow each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halos: Option<bool>,
}

/// Extents of a tile, each 1 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TileSizes {
    /// Images; more than one only with all rows and columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
    /// Output rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u32>,
    /// Output columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<u32>,
    /// Groups; more than one only with all filters and channels of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<u32>,
    /// Filters of each group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<u32>,
    /// Input channels of each group; of a layer of the vector unit output channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
}

impl TileSizes {
    /// (name, extent) of every field.
    pub(super) fn named(&self) -> [(&'static str, Option<u32>); 6] {
        [
            ("images", self.images),
            ("rows", self.rows),
            ("columns", self.columns),
            ("groups", self.groups),
            ("filters", self.filters),
            ("channels", self.channels),
        ]
    }

    /// These, and where they say nothing `other`.
    fn or(self, other: TileSizes) -> TileSizes {
        TileSizes {
            images: self.images.or(other.images),
            rows: self.rows.or(other.rows),
            columns: self.columns.or(other.columns),
            groups: self.groups.or(other.groups),
            filters: self.filters.or(other.filters),
            channels: self.channels.or(other.channels),
        }
    }
}

/// A mapping file that has been checked, with the text to which later errors point.
#[derive(Debug, Clone)]
pub struct Mapping {
    source: SourceFile,
    file: MappingFile,
}

impl Mapping {
    /// Reads the mapping in `source`.
    ///
    /// # Errors
    /// A syntax or type error, else every value that no layer could have, each at its place.
    pub fn load(source: SourceFile) -> Result<Mapping, Diagnostics> {
        let file: MappingFile = source::parse_as(FileKind::Mapping, &source)?;
        let mut checker = Checker::new(&source);
        check(&file, &mut checker);
        let file = checker.finish(file)?;
        Ok(Mapping { source, file })
    }

    /// Opens a file by its path and reads it.
    ///
    /// # Errors
    /// As [`source::open`] and [`Mapping::load`].
    pub fn open(path: &str) -> Result<Mapping, LoadError> {
        Ok(Mapping::load(source::open(FileKind::Mapping, path)?)?)
    }

    /// The file's text and name.
    pub fn source(&self) -> &SourceFile {
        &self.source
    }

    /// The place of an entry, for a message.
    pub(crate) fn place(entry: usize) -> Place {
        Place::root().field("mappings").index(entry)
    }

    /// Whether every entry is about a layer of `network`.
    ///
    /// # Errors
    /// Every pattern that no layer matches.
    pub fn check(&self, network: &Network) -> Result<(), Diagnostics> {
        let mut checker = Checker::new(&self.source);
        let names = || network.layers.iter().map(|layer| layer.name.as_str());
        for (index, entry) in self.file.layers.iter().enumerate() {
            if !names().any(|name| matches(&entry.layers, name)) {
                let nearest = source::nearest(&entry.layers, names());
                checker.report(
                    Mapping::place(index).field("layers"),
                    format!("no layer of `{}` matches `{}`", network.name, entry.layers),
                    match nearest {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => "expected a layer's name or a pattern of `*` and `?`".to_string(),
                    },
                );
            }
        }
        checker.finish(())
    }

    /// What is fixed for a layer; none where no entry speaks of it.
    pub(super) fn of(&self, layer: &str) -> Option<FixedLayer> {
        let mut fixed: Option<FixedLayer> = None;
        for (entry, mapping) in self.file.layers.iter().enumerate() {
            if matches(&mapping.layers, layer) {
                let before = fixed.unwrap_or_default();
                fixed = Some(FixedLayer {
                    entry,
                    tile: mapping.tile.or(before.tile),
                    order: mapping.order.or(before.order),
                    exchanged: mapping.exchanged.or(before.exchanged),
                    kept: match &mapping.keep {
                        Some(keep) => Some(PerOperand::of(|operand| keep.contains(&operand))),
                        None => before.kept,
                    },
                    halos: mapping.halos.or(before.halos),
                });
            }
        }
        fixed
    }
}

/// What can be said without knowing the network.
fn check(file: &MappingFile, checker: &mut Checker<'_>) {
    for (index, entry) in file.layers.iter().enumerate() {
        let place = Mapping::place(index);
        for (name, extent) in entry.tile.named() {
            if extent == Some(0) {
                checker.report(
                    place.clone().field("tile").field(name),
                    format!("`{name}` is 0"),
                    "expected 1 or more",
                );
            }
        }
        if let Some(order) = entry.order
            && !Loop::ALL.iter().all(|over| order.contains(over))
        {
            checker.report(
                place.field("order"),
                "a loop is there twice",
                "expected outputs, filters and channels in some order",
            );
        }
    }
}

impl NetworkPlan {
    /// The plan as a mapping file that fixes all of it.
    pub fn mapping_text(&self, network: &Network) -> String {
        let mut text = "(\n    mappings: [\n".to_string();
        for layer in self {
            let name = &network.layer(layer.id).name;
            // A name may hold what RON has to escape.
            let _ = write!(text, "        (layers: {name:?}, ");
            match &layer.plan {
                LayerPlan::Array(plan) => push_array(&mut text, &plan.tiling),
                LayerPlan::Vector(plan) => {
                    let [rows, columns, channels] = plan.tile;
                    let _ = write!(
                        text,
                        "tile: (rows: {rows}, columns: {columns}, channels: {channels})"
                    );
                }
            }
            text.push_str("),\n");
        }
        text.push_str("    ],\n)\n");
        text
    }
}

fn push_array(text: &mut String, tiling: &super::Tiling) {
    let [outer, middle, inner] = tiling.order.map(Loop::name);
    let kept: Vec<String> = Operand::ALL
        .into_iter()
        .filter(|&operand| tiling.kept[operand])
        .map(|operand| operand.to_string())
        .collect();
    let _ = write!(
        text,
        "tile: (images: {}, rows: {}, columns: {}, groups: {}, filters: {}, channels: {}),\n            \
         order: ({outer}, {middle}, {inner}), exchanged: {}, keep: [{}], halos: {}",
        tiling.images,
        tiling.out_rows,
        tiling.out_columns,
        tiling.groups,
        tiling.filters,
        tiling.channels,
        tiling.exchanged,
        kept.join(", "),
        tiling.halos,
    );
}
