//! What the fuzz targets do with their bytes: as far as a user's input would go. `tests/inputs/fuzz_corpus.rs` of the
//! library replays the corpus through the same functions, with a stable toolchain.

use std::sync::LazyLock;

use axbxp::approx::{Approximation, ArrayLayer, resolve};
use axbxp::arch;
use axbxp::blocked::Signedness;
use axbxp::dram::replay::{Arrivals, ReplayError, RequestTrace, replay};
use axbxp::dram::{
    AddressMap, Channel, CommandEnergies, Completions, DramSpec, DramSystem, NoSink, RequestKind,
    command_energies,
};
use axbxp::energy::{EnergyModel, EnergyTable, EnergyTableFile, OperandActivity, SramTable};
use axbxp::hw::Unobserved;
use axbxp::source::{self, Diagnostics, FileKind, LoadError, SourceFile, shipped};
use axbxp::sweep::{DesignPoint, Job, JobError};
use axbxp::workload::{self, Network};

#[path = "image_files.rs"]
mod image_files;
#[path = "inference.rs"]
mod inference;
#[path = "tiles.rs"]
mod tiles;

pub use image_files::{cifar, idx, labels, model};
pub use tiles::mapping;

/// What a target does with its bytes.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Target); 17] = [
    ("activity", activity),
    ("approx", approx),
    ("arch", arch),
    ("cifar", cifar),
    ("dram_ini", dram_ini),
    ("dram_preset", dram_preset),
    ("energy_table", energy_table),
    ("idx", idx),
    ("labels", labels),
    ("mapping", mapping),
    ("model", model),
    ("onnx", onnx),
    ("request_trace", request_trace),
    ("scalesim_config", scalesim_config),
    ("sram", sram),
    ("topology", topology),
    ("workload", workload),
];

/// Most tile steps and MACs of a network that is not only planned but simulated.
const SIMULATED: (u64, u64) = (500, 1 << 20);

static TINY: LazyLock<Network> = LazyLock::new(|| workload::open("tiny").expect("shipped"));

static POINTS: LazyLock<Vec<DesignPoint>> = LazyLock::new(|| {
    let names = shipped(FileKind::Architecture);
    let open = |name: &&str| DesignPoint::open(name, None).expect("shipped");
    names.iter().map(open).collect()
});

fn point(name: &str) -> &'static DesignPoint {
    let named = |point: &&DesignPoint| point.architecture.name == name;
    POINTS.iter().find(named).expect("shipped")
}

/// The bytes as the text of a file. Those that are none are refused before any parser sees them.
fn file(name: &str, data: &[u8]) -> Option<SourceFile> {
    let text = std::str::from_utf8(data).ok()?;
    Some(SourceFile::from_text(name, text))
}

/// What a user would be shown, in both ways; it names the file and says something.
fn show(diagnostics: &Diagnostics) {
    let plain = diagnostics.render(false);
    assert!(plain.contains(diagnostics.file().name()), "{plain}");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    assert!(diagnostics.render(true).len() >= plain.len());
    assert!(diagnostics.problems().len() > 0);
    assert_eq!(
        diagnostics.positions().count(),
        diagnostics.problems().len()
    );
}

fn show_load(error: &LoadError) {
    match error {
        LoadError::Diagnostics(diagnostics) => show(diagnostics),
        LoadError::Source(_) | LoadError::Findings(_) => assert!(error.render(false).len() > 8),
    }
}

/// Plans a network, and simulates it if it is small.
fn run(point: &DesignPoint, network: &Network) {
    let planned = match Job::new(point, network).plan() {
        Ok(planned) => planned,
        Err(JobError::File(diagnostics)) => return show(&diagnostics),
        Err(error) => panic!("{error}"),
    };
    let layers = planned.layers().iter();
    let steps: u64 = layers.map(|layer| layer.mapping.plan.steps()).sum();
    if steps > SIMULATED.0 || network.total_macs() > SIMULATED.1 {
        return;
    }
    // A debug build asserts the conservation laws on the way.
    let result = planned
        .run(&mut Unobserved, &|_| {})
        .expect("runs to its end");
    let total = result.energy().total_pj();
    assert!(total.is_finite() && total >= 0.0, "{total} pJ");
}

/// An ONNX model: the network in it on a small machine, and what it computes.
pub fn onnx(data: &[u8]) {
    match workload::onnx::import("fuzz.onnx", data) {
        Ok(model) => {
            assert_eq!(model.weights.len(), model.network.layers.len());
            assert_eq!(model.ranges.len(), model.network.tensors.len());
            run(point("axbxp_k4_8x8"), &model.network);
            inference::compute(&model);
        }
        Err(findings) => {
            let plain = findings.render(false);
            assert!(plain.contains("fuzz.onnx"), "{plain}");
            assert!(!plain.contains('\u{1b}'), "{plain:?}");
            assert!(findings.iter().len() > 0);
        }
    }
}

/// An architecture: with all that it names, and the small network on it.
pub fn arch(data: &[u8]) {
    let Some(file) = file("fuzz.ron", data) else {
        return;
    };
    let architecture = match arch::load(&file) {
        Ok(architecture) => architecture,
        Err(diagnostics) => return show(&diagnostics),
    };
    // No path: a fuzzer must not read this machine's files.
    let named = [
        &architecture.dram.standard,
        &architecture.energy_table,
        &architecture.approximation,
    ];
    if named.iter().any(|name| name.contains(['/', '\\', '.'])) {
        return;
    }
    match DesignPoint::load(file, None) {
        Ok(point) => run(&point, &TINY),
        Err(error) => show_load(&error),
    }
}

/// A configuration of SCALE-Sim, and the small network on what it describes.
pub fn scalesim_config(data: &[u8]) {
    let Some(file) = file("fuzz.cfg", data) else {
        return;
    };
    match DesignPoint::load(file, None) {
        Ok(point) => run(&point, &TINY),
        Err(error) => show_load(&error),
    }
}

/// A network, on two architectures.
pub fn workload(data: &[u8]) {
    network_file("fuzz.ron", data);
}

/// A topology of SCALE-Sim, on two architectures.
pub fn topology(data: &[u8]) {
    network_file("fuzz.csv", data);
}

fn network_file(name: &str, data: &[u8]) {
    let Some(file) = file(name, data) else { return };
    match workload::load(&file) {
        Ok(network) => {
            // Each layer is planned by itself: many layers only take longer.
            if network.layers.len() <= 50 {
                run(point("fxp8_8x8"), &network);
                run(point("axbxp_k4_16x16_edge"), &network);
            }
        }
        Err(diagnostics) => show(&diagnostics),
    }
}

/// An approximation, resolved on every kind of PE, and the small network at it.
pub fn approx(data: &[u8]) {
    let Some(file) = file("fuzz.ron", data) else {
        return;
    };
    let approximation = match Approximation::load(file) {
        Ok(approximation) => approximation,
        Err(diagnostics) => return show(&diagnostics),
    };
    let layers = ["conv1", "layer1.0.conv1", "fc"].map(|name| ArrayLayer {
        name,
        activation_signedness: Signedness::Unsigned,
        weight_signedness: Signedness::Signed,
    });
    for point in POINTS.iter() {
        match resolve(&approximation, &point.architecture.array.pe, &layers) {
            Ok(precisions) => {
                assert_eq!(precisions.len(), layers.len());
                let mut point = point.clone();
                point.approximation = approximation.clone();
                run(&point, &TINY);
            }
            Err(diagnostics) => show(&diagnostics),
        }
    }
}

/// A DRAM standard of ours.
pub fn dram_preset(data: &[u8]) {
    memory_file("fuzz.ron", data);
}

/// A configuration of DRAMsim3.
pub fn dram_ini(data: &[u8]) {
    memory_file("fuzz.ini", data);
}

/// A request trace: in its own time and one request every other cycle, on two memories.
pub fn request_trace(data: &[u8]) {
    for (name, channels) in [("fxp8_8x8", 1), ("axbxp_k4_128x128_server", 8)] {
        for arrivals in [Arrivals::AsTraced, Arrivals::Every(2)] {
            let spec = &point(name).dram;
            let mut trace = RequestTrace::new("fuzz.trace", data);
            match replay(spec, channels, &mut trace, arrivals, |_| NoSink) {
                Ok((result, _)) => assert_eq!(result.channels.len(), channels as usize),
                Err(ReplayError::Trace(error)) => show_load(&error),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A memory: 300 requests to channels as many as it allows, each done once.
fn memory_file(name: &str, data: &[u8]) {
    let Some(file) = file(name, data) else { return };
    let spec = match DramSystem::from_source(&file) {
        Ok(system) => system.spec,
        Err(diagnostics) => return show(&diagnostics),
    };
    for channels in [1, 2, 64] {
        match AddressMap::new(&spec, channels) {
            Ok(map) => play(&spec, &map),
            Err(error) => assert!(error.to_string().len() > 8),
        }
    }
    let energies = command_energies(&spec);
    let prices = [
        energies.activate_precharge_pj,
        energies.read_pj,
        energies.write_pj,
        energies.refresh_pj,
    ];
    assert!(prices.iter().all(|pj| pj.is_finite()), "{prices:?}");
}

/// Which requests are done.
struct Done([bool; 300]);

impl Completions for Done {
    fn read_done(&mut self, tag: u32, _: u64) {
        assert!(
            !std::mem::replace(&mut self.0[tag as usize], true),
            "done twice"
        );
    }

    fn write_done(&mut self, tag: u32, data_end: u64) {
        self.read_done(tag, data_end);
    }
}

fn play(spec: &DramSpec, map: &AddressMap) {
    let mut channel = Channel::new(spec, 0);
    let mut done = Done([false; 300]);
    let mut now = 0;
    let mut address: u64 = 0;
    for tag in 0..300 {
        // A stream, a stride of rows, and jumps, of which only those to channel 0 count.
        let step = [1, 1, spec.bursts_per_row().into(), 0x9e37_79b9][tag as usize % 4];
        address = address.wrapping_add(step * u64::from(spec.burst_bytes()));
        let location = axbxp::dram::Location {
            channel: 0,
            ..map.decode(address % map.capacity_bytes())
        };
        let kind = if tag % 3 == 2 {
            RequestKind::Write
        } else {
            RequestKind::Read
        };
        while !channel.can_accept(kind) {
            now = channel
                .advance(now, &mut done)
                .expect("a full queue has work");
        }
        channel.enqueue(now, tag, kind, location);
        channel.advance(now, &mut done);
        now += 1 + u64::from(tag % 5);
    }
    channel.flush(now);
    while let Some(next) = channel.advance(now, &mut done) {
        assert!(next > now, "no progress");
        now = next;
    }
    assert!(
        channel.is_idle() && done.0.iter().all(|&done| done),
        "requests left"
    );
    channel.finish(now + 1);
}

/// Any prices of the DRAM: they are not what is looked at.
const PRICES: CommandEnergies = CommandEnergies {
    activate_precharge_pj: 1000.0,
    read_pj: 1000.0,
    write_pj: 1000.0,
    refresh_pj: 100_000.0,
    active_standby_pj_per_cycle: 100.0,
    precharge_standby_pj_per_cycle: 100.0,
    read_io_pj: 1000.0,
    write_io_pj: 1000.0,
};

/// An energy table, and every shipped architecture priced by it.
pub fn energy_table(data: &[u8]) {
    let Some(file) = file("fuzz.ron", data) else {
        return;
    };
    // No path: a fuzzer must not read this machine's files.
    let names_a_path = |table: EnergyTableFile| table.sram.contains(['/', '\\', '.']);
    if source::parse(&file).is_ok_and(names_a_path) {
        return;
    }
    match EnergyTable::load(&file) {
        Ok(table) => price_all(&table),
        Err(diagnostics) => show(&diagnostics),
    }
}

/// An SRAM table, and every shipped architecture with buffers of it.
pub fn sram(data: &[u8]) {
    let Some(file) = file("fuzz.ron", data) else {
        return;
    };
    match SramTable::load(&file) {
        Ok(sram) => price_all(&NG45.clone().with_sram(sram)),
        Err(diagnostics) => show(&diagnostics),
    }
}

static NG45: LazyLock<EnergyTable> = LazyLock::new(|| EnergyTable::open("ng45").expect("shipped"));

fn price_all(table: &EnergyTable) {
    for point in POINTS.iter() {
        match EnergyModel::new(table.clone(), &point.architecture, PRICES) {
            Ok(energy) => {
                let mut point = point.clone();
                point.energy = energy;
                run(&point, &TINY);
            }
            Err(error) => assert!(error.to_string().len() > 8),
        }
    }
}

/// Operand statistics, for the small network on every shipped architecture.
pub fn activity(data: &[u8]) {
    let Some(file) = file("fuzz.ron", data) else {
        return;
    };
    let activity = match OperandActivity::load(file) {
        Ok(activity) => activity,
        Err(diagnostics) => return show(&diagnostics),
    };
    for point in POINTS.iter() {
        let mut point = point.clone();
        point.operands = Some(activity.clone());
        run(&point, &TINY);
    }
}
