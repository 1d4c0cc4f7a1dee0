//! The timing wheel.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::event::{KEY_BITS, key, of_key};
use super::{Event, EventQueue, Tick};

/// Ticks that the wheel holds ahead of the current one.
const SLOTS: usize = 4096;
const SLOT_MASK: u64 = SLOTS as u64 - 1;
/// One bit for each slot; one bit of a summary word for each word.
const WORDS: usize = SLOTS / 64;
/// End of a list.
const NIL: u32 = u32::MAX;

/// The event queue of a simulation.
///
/// Events of the next 4,095 ticks lie in a bucket each, a first-in-first-out list threaded through
/// one array of nodes; a bitmap finds the next bucket that is not empty without stepping through
/// idle ticks. Later events wait in a heap and move to their bucket as soon as it lies within the
/// wheel, that is before any later send can reach the same bucket: so a bucket always holds its
/// events in the order of the sends. The events of the current tick are ordered by priority and
/// component when the tick begins, and those sent while it is being handled join by way of a heap.
///
/// Nodes are reused: when the number of events in flight has reached its greatest value, nothing
/// is allocated any more.
#[derive(Debug)]
pub struct TimingWheel<M> {
    now: u64,
    /// The current tick's events, the least last, as [`Place`].
    current: Vec<Place>,
    /// Events sent for the current tick since it began.
    late: BinaryHeap<Reverse<Place>>,
    /// Events of the current tick so far: those it began with and those sent since.
    sequence: u64,
    summary: u64,
    occupied: Box<[u64; WORDS]>,
    /// Last node of each bucket; its successor is the first (the lists are circular).
    buckets: Box<[u32; SLOTS]>,
    nodes: Vec<Node<M>>,
    /// First unused node.
    free: u32,
    length: usize,
    /// Events beyond the wheel: tick, sequence, node.
    overflow: BinaryHeap<Reverse<(u64, u64, u32)>>,
    overflow_sequence: u64,
    /// Tick of the first of them, `u64::MAX` when there are none.
    overflow_first: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node<M> {
    key: u64,
    next: u32,
    message: M,
}

/// Key, sequence within the tick and node in one integer, in the order in which events run.
type Place = u128;

const NODE_BITS: u32 = 32;
const SEQUENCE_BITS: u32 = Place::BITS - NODE_BITS - KEY_BITS;

#[inline]
fn place(key: u64, sequence: u64, node: u32) -> Place {
    debug_assert!(sequence < 1 << SEQUENCE_BITS);
    (Place::from(key) << (SEQUENCE_BITS + NODE_BITS))
        | (Place::from(sequence) << NODE_BITS)
        | Place::from(node)
}

#[inline]
fn node_of(place: Place) -> u32 {
    place as u32
}

impl<M> Default for TimingWheel<M> {
    fn default() -> Self {
        TimingWheel {
            now: 0,
            current: Vec::new(),
            late: BinaryHeap::new(),
            sequence: 0,
            summary: 0,
            occupied: Box::new([0; WORDS]),
            buckets: Box::new([NIL; SLOTS]),
            nodes: Vec::new(),
            free: NIL,
            length: 0,
            overflow: BinaryHeap::new(),
            overflow_sequence: 0,
            overflow_first: u64::MAX,
        }
    }
}

impl<M: Copy> TimingWheel<M> {
    /// Nodes allocated so far: the greatest number of events that were in flight at once.
    #[cfg(test)]
    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Stores an event's key and message in an unused node.
    #[inline]
    fn store(&mut self, key: u64, message: M) -> u32 {
        self.length += 1;
        let index = self.free;
        if let Some(node) = self.nodes.get_mut(index as usize) {
            self.free = node.next;
            node.key = key;
            node.message = message;
            return index;
        }
        self.grow(key, message)
    }

    #[cold]
    #[inline(never)]
    #[expect(
        clippy::expect_used,
        reason = "nodes of 2^32 events exceed any memory first"
    )]
    fn grow(&mut self, key: u64, message: M) -> u32 {
        let index = u32::try_from(self.nodes.len())
            .ok()
            .filter(|index| *index != NIL)
            .expect("fewer than 2^32 events in flight");
        self.nodes.push(Node {
            key,
            next: NIL,
            message,
        });
        index
    }

    /// Takes an event out of its node.
    #[inline]
    fn release(&mut self, index: u32) -> Event<M> {
        let node = &mut self.nodes[index as usize];
        let (priority, to) = of_key(node.key);
        let message = node.message;
        node.next = self.free;
        self.free = index;
        self.length -= 1;
        Event {
            tick: Tick(self.now),
            priority,
            to,
            message,
        }
    }

    /// Appends a node to the bucket of `tick`, which lies within the wheel.
    #[inline]
    fn append(&mut self, tick: u64, index: u32) {
        let slot = (tick & SLOT_MASK) as usize;
        let last = std::mem::replace(&mut self.buckets[slot], index);
        if let Some(last) = self.nodes.get_mut(last as usize) {
            let first = std::mem::replace(&mut last.next, index);
            self.nodes[index as usize].next = first;
        } else {
            self.nodes[index as usize].next = index;
            self.occupied[slot / 64] |= 1 << (slot % 64);
            self.summary |= 1 << (slot / 64);
        }
    }

    /// The least remaining event of the current tick.
    #[inline]
    fn next_of_current(&mut self) -> Option<u32> {
        if self.late.is_empty() {
            return self.current.pop().map(node_of);
        }
        self.next_of_both()
    }

    fn next_of_both(&mut self) -> Option<u32> {
        let late = self.late.peek()?.0;
        if self.current.last().is_some_and(|place| *place < late) {
            return self.current.pop().map(node_of);
        }
        self.late.pop();
        Some(node_of(late))
    }

    /// Ticks from the current one to the next bucket that is not empty.
    #[inline]
    fn distance_in_wheel(&self) -> Option<u64> {
        if self.summary == 0 {
            return None;
        }
        let start = (self.now.wrapping_add(1) & SLOT_MASK) as usize;
        let word = start / 64;
        let rest = self.occupied[word] & (!0 << (start % 64));
        let slot = if rest != 0 {
            word * 64 + rest.trailing_zeros() as usize
        } else {
            // Rotated so that the search begins at the word after and ends at this one again.
            let turn = (word as u32 + 1) % 64;
            let steps = self.summary.rotate_right(turn).trailing_zeros();
            let found = ((turn + steps) % 64) as usize;
            found * 64 + self.occupied[found].trailing_zeros() as usize
        };
        Some((slot as u64).wrapping_sub(self.now) & SLOT_MASK)
    }

    /// Moves to the next tick that has events and gives its first.
    #[inline]
    fn begin_next_tick(&mut self) -> Option<u32> {
        self.now = match self.distance_in_wheel() {
            Some(distance) => self.now + distance,
            None => self.overflow.peek()?.0.0,
        };
        if self.overflow_first - self.now < SLOTS as u64 {
            self.refill();
        }
        Some(self.drain())
    }

    /// Moves the events that lie within the wheel now from the heap to their buckets.
    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        self.overflow_first = u64::MAX;
        while let Some(&Reverse((tick, _, index))) = self.overflow.peek() {
            if tick - self.now >= SLOTS as u64 {
                self.overflow_first = tick;
                break;
            }
            self.overflow.pop();
            self.append(tick, index);
        }
    }

    /// Empties the bucket of the current tick: gives its first event, puts the others in order.
    #[inline]
    fn drain(&mut self) -> u32 {
        let slot = (self.now & SLOT_MASK) as usize;
        let last = std::mem::replace(&mut self.buckets[slot], NIL);
        let word = &mut self.occupied[slot / 64];
        *word &= !(1 << (slot % 64));
        if *word == 0 {
            self.summary &= !(1 << (slot / 64));
        }
        let first = self.nodes[last as usize].next;
        if first == last {
            self.sequence = 1;
            return first;
        }
        self.order(first, last)
    }

    /// Puts the list from `first` to `last` in order and gives the first event of that order.
    fn order(&mut self, first: u32, last: u32) -> u32 {
        let mut index = first;
        let mut sequence = 0;
        loop {
            let node = &self.nodes[index as usize];
            self.current.push(place(node.key, sequence, index));
            sequence += 1;
            if index == last {
                break;
            }
            index = node.next;
        }
        self.sequence = sequence;
        self.current.sort_unstable_by(|a, b| b.cmp(a));
        self.current.pop().map_or(first, node_of)
    }
}

impl<M: Copy> EventQueue<M> for TimingWheel<M> {
    #[inline]
    fn push(&mut self, event: Event<M>) {
        debug_assert!(event.tick.0 >= self.now, "an event in the past");
        let key = key(event.priority, event.to);
        let index = self.store(key, event.message);
        let distance = event.tick.since(Tick(self.now));
        if distance == 0 {
            self.late.push(Reverse(place(key, self.sequence, index)));
            self.sequence += 1;
        } else if distance < SLOTS as u64 {
            self.append(event.tick.0, index);
        } else {
            let tick = event.tick.0;
            self.overflow
                .push(Reverse((tick, self.overflow_sequence, index)));
            self.overflow_sequence += 1;
            self.overflow_first = self.overflow_first.min(tick);
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Event<M>> {
        let index = match self.next_of_current() {
            Some(index) => index,
            None => self.begin_next_tick()?,
        };
        Some(self.release(index))
    }

    fn next_tick(&self) -> Option<Tick> {
        if !self.current.is_empty() || !self.late.is_empty() {
            return Some(Tick(self.now));
        }
        match self.distance_in_wheel() {
            Some(distance) => Some(Tick(self.now + distance)),
            None => self.overflow.peek().map(|first| Tick(first.0.0)),
        }
    }

    fn len(&self) -> usize {
        self.length
    }
}
