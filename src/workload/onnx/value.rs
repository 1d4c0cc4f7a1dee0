//! What stands behind a name of the graph.

use std::cell::Cell;
use std::rc::Rc;

use super::border::Border;
use super::constant::Constant;
use super::problem::{OpResult, Problem};
use crate::blocked::Signedness;
use crate::workload::ValueRange;
use crate::workload::shape::Shape;

/// An activation as a node sees it: a tensor of the network, its `channels x height x width` elements in that
/// order read as `dims`. Flattening and reshaping change only `dims`.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The network's input is 0, the output of layer `i` is `i + 1`.
    pub(super) tensor: usize,
    /// The dimensions behind the batch.
    pub(super) dims: Vec<u64>,
    /// Whether nothing else reads the tensor.
    pub(super) exclusive: bool,
    /// Whether the channels are the last of `dims`, as in an input that is transposed first.
    pub(super) channels_last: bool,
    /// Zeros around the image that are not in the tensor; only convolutions read such a view.
    pub(super) border: Border,
}

/// 8-bit codes of an activation: value = (code - zero) * scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Codes {
    pub(super) scale: f32,
    pub(super) zero: i32,
    pub(super) least: i32,
    pub(super) greatest: i32,
}

/// What stands behind a name of the graph.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Constant(Rc<Constant>),
    Activation(View),
    Quantised(View, Codes),
    /// Of the node that makes it something has been said.
    Unknown,
}

/// A tensor of the network so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct TensorSoFar {
    pub(super) shape: Shape,
    pub(super) signedness: Signedness,
    pub(super) range: Option<ValueRange>,
}

/// How many values may yet be read and made: a file must not take many times its size because its nodes
/// read the same constants again and again.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    /// A quantised weight of one byte is read, made a float, turned and kept: with some room, 8 values a byte
    /// of the file. At most 2^31.
    pub(super) fn of_file(bytes: u64) -> Budget {
        let values = bytes.saturating_mul(8).saturating_add(1 << 20);
        Budget(Cell::new(values.min(1 << 31)))
    }

    /// Takes `values` of it, while there are as many.
    pub(super) fn spend(&self, values: usize) -> OpResult<()> {
        match self.0.get().checked_sub(values as u64) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => {
                self.0.set(0);
                Problem::new("the nodes read the same constants too often")
                    .expected("constants that are used by few nodes")
                    .fail()
            }
        }
    }

    /// Whether there is none left: reading on would only take time.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
