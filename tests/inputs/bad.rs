//! Bad input through the real program: exit code 2, a message that names the place, nothing on standard
//! output, nothing left behind. Inputs and one golden file per diagnostic lie by subject in `tests/bad/SUBJECT`, the golden
//! as `NAME.stderr`; after a change of wording `SNAPSHOTS=overwrite cargo test --test inputs bad` writes them anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use snapbox::Data;

use crate::support::{self, axbxp};

/// One program at a time: another's temporary file would look like something left behind.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs the program in the subject's folder and compares what it says with `NAME.stderr`.
fn refuse(subject: &str, name: &str, arguments: &[&str]) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = support::path("tests/bad").join(subject);
    let before = listing(&folder);
    let golden = Data::read_from(&folder.join(format!("{name}.stderr")), None);
    axbxp(arguments)
        .current_dir(&folder)
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(golden);
    if std::env::var_os("SNAPSHOTS").is_none() {
        assert_eq!(before, listing(&folder), "{name} left something behind");
    }
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

/// Tests of diagnostics, a module for each subject.
macro_rules! refused {
    ($($subject:ident { $($name:ident: $($argument:literal)+;)+ })+) => {
        $(mod $subject {
            $(#[test] fn $name() {
                super::refuse(stringify!($subject), stringify!($name), &[$($argument),+]);
            })+
        })+

        /// Every golden file, as `SUBJECT/NAME.stderr`.
        const GOLDENS: &[&str] = &[
            $($(concat!(stringify!($subject), "/", stringify!($name), ".stderr"),)+)+
        ];
    };
}

/// No golden outlives its test.
#[test]
fn every_golden_has_a_test() {
    let root = support::path("tests/bad");
    let mut found = BTreeSet::new();
    for subject in listing(&root) {
        for file in listing(&subject) {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
            if name.ends_with(".stderr") {
                found.insert(name.to_owned());
            }
        }
    }
    let goldens: BTreeSet<String> = GOLDENS.iter().map(ToString::to_string).collect();
    assert_eq!(found, goldens);
}

refused! {
    accuracy {
        unknown_model: "accuracy" "--model" "fashion_cn";
        model_without_images: "accuracy" "--model" "net.onnx";
        model_is_a_workload: "accuracy" "--model" "tiny";
        unknown_range: "accuracy" "--range" "percentile:101";
        unknown_set: "accuracy" "--images" "test";
        no_images: "accuracy" "--limit" "0";
        unknown_correction: "accuracy" "--correct" "retrain";
        view_of_accuracy_csv: "accuracy" "--view" "layers" "--format" "csv";
        accuracy_in_no_folder: "accuracy" "--out" "nowhere/accuracy.json";
        activity_in_no_folder: "accuracy" "--activity-out" "nowhere/switching.ron";
        activity_into_a_folder: "accuracy" "--activity-out" "../accuracy";
        activity_is_output: "accuracy" "--out" "s.ron" "--activity-out" "./s.ron";
        activity_of_two: "accuracy" "--approx" "k4_l2,k4_l1" "--correct" "none,scale" "--activity-out" "s.ron";
        activity_of_bit_serial: "accuracy" "--arch" "bit_serial_32x32" "--activity-out" "s.ron";
    }
    approx {
        other_k: "run" "--workload" "tiny" "--approx" "other_k.ron";
        keep_too_many: "run" "--workload" "tiny" "--approx" "keep_too_many.ron";
        too_many_products: "run" "--workload" "tiny" "--approx" "too_many_products.ron";
        no_such_layer: "run" "--workload" "tiny" "--approx" "no_such_layer.ron";
        bits_on_blocks: "run" "--workload" "tiny" "--approx" "bits_on_blocks.ron";
        unknown_approximation: "run" "--approx" "k4_12";
        second_root: "check" "second_root.ron";
        wrong_kind_said: "check" "--as" "dram" "other_k.ron";
        unknown_approximation_of_point: "compare" "axbxp_k4_8x8:k4_l3" "-w" "tiny";
        other_k_of_point: "compare" "axbxp_k4_8x8:k2_l4" "-w" "tiny" "--quiet";
        bits_on_fxp: "compare" "fxp8_8x8:bits4" "-w" "tiny" "--quiet";
        accuracy_of_other_k: "accuracy" "--approx" "k4_l2,k2_l4" "--quiet";
        accuracy_of_unknown_layer: "accuracy" "--approx" "no_such_layer.ron" "--quiet";
    }
    arch {
        unknown_field: "check" "unknown_field.ron";
        wrong_type: "check" "wrong_type.ron";
        missing_field: "check" "missing_field.ron";
        unknown_variant: "check" "unknown_variant.ron";
        zero_rows: "check" "zero_rows.ron";
        absurd_rows: "check" "absurd_rows.ron";
        many_problems: "check" "many_problems.ron";
        empty: "check" "empty.ron";
        not_utf8: "check" "not_utf8.ron";
        truncated: "check" "truncated.ron";
        nested: "check" "nested.ron";
        missing_file: "check" "unknown_fild.ron";
        a_folder: "check" "../arch";
        exposed_preload: "check" "exposed_preload.ron";
        unknown_architecture: "compare" "axbxp_k4_32x23";
        absurd_clock: "check" "absurd_clock.ron";
        unknown_dram: "check" "unknown_dram.ron";
        too_many_channels: "check" "too_many_channels.ron";
        small_buffer: "check" "small_buffer.ron";
        two_bad_files: "check" "zero_rows.ron" "empty.ron";
        zero_bursts: "check" "zero_bursts.ron";
        too_many_bursts: "check" "too_many_bursts.ron";
        bare_bursts: "check" "bare_bursts.ron";
    }
    compare {
        unknown_baseline: "run" "-a" "axbxp_k4_8x8" "--baseline" "fxp8_8x9" "-w" "tiny";
        unknown_sizing: "compare" "--iso" "pes,size";
        unknown_parallel_macs: "compare" "--parallel-macs" "exact-cycle";
        no_array_as_small: "compare" "one_pe.ron" "axbxp_k2_32x32" "-w" "tiny" "--iso" "area" "--quiet";
        headline_output_is_a_folder: "headline" "-w" "tiny" "--out" "../compare";
    }
    dram {
        bad_mapping: "check" "bad_mapping.ron";
        no_timing_section: "check" "no_timing_section.ini";
        unknown_protocol: "check" "unknown_protocol.ini";
        no_trcd: "check" "no_trcd.ini";
        misspelt_key: "dram" "--config" "misspelt_key.ini" "--trace" "bad_address.trace";
        per_rank_queue: "check" "per_rank_queue.ini";
        per_bank_refresh: "check" "per_bank_refresh.ini";
        empty_value: "check" "empty_value.ini";
        wrong_timing: "check" "wrong_timing.ini";
        not_ini: "check" "--as" "dram" "not_ini.ini";
        bad_operation: "dram" "--config" "ddr4_2400" "--trace" "bad_operation.trace";
        missing_cycle: "dram" "--config" "ddr4_2400" "--trace" "missing_cycle.trace" "--gap" "2";
        bad_address: "dram" "--config" "ddr4_2400" "--trace" "bad_address.trace";
        bad_cycle: "dram" "--config" "ddr4_2400" "--trace" "bad_cycle.trace";
        fourth_column: "dram" "--config" "ddr4_2400" "--trace" "fourth_column.trace";
        beyond_memory: "dram" "--config" "ddr4_2400" "--trace" "beyond_memory.trace";
        late_cycle: "dram" "--config" "ddr4_2400" "--trace" "late_cycle.trace";
        late_gap: "dram" "--config" "ddr4_2400" "--trace" "beyond_memory.trace" "--gap" "9000000000000";
        long_line: "dram" "--config" "ddr4_2400" "--trace" "long_line.trace";
        missing_trace: "dram" "--config" "ddr4_2400" "--trace" "none.trace";
        trace_of_a_folder: "dram" "--config" "ddr4_2400" "--trace" "../dram";
        unknown_standard: "dram" "--config" "ddr4_2401" "--trace" "bad_address.trace";
        unknown_ini: "dram" "--config" "ddr4_2400.ini" "--trace" "bad_address.trace";
        odd_channels: "dram" "--config" "ddr4_2400" "--trace" "bad_address.trace" "--channels" "3";
        too_many_channels_of_a_standard: "dram" "--config" "hbm2" "--trace" "bad_address.trace" "--channels" "64";
        commands_are_output: "dram" "--config" "hbm2" "--trace" "bad_address.trace" "--out" "c" "--commands" "./c";
        commands_are_a_folder: "dram" "--config" "hbm2" "--trace" "bad_address.trace" "--commands" "../dram";
        negative_gap: "dram" "--config" "hbm2" "--trace" "bad_address.trace" "--gap" "-1";
        no_trace: "dram" "--config" "hbm2";
    }
    energy {
        no_source: "check" "no_source.ron";
        activity_out_of_range: "check" "activity_out_of_range.ron";
        activity_unknown_layer: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--activity" "activity_unknown_layer.ron" "--quiet";
        activity_unknown: "run" "-w" "tiny" "--activity" "unifrom";
        activity_misnamed: "check" "--as" "activity" "no_source.ron";
        absurd_energy: "check" "absurd_energy.ron";
        unknown_unit: "check" "unknown_unit.ron";
        no_sram: "check" "no_sram.ron";
        bad_sram: "check" "bad_sram.ron";
        ragged_grid: "check" "ragged_grid.ron";
        optimistic_fit: "check" "optimistic_fit.ron";
        no_area: "run" "-a" "no_area.ron" "-w" "tiny" "--quiet";
        energy_table_misspelt: "energy-table" "ng54";
        energy_table_of_an_architecture: "energy-table" "no_area.ron";
        energy_table_in_no_folder: "energy-table" "--out" "nowhere/table.csv";
        no_price: "run" "-a" "no_price.ron" "-w" "tiny" "--quiet";
        unknown_prices: "headline" "--energy" "ng46";
        unknown_prices_file: "run" "-w" "tiny" "--energy" "asap77.ron";
        no_price_in_a_chosen_table: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--energy" "gap_table.ron" "--quiet";
        no_area_in_a_chosen_table: "compare" "fxp8_8x8" "-w" "tiny" "--iso" "area" "--energy" "no_pe_area.ron" "--quiet";
    }
    kind {
        missing_fields: "check" "missing_fields.ron";
        unnamed_values: "check" "unnamed_values.ron";
        energy_as_architecture: "compare" "../energy/no_source.ron";
        architecture_as_workload: "run" "-w" "../compare/one_pe.ron";
        architecture_as_approximation: "run" "-x" "../compare/one_pe.ron";
        topology_as_architecture: "run" "-a" "../scalesim/wide_layer.csv";
        dram_ini_as_architecture: "run" "-a" "../dram/no_trcd.ini";
        layers_in_a_comment: "run" "-w" "layers_in_a_comment.ron";
    }
    mapping {
        tile_does_not_fit: "run" "-a" "fxp8_8x8" "-w" "wide_concat.ron" "--quiet";
        memory_exceeded: "run" "--workload" "vgg16" "--batch" "1000" "--quiet";
        too_many_tiles: "run" "-a" "too_many_tiles.ron" "-b" "none" "-w" "vast.ron" "--quiet";
        bad_values: "check" "bad_values.ron";
        no_such_layer: "map" "-w" "tiny" "-a" "fxp8_8x8" "--mapping" "no_such_layer.ron";
        too_large: "run" "-w" "resnet18" "--mapping" "too_large.ron" "--quiet";
        part_of_images: "map" "-w" "resnet18" "--batch" "4" "--mapping" "part_of_images.ron";
        order_of_a_pool: "map" "-w" "resnet18" "--mapping" "order_of_a_pool.ron";
        old_rule: "check" "old_rule.ron";
    }
    model {
        model_overlap: "check" "model_overlap.ron";
        model_other_source: "check" "model_other_source.ron";
        model_bad_values: "check" "model_bad_values.ron";
        model_beyond_floats: "check" "model_beyond_floats.ron";
        model_unknown_source: "check" "model_unknown_source.ron";
        model_missing: "check" "model_missing.ron";
        model_other_hash: "check" "model_other_hash.ron";
        model_other_classes: "check" "model_other_classes.ron";
        model_too_few: "check" "model_too_few.ron";
        model_other_size: "check" "model_other_size.ron";
        model_no_onnx: "check" "model_no_onnx.ron";
        model_in_no_root: "check" "model_too_few.ron" "--root" "nowhere";
        idx_label: "check" "idx_label.ron";
        idx_other_count: "check" "idx_other_count.ron";
        idx_no_labels: "check" "idx_no_labels.ron";
        idx_is_text: "check" "idx_is_text.ron";
        idx_cut: "check" "idx_cut.ron";
        idx_gzip: "check" "idx_gzip.ron";
        idx_dimensions: "check" "idx_dimensions.ron";
        cifar_cut: "check" "cifar_cut.ron";
        picture_cut: "check" "picture_cut.ron";
        picture_text: "check" "picture_text.ron";
        picture_vast: "check" "picture_vast.ron";
        picture_bomb: "check" "picture_bomb.ron";
        picture_size: "check" "picture_size.ron";
        picture_gone: "check" "picture_gone.ron";
        picture_class: "check" "picture_class.ron";
        picture_rows: "check" "picture_rows.ron";
        picture_column: "check" "picture_column.ron";
        picture_none: "check" "picture_none.ron";
        picture_no_csv: "check" "picture_no_csv.ron";
        picture_no_folder: "check" "picture_no_folder.ron";
    }
    multiply {
        value_out_of_range: "multiply" "300" "1";
        weight_out_of_range: "multiply" "3" "-128";
        negative_unsigned: "multiply" "-3" "1" "--unsigned";
        no_block_kept: "multiply" "3" "1" "--keep-activation" "0";
        no_product: "multiply" "3" "1" "-l" "0";
        window_too_high: "multiply" "3" "1" "--keep-weight" "1" "--window-static" "2";
        window_no_number: "multiply" "3" "1" "--keep-weight" "1" "--window-static" "high";
        window_of_all_blocks: "multiply" "3" "1" "--window-static" "1";
        too_many_blocks: "multiply" "3" "1" "--keep-weight" "3";
        too_many_products_of_a_product: "multiply" "3" "1" "--products" "9";
    }
    // Models written by tests/onnx/broken.py.
    onnx {
        search_of_onnx: "search" "--model" "onnx_clip.onnx";
        onnx_batch_norm: "check" "onnx_batch_norm.onnx";
        onnx_channels: "check" "onnx_channels.onnx";
        onnx_clip: "check" "onnx_clip.onnx";
        onnx_cycle: "check" "onnx_cycle.onnx";
        onnx_empty: "check" "onnx_empty.onnx";
        onnx_external: "check" "onnx_external.onnx";
        onnx_few_weights: "check" "onnx_few_weights.onnx";
        onnx_float16: "check" "onnx_float16.onnx";
        onnx_float16_input: "check" "onnx_float16_input.onnx";
        onnx_gemm: "check" "onnx_gemm.onnx";
        onnx_given_twice: "check" "onnx_given_twice.onnx";
        onnx_huge_image: "check" "onnx_huge_image.onnx";
        onnx_huge_tensor: "check" "onnx_huge_tensor.onnx";
        onnx_large_kernel: "check" "onnx_large_kernel.onnx";
        onnx_matmul: "check" "onnx_matmul.onnx";
        onnx_missing_value: "check" "onnx_missing_value.onnx";
        onnx_nan_weights: "check" "onnx_nan_weights.onnx";
        onnx_no_graph: "check" "onnx_no_graph.onnx";
        onnx_no_output: "check" "onnx_no_output.onnx";
        onnx_open_size: "check" "onnx_open_size.onnx";
        onnx_opset: "check" "onnx_opset.onnx";
        onnx_pad_value: "check" "onnx_pad_value.onnx";
        onnx_reshape: "check" "onnx_reshape.onnx";
        onnx_several: "check" "onnx_several.onnx";
        onnx_slice_back: "check" "onnx_slice_back.onnx";
        onnx_softmax_inside: "check" "onnx_softmax_inside.onnx";
        onnx_text: "check" "onnx_text.onnx";
        onnx_transpose: "check" "onnx_transpose.onnx";
        onnx_truncated: "check" "onnx_truncated.onnx";
        onnx_two_inputs: "check" "onnx_two_inputs.onnx";
        onnx_two_scales: "check" "onnx_two_scales.onnx";
        onnx_unsupported: "check" "onnx_unsupported.onnx";
        onnx_wrong_bias: "check" "onnx_wrong_bias.onnx";
        onnx_missing_file: "check" "resnet.onnx";
        onnx_run_missing_file: "run" "-w" "resnet5.onnx";
        onnx_swish: "check" "onnx_swish.onnx";
        onnx_run_unsupported: "run" "-w" "onnx_unsupported.onnx";
        onnx_as_architecture: "run" "-a" "onnx_clip.onnx";
        onnx_said_to_be_dram: "check" "--as" "dram" "onnx_clip.onnx";
    }
    output {
        unknown_view: "run" "-w" "tiny" "--view" "cycles,energie";
        ratios_of_nothing: "run" "-w" "tiny" "--baseline" "none" "--view" "ratios";
        view_of_json: "run" "-w" "tiny" "--view" "energy" "--format" "json";
        plots_are_a_file: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--plots" "empty.ron";
        plots_of_no_folder: "compare" "axbxp_k4_8x8" "-w" "tiny" "--plots" "nowhere/plots";
        plots_are_output: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--plots" "." "--out" "../output/energy.svg";
        plots_are_the_trace: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--plots" "../output" "--trace" "roofline.svg";
        plots_are_a_new_output: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--plots" "new" "--out" "new";
        output_is_a_folder: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--out" "../output";
        no_folder_for_output: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--quiet" "--out" "nowhere/report.json";
    }
    scalesim {
        csv_no_trailing_comma: "check" "csv_no_trailing_comma.csv";
        csv_extra_column: "check" "csv_extra_column.csv";
        csv_too_few: "check" "csv_too_few.csv";
        csv_not_a_number: "check" "csv_not_a_number.csv";
        csv_zero_size: "check" "csv_zero_size.csv";
        csv_absurd_size: "check" "csv_absurd_size.csv";
        csv_filter_too_large: "check" "csv_filter_too_large.csv";
        csv_no_header: "check" "csv_no_header.csv";
        csv_unknown_columns: "check" "csv_unknown_columns.csv";
        csv_sparsity: "check" "csv_sparsity.csv";
        csv_unsupported_column: "check" "csv_unsupported_column.csv";
        csv_no_layers: "check" "csv_no_layers.csv";
        csv_wildcard_name: "check" "csv_wildcard_name.csv";
        csv_huge_tensor: "check" "csv_huge_tensor.csv";
        csv_prime_positions: "check" "csv_prime_positions.csv";
        ini_no_section: "check" "ini_no_section.cfg";
        ini_missing_key: "check" "ini_missing_key.cfg";
        ini_unknown_dataflow: "check" "ini_unknown_dataflow.cfg";
        ini_unknown_key: "check" "ini_unknown_key.cfg";
        ini_unknown_section: "check" "ini_unknown_section.cfg";
        ini_not_a_number: "check" "ini_not_a_number.cfg";
        ini_zero_rows: "check" "ini_zero_rows.cfg";
        ini_sparse: "check" "ini_sparse.cfg";
        ini_layout: "check" "ini_layout.cfg";
        ini_ramulator: "check" "ini_ramulator.cfg";
        ini_topology: "check" "ini_topology.cfg";
        ini_mode: "check" "ini_mode.cfg";
        ini_bandwidth_too_high: "check" "ini_bandwidth_too_high.cfg";
        ini_bandwidths: "check" "ini_bandwidths.cfg";
        ini_bandwidth_zero: "check" "ini_bandwidth_zero.cfg";
        ini_no_bandwidth: "check" "ini_no_bandwidth.cfg";
        ini_no_ini: "check" "ini_no_ini.cfg";
        ini_huge_buffer: "check" "ini_huge_buffer.cfg";
        ini_small_buffer: "check" "ini_small_buffer.cfg";
        ini_does_not_fit: "run" "-a" "ini_does_not_fit.cfg" "-w" "wide_layer.csv" "--quiet";
        missing_topology: "run" "-a" "ini_does_not_fit.cfg" "-w" "alexnett.csv";
    }
    search {
        search_out_is_a_file: "search" "--limit" "1" "--out" "empty.ron";
        search_bound_below_zero: "search" "--max-loss" "-1";
        search_without_blocks: "search" "--arch" "fxp8_8x8";
        search_unknown_model: "search" "--model" "fashion_cn";
    }
    trace {
        window_without_trace: "run" "-w" "tiny" "--trace-window" "1..2";
        bad_window: "run" "-w" "tiny" "--trace" "t.json" "--trace-window" "1-2";
        trace_of_no_baseline: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "-b" "none" "--trace" "t.json" "--trace-baseline";
        waveform_of_a_wavefront: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--trace" "t.fst";
        waveform_of_no_pe: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--fidelity" "stepped" "--trace" "t.vcd" "--trace-pe" "8,0";
        waveform_of_half_a_pe: "run" "-w" "tiny" "--fidelity" "stepped" "--trace" "t.vcd" "--trace-pe" "8";
        seed_of_a_wavefront: "run" "-w" "tiny" "--seed" "3";
        too_much_to_step: "run" "-a" "axbxp_k4_128x128_server" "-w" "vgg16" "--fidelity" "stepped" "--quiet";
        trace_is_output: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--trace" "t.json" "--out" "./t.json";
        trace_is_a_folder: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--trace" "../trace";
        empty_window: "run" "--trace" "t.json" "--trace-window" "2..1";
        no_folder_for_trace: "run" "-a" "axbxp_k4_8x8" "-w" "tiny" "--quiet" "--trace" "nowhere/trace.json";
    }
    usage {
        unknown_command: "simulate";
        unknown_flag: "run" "--workloads" "tiny";
        unknown_format: "run" "--format" "yaml";
        no_file_to_check: "check";
        unknown_schema: "schema" "reports";
    }
    workload {
        huge_layer: "run" "--arch" "axbxp_k4_8x8" "--workload" "huge_layer.ron";
        mismatch: "run" "--arch" "axbxp_k4_8x8" "--workload" "mismatch.ron";
        unknown_input: "check" "unknown_input.ron";
        unknown_workload: "run" "--workload" "resnet5";
        no_layer_matches: "run" "--workload" "tiny" "--layers" "depthwize";
        zero_batch: "run" "--batch" "0";
        huge_batch: "run" "--batch" "65537";
        kernel_too_large: "check" "kernel_too_large.ron";
        odd_groups: "check" "odd_groups.ron";
        same_name: "check" "same_name.ron";
        wrong_kind_of_file: "run" "-a" "mismatch.ron";
        unknown_workload_of_two: "compare" "axbxp_k4_8x8" "-w" "tiny,tini";
        zero_batch_of_two: "compare" "--batch" "1,0";
    }
}
