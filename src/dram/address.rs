//! Byte address to place in the DRAM.

use super::spec::DramSpec;

/// Where a burst lies.
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
}

/// A field of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Channel,
    Rank,
    BankGroup,
    Bank,
    Row,
    Column,
}

impl Field {
    /// Every field with its two letters.
    pub(super) const ALL: [(&'static str, Field); 6] = [
        ("ch", Field::Channel),
        ("ra", Field::Rank),
        ("bg", Field::BankGroup),
        ("ba", Field::Bank),
        ("ro", Field::Row),
        ("co", Field::Column),
    ];
}

/// What is wrong with a mapping string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MappingFault {
    #[error("`{0}` is no address field")]
    Unknown(String),
    #[error("the field `{0}` appears more than once")]
    Doubled(&'static str),
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
}

/// Splits a mapping string into its fields, most significant first.
pub(super) fn parse_mapping(text: &str) -> Result<[Field; 6], Vec<MappingFault>> {
    let mut faults = Vec::new();
    let mut fields = Vec::new();
    let letters: Vec<char> = text.chars().collect();
    for pair in letters.chunks(2) {
        let word: String = pair.iter().collect();
        match Field::ALL.iter().find(|(name, _)| *name == word) {
            Some(&(name, field)) if fields.contains(&field) => {
                faults.push(MappingFault::Doubled(name));
            }
            Some(&(_, field)) => fields.push(field),
            None => faults.push(MappingFault::Unknown(word)),
        }
    }
    let missing = Field::ALL
        .iter()
        .filter(|(_, field)| !fields.contains(field));
    faults.extend(missing.map(|(name, _)| MappingFault::Missing(name)));
    match <[Field; 6]>::try_from(fields) {
        Ok(fields) if faults.is_empty() => Ok(fields),
        _ => Err(faults),
    }
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
    /// The mapping string is not a permutation of the six fields.
    #[error("address mapping `{0}` does not name each of ch, ra, bg, ba, ro, co once")]
    Mapping(String),
}

impl AddressMap {
    /// The map of a system of `channels` channels.
    ///
    /// # Errors
    /// The channel count is no power of two or above the standard's most; the mapping string is malformed (not
    /// possible for a specification that was checked).
    pub fn new(spec: &DramSpec, channels: u32) -> Result<AddressMap, AddressMapError> {
        if !channels.is_power_of_two() || channels > spec.max_channels {
            return Err(AddressMapError::Channels {
                channels,
                most: spec.max_channels,
                name: spec.name.clone(),
            });
        }
        let fields = parse_mapping(&spec.mapping)
            .map_err(|_| AddressMapError::Mapping(spec.mapping.clone()))?;
        let mut map = AddressMap {
            channel: Bits::default(),
            rank: Bits::default(),
            bank_group: Bits::default(),
            bank: Bits::default(),
            row: Bits::default(),
            column: Bits::default(),
            capacity_bytes: spec.capacity_bytes() * u64::from(channels),
        };
        let organisation = &spec.organisation;
        let mut shift = spec.burst_bytes().trailing_zeros();
        for field in fields.into_iter().rev() {
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

    /// Where the burst that holds `address` lies.
    #[inline]
    pub fn decode(&self, address: u64) -> Location {
        Location {
            channel: self.channel.of(address),
            rank: self.rank.of(address),
            bank_group: self.bank_group.of(address),
            bank: self.bank.of(address),
            row: self.row.of(address),
            column: self.column.of(address),
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
