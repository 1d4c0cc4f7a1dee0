//! From a layer, an architecture and an approximation to tile steps: which tiles, in which order, at
//! which addresses.
//!
//! * `nest`: a layer of the array as a loop nest (im2col, without padding in memory).
//! * `fold`: how a tile's GEMM is cut to the array, and the closed form of the time; `placement`:
//!   one behind the other; `port`: what buffer ports do to it; `tile_work`: all folds of a tile.
//! * `tiling`: tile sizes, loop order and what stays in the buffers; `cuts`: the space of sizes.
//! * `choose`: the best tiling under an objective (`cost`), by bounds (`bound`, `bursts`) and by following the tiles
//!   (`pipeline`).
//! * `memory`: where tensors lie in DRAM.
//! * `array_plan`, `vector_plan`: a layer's steps; `schedule`: what a step is.
//! * `file`, `fixed`: what a mapping file fixes.
//! * `plan`, `planner`: the whole network.
//!
//! What this abstracts: activations stay in DRAM between layers (no fusion across layers but the
//! activation function and bias), tensors are never overwritten, and the im2col addressing at the array's edge is free. A tensor that several layers read
//! is stored in the widest of the formats they want.

mod array_plan;
mod bound;
mod bursts;
mod choose;
mod cost;
mod cuts;
mod file;
mod fixed;
mod fold;
mod lower;
mod memory;
mod nest;
mod pipeline;
mod placement;
mod plan;
mod planner;
mod port;
mod schedule;
mod tile_work;
mod tiling;
mod vector_plan;

#[cfg(test)]
mod tests;

pub use array_plan::{ArrayPlan, SecondLayout, TileBox};
pub use choose::{Choice, Choices};
pub use cost::{Cost, Goal, MemoryRates, UnitEnergies};
pub use file::{LayerMapping, Mapping, MappingFile, TileSizes};
pub use fold::{ArrayTiming, EdgePort, Fold, FoldPart, OutputPath, TileGemm};
pub use memory::{Bursts, Runs, TensorLayout};
pub use nest::{Axis, Nest, SecondOperand};
pub use placement::{Interference, Placement, Predecessor};
#[cfg(test)]
pub(crate) use plan::alternatives;
pub use plan::{LayerNeeds, LayerPlan, MappedLayer, MemoryShape, NetworkPlan, PlanError, plan};
pub use port::PortDemand;
pub use schedule::{Schedule, Step, Transfer, VectorWork, Work};
pub use tiling::{DoesNotFit, Loop, Tiling};
pub use vector_plan::{Group, Piece, Reach, VectorPlan};
