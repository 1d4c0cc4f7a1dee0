//! DRAM: a passive, event-driven model of memory channels and their controllers.
//!
//! A [`DramSpec`] describes a standard (a RON preset: organisation, timing, controller, currents; unchecked it is a
//! [`DramSpecFile`]), an [`AddressMap`] sends a byte address to its [`Location`], and a [`Channel`] plays the
//! controller and the devices of one channel. Times are cycles of the DRAM clock. The channel knows no clock and no
//! event queue: its owner calls [`Channel::advance`] at the cycles it asks for, and nothing is done in the cycles
//! between, because the next cycle in which anything can happen is known exactly.
//!
//! # Model
//! Every request passes three stations:
//!
//! 1. A wait queue, one for reads and one for (posted) writes, of the stated depths. A read of data with a posted
//!    write is answered from it in the next cycle; a read of data that is being read shares its RD; a write to data
//!    with a posted write is absorbed by it. [`Merge`] says which requests are for the same data: those for the same
//!    burst, wherever in it they point (the presets), or those with the same byte address (DRAMsim3).
//! 2. The queue of its bank. One request a cycle moves there, the oldest whose bank queue has room: a read, or
//!    during a drain a write. A drain starts when the posted writes reach the high watermark, or exceed the idle
//!    watermark while all bank queues are empty, and takes all writes that are posted at that time. A write
//!    that would pass a read of the same data ends the drain, and nothing moves in that cycle. From the next cycle
//!    on the request competes for commands, so a read of an idle channel takes 1 + tRCD + CL + BL/2 cycles, and
//!    1 + CL + BL/2 if its row is open.
//! 3. The command bus. Banks take turns, starting after the one that issued last; the first with a legal command
//!    issues. In a bank, row hits go in order, reads and writes each by themselves, but no write before an earlier read
//!    of its burst; the request at the head of the queue may close the row when no hits wait behind it, or when the row
//!    has had `row_hit_cap` column commands and the precharge becomes legal before the next hit does. (So hits that
//!    follow each other closer than tRTP keep the row, for one refresh interval at most.) With two command buses, the
//!    next bank in turn may use the other one in the same cycle.
//!
//! Every tREFI / ranks the next rank is due for an all-bank refresh. It gets no further commands until its open
//! banks are precharged and the refresh is issued, and these go before all others.
//!
//! # DRAMsim3
//! [`DramSystem`] takes DRAMsim3's configurations as they are. On them the model issues the same commands in the same
//! cycles as DRAMsim3 does (commit 29817593); that was compared once, command by command, on 105 runs like those of the
//! unit tests. The tests compare totals with DRAMsim3's on streams, tiles, random requests, mixes, and requests for
//! parts of bursts: cycles, the number of each command, the writes left posted, the mean and the longest read latency,
//! and each part of the energy. Three things differ on purpose:
//!
//! - With closed pages a read's auto-precharge waits for tRAS, also before a refresh, where DRAMsim3 only lets tRC and
//!   tRTP + BL/2 + tRP pass, and counts neither the precharge nor the standby until it.
//! - Where the oldest posted write that could move waits for a read, and the read waits for the end of the drain,
//!   DRAMsim3 begins the drain again in every cycle: once the write queue is full it moves nothing more, and after the
//!   requests in the bank queues are done it stops for ever (reads and writes mixed on few addresses as fast as they
//!   are taken do that). Here a read moves as soon as the bank queues are empty, and the run goes on.
//! - At most 1,024 reads of a channel wait on the RD of earlier ones; DRAMsim3 has no such bound.
//!
//! The presets have DRAMsim3's timing and controller but merge by burst and do not keep the last writes for ever. That
//! changes nothing for requests for whole bursts, as all of a network's are, until the idle drain. Two reads of the
//! halves of a burst get one RD by burst, and by address, as in DRAMsim3, two.
//!
//! # Left out
//! Power-down and self refresh, per-bank refresh, temperature, ECC, DRAM-side errors, the pins' training and
//! calibration. Writes to different ranks follow each other without a gap (as in DRAMsim3). With auto-precharge,
//! tPPD does not count the implied precharges.

mod address;
mod attained;
mod bank;
mod channel;
mod command;
mod constraints;
mod counts;
mod device;
mod energy;
mod import;
mod index;
mod mapping;
mod rank;
mod refresh;
pub mod replay;
mod request;
mod spec;
mod spec_file;
mod system;
mod validate;
mod wait_queue;

#[cfg(test)]
mod tests;

pub use address::{AddressMap, AddressMapError, Location};
pub use attained::{Attained, Stream};
pub use channel::Channel;
pub use command::{Command, CommandKind, CommandSink, Completions, NoSink};
pub use counts::DramCounts;
pub use energy::{CommandEnergies, DramEnergy, command_energies};
pub use request::RequestKind;
pub use spec::DramSpec;
pub use spec_file::{
    CommandBus, ControllerSpec, DramSpecFile, Merge, Organisation, PagePolicy, Power,
    RefreshPolicy, RefreshPrecharge, Timing,
};
pub use system::DramSystem;
