//! Independent work on several threads, results in the order of the work.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam::channel;

/// How far some work is, for a progress bar. The unit is the work's own: layers, passes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// Done when the work is over.
    pub total: u64,
}

/// Told how far some work is, from any of its threads.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);

/// Adds up what the threads of some work have done, and tells of it.
pub(crate) struct Tally<'a> {
    done: AtomicU64,
    total: u64,
    progress: OnProgress<'a>,
}

impl<'a> Tally<'a> {
    /// Nothing of `total` is done. `progress` is told so, then of every addition.
    pub(crate) fn new(total: u64, progress: OnProgress<'a>) -> Self {
        progress(Progress { done: 0, total });
        Tally {
            done: AtomicU64::new(0),
            total,
            progress,
        }
    }

    /// `count` more are done.
    pub(crate) fn add(&self, count: u64) {
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        (self.progress)(Progress {
            done,
            total: self.total,
        });
    }
}

impl std::fmt::Debug for Tally<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tally")
            .field("done", &self.done)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// `asked`, or the machine's cores for 0.
pub fn threads_or_cores(asked: usize) -> usize {
    if asked > 0 {
        return asked;
    }
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// `work` of every item, computed on up to `threads` threads, in the order of the items.
///
/// # Panics
/// When `work` panics.
pub fn map_parallel<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel::unbounded();
    let outcome = crossbeam::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move |_| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    // The receiver lives until all threads are done.
                    let _ = sender.send((index, work(index, item)));
                }
            });
        }
    });
    drop(sender);
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    let mut results: Vec<(usize, R)> = receiver.iter().collect();
    results.sort_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// `work` of every item, each of which it may change, with a state per thread, in the order of the items.
///
/// # Panics
/// When `work` panics.
pub(crate) fn map_parallel_mut<T: Send, S: Default, R: Send>(
    items: &mut [T],
    threads: usize,
    work: impl Fn(&mut S, &mut T) -> R + Sync,
) -> Vec<R> {
    let share = items.len().div_ceil(threads.max(1)).max(1);
    let outcome = crossbeam::scope(|scope| {
        let threads: Vec<_> = items
            .chunks_mut(share)
            .map(|items| {
                let work = &work;
                scope.spawn(move |_| {
                    let mut state = S::default();
                    let results = items.iter_mut().map(|item| work(&mut state, item));
                    results.collect::<Vec<R>>()
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.collect::<Result<Vec<_>, _>>()
    });
    match outcome {
        Ok(Ok(results)) => results.into_iter().flatten().collect(),
        Ok(Err(panic)) | Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_depend_on_threads() {
        let items: Vec<u64> = (0..100).collect();
        let expected: Vec<u64> = items.iter().map(|x| x * x).collect();
        for threads in [0, 1, 2, 8, 200] {
            assert_eq!(map_parallel(&items, threads, |_, x| x * x), expected);
        }
        assert!(map_parallel(&Vec::<u64>::new(), 4, |_, x| *x).is_empty());
    }

    #[test]
    fn items_are_changed_in_order() {
        for threads in [0, 1, 2, 3, 200] {
            let mut items: Vec<u64> = (0..100).collect();
            let before = map_parallel_mut(&mut items, threads, |calls: &mut u64, x| {
                *calls += 1;
                std::mem::replace(x, *x + 1)
            });
            assert!(before.iter().copied().eq(0..100) && items.iter().copied().eq(1..101));
        }
    }
}
