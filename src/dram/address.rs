//! Byte address to place in the DRAM.

use super::mapping::Field;
use super::spec::DramSpec;

/// Where a byte of the memory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Location {
    /// Channel of the system.
    pub channel: u32,
    /// Rank of the channel.
    pub rank: u32,
    /// Bank group of the rank.
    pub bank_group: u32,
    /// Bank of the bank group.
    pub bank: u32,
    /// Row of the bank.
    pub row: u32,
    /// Burst of the row (not a device column: one step is one whole burst).
    pub column: u32,
    /// Byte of the burst: matters only to a controller that merges by address. A burst has at most 8 KiB.
    pub offset: u16,
}

/// The bits of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bits {
    shift: u32,
    mask: u32,
}

impl Bits {
    fn of(self, address: u64) -> u32 {
        (address >> self.shift) as u32 & self.mask
    }
}

/// Byte address to [`Location`] by fixed bit fields.
///
/// Bits above the capacity are ignored, so addresses wrap around at [`AddressMap::capacity_bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressMap {
    channel: Bits,
    rank: Bits,
    bank_group: Bits,
    bank: Bits,
    row: Bits,
    column: Bits,
    offset: Bits,
    capacity_bytes: u64,
}

/// Why a specification has no address map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressMapError {
    /// The channel count is not a power of two within the standard's limit.
    #[error("{channels} channels asked for, but {name} takes a power of two from 1 to {most}")]
    Channels {
        /// Channels asked for.
        channels: u32,
        /// Most channels of the standard.
        most: u32,
        /// Name of the standard.
        name: String,
    },
}

impl AddressMap {
    /// The map of a system of `channels` channels.
    ///
    /// # Errors
    /// The channel count is no power of two or above the standard's most.
    pub fn new(spec: &DramSpec, channels: u32) -> Result<AddressMap, AddressMapError> {
        if !channels.is_power_of_two() || channels > spec.max_channels {
            return Err(AddressMapError::Channels {
                channels,
                most: spec.max_channels,
                name: spec.name.clone(),
            });
        }
        let mut map = AddressMap {
            channel: Bits::default(),
            rank: Bits::default(),
            bank_group: Bits::default(),
            bank: Bits::default(),
            row: Bits::default(),
            column: Bits::default(),
            offset: Bits {
                shift: 0,
                mask: spec.burst_bytes() - 1,
            },
            capacity_bytes: spec.capacity_bytes() * u64::from(channels),
        };
        let organisation = &spec.organisation;
        let mut shift = map.offset.mask.count_ones();
        for field in spec.address_fields().into_iter().rev() {
            let (bits, count) = match field {
                Field::Channel => (&mut map.channel, channels),
                Field::Rank => (&mut map.rank, organisation.ranks),
                Field::BankGroup => (&mut map.bank_group, organisation.bank_groups),
                Field::Bank => (&mut map.bank, organisation.banks_per_group),
                Field::Row => (&mut map.row, organisation.rows),
                Field::Column => (&mut map.column, spec.bursts_per_row()),
            };
            *bits = Bits {
                shift,
                mask: count - 1,
            };
            shift += count.trailing_zeros();
        }
        Ok(map)
    }

    /// Where `address` lies: its burst, and its byte of the burst.
    #[inline]
    pub fn decode(&self, address: u64) -> Location {
        Location {
            channel: self.channel.of(address),
            rank: self.rank.of(address),
            bank_group: self.bank_group.of(address),
            bank: self.bank.of(address),
            row: self.row.of(address),
            column: self.column.of(address),
            offset: self.offset.of(address) as u16,
        }
    }

    /// The channel that holds `address`.
    #[inline]
    pub fn channel_of(&self, address: u64) -> u32 {
        self.channel.of(address)
    }

    /// Bytes of all channels together.
    pub fn capacity_bytes(&self) -> u64 {
        self.capacity_bytes
    }
}
