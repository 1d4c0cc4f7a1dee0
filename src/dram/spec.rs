//! A DRAM standard whose description has been checked.

use std::ops::Deref;

use crate::source::{Checker, Diagnostics, SourceFile};

use super::mapping::Field;
use super::spec_file::DramSpecFile;
use super::validate;

/// One DRAM channel of a standard: a [`DramSpecFile`] that is consistent, so that the model cannot fail on it and the
/// functions below cannot overflow. Only the check makes one; it reads like its file and cannot be written.
///
/// ```
/// use axbxp::dram::{DramSpec, DramSpecFile, PagePolicy};
/// let preset = DramSpec::load("ddr4_2400")?;
/// let mut file = DramSpecFile::clone(&preset);
/// file.controller.page_policy = PagePolicy::Closed;
/// let closed = DramSpec::try_from(file)?;
/// assert_eq!(closed.burst_bytes(), 64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DramSpec {
    file: DramSpecFile,
    /// Most significant first.
    address_fields: [Field; 6],
}

impl Deref for DramSpec {
    type Target = DramSpecFile;

    fn deref(&self) -> &DramSpecFile {
        &self.file
    }
}

/// Checks a description that comes from no file; what is wrong is shown in the file that it would make.
impl TryFrom<DramSpecFile> for DramSpec {
    type Error = Diagnostics;

    fn try_from(file: DramSpecFile) -> Result<DramSpec, Diagnostics> {
        let pretty = ron::ser::PrettyConfig::default();
        // A description is plain data, which can be written; a fault without a text is shown without its line.
        let text = ron::ser::to_string_pretty(&file, pretty).unwrap_or_default();
        DramSpec::check(&SourceFile::from_text(file.name.clone(), text), file)
    }
}

impl DramSpec {
    /// The specification that `file` describes, which was read from `source`.
    ///
    /// # Errors
    /// Everything wrong with it, at its place in `source`.
    pub(super) fn check(source: &SourceFile, file: DramSpecFile) -> Result<DramSpec, Diagnostics> {
        let mut checker = Checker::new(source);
        let address_fields = validate::check(&mut checker, &file);
        checker.finish(DramSpec {
            file,
            address_fields,
        })
    }

    /// Of a description that need not be consistent: tests of single rules have timing that no standard has.
    #[cfg(test)]
    pub(super) fn unchecked(file: DramSpecFile) -> DramSpec {
        DramSpec {
            address_fields: super::mapping::parse_mapping(&file.mapping).expect("a mapping"),
            file,
        }
    }

    /// The address fields, most significant first.
    pub(super) fn address_fields(&self) -> [Field; 6] {
        self.address_fields
    }

    /// Bytes one burst moves.
    pub fn burst_bytes(&self) -> u32 {
        self.organisation.channel_width_bits / 8 * self.organisation.burst_length
    }

    /// Clock cycles a burst occupies the data bus.
    pub fn burst_cycles(&self) -> u32 {
        self.organisation.burst_length / 2
    }

    /// Bytes of one row over all devices of a rank.
    pub fn row_bytes(&self) -> u64 {
        u64::from(self.organisation.columns) * u64::from(self.organisation.channel_width_bits / 8)
    }

    /// Bursts in one row.
    pub fn bursts_per_row(&self) -> u32 {
        self.organisation.columns / self.organisation.burst_length
    }

    /// Banks of one rank.
    pub fn banks_per_rank(&self) -> u32 {
        self.organisation.bank_groups * self.organisation.banks_per_group
    }

    /// Devices of one rank.
    pub fn devices_per_rank(&self) -> u32 {
        self.organisation.channel_width_bits / self.organisation.device_width_bits
    }

    /// Bytes of one channel.
    pub fn capacity_bytes(&self) -> u64 {
        let banks = self.organisation.ranks * self.banks_per_rank();
        self.row_bytes() * u64::from(self.organisation.rows) * u64::from(banks)
    }

    /// Bytes one channel moves in a clock cycle at most.
    pub fn peak_bytes_per_cycle(&self) -> u32 {
        self.organisation.channel_width_bits / 4
    }

    /// Bytes one channel moves in a second at most.
    pub fn peak_bytes_per_second(&self) -> u64 {
        u64::from(self.peak_bytes_per_cycle()) * self.clock_khz * 1000
    }

    /// Cycles from a RD command to the end of its data.
    pub fn read_latency_cycles(&self) -> u32 {
        self.timing.cl + self.burst_cycles()
    }

    /// Cycles from a WR command to the end of its data.
    pub fn write_latency_cycles(&self) -> u32 {
        self.timing.cwl + self.burst_cycles()
    }
}
