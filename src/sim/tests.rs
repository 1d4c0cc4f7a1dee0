//! Tests of the order of events, of both queues against each other, and of the ends of a run.

use proptest::prelude::*;

use super::*;

fn event(tick: u64, priority: u8, to: u32, message: u32) -> Event<u32> {
    Event {
        tick: Tick(tick),
        priority: Priority(priority),
        to: ComponentId(to),
        message,
    }
}

/// What a test does to a queue.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Push so many ticks after the tick last popped.
    Push { delay: u64, priority: u8, to: u32 },
    /// Pop so many times.
    Pop(u8),
}

fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => Just(0_u64),
        4 => 1_u64..8,
        4 => 1_u64..4_096,
        2 => 4_090_u64..4_102,
        2 => 4_096_u64..40_000,
        1 => prop::sample::select(vec![1 << 20, 1 << 32, (1 << 40) + 3, 4_096 * 64, 8_192]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (delay(), 0_u8..3, 0_u32..4)
            .prop_map(|(delay, priority, to)| Step::Push { delay, priority, to }),
        2 => (1_u8..6).prop_map(Step::Pop),
    ]
}

/// Runs the steps on both queues from `start` on and compares everything that can be seen.
fn compare(start: u64, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut wheel = TimingWheel::default();
    let mut heap = HeapQueue::default();
    let first = event(start, 0, 0, u32::MAX);
    wheel.push(first);
    heap.push(first);
    let mut now = wheel.pop().map_or(0, |event| event.tick.0);
    prop_assert_eq!(heap.pop(), Some(first));
    let pop = |wheel: &mut TimingWheel<u32>, heap: &mut HeapQueue<u32>, now: &mut u64| {
        prop_assert_eq!(wheel.next_tick(), heap.next_tick());
        let popped = wheel.pop();
        prop_assert_eq!(popped, heap.pop());
        prop_assert_eq!(wheel.len(), heap.len());
        *now = popped.map_or(*now, |event| event.tick.0);
        Ok(popped.is_some())
    };
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Push {
                delay,
                priority,
                to,
            } => {
                let event = event(now.saturating_add(delay), priority, to, number as u32);
                wheel.push(event);
                heap.push(event);
                prop_assert_eq!(wheel.len(), heap.len());
            }
            Step::Pop(times) => {
                for _ in 0..times {
                    pop(&mut wheel, &mut heap, &mut now)?;
                }
            }
        }
    }
    while pop(&mut wheel, &mut heap, &mut now)? {}
    prop_assert!(wheel.is_empty() && heap.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn wheel_and_heap_give_the_same_order(
        start in prop_oneof![
            Just(0_u64), 0_u64..10_000, Just(1 << 50), Just(u64::MAX - 5_000), Just(u64::MAX - 1),
        ],
        steps in prop::collection::vec(step(), 0..300),
    ) {
        compare(start, &steps)?;
    }

    #[test]
    fn heap_gives_the_order_of_the_key(
        keys in prop::collection::vec((0_u64..6, 0_u8..3, 0_u32..3), 0..60),
    ) {
        let mut heap = HeapQueue::default();
        let mut expected = Vec::new();
        for (sequence, &(tick, priority, to)) in keys.iter().enumerate() {
            heap.push(event(tick, priority, to, sequence as u32));
            expected.push((tick, priority, to, sequence as u32));
        }
        expected.sort_unstable();
        let popped: Vec<_> = std::iter::from_fn(|| heap.pop())
            .map(|event| (event.tick.0, event.priority.0, event.to.0, event.message))
            .collect();
        prop_assert_eq!(popped, expected);
    }
}

#[test]
fn greatest_keys_keep_their_order() {
    let mut wheel = TimingWheel::default();
    wheel.push(event(5, u8::MAX, u32::MAX, 1));
    wheel.push(event(5, u8::MAX, u32::MAX, 2));
    wheel.push(event(5, u8::MAX, u32::MAX - 1, 3));
    wheel.push(event(5, u8::MAX - 1, u32::MAX, 4));
    let order: Vec<u32> = std::iter::from_fn(|| wheel.pop())
        .map(|event| event.message)
        .collect();
    assert_eq!(order, [4, 3, 1, 2]);
}

#[test]
fn nodes_are_reused() {
    let mut wheel = TimingWheel::default();
    for number in 0..1_000 {
        wheel.push(event(number % 5_000, 0, 0, 0));
    }
    let before = wheel.node_count();
    for number in 0..100_000_u64 {
        let popped = wheel.pop().unwrap();
        wheel.push(event(popped.tick.0 + number * 7 % 9_000, 0, 0, 0));
    }
    assert_eq!((before, wheel.node_count()), (1_000, 1_000));
}

/// A model made of a function, done when told so.
struct Scripted<F> {
    script: F,
    handled: Vec<(u64, u32, u32)>,
    done: bool,
}

impl<F: FnMut(u32, &mut Scheduler<u32>)> Model for Scripted<F> {
    type Message = u32;

    fn handle(&mut self, to: ComponentId, message: u32, scheduler: &mut Scheduler<u32>) {
        self.handled.push((scheduler.now().0, to.0, message));
        (self.script)(message, scheduler);
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn waiting(&self) -> Vec<Waiting> {
        vec![
            Waiting {
                component: "dma".into(),
                on: "space in the weight buffer".into(),
            },
            Waiting {
                component: "pe_array".into(),
                on: "tile 7 of the activations".into(),
            },
        ]
    }
}

fn scripted<F: FnMut(u32, &mut Scheduler<u32>)>(done: bool, script: F) -> Scripted<F> {
    Scripted {
        script,
        handled: Vec::new(),
        done,
    }
}

#[test]
fn messages_for_the_current_tick_take_their_place_in_the_order() {
    let mut model = scripted(true, |message, scheduler: &mut Scheduler<u32>| {
        if message == 0 {
            // Component 2 is past; the least remaining key still runs next.
            scheduler.send(scheduler.now(), Priority(0), ComponentId(1), 10);
            scheduler.send(scheduler.now(), Priority(1), ComponentId(0), 11);
            scheduler.send(scheduler.now(), Priority(0), ComponentId(4), 12);
            scheduler.send_after(1, Priority(0), ComponentId(0), 13);
        }
    });
    let mut scheduler = Scheduler::new();
    for (to, message) in [(2, 0), (4, 1), (3, 2)] {
        scheduler.send(Tick(9), Priority(0), ComponentId(to), message);
    }
    let statistics = run(&mut model, &mut scheduler).unwrap();
    let order: Vec<u32> = model.handled.iter().map(|each| each.2).collect();
    assert_eq!(order, [0, 10, 2, 1, 12, 11, 13]);
    assert_eq!(
        statistics,
        RunStatistics {
            events: 7,
            active_ticks: 2,
            last_tick: Tick(10)
        }
    );
}

#[test]
fn deadlock_names_who_waits_on_what() {
    let mut model = scripted(false, |_, _: &mut Scheduler<u32>| {});
    let mut scheduler = Scheduler::new();
    scheduler.send(Tick(42), Priority(0), ComponentId(0), 0);
    let error = run(&mut model, &mut scheduler).unwrap_err();
    assert_eq!(
        error.to_string(),
        "deadlock at tick 42: no event is left and the work is not done\n  \
         dma waits for space in the weight buffer\n  \
         pe_array waits for tile 7 of the activations"
    );
}

#[test]
fn nothing_to_do_is_an_end() {
    let mut model = scripted(true, |_, _: &mut Scheduler<u32>| {});
    let mut scheduler = Scheduler::new();
    assert_eq!(
        run(&mut model, &mut scheduler),
        Ok(RunStatistics::default())
    );
}

#[test]
fn endless_exchange_at_one_tick_is_a_livelock() {
    let mut model = scripted(true, |_, scheduler: &mut Scheduler<u32>| {
        scheduler.send_after(0, Priority(0), ComponentId(3), 0);
    });
    let mut scheduler = Scheduler::new();
    scheduler.send(Tick(5), Priority(0), ComponentId(3), 0);
    let limits = RunLimits {
        events_per_tick: 100,
        ..RunLimits::default()
    };
    let error = run_with_limits(&mut model, &mut scheduler, limits).unwrap_err();
    let RunError::Livelock { at, events, to, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((at, events, to), (Tick(5), 100, ComponentId(3)));
}

#[test]
fn run_goes_on_after_the_event_limit() {
    let mut model = scripted(true, |message, scheduler: &mut Scheduler<u32>| {
        if message > 0 {
            scheduler.send_after(3, Priority(0), ComponentId(0), message - 1);
        }
    });
    let mut scheduler = Scheduler::new();
    scheduler.send(Tick(0), Priority(0), ComponentId(0), 9);
    let limits = RunLimits {
        events: 4,
        ..RunLimits::default()
    };
    let error = run_with_limits(&mut model, &mut scheduler, limits).unwrap_err();
    assert!(matches!(error, RunError::EventLimit { events: 4, .. }));
    let statistics = run(&mut model, &mut scheduler).unwrap();
    assert_eq!((statistics.events, statistics.last_tick), (6, Tick(27)));
    // A limit that the run just meets is no error.
    scheduler.send_after(0, Priority(0), ComponentId(0), 3);
    assert!(run_with_limits(&mut model, &mut scheduler, limits).is_ok());
}

#[test]
fn times_that_do_not_fit_end_the_run() {
    let mut model = scripted(true, |_, scheduler: &mut Scheduler<u32>| {
        scheduler.send_after(u64::MAX - 1, Priority(0), ComponentId(6), 0);
    });
    let mut scheduler = Scheduler::new();
    scheduler.send(Tick(5), Priority(0), ComponentId(3), 0);
    assert_eq!(
        run(&mut model, &mut scheduler),
        Err(RunError::TickOverflow {
            at: Tick(5),
            to: ComponentId(6)
        })
    );
}

#[test]
fn sending_to_the_past_ends_the_run() {
    let mut model = scripted(true, |_, scheduler: &mut Scheduler<u32>| {
        scheduler.send(Tick(4), Priority(0), ComponentId(6), 0);
    });
    let mut scheduler = Scheduler::new();
    scheduler.send(Tick(5), Priority(0), ComponentId(3), 0);
    assert_eq!(
        run(&mut model, &mut scheduler),
        Err(RunError::SentToThePast {
            now: Tick(5),
            at: Tick(4),
            to: ComponentId(6)
        })
    );
}
