//! Events and the parts of their order.

use super::Tick;

/// Index of a component within its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId(pub u32);

/// Rank of an event among those of the same tick: the lower runs first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub u8);

/// A message due at a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<M> {
    /// When it is due.
    pub tick: Tick,
    /// Rank among the events of the same tick.
    pub priority: Priority,
    /// The component that handles it.
    pub to: ComponentId,
    /// What the component is told.
    pub message: M,
}

/// Bits of a [`key`].
pub(super) const KEY_BITS: u32 = 40;

/// Priority and component in one integer, ordered as the pair is.
#[inline]
pub(super) const fn key(priority: Priority, to: ComponentId) -> u64 {
    ((priority.0 as u64) << 32) | to.0 as u64
}

/// The pair of which `key` was made.
#[inline]
pub(super) const fn of_key(key: u64) -> (Priority, ComponentId) {
    (Priority((key >> 32) as u8), ComponentId(key as u32))
}
