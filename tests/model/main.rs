//! The model of the machine: beside other simulators, by laws of its own, and by the order of its modules.

mod bitfusion;
mod laws;
mod mappings;
mod modules;
mod scalesim;
#[path = "../support/mod.rs"]
mod support;

use axbxp::arch::PerOperand;
use axbxp::mapping::{LayerPlan, NetworkPlan, Tiling};

/// Every array layer as one tile, for buffers that hold all of it.
fn as_one_tile(plan: &mut NetworkPlan) {
    for layer in &mut plan.layers {
        if let LayerPlan::Array(layer) = &mut layer.plan {
            let nest = &layer.nest;
            layer.tiling = Tiling {
                images: nest.images,
                out_rows: nest.out_rows,
                out_columns: nest.out_columns,
                groups: nest.groups,
                filters: nest.filters,
                channels: nest.channels,
                kept: PerOperand::same(false),
                halos: false,
                slots: PerOperand::same(1),
                ..layer.tiling
            };
        }
    }
}
