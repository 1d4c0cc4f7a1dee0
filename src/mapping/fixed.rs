//! What a mapping file fixes of one layer, put to the space of its tilings.

use super::cuts::Space;
use super::file::TileSizes;
use super::nest::Nest;
use super::tiling::{Loop, Tiling, Trips};
use crate::arch::{Operand, PerOperand};

/// What is fixed of a layer's mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(super) struct FixedLayer {
    /// The last entry of the file that speaks of it.
    pub entry: usize,
    /// Extents of a tile.
    pub tile: TileSizes,
    /// Order of the loops.
    pub order: Option<[Loop; 3]>,
    /// Exchange of the operands.
    pub exchanged: Option<bool>,
    /// What stays.
    pub kept: Option<PerOperand<bool>>,
    /// Whether halos stay.
    pub halos: Option<bool>,
}

impl FixedLayer {
    /// Says what no tile of an array layer can be.
    ///
    /// # Errors
    /// What can not be, in words.
    pub(super) fn check(&self, nest: &Nest) -> Result<(), String> {
        let tile = &self.tile;
        let part = |size: Option<u32>, extent: u32| size.is_some_and(|size| size < extent);
        let several = |size: Option<u32>, extent: u32| size.is_some_and(|s| s.min(extent) > 1);
        if several(tile.images, nest.images)
            && (part(tile.rows, nest.out_rows) || part(tile.columns, nest.out_columns))
        {
            return Err("a tile of several images has all rows and columns of them".into());
        }
        if several(tile.groups, nest.groups)
            && (part(tile.filters, nest.filters) || part(tile.channels, nest.channels))
        {
            return Err("a tile of several groups has all filters and channels of them".into());
        }
        Ok(())
    }

    /// Says what a layer of the vector unit does not have.
    ///
    /// # Errors
    /// What can not be, in words.
    pub(super) fn check_vector(&self) -> Result<(), String> {
        let tile = &self.tile;
        let of_the_array = [
            ("images", tile.images.is_some()),
            ("groups", tile.groups.is_some()),
            ("filters", tile.filters.is_some()),
            ("order", self.order.is_some()),
            ("exchanged", self.exchanged.is_some()),
            ("keep", self.kept.is_some()),
            ("halos", self.halos.is_some()),
        ];
        match of_the_array.into_iter().find(|&(_, fixed)| fixed) {
            Some((name, _)) => Err(format!(
                "`{name}` is of layers on the array; this one runs on the vector unit"
            )),
            None => Ok(()),
        }
    }

    /// The part of a space that has the fixed extents.
    pub(super) fn restrict(&self, space: Space, nest: &Nest) -> Space {
        let tile = &self.tile;
        let fix = |fixed: Option<u32>, size: u32, extent: u32| {
            fixed.map_or(size, |fixed| fixed.min(extent))
        };
        let mut pixels: Vec<[u32; 3]> = space
            .pixels
            .into_iter()
            .map(|[images, rows, columns]| {
                [
                    fix(tile.images, images, nest.images),
                    fix(tile.rows, rows, nest.out_rows),
                    fix(tile.columns, columns, nest.out_columns),
                ]
            })
            .filter(|&[images, rows, columns]| {
                images == 1 || (rows, columns) == (nest.out_rows, nest.out_columns)
            })
            .collect();
        let mut channels: Vec<(u32, u32, u32)> = space
            .channels
            .into_iter()
            .map(|(groups, filters, channels)| {
                (
                    fix(tile.groups, groups, nest.groups),
                    fix(tile.filters, filters, nest.filters),
                    fix(tile.channels, channels, nest.channels),
                )
            })
            .filter(|&(groups, filters, channels)| {
                groups == 1 || (filters, channels) == (nest.filters, nest.channels)
            })
            .collect();
        pixels.sort_unstable_by(|a, b| b.cmp(a));
        pixels.dedup();
        channels.sort_unstable_by(|a, b| b.cmp(a));
        channels.dedup();
        Space { pixels, channels }
    }

    /// The smallest tile with the fixed extents.
    pub(super) fn smallest(&self, tiling: Tiling, nest: &Nest) -> Tiling {
        let tile = &self.tile;
        let least = |fixed: Option<u32>, extent: u32| fixed.map_or(1, |fixed| fixed.min(extent));
        Tiling {
            images: least(tile.images, nest.images),
            out_rows: least(tile.rows, nest.out_rows),
            out_columns: least(tile.columns, nest.out_columns),
            groups: least(tile.groups, nest.groups),
            filters: least(tile.filters, nest.filters),
            channels: least(tile.channels, nest.channels),
            order: self.order.unwrap_or(tiling.order),
            kept: self.kept.unwrap_or(tiling.kept),
            ..tiling
        }
    }

    /// The halos that are kept, of those that can be.
    pub(super) fn halos(&self, possible: bool) -> bool {
        possible && self.halos.unwrap_or(true)
    }

    /// Whether order, exchange and what is kept are as fixed, where they make a difference.
    pub(super) fn allows(&self, tiling: &Tiling, trips: &Trips) -> bool {
        let loops = |order: [Loop; 3]| order.into_iter().filter(|&over| trips.of(over) > 1);
        self.order
            .is_none_or(|order| loops(order).eq(loops(tiling.order)))
            && self
                .exchanged
                .is_none_or(|exchanged| exchanged == tiling.exchanged)
            && self.kept.is_none_or(|kept| {
                Operand::ALL.into_iter().all(|operand| {
                    !tiling.can_keep(trips, operand) || kept[operand] == tiling.kept[operand]
                })
            })
    }
}
