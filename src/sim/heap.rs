//! The reference queue: a binary heap on the whole key.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::event::key;
use super::{Event, EventQueue, Tick};

/// Binary heap of events: the plain statement of the order, against which
/// [`super::TimingWheel`] is tested and measured.
#[derive(Debug)]
pub struct HeapQueue<M> {
    heap: BinaryHeap<Entry<M>>,
    sequence: u64,
    now: Tick,
}

#[derive(Debug)]
struct Entry<M> {
    event: Event<M>,
    sequence: u64,
}

impl<M> Entry<M> {
    fn order(&self) -> (Tick, u64, u64) {
        let event = &self.event;
        (event.tick, key(event.priority, event.to), self.sequence)
    }
}

impl<M> PartialEq for Entry<M> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl<M> Eq for Entry<M> {}

impl<M> PartialOrd for Entry<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Entry<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed: the standard heap gives the greatest.
        other.order().cmp(&self.order())
    }
}

impl<M> Default for HeapQueue<M> {
    fn default() -> Self {
        HeapQueue {
            heap: BinaryHeap::new(),
            sequence: 0,
            now: Tick::ZERO,
        }
    }
}

impl<M: Copy> EventQueue<M> for HeapQueue<M> {
    fn push(&mut self, mut event: Event<M>) {
        debug_assert!(event.tick >= self.now, "an event in the past");
        event.tick = event.tick.max(self.now);
        self.heap.push(Entry {
            event,
            sequence: self.sequence,
        });
        self.sequence += 1;
    }

    fn pop(&mut self) -> Option<Event<M>> {
        let event = self.heap.pop()?.event;
        self.now = event.tick;
        Some(event)
    }

    fn next_tick(&self) -> Option<Tick> {
        self.heap.peek().map(|entry| entry.event.tick)
    }

    fn len(&self) -> usize {
        self.heap.len()
    }
}
