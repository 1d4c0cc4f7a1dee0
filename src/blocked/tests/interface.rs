//! What other modules and files meet: spellings, messages, bytes, tables, refusals.

use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use crate::blocked::pack::{pack, packed_bytes, unpack};
use crate::blocked::*;
use Signedness::{Signed, Unsigned};

fn truncating(bits: u8, signedness: Signedness, k: u8, kept: u8, window: Window) -> BlockFormat {
    BlockFormat::new(bits, signedness, k, kept, window, Rounding::Truncate).unwrap()
}

fn dynamic(signedness: Signedness, k: u8, kept: u8) -> BlockFormat {
    truncating(8, signedness, k, kept, Window::Dynamic)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ron::error::SpannedError> {
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    options.from_str(text)
}

#[test]
fn spellings_in_files() {
    let window = |top| Window::Static { top };
    assert_eq!(parse("dynamic"), Ok(Window::Dynamic));
    assert_eq!(parse("static()"), Ok(window(None)));
    assert_eq!(parse("static(top: 2)"), Ok(window(Some(2))));
    assert_eq!(ron::from_str("static(top: Some(2))"), Ok(window(Some(2))));
    assert_eq!(parse("truncate"), Ok(Rounding::Truncate));
    assert_eq!(parse("nearest"), Ok(Rounding::Nearest));
    assert_eq!(parse("signed"), Ok(Signed));
    assert_eq!(parse("unsigned"), Ok(Unsigned));
    for refused in ["Dynamic", "static(bottom: 1)", "static(top: 256)", "moving"] {
        assert!(parse::<Window>(refused).is_err(), "{refused}");
    }
    assert!(parse::<Rounding>("floor").is_err());
    for window in [Window::Dynamic, window(None), window(Some(3))] {
        assert_eq!(ron::from_str(&ron::to_string(&window).unwrap()), Ok(window));
    }
}

#[test]
fn schemas_refuse_unknown_fields() {
    let schema = serde_json::to_string(&schemars::schema_for!(Window)).unwrap();
    assert!(
        schema.contains("\"additionalProperties\":false"),
        "{schema}"
    );
    assert!(schema.contains("\"dynamic\"") && schema.contains("\"static\""));
}

#[test]
fn messages_say_what_is_allowed() {
    let refused = |bits, k, kept, window| {
        BlockFormat::new(bits, Signed, k, kept, window, Rounding::Truncate)
            .unwrap_err()
            .to_string()
    };
    let top = |top| Window::Static { top: Some(top) };
    let messages = [
        refused(9, 4, 1, Window::Dynamic),
        refused(8, 0, 1, Window::Dynamic),
        refused(8, 4, 3, Window::Dynamic),
        refused(8, 2, 2, top(0)),
        dynamic(Signed, 4, 1).encode(-128).unwrap_err().to_string(),
        ProductSet::new(2, 2, 5).unwrap_err().to_string(),
        ProductSet::new(0, 2, 1).unwrap_err().to_string(),
        unpack(&dynamic(Signed, 4, 1), &[0], 2)
            .unwrap_err()
            .to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    operands of 9 bits: expected 2 to 8
    blocks of 0 bits: expected 1 to 8
    3 blocks kept of 2: expected 1 to 2
    static window with top block 0: expected 1 to 3
    the value -128 is outside -127 to 127
    5 products of 4: expected 1 to 4
    0 blocks kept of 8: expected 1 to 8
    packed data of 1 bytes: expected at least 2
    ");
}

/// Laid out by hand: blocks, then index, then sign, from the lowest bit up.
#[test]
fn packed_bytes_by_hand() {
    // 93: block 5, index 1. -13: block 13, index 0, sign. 127: block 7, index 1. Six bits each:
    // 010111 000000 101101 010101, the last operand highest.
    let format = dynamic(Signed, 4, 1);
    let bytes = pack(&format, &[93, -13, 0, 127]).unwrap();
    assert_eq!(bytes, [0x55, 0x0B, 0x5C]);
    assert_eq!(unpack(&format, &bytes, 4), Ok(vec![80, -13, 0, 112]));
    // Exact: magnitude and sign.
    let exact = BlockFormat::exact(8, Signed, 4).unwrap();
    assert_eq!(pack(&exact, &[-93, 5]), Ok(vec![0xDD, 0x05]));
    // 44 = 10 11 00 in blocks 2 and 1; 255 saturates; 7 keeps a block of 1; then zeros to fill.
    let fixed = truncating(8, Unsigned, 2, 2, Window::Static { top: Some(2) });
    assert_eq!(pack(&fixed, &[44, 255, 7]), Ok(vec![0xFB, 0x01]));
    assert_eq!(pack(&fixed, &[]), Ok(vec![]));
}

#[test]
fn bits_that_no_value_has_are_refused() {
    let corrupt = |index| Err(FormatError::Corrupt { index });
    // Two of four blocks have three places: index 3 is none.
    let format = dynamic(Unsigned, 2, 2);
    assert_eq!(unpack(&format, &[0b0011_0000], 1), corrupt(0));
    // The top block of 7 bits in blocks of 3 is one bit.
    let fixed = truncating(8, Signed, 3, 1, Window::Static { top: None });
    assert_eq!(unpack(&fixed, &[0x19], 2), Ok(vec![-64, 64]));
    assert_eq!(unpack(&fixed, &[0x29], 2), corrupt(1));
    // A negative zero is zero.
    assert_eq!(unpack(&fixed, &[0x08], 1), Ok(vec![0]));
}

#[test]
fn what_drops_to_zero_has_no_sign() {
    let fixed = truncating(8, Signed, 4, 1, Window::Static { top: None });
    let zero = Encoded {
        negative: false,
        top: 1,
        window: 0,
    };
    assert_eq!(fixed.encode(-13), Ok(zero));
    assert_eq!(pack(&fixed, &[-13]), Ok(vec![0]));
}

#[test]
fn encodings_belong_to_their_format() {
    let of = |negative, top, window| Encoded {
        negative,
        top,
        window,
    };
    let signed = dynamic(Signed, 2, 2);
    assert!(signed.holds(of(true, 1, 5)) && signed.holds(of(false, 3, 7)));
    // Below the lowest window, above the highest, more than 7 bits in all.
    assert!(!signed.holds(of(false, 0, 1)));
    assert!(!signed.holds(of(false, 4, 1)));
    assert!(!signed.holds(of(false, 3, 8)));
    assert!(!dynamic(Unsigned, 2, 2).holds(of(true, 1, 5)));
}

#[test]
fn counts_beyond_memory_are_too_few_bytes() {
    let format = dynamic(Unsigned, 4, 1);
    for count in [usize::MAX, usize::MAX / 5 + 2, usize::MAX / 8] {
        assert!(matches!(
            unpack(&format, &[1, 2, 3], count),
            Err(FormatError::Short { bytes: 3, .. })
        ));
    }
    let counts = [0, 1, 7, 8, 9, 16, 17];
    assert_eq!(
        counts.map(|count| packed_bytes(&format, count)),
        [0, 1, 5, 5, 6, 10, 11]
    );
}

/// Short top blocks, narrow operands, no block at all to drop: written out by hand.
#[test]
fn bits_in_memory_of_uneven_blocks() {
    let bits = |b, signedness, k, kept: &[u8]| -> Vec<u32> {
        kept.iter()
            .map(|&n| truncating(b, signedness, k, n, Window::Dynamic).bits_per_operand())
            .collect()
    };
    assert_eq!(
        bits(8, Signed, 1, &[1, 2, 3, 4, 5, 6, 7]),
        [5, 6, 7, 7, 8, 8, 8]
    );
    assert_eq!(bits(8, Unsigned, 3, &[1, 2, 3]), [5, 7, 8]);
    assert_eq!(bits(8, Signed, 5, &[1, 2]), [7, 8]);
    assert_eq!(bits(8, Signed, 6, &[1, 2]), [8, 8]);
    assert_eq!(bits(8, Signed, 7, &[1]), [8]);
    assert_eq!(bits(8, Unsigned, 7, &[1, 2]), [8, 8]);
    assert_eq!(bits(8, Unsigned, 8, &[1]), [8]);
    assert_eq!(bits(5, Unsigned, 2, &[1, 2, 3]), [4, 5, 5]);
    assert_eq!(bits(4, Signed, 2, &[1, 2]), [4, 4]);
    assert_eq!(bits(2, Signed, 1, &[1]), [2]);
}

#[test]
fn byte_tables_hold_every_operand_at_its_byte() {
    for (bits, signedness) in [(8, Signed), (8, Unsigned), (5, Signed), (5, Unsigned)] {
        let format = truncating(bits, signedness, 2, 1, Window::Dynamic);
        let table = format.byte_table();
        for value in format.min_value()..=format.max_magnitude() {
            let entry = table[(value & 0xFF) as usize];
            assert_eq!(i32::from(entry), format.approximate(value).unwrap());
        }
    }
    // No operand: -128, and what 5 bits do not hold.
    let exact = |bits, signedness| {
        BlockFormat::exact(bits, signedness, 4)
            .unwrap()
            .byte_table()
    };
    assert_eq!(exact(8, Signed)[0x80], -127);
    assert_eq!([exact(5, Signed)[100], exact(5, Signed)[0x9C]], [15, -15]);
    assert_eq!(exact(5, Unsigned)[255], 31);
}

#[test]
fn products_of_other_formats_are_refused() {
    let (a, w) = (dynamic(Unsigned, 4, 1), dynamic(Signed, 4, 1));
    let too_many = explain((&a, 255), (&w, 127), &ProductSet::all(2, 1));
    assert!(matches!(too_many, Err(FormatError::OtherProducts { .. })));
    let narrow = dynamic(Signed, 2, 1);
    let mixed = explain((&a, 255), (&narrow, 127), &ProductSet::all(1, 1));
    assert!(matches!(
        mixed,
        Err(FormatError::BlockBitsDiffer {
            activation: 4,
            weight: 2
        })
    ));
    assert!(ProductSet::new(200, 200, 1).is_err());
    assert_eq!(ProductSet::all(0, 0).iter().count(), 0);
}

#[test]
fn an_explanation_as_json() {
    let (a, w) = (dynamic(Unsigned, 4, 2), dynamic(Signed, 4, 1));
    let explained = explain((&a, 117), (&w, -93), &ProductSet::new(2, 1, 1).unwrap()).unwrap();
    let json = serde_json::to_value(&explained).unwrap();
    // -(7 << 4) * (5 << 4) of -117 * 93.
    assert_eq!(json["approximate"], -8960);
    assert_eq!(json["exact"], -10881);
    assert_eq!(json["error"], -1921);
    assert_eq!(json["absolute_error"], 1921);
    assert_eq!(json["terms"][1]["computed"], false);
    assert_eq!(json["terms"][1]["value"], -400);
    assert_eq!(json["weight"]["index"], 1);
    let nothing = explain((&a, 0), (&w, 5), &ProductSet::all(2, 1)).unwrap();
    assert_eq!(nothing.relative_error, None);
}
