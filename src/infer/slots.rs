//! Which memory each tensor is in.

use super::plan::{PlannedLayer, Shape};
use crate::workload::TensorId;

/// Memory for every tensor; a tensor that is read no more leaves its memory to a later one.
pub(super) fn assign_slots(
    steps: &[PlannedLayer],
    input: TensorId,
    output: TensorId,
    shapes: &[Shape],
) -> (Vec<usize>, Vec<usize>) {
    let mut last_read = vec![0; shapes.len()];
    for (index, step) in steps.iter().enumerate() {
        for tensor in &step.inputs {
            last_read[tensor.index()] = index;
        }
    }
    last_read[output.index()] = usize::MAX;
    let mut memory = Memory {
        slots: vec![0; shapes.len()],
        sizes: vec![],
        free: vec![],
    };
    memory.place(input, shapes);
    let mut held = vec![input];
    for (index, step) in steps.iter().enumerate() {
        memory.place(step.output, shapes);
        held.push(step.output);
        let (over, still): (Vec<_>, Vec<_>) = held
            .into_iter()
            .partition(|tensor| last_read[tensor.index()] <= index);
        memory
            .free
            .extend(over.iter().map(|tensor| memory.slots[tensor.index()]));
        held = still;
    }
    (memory.slots, memory.sizes)
}

/// Which tensors are where, so far.
struct Memory {
    slots: Vec<usize>,
    sizes: Vec<usize>,
    free: Vec<usize>,
}

impl Memory {
    fn place(&mut self, tensor: TensorId, shapes: &[Shape]) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.sizes.push(0);
            self.sizes.len() - 1
        });
        self.sizes[slot] = self.sizes[slot].max(shapes[tensor.index()].elements());
        self.slots[tensor.index()] = slot;
    }
}
