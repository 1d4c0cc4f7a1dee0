//! Events per second of the discrete-event kernel: the timing wheel beside the reference heap.
//!
//! The hold model: a fixed number of events in flight, each of which sends one more when it is
//! handled. Components are dispatched by `match` on an enum of concrete types, as those of the
//! simulator are; messages have 24 bytes.

use std::hint::black_box;

use axbxp::sim::{
    ComponentId, EventQueue, HeapQueue, Model, Priority, Scheduler, TimingWheel, Waiting, run,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const COMPONENTS: u32 = 64;
const IN_FLIGHT: u32 = 1_024;
const EVENTS: u64 = 1_000_000;

/// Distributions of the time from one event to the event it causes.
#[derive(Clone, Copy)]
enum Delays {
    /// 1 to 1,024 ticks.
    Near,
    /// As `Near`; one in 64 beyond the wheel, up to 65,536 ticks.
    SomeFar,
    /// 1, 3 or 5 clock cycles of 24 ticks: many events share a tick.
    Clocked,
}

#[derive(Clone, Copy)]
enum Message {
    Request { address: u64, bytes: u64 },
    Response { address: u64, bytes: u64 },
    Wake,
}

/// A cheap pseudo-random sequence: the SplitMix generator with one round of mixing.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }
}

struct Source {
    sent: u64,
}

struct Memory {
    bytes: u64,
}

struct Timer {
    wakes: u64,
}

enum Component {
    Source(Source),
    Memory(Memory),
    Timer(Timer),
}

impl Component {
    fn handle(&mut self, message: Message) -> Message {
        match (self, message) {
            (Component::Source(source), Message::Response { address, bytes }) => {
                source.sent += 1;
                Message::Request {
                    address: address + bytes,
                    bytes,
                }
            }
            (Component::Memory(memory), Message::Request { address, bytes }) => {
                memory.bytes += bytes;
                Message::Response { address, bytes }
            }
            (Component::Timer(timer), _) => {
                timer.wakes += 1;
                Message::Wake
            }
            (_, Message::Wake) => Message::Request {
                address: 0,
                bytes: 64,
            },
            (_, message) => message,
        }
    }
}

struct Machine {
    components: Vec<Component>,
    random: SplitMix,
    delays: Delays,
    left: u64,
}

impl Machine {
    fn new(delays: Delays) -> Self {
        let component = |index| match index % 3 {
            0 => Component::Source(Source { sent: 0 }),
            1 => Component::Memory(Memory { bytes: 0 }),
            _ => Component::Timer(Timer { wakes: 0 }),
        };
        Machine {
            components: (0..COMPONENTS).map(component).collect(),
            random: SplitMix(1),
            delays,
            left: EVENTS,
        }
    }

    fn start<Q: EventQueue<Message>>(&mut self, scheduler: &mut Scheduler<Message, Q>) {
        for _ in 0..IN_FLIGHT {
            self.send(Message::Wake, scheduler);
        }
    }

    fn send<Q: EventQueue<Message>>(
        &mut self,
        message: Message,
        scheduler: &mut Scheduler<Message, Q>,
    ) {
        let random = self.random.next();
        let near = 1 + (random >> 54);
        let delay = match self.delays {
            Delays::Near => near,
            Delays::SomeFar if random & 0xfc0 == 0 => 4_096 + (random >> 48),
            Delays::SomeFar => near,
            Delays::Clocked => {
                let edge = scheduler.now().0 / 24 * 24;
                edge + 24 * [1, 3, 5, 5][(random >> 62) as usize] - scheduler.now().0
            }
        };
        let to = ComponentId(random as u32 % COMPONENTS);
        let priority = Priority((random >> 8) as u8 & 3);
        scheduler.send_after(delay, priority, to, message);
    }

    fn step<Q: EventQueue<Message>>(
        &mut self,
        to: ComponentId,
        message: Message,
        scheduler: &mut Scheduler<Message, Q>,
    ) {
        let outcome = self.components[to.0 as usize].handle(message);
        if self.left > 0 {
            self.left -= 1;
            self.send(outcome, scheduler);
        }
    }

    fn work(&self) -> u64 {
        let each = |component: &Component| match component {
            Component::Source(source) => source.sent,
            Component::Memory(memory) => memory.bytes,
            Component::Timer(timer) => timer.wakes,
        };
        self.components.iter().map(each).sum()
    }
}

impl Model for Machine {
    type Message = Message;

    fn handle(&mut self, to: ComponentId, message: Message, scheduler: &mut Scheduler<Message>) {
        self.step(to, message, scheduler);
    }

    fn is_done(&self) -> bool {
        self.left == 0
    }

    fn waiting(&self) -> Vec<Waiting> {
        Vec::new()
    }
}

/// The loop of [`run`] without its limits, for any queue.
fn drive<Q: EventQueue<Message>>(
    mut machine: Machine,
    mut scheduler: Scheduler<Message, Q>,
) -> u64 {
    while let Some(event) = scheduler.next_event() {
        machine.step(event.to, event.message, &mut scheduler);
    }
    machine.work()
}

fn prepared<Q: EventQueue<Message>>(delays: Delays) -> (Machine, Scheduler<Message, Q>) {
    let mut machine = Machine::new(delays);
    let mut scheduler = Scheduler::default();
    machine.start(&mut scheduler);
    (machine, scheduler)
}

fn kernel(criterion: &mut Criterion) {
    assert_eq!(size_of::<Message>(), 24);
    let cases = [
        ("near", Delays::Near),
        ("some_far", Delays::SomeFar),
        ("clocked", Delays::Clocked),
    ];
    for (name, delays) in cases {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(EVENTS + u64::from(IN_FLIGHT)));
        group.sample_size(20);
        group.bench_function("wheel_run", |bencher| {
            bencher.iter_batched(
                || prepared::<TimingWheel<Message>>(delays),
                |(mut machine, mut scheduler)| {
                    let statistics = run(&mut machine, &mut scheduler);
                    assert!(statistics.is_ok());
                    machine.work()
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("wheel", |bencher| {
            bencher.iter_batched(
                || prepared::<TimingWheel<Message>>(delays),
                |(machine, scheduler)| black_box(drive(machine, scheduler)),
                BatchSize::PerIteration,
            );
        });
        group.bench_function("heap", |bencher| {
            bencher.iter_batched(
                || prepared::<HeapQueue<Message>>(delays),
                |(machine, scheduler)| black_box(drive(machine, scheduler)),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, kernel);
criterion_main!(benches);
