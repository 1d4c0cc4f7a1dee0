//! The room of a buffer: how many of its bits tiles hold. A tile takes its room when it is asked for and gives it back
//! when it has been read, or stored, for the last time.

/// The bits of one buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    capacity_bits: u64,
    held_bits: u64,
    tiles: u32,
}

impl Room {
    /// All of an empty buffer.
    pub(super) fn of(capacity_bits: u64) -> Room {
        Room {
            capacity_bits,
            held_bits: 0,
            tiles: 0,
        }
    }

    /// What a tile of `bits` takes where its layer holds up to `slots` at a time: no more than its share, which packed
    /// values may exceed by the rounding to bytes.
    pub(super) fn share(&self, bits: u64, slots: u32) -> u64 {
        bits.min(self.capacity_bits / u64::from(slots.max(1)))
    }

    /// Whether there is room for `bits` more.
    pub(super) fn has(&self, bits: u64) -> bool {
        self.held_bits + bits <= self.capacity_bits
    }

    /// Bits that nobody holds.
    pub(super) fn free_bits(&self) -> u64 {
        self.capacity_bits - self.held_bits
    }

    /// Tiles held.
    pub(super) fn tiles(&self) -> u32 {
        self.tiles
    }

    /// A tile takes its room.
    pub(super) fn claim(&mut self, bits: u64) {
        self.held_bits += bits;
        self.tiles += 1;
        debug_assert!(
            self.held_bits <= self.capacity_bits,
            "a buffer over-committed"
        );
    }

    /// A tensor takes its room, to stay.
    pub(super) fn keep(&mut self, bits: u64) {
        self.held_bits += bits;
        debug_assert!(
            self.held_bits <= self.capacity_bits,
            "a buffer over-committed"
        );
    }

    /// A tensor gives its room back.
    pub(super) fn free(&mut self, bits: u64) {
        self.held_bits -= bits;
    }

    /// A tile gives its room back.
    pub(super) fn release(&mut self, bits: u64) {
        self.held_bits -= bits;
        self.tiles -= 1;
    }
}
