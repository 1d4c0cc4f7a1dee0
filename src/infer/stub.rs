//! Stub until the engine has it.
#![allow(missing_docs)]
use super::classify::map_images;
use super::*;
use crate::approx::LayerPrecision;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    Bias,
    Scale,
}

impl ConfiguredModel {
    pub fn corrected(
        self,
        _: Correction,
        _: &Images,
        _: &[usize],
        _: usize,
    ) -> Result<Self, InferError> {
        Ok(self)
    }
}
impl QuantisedModel {
    pub fn digest(&self) -> String {
        format!("{:?}", self.scales())
            + &format!(
                "{:?}",
                (0..self.array_layers().len())
                    .map(|i| self.weights(i).to_vec())
                    .collect::<Vec<_>>()
            )
    }
}
#[derive(Debug)]
pub struct LayerProbe {
    exact: ConfiguredModel,
    images: Images,
    indices: Vec<usize>,
    exact_sums: Vec<Vec<Vec<i32>>>,
}
pub struct ErrorPower {
    signal: f64,
    error: f64,
}
impl ErrorPower {
    pub fn relative(&self, _: Option<Correction>) -> f64 {
        self.error / self.signal.max(1.0)
    }
}
impl LayerProbe {
    pub fn new(
        exact: &ConfiguredModel,
        images: &Images,
        indices: &[usize],
        threads: usize,
    ) -> Result<Self, InferError> {
        let ids: Vec<_> = exact.base().array_layers().collect();
        let sums = map_images(
            images,
            indices,
            threads,
            |input, _, scratch: &mut Scratch| {
                let mut all = vec![Vec::new(); ids.len()];
                exact.observe(input, scratch, &mut |id, seen| {
                    let at = ids.iter().position(|one| *one == id).unwrap();
                    all[at] = seen.accumulators.to_vec();
                });
                all
            },
        )?;
        Ok(LayerProbe {
            exact: exact.clone(),
            images: images.clone(),
            indices: indices.to_vec(),
            exact_sums: sums,
        })
    }
    pub fn error(
        &self,
        layer: usize,
        precision: &LayerPrecision,
    ) -> Result<ErrorPower, InferError> {
        let mut precisions: Vec<LayerPrecision> = self.exact.precisions().cloned().collect();
        precisions[layer] = precision.clone();
        let model = self.exact.with_precisions(&precisions)?;
        let id = model.base().array_layers().nth(layer).unwrap();
        let mut power = ErrorPower {
            signal: 0.0,
            error: 0.0,
        };
        let found = map_images(
            &self.images,
            &self.indices,
            1,
            |input, _, scratch: &mut Scratch| {
                let mut sums = Vec::new();
                model.observe(input, scratch, &mut |at, seen| {
                    if at == id {
                        sums = seen.accumulators.to_vec();
                    }
                });
                sums
            },
        )?;
        for (image, sums) in found.iter().enumerate() {
            for (a, b) in self.exact_sums[image][layer].iter().zip(sums) {
                power.signal += f64::from(*a).powi(2);
                power.error += f64::from(a - b).powi(2);
            }
        }
        Ok(power)
    }
}
