//! The space of tile sizes: those that cut an extent into nearly equal parts.

use super::fold::ArrayTiming;
use super::nest::Nest;

/// Tile sizes to be combined.
#[derive(Debug, Clone)]
pub(super) struct Space {
    /// Images, output rows and output columns.
    pub pixels: Vec<[u32; 3]>,
    /// Groups, filters and channels.
    pub channels: Vec<(u32, u32, u32)>,
}

impl Space {
    /// Whole rows or images, and parts of the channels in preferred units.
    pub(super) fn coarse(nest: &Nest, timing: &ArrayTiming) -> Space {
        Space {
            pixels: pixel_tiles(nest),
            channels: channel_tiles(nest, timing),
        }
    }

    /// Everything.
    pub(super) fn whole(nest: &Nest, timing: &ArrayTiming) -> Space {
        let mut space = Space::coarse(nest, timing);
        space.pixels.extend(rectangles(nest));
        space.channels.extend(fine_channel_tiles(nest, timing));
        space
    }

    /// Smaller parts of the channels, and rectangles of pixels.
    pub(super) fn fine(nest: &Nest, timing: &ArrayTiming) -> [Space; 3] {
        let coarse = Space::coarse(nest, timing);
        let channels = fine_channel_tiles(nest, timing);
        let pixels = rectangles(nest);
        [
            Space {
                pixels: coarse.pixels,
                channels: channels.clone(),
            },
            Space {
                pixels: pixels.clone(),
                channels: coarse.channels,
            },
            Space { pixels, channels },
        ]
    }
}

/// Tiles of output pixels: several whole images, whole rows of one image, or parts of one row.
fn pixel_tiles(nest: &Nest) -> Vec<[u32; 3]> {
    let mut tiles: Vec<[u32; 3]> = cuts(nest.images, 1)
        .into_iter()
        .filter(|&images| images > 1)
        .map(|images| [images, nest.out_rows, nest.out_columns])
        .collect();
    tiles.extend(
        cuts(nest.out_rows, 1)
            .into_iter()
            .map(|rows| [1, rows, nest.out_columns]),
    );
    tiles.extend(
        cuts(nest.out_columns, 1)
            .into_iter()
            .filter(|&columns| columns < nest.out_columns)
            .map(|columns| [1, 1, columns]),
    );
    tiles
}

/// Tiles of output pixels that are cut along rows and columns.
fn rectangles(nest: &Nest) -> Vec<[u32; 3]> {
    let rows = cuts(nest.out_rows, 1);
    cuts(nest.out_columns, 1)
        .into_iter()
        .filter(|&columns| columns < nest.out_columns)
        .flat_map(|columns| rows.iter().map(move |&rows| [1, rows, columns]))
        .filter(|&[_, rows, _]| rows > 1)
        .collect()
}

/// Preferred number of channels in a tile that does not hold all.
const CHANNEL_UNIT: u32 = 16;

/// Tiles of (groups, filters, channels): all of several groups, or part of one.
fn channel_tiles(nest: &Nest, timing: &ArrayTiming) -> Vec<(u32, u32, u32)> {
    let filters = cuts(nest.filters, timing.columns.min(nest.filters));
    let channels = cuts(nest.channels, CHANNEL_UNIT.min(nest.channels));
    let groups = cuts(nest.groups, CHANNEL_UNIT.min(nest.groups));
    group_sets(groups, nest)
        .chain(parts_of_a_group(&filters, &channels))
        .collect()
}

/// Those that are smaller than the preferred units.
fn fine_channel_tiles(nest: &Nest, timing: &ArrayTiming) -> Vec<(u32, u32, u32)> {
    let below = |extent: u32, unit: u32| cuts(unit.min(extent), 1).split_off(1);
    let fine_filters = below(nest.filters, timing.columns);
    let fine_channels = below(nest.channels, CHANNEL_UNIT);
    let filters = cuts(nest.filters, timing.columns.min(nest.filters));
    let mut channels = cuts(nest.channels, CHANNEL_UNIT.min(nest.channels));
    let coarse_filters = parts_of_a_group(&filters, &fine_channels).collect::<Vec<_>>();
    channels.extend(fine_channels);
    group_sets(below(nest.groups, CHANNEL_UNIT), nest)
        .chain(coarse_filters)
        .chain(parts_of_a_group(&fine_filters, &channels))
        .collect()
}

fn group_sets(sizes: Vec<u32>, nest: &Nest) -> impl Iterator<Item = (u32, u32, u32)> {
    let (filters, channels) = (nest.filters, nest.channels);
    sizes
        .into_iter()
        .filter(|&groups| groups > 1)
        .map(move |groups| (groups, filters, channels))
}

fn parts_of_a_group(filters: &[u32], channels: &[u32]) -> impl Iterator<Item = (u32, u32, u32)> {
    filters
        .iter()
        .flat_map(|&filters| channels.iter().map(move |&channels| (1, filters, channels)))
}

/// The different values of `ceil(extent / i)`, rounded up to a multiple of `unit`, largest first.
fn cuts(extent: u32, unit: u32) -> Vec<u32> {
    let mut cuts = Vec::new();
    let mut parts = 1;
    loop {
        let size = extent.div_ceil(parts).next_multiple_of(unit).min(extent);
        if cuts.last() != Some(&size) {
            cuts.push(size);
        }
        if size <= unit.min(extent) {
            return cuts;
        }
        // The next number of parts that gives a smaller piece.
        parts = extent
            .div_ceil(size.saturating_sub(unit).max(1))
            .max(parts + 1);
    }
}
