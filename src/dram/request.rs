//! Requests, and a quick test whether one for the same burst is pending.

use super::index::BankIndex;

/// Whether a request reads or writes one burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestKind {
    /// Reads one burst.
    #[default]
    Read,
    /// Writes one burst; posted: the requester need not wait.
    Write,
}

/// A request to a bank.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Request {
    pub row: u32,
    pub column: u32,
    pub tag: u32,
    /// Byte of the burst that the request names; 0 where requests are told apart by burst alone.
    pub offset: u16,
    pub kind: RequestKind,
}

impl Request {
    /// Whether both, of one bank, address the same burst.
    #[inline]
    pub(super) fn is_same_burst(self, other: Request) -> bool {
        self.row == other.row && self.column == other.column
    }

    /// Whether both, of one bank, are for the same data, so that one can answer or absorb the other.
    #[inline]
    pub(super) fn is_same_place(self, other: Request) -> bool {
        self.is_same_burst(other) && self.offset == other.offset
    }
}

const BUCKETS: usize = 1024;

/// Counts pending requests by a hash of what they address. Zero in a bucket proves that nothing pending addresses
/// the burst; anything else calls for a search.
#[derive(Debug, Clone)]
pub(super) struct PendingFilter(Vec<u16>);

impl PendingFilter {
    pub(super) fn new() -> PendingFilter {
        PendingFilter(vec![0; BUCKETS])
    }

    #[inline]
    pub(super) fn bucket(bank: BankIndex, request: Request) -> usize {
        // Neighbouring columns of neighbouring banks, what a stream has pending, fall into different buckets.
        let mixed =
            (request.column ^ bank.number() << 5).wrapping_add(request.row.wrapping_mul(0x9e37));
        mixed as usize % BUCKETS
    }

    #[inline]
    pub(super) fn may_hold(&self, bucket: usize) -> bool {
        self.0[bucket] != 0
    }

    #[inline]
    pub(super) fn add(&mut self, bucket: usize) {
        self.0[bucket] += 1;
    }

    #[inline]
    pub(super) fn remove(&mut self, bucket: usize) {
        self.0[bucket] -= 1;
    }
}
