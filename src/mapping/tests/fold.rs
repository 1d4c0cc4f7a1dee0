//! Folds one by one: closed forms of single ones, causes, ports.

use super::super::fold::*;
use super::super::placement::*;
use super::cases::wide_timing as timing;
use crate::arch::Dataflow;
use crate::arch::Operand;

fn gemm(outputs: u32, filters: u32, reduction: u32) -> TileGemm {
    TileGemm {
        groups: 1,
        outputs,
        filters,
        reduction,
        first: true,
        last: true,
    }
}

fn place_alone(array: &ArrayTiming, fold: &Fold) -> Placement {
    let before = Predecessor::default();
    array.place(&before, 0, fold, &array.undisturbed(&before, 0, fold))
}

/// A full causal fold takes 2R + C + T - 2 cycles in every dataflow (SCALE-Sim's closed form for
/// ws and is; for os with the drain that it leaves out).
#[test]
fn full_fold_alone_has_the_causal_closed_form() {
    let cases = [
        (Dataflow::OutputStationary, gemm(16, 8, 100), 100),
        (Dataflow::WeightStationary, gemm(100, 8, 16), 100),
        (Dataflow::InputStationary, gemm(8, 100, 16), 100),
    ];
    for (dataflow, tile, stream) in cases {
        let array = timing(dataflow, 16, 8);
        assert_eq!(array.fold_count(&tile), 1);
        let fold = array.fold(&tile, 0);
        let placed = place_alone(&array, &fold);
        assert_eq!(
            placed.fed_end + fold.tail_cycles,
            2 * 16 + 8 + stream - 2,
            "{dataflow:?}"
        );
    }
}

#[test]
fn folds_cover_every_mac_once() {
    for dataflow in [
        Dataflow::OutputStationary,
        Dataflow::WeightStationary,
        Dataflow::InputStationary,
    ] {
        for macs_per_step in [1, 3, 4] {
            for exchanged in [false, true] {
                let array = ArrayTiming {
                    macs_per_step,
                    exchanged,
                    ..timing(dataflow, 8, 4)
                };
                let tile = TileGemm {
                    groups: 3,
                    ..gemm(37, 13, 59)
                };
                let macs: u64 = (0..array.fold_count(&tile))
                    .map(|i| array.fold(&tile, i).macs)
                    .sum();
                assert_eq!(macs, tile.macs());
            }
        }
    }
}

#[test]
fn causes_sum_to_the_time_from_begin_to_end() {
    for dataflow in [
        Dataflow::OutputStationary,
        Dataflow::WeightStationary,
        Dataflow::InputStationary,
    ] {
        for port_bits in [16, 64, 65_536] {
            for double_buffered_weights in [false, true] {
                let mut array = timing(dataflow, 8, 4);
                array.activation.port_bits = port_bits;
                array.output.port_bits = port_bits;
                array.double_buffered_weights = double_buffered_weights;
                let tile = gemm(37, 13, 59);
                let mut before = Predecessor::default();
                for index in 0..array.fold_count(&tile) {
                    let fold = array.fold(&tile, index);
                    let ready = if index == 3 { 10_000 } else { 0 };
                    let begin = before.fed_end.max(ready);
                    let mut disturbed = array.undisturbed(&before, ready, &fold);
                    disturbed.take(&fold, Operand::Activation, begin, index);
                    disturbed.take(&fold, Operand::Output, begin, 2 * index);
                    let placed = array.place(&before, ready, &fold, &disturbed);
                    let causes = placed.load_cycles
                        + placed.compute_cycles
                        + placed.narrow_port_cycles
                        + placed.bank_conflict_cycles
                        + placed.drain_cycles;
                    assert_eq!(begin + causes, placed.fed_end);
                    before = array.succeed(&placed, &fold);
                }
            }
        }
    }
}

/// Four MACs a step with 6-bit weights need three times the bits of one 8-bit MAC.
#[test]
fn narrow_port_slows_the_stream_by_the_ratio_of_bits() {
    let mut array = timing(Dataflow::OutputStationary, 32, 32);
    array.macs_per_step = 4;
    array.weight = EdgePort {
        value_bits: 6,
        port_bits: 256,
    };
    let fold = array.fold(&gemm(32, 32, 1024), 0);
    assert_eq!(fold.compute_cycles, 256);
    assert_eq!(fold.weight.words(), 768);
    let placed = place_alone(&array, &fold);
    assert_eq!(placed.fed_end, 768);
    assert_eq!(placed.narrow_port_cycles, 512);
}

#[test]
fn steady_cycles_of_output_stationary_is_the_sum_of_periods() {
    let array = timing(Dataflow::OutputStationary, 32, 32);
    // Reduction 9 on a full column block: the output chain (32 cycles) is the limit.
    assert_eq!(array.tile_work(&gemm(64, 32, 9)).cycles, 64);
    assert_eq!(array.tile_work(&gemm(64, 32, 500)).cycles, 1000);
}
