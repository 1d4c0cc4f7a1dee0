//! From a layer, an architecture and an approximation to tile steps: which tiles, in which order, at
//! which addresses.
//!
//! * `nest`: a layer of the array as a loop nest (im2col, without padding in memory).
//! * `fold`: how a tile's GEMM is cut to the array, and the closed form of the time; `placement`:
//!   one behind the other; `port`: what buffer ports do to it.
//! * `tiling`: the choice of tiles and loop order, from `cuts` by `traffic` and cycles.
//! * `memory`: where tensors lie in DRAM.
//! * `array_plan`, `vector_plan`: a layer's steps; `schedule`: what a step is.
//! * `plan`: the whole network.
//!
//! What this abstracts: activations stay in DRAM between layers (no fusion across layers but the
//! activation function and bias), tensors are never overwritten, halos between tiles are fetched
//! again, and the im2col addressing at the array's edge is free. A tensor that several layers read
//! is stored in the widest of the formats they want.

mod array_plan;
mod choose;
mod cuts;
mod fold;
mod lower;
mod memory;
mod nest;
mod placement;
mod plan;
mod port;
mod schedule;
mod tiling;
mod traffic;
mod vector_plan;

#[cfg(test)]
mod tests;

pub use array_plan::{ArrayPlan, SecondLayout, TileBox};
pub use fold::{ArrayTiming, EdgePort, Fold, FoldPart, OutputPath, TileGemm};
pub use memory::{Bursts, Runs, TensorLayout};
pub use nest::{Axis, Nest, SecondOperand};
pub use placement::{Interference, Placement, Predecessor};
pub use plan::{LayerPlan, MappedLayer, MemoryShape, NetworkPlan, PlanError, plan};
pub use port::PortDemand;
pub use schedule::{Schedule, Step, Transfer, VectorWork, Work};
pub use tiling::{DoesNotFit, Loop, Tiling};
pub use vector_plan::{Group, Piece, Reach, VectorPlan};
