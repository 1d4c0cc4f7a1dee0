//! The same cases on this crate's own model of the array, register by register.

use axbxp::approx::{LayerPrecision, OperandFormat};
use axbxp::arch::{Dataflow, FillDrain, PeKind, WindowUse};
use axbxp::hw::ArrayProbe;
use axbxp::hw::stepped::{FoldOperands, FoldShape, FoldWork, MacUnit, Sequencer};
use axbxp::mapping::{ArrayTiming, EdgePort, OutputPath, TileGemm};

use super::case::{Case, Fold, Stationary};
use super::expect::Run;

/// Far more cycles than any case takes.
const LIMIT: u64 = 100_000;

/// Runs the case; `loads` stays empty.
pub fn run(case: &Case) -> Run {
    let (timing, mac) = (timing(case), mac(case));
    let mut array = Sequencer::new(timing, mac);
    let mut run = Run::default();
    let mut folds = case
        .folds
        .iter()
        .map(|fold| (fold, work(case, &timing, fold)))
        .peekable();
    let mut feeding = false;
    for now in 0..LIMIT {
        // The next fold starts when its predecessor is fed and its tile there.
        if !feeding && array.has_next() {
            array.launch_next(now);
            feeding = true;
        } else if !feeding && let Some((_, work)) = folds.next_if(|(fold, _)| fold.ready <= now) {
            array.launch(now, work);
            feeding = true;
        }
        array.begin_cycle(now);
        if array.wants_next()
            && let Some((_, work)) = folds.next_if(|(fold, _)| fold.ready <= now)
        {
            array.offer_next(work);
        }
        let (load_ready, feed_ready) = *case.ready.get(now as usize).unwrap_or(&(true, true));
        let end = array.end_cycle(now, feed_ready, load_ready);
        if array
            .fed()
            .is_some_and(|token| token.step == 0 && token.phase == 0)
        {
            run.streams.push(now);
        }
        let results = array.leaving().iter();
        run.results
            .extend(results.map(|result| (now, result.column, result.value.cast_unsigned())));
        feeding &= end.fed.is_none();
        if array.is_idle() && folds.peek().is_none() {
            run.results.sort_unstable();
            return run;
        }
    }
    panic!("the stepped array does not finish");
}

fn timing(case: &Case) -> ArrayTiming {
    // Wide enough never to hold anything up: that is what `ready` is for.
    let wide = 1 << 30;
    let port = EdgePort {
        value_bits: 8,
        port_bits: wide,
    };
    ArrayTiming {
        fill_drain: FillDrain::Overlapped,
        rows: case.array.rows as u32,
        columns: case.array.cols as u32,
        dataflow: match (case.array.stationary, case.swap) {
            (Stationary::Output, _) => Dataflow::OutputStationary,
            (Stationary::Weight, false) => Dataflow::WeightStationary,
            (Stationary::Weight, true) => Dataflow::InputStationary,
        },
        exchanged: case.swap && case.array.stationary == Stationary::Output,
        double_buffered_weights: case.double_buffered,
        macs_per_step: case.lanes() as u32,
        cycles_per_step: case.phases() as u32,
        activation: port,
        weight: port,
        output: OutputPath {
            psum_bits: 32,
            value_bits: 8,
            port_bits: wide,
            single_port: false,
            converter_values_per_cycle: wide,
        },
    }
}

fn mac(case: &Case) -> MacUnit {
    let (pe, precision) = match case.array.blocked {
        Some((block_bits, multipliers)) => (
            PeKind::AxBxp {
                block_bits: block_bits as u8,
                multipliers: multipliers as u32,
            },
            LayerPrecision {
                activations: OperandFormat::Blocks(case.activation),
                weights: OperandFormat::Blocks(case.weight),
                products: Some(case.products),
                windows: WindowUse::Dynamic,
            },
        ),
        None => {
            let [activations, weights] =
                [case.activation, case.weight].map(|format| OperandFormat::Exact {
                    bits: format.bits(),
                    signedness: format.signedness(),
                });
            let windows = WindowUse::Dynamic;
            (
                PeKind::Fxp { bits: 8 },
                LayerPrecision {
                    activations,
                    weights,
                    products: None,
                    windows,
                },
            )
        }
    };
    let mac = MacUnit::new(&pe, &precision);
    assert_eq!(
        [mac.rate().macs, mac.rate().cycles].map(|n| n as usize),
        [case.lanes(), case.phases()]
    );
    mac
}

/// The fold as one GEMM of its size.
fn work(case: &Case, timing: &ArrayTiming, fold: &Fold) -> FoldWork {
    let lanes = case.lanes();
    let shape = FoldShape {
        rows: fold.rows,
        columns: fold.cols,
        steps: fold.steps(),
        lanes,
        reduction: fold.reduction,
    };
    // What runs along rows and columns of the GEMM `[left, reduction] x [reduction, top]`.
    let (left, operands) = match case.array.stationary {
        Stationary::Output => (
            fold.rows,
            FoldOperands::output_stationary(
                shape,
                |i, k| fold.fed[k / lanes][i][k % lanes],
                |k, j| fold.other[k / lanes][j][k % lanes],
            ),
        ),
        Stationary::Weight => (
            fold.steps(),
            FoldOperands::operand_stationary(
                shape,
                |step, k| fold.fed[step][k / lanes][k % lanes],
                |k, j| fold.other[k / lanes][j][k % lanes],
            ),
        ),
    };
    let (outputs, filters) = if case.swap {
        (fold.cols, left)
    } else {
        (left, fold.cols)
    };
    let gemm = TileGemm {
        groups: 1,
        outputs: outputs as u32,
        filters: filters as u32,
        reduction: fold.reduction as u32,
        first: true,
        last: true,
    };
    assert_eq!(timing.fold_count(&gemm), 1);
    FoldWork {
        fold: timing.fold(&gemm, 0),
        operands,
    }
}
