//! Every message between components. Small and `Copy`: the event path allocates nothing.

use super::cause::StallReason;
use crate::arch::Operand;

/// Which way a DRAM request goes.
pub(super) use crate::dram::RequestKind;

/// What a burst of the DMA is to a buffer's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PortAccess {
    /// Words read or written.
    pub words: u32,
    /// Cycles of the port that this takes; 0 if it passes beside a burst before it.
    pub port_cycles: u32,
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// Controller to DMA: move these bytes into a buffer.
    Load {
        /// Number of the transfer in the program.
        transfer: u32,
    },
    /// Controller to DMA: move these bytes to DRAM.
    Store {
        /// Number of the transfer in the program.
        transfer: u32,
    },
    /// DMA to DRAM channel: one burst.
    Request {
        /// Byte address.
        address: u64,
        /// Names the burst in the response.
        tag: u32,
        /// Read or write.
        kind: RequestKind,
    },
    /// DRAM channel to itself: a command may be due.
    Wake,
    /// DRAM channel to DMA: a read's data has arrived, or a write has been accepted.
    Response {
        /// The burst.
        tag: u32,
    },
    /// DMA to itself: the buffer's port has caught up with the data that arrived.
    PortFree,
    /// DMA to buffer: bytes of a burst are written now.
    Fill {
        /// The transfer they belong to.
        transfer: u32,
        /// Its words.
        access: PortAccess,
        /// The transfer is complete with them.
        last: bool,
    },
    /// DMA to buffer: bytes of a burst are read now.
    Drain {
        /// The transfer they belong to.
        transfer: u32,
        /// Its words.
        access: PortAccess,
    },
    /// Buffer to controller: the transfer's bytes are in the buffer.
    Filled {
        /// The transfer.
        transfer: u32,
    },
    /// DMA to controller: the transfer's bytes are in DRAM or ahead of every later read of it.
    Stored {
        /// The transfer.
        transfer: u32,
    },
    /// Controller to array or vector unit: the step's operands and output space are there.
    Start {
        /// The step.
        step: u32,
        /// What the step waited for last.
        stall: StallReason,
    },
    /// Array or vector unit to itself: the current piece of work has ended.
    WorkEnd,
    /// Array to itself: the last result of a layer has left.
    Emptied,
    /// Stepped array to itself: all messages of this cycle have come, do it.
    ArrayCycle,
    /// Array or vector unit to controller: the step's operands have been read for the last time.
    Fed {
        /// The step.
        step: u32,
    },
    /// Array to converter: a step's last result has left the array.
    Results {
        /// The step.
        step: u32,
        /// Finished values of the step to convert (0: partial sums).
        values: u64,
    },
    /// Array or vector unit to buffer: port words that a step used.
    Used {
        /// The step.
        step: u32,
        /// Words read.
        reads: u64,
        /// Words written.
        writes: u64,
    },
    /// Converter or vector unit to controller: the step's results are in the output buffer.
    Done {
        /// The step.
        step: u32,
    },
    /// Buffer to array: the port was taken for somebody else's access.
    Conflict {
        /// Whose buffer.
        operand: Operand,
        /// Port cycles taken.
        cycles: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_small() {
        assert!(size_of::<Message>() <= 24, "{} bytes", size_of::<Message>());
    }
}
