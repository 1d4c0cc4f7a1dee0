//! Requests the controller has accepted and not yet moved to a bank queue.

use super::index::{BankIndex, BankSet};
use super::request::Request;

const NONE: u16 = u16::MAX;

#[derive(Debug, Clone, Copy)]
struct Slot {
    request: Request,
    /// Age: smaller came earlier.
    sequence: u64,
    /// Next of the same bank, or of the free list.
    next: u16,
}

#[derive(Debug, Clone, Copy)]
struct Chain {
    head: u16,
    tail: u16,
}

/// A bounded queue in order of arrival from which the oldest request of any set of banks can be taken: one FIFO
/// for each bank, linked through a fixed pool.
#[derive(Debug, Clone)]
pub(super) struct WaitQueue {
    slots: Vec<Slot>,
    free: u16,
    len: u32,
    sequence: u64,
    chains: Vec<Chain>,
    /// Banks that have requests here.
    banks: BankSet,
}

impl WaitQueue {
    pub(super) fn new(capacity: u32, banks: u32) -> WaitQueue {
        let slots = (1..=capacity as u16)
            .map(|next| Slot {
                request: Request::default(),
                sequence: 0,
                next: if u32::from(next) == capacity {
                    NONE
                } else {
                    next
                },
            })
            .collect();
        let empty = Chain {
            head: NONE,
            tail: NONE,
        };
        WaitQueue {
            slots,
            free: 0,
            len: 0,
            sequence: 0,
            chains: vec![empty; banks as usize],
            banks: BankSet::default(),
        }
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.free == NONE
    }

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(super) fn banks(&self) -> BankSet {
        self.banks
    }

    /// Appends a request; the queue must not be full.
    #[inline]
    pub(super) fn push(&mut self, bank: BankIndex, request: Request) {
        let index = self.free;
        let slot = &mut self.slots[usize::from(index)];
        self.free = slot.next;
        *slot = Slot {
            request,
            sequence: self.sequence,
            next: NONE,
        };
        self.sequence += 1;
        self.len += 1;
        let chain = &mut self.chains[bank.at()];
        let tail = chain.tail;
        chain.tail = index;
        if tail == NONE {
            chain.head = index;
            self.banks.insert(bank);
        } else {
            self.slots[usize::from(tail)].next = index;
        }
    }

    /// The bank, among those of the set, whose first request is the oldest.
    #[inline]
    pub(super) fn oldest_bank(&self, banks: BankSet) -> Option<BankIndex> {
        let mut rest = banks.and(self.banks);
        let mut best = rest.pop()?;
        if !rest.is_empty() {
            let mut age = self.head(best).sequence;
            while let Some(bank) = rest.pop() {
                let other = self.head(bank).sequence;
                if other < age {
                    age = other;
                    best = bank;
                }
            }
        }
        Some(best)
    }

    /// The first request of a bank that has one.
    #[inline]
    pub(super) fn first(&self, bank: BankIndex) -> Request {
        self.head(bank).request
    }

    #[inline]
    fn head(&self, bank: BankIndex) -> &Slot {
        &self.slots[usize::from(self.chains[bank.at()].head)]
    }

    /// Takes the first request of a bank that has one.
    #[inline]
    pub(super) fn take(&mut self, bank: BankIndex) -> Request {
        let chain = &mut self.chains[bank.at()];
        let index = chain.head;
        let slot = &mut self.slots[usize::from(index)];
        chain.head = slot.next;
        if chain.head == NONE {
            chain.tail = NONE;
            self.banks.remove(bank);
        }
        slot.next = self.free;
        self.free = index;
        self.len -= 1;
        slot.request
    }

    /// Whether a request to the place of `request` waits here.
    pub(super) fn holds(&self, bank: BankIndex, request: Request) -> bool {
        let mut index = self.chains[bank.at()].head;
        while index != NONE {
            let slot = &self.slots[usize::from(index)];
            if slot.request.is_same_place(request) {
                return true;
            }
            index = slot.next;
        }
        false
    }
}
