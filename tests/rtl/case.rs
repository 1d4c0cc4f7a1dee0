//! Cases for the arrays: what is computed, on which array, with which stalls.

use std::fmt::Write;

use axbxp::blocked::{BlockFormat, Encoded, ProductSet, Signedness};

use super::support::Random;

/// What stays in the PEs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stationary {
    Output,
    /// The operand on the column side: weights, or activations when exchanged (input stationary).
    Weight,
}

/// An array that a simulation is built of.
#[derive(Debug, Clone, Copy)]
pub struct Array {
    pub stationary: Stationary,
    pub rows: usize,
    pub cols: usize,
    /// Block width `K` and block multipliers `M`; none for the fixed-point PE.
    pub blocked: Option<(usize, usize)>,
}

impl Array {
    pub fn multipliers(&self) -> usize {
        self.blocked.map_or(1, |(_, multipliers)| multipliers)
    }

    /// Parameters of the test bench.
    pub fn parameters(&self) -> [(&'static str, usize); 6] {
        [
            ("WS", usize::from(self.stationary == Stationary::Weight)),
            ("R", self.rows),
            ("C", self.cols),
            ("K", self.blocked.map_or(8, |(block_bits, _)| block_bits)),
            ("M", self.multipliers()),
            ("FXP", usize::from(self.blocked.is_none())),
        ]
    }
}

/// Operands of the lanes of one row or column in one step.
pub type Lanes = Vec<Encoded>;

#[derive(Debug, Clone)]
pub struct Fold {
    pub rows: usize,
    pub cols: usize,
    /// Length of the reduction: what lanes have beyond it is zero (weight stationary: of what the PEs hold).
    pub reduction: usize,
    /// First cycle in which its tile is there.
    pub ready: u64,
    /// `[step][row]`: what the rows are fed.
    pub fed: Vec<Vec<Lanes>>,
    /// Output stationary: `[step][column]`, what the columns are fed. Weight stationary: `[row][column]`, what the
    /// PEs hold.
    pub other: Vec<Vec<Lanes>>,
}

impl Fold {
    pub fn steps(&self) -> usize {
        self.fed.len()
    }
}

#[derive(Debug, Clone)]
pub struct Case {
    pub array: Array,
    /// The row side is the weight.
    pub swap: bool,
    pub activation: BlockFormat,
    pub weight: BlockFormat,
    pub products: ProductSet,
    pub double_buffered: bool,
    pub folds: Vec<Fold>,
    /// Per cycle from 0 on, whether the load and the feed port deliver; later they always do.
    pub ready: Vec<(bool, bool)>,
}

impl Case {
    /// MACs per step, `v`.
    pub fn lanes(&self) -> usize {
        (self.array.multipliers() / self.products.computed() as usize).max(1)
    }

    /// Cycles per step, `q`.
    pub fn phases(&self) -> usize {
        (self.products.computed() as usize).div_ceil(self.array.multipliers())
    }

    /// Formats of what the rows are fed and of the other side.
    pub fn formats(&self) -> (BlockFormat, BlockFormat) {
        if self.swap {
            (self.weight, self.activation)
        } else {
            (self.activation, self.weight)
        }
    }

    pub fn random(array: Array, random: &mut Random) -> Self {
        let (activation, weight, products) = match array.blocked {
            Some((block_bits, _)) => {
                let (a, w) = (
                    random.format(block_bits as u8),
                    random.format(block_bits as u8),
                );
                let candidates = usize::from(a.kept()) * usize::from(w.kept());
                let computed = if random.one_in(3) {
                    candidates
                } else {
                    random.range(1, candidates)
                };
                (
                    a,
                    w,
                    ProductSet::new(a.kept(), w.kept(), computed as u32).unwrap(),
                )
            }
            None => {
                let signs = [Signedness::Signed, Signedness::Unsigned];
                let [a, w] =
                    [0; 2].map(|_| BlockFormat::exact(8, signs[random.range(0, 1)], 8).unwrap());
                (a, w, ProductSet::all(1, 1))
            }
        };
        let mut case = Case {
            array,
            swap: random.one_in(2),
            activation,
            weight,
            products,
            double_buffered: random.one_in(2),
            folds: vec![],
            ready: vec![],
        };
        for index in 0..random.range(1, 5) {
            let fold = case.random_fold(index, random);
            case.folds.push(fold);
        }
        if random.one_in(2) {
            let (load, feed) = (random.range(1, 8), random.range(1, 8));
            case.ready = (0..random.range(1, 300))
                .map(|_| (random.range(1, 8) <= load, random.range(1, 8) <= feed))
                .collect();
        }
        case
    }

    fn random_fold(&self, index: usize, random: &mut Random) -> Fold {
        let Array {
            rows: all_rows,
            cols: all_cols,
            ..
        } = self.array;
        let part = |all: usize, random: &mut Random| {
            if random.one_in(2) {
                all
            } else {
                random.range(1, all)
            }
        };
        let (rows, cols) = (part(all_rows, random), part(all_cols, random));
        let most = (40 / self.phases()).max(2);
        let steps = if random.one_in(3) {
            random.range(1, 2)
        } else {
            random.range(1, most)
        };
        let (lanes, (fed_format, other_format)) = (self.lanes(), self.formats());
        let ready = if random.one_in(3) {
            random.range(0, 60 * (index + 1)) as u64
        } else {
            0
        };

        // How many lanes of a step (output stationary) or row (weight stationary) belong to the reduction; the last
        // one may have fewer than the PE takes.
        let last = if random.one_in(2) {
            lanes
        } else {
            random.range(1, lanes)
        };
        let groups = if self.array.stationary == Stationary::Output {
            steps
        } else {
            rows
        };
        let used = |group: usize| if group + 1 == groups { last } else { lanes };
        let multipliers = self.array.multipliers();
        let mut lanes_of = |format: &BlockFormat, used: usize| -> Lanes {
            (0..multipliers)
                .map(|lane| match lane {
                    _ if lane < used => encode(format, random.value(format)),
                    _ if lane < lanes => zero(format),
                    _ => garbage(random),
                })
                .collect()
        };
        // Rows and columns that the fold does not use are given garbage (`used` lanes: none are zero).
        let fed = (0..steps)
            .map(|step| {
                (0..all_rows)
                    .map(|row| match self.array.stationary {
                        _ if row >= rows => lanes_of(&fed_format, lanes),
                        Stationary::Output => lanes_of(&fed_format, used(step)),
                        // What meets a zero weight does not matter.
                        Stationary::Weight => lanes_of(&fed_format, lanes),
                    })
                    .collect()
            })
            .collect();
        let other = (0..groups)
            .map(|group| {
                (0..all_cols)
                    .map(|col| {
                        lanes_of(&other_format, if col < cols { used(group) } else { lanes })
                    })
                    .collect()
            })
            .collect();
        let reduction = (groups - 1) * lanes + last;
        Fold {
            rows,
            cols,
            reduction,
            ready,
            fed,
            other,
        }
    }

    /// The case in the test bench's format.
    pub fn write(&self, text: &mut String) {
        let held: usize = self.folds.iter().map(|fold| fold.rows).sum();
        let weight_stationary = self.array.stationary == Stationary::Weight;
        writeln!(
            text,
            "{} {} {} {} {} {} {} {} {}",
            u8::from(self.swap),
            self.activation.kept(),
            self.weight.kept(),
            self.products.computed(),
            u8::from(self.double_buffered),
            self.folds.len(),
            self.folds.iter().map(Fold::steps).sum::<usize>(),
            if weight_stationary { held } else { 0 },
            self.ready.len()
        )
        .unwrap();
        for fold in &self.folds {
            writeln!(
                text,
                "{} {} {} {}",
                fold.rows,
                fold.cols,
                fold.steps(),
                fold.ready
            )
            .unwrap();
        }
        for (load, feed) in &self.ready {
            writeln!(text, "{}", 2 * u8::from(*load) + u8::from(*feed)).unwrap();
        }
        for fold in &self.folds {
            for (step, fed) in fold.fed.iter().enumerate() {
                write_lanes(text, fed);
                if !weight_stationary {
                    write_lanes(text, &fold.other[step]);
                }
            }
        }
        if weight_stationary {
            self.folds
                .iter()
                .flat_map(|fold| &fold.other)
                .for_each(|row| write_lanes(text, row));
        }
    }
}

pub fn encode(format: &BlockFormat, value: i32) -> Encoded {
    format.encode(value).unwrap()
}

fn zero(format: &BlockFormat) -> Encoded {
    encode(format, 0)
}

/// Any bits.
fn garbage(random: &mut Random) -> Encoded {
    let bits = random.bits();
    Encoded {
        negative: bits & 1 == 1,
        top: (bits >> 1) as u8 & 7,
        window: (bits >> 8) as u8,
    }
}

/// The operand word of `sizes.vh`.
pub fn word(operand: Encoded) -> u16 {
    u16::from(operand.negative) << 11 | u16::from(operand.top) << 8 | u16::from(operand.window)
}

fn write_lanes(text: &mut String, positions: &[Lanes]) {
    for lanes in positions {
        for operand in lanes.iter().rev() {
            write!(text, "{:03x}", word(*operand)).unwrap();
        }
        text.push('\n');
    }
}
