use proptest::prelude::*;

use crate::arch::{Architecture, FillDrain, load};
use crate::source::{Diagnostics, SourceFile};

const ARRAY: &str = "[architecture_presets]\nArrayHeight: 12\nARRAYWIDTH = 14\nIfmapSramSzkB: 36\n\
                     FilterSramSzkB: 3000\n# a comment\n; and another\nOfmapSramSzkB: 36\nDataflow : ws\n";

fn configured(text: &str) -> Result<Architecture, Diagnostics> {
    load(&SourceFile::from_text("some dir/eye riss.cfg", text))
}

#[test]
fn keys_are_alike_in_upper_and_lower_case() {
    let text = format!("{ARRAY}[run_presets]\nInterfaceBandwidth: CALC");
    let architecture = configured(&text).expect("imports");
    assert_eq!(architecture.name, "eye_riss");
    let array = architecture.array;
    assert_eq!((array.rows, array.columns), (12, 14));
    assert_eq!(array.fill_drain, FillDrain::Exposed);
    // Wide enough for either edge; banks of a MiB at most.
    assert_eq!(architecture.buffers.weight.port_bits, 14 * 8);
    assert_eq!(architecture.buffers.weight.banks, 4);
    assert_eq!(architecture.dram.channels, 8);
}

#[test]
fn channels_carry_the_bandwidth_of_three_interfaces() {
    // 32 bytes per cycle each.
    for (bandwidth, channels) in [(1, 1), (10, 1), (11, 2), (21, 2), (22, 4), (85, 8)] {
        let text =
            format!("{ARRAY}Bandwidth: {bandwidth}\n[run_presets]\nInterfaceBandwidth: USER");
        let architecture = configured(&text).expect("imports");
        assert_eq!(architecture.dram.channels, channels, "{bandwidth}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in "(\\[[a-z_]{0,3}\\]?|[A-Z]{0,2} ?[:=]? ?[0-9,]{0,12}|\r|#é|\n){0,20}") {
        let _ = configured(&format!("{text}\n"));
        let _ = configured(&format!("{ARRAY}{text}"));
    }

    #[test]
    fn any_number_is_taken_or_refused(number in any::<u64>(), key in 0usize..6, mode in any::<bool>()) {
        let keys = ["ArrayHeight", "ArrayWidth", "IfmapSramSzkB", "FilterSramSzkB", "OfmapSramSzkB", "Bandwidth"];
        let mode = if mode { "USER" } else { "CALC" };
        let number = number >> (number % 64);
        let mut text = "[architecture_presets]\nDataflow: os\n".to_owned();
        for (index, name) in keys.into_iter().enumerate() {
            text += &format!("{name}: {}\n", if index == key { number } else { 16 });
        }
        text += &format!("[run_presets]\nInterfaceBandwidth: {mode}\n");
        let _ = configured(&text);
    }
}
