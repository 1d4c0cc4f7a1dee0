//! Sliding windows: convolution and pooling.

use super::border::Border;
use super::constant::Constant;
use super::node::Node;
use super::problem::{OpResult, Problem, about};
use super::translate::{Translator, size};
use super::value::Value;
use crate::workload::{Conv, GlobalPool, LayerWeights, Pool, PoolKind};

/// Where a window goes: sizes along the vertical and the horizontal axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlidingGeometry {
    kernel: [u32; 2],
    stride: [u32; 2],
    dilation: [u32; 2],
}

impl SlidingGeometry {
    pub(super) fn of(node: &Node, kernel: [u32; 2]) -> OpResult<SlidingGeometry> {
        Ok(SlidingGeometry {
            kernel,
            stride: node.sizes("strides")?.unwrap_or([1, 1]),
            dilation: node.sizes("dilations")?.unwrap_or([1, 1]),
        })
    }

    /// Rows and columns around an image of `height x width`: top, bottom, left, right.
    pub(super) fn padding(&self, node: &Node, image: [u64; 2]) -> OpResult<Border> {
        match node.text("auto_pad", "NOTSET")? {
            "NOTSET" | "" => {
                let [top, left, bottom, right] = node.sizes("pads")?.unwrap_or([0; 4]);
                Ok([top, bottom, left, right])
            }
            "VALID" => Ok([0; 4]),
            "SAME_UPPER" => {
                let [rows, columns] = [0, 1].map(|axis| self.same(axis, image[axis]));
                Ok([rows / 2, rows.div_ceil(2), columns / 2, columns.div_ceil(2)])
            }
            "SAME_LOWER" => {
                let [rows, columns] = [0, 1].map(|axis| self.same(axis, image[axis]));
                Ok([rows.div_ceil(2), rows / 2, columns.div_ceil(2), columns / 2])
            }
            other => Problem::new(format!("attribute `auto_pad` is `{other}`"))
                .expected("NOTSET, SAME_UPPER, SAME_LOWER or VALID")
                .fail(),
        }
    }

    /// Padding, both sides together, with which an axis of `size` gives `size / stride` outputs, rounded up.
    fn same(&self, axis: usize, size: u64) -> u32 {
        let stride = u64::from(self.stride[axis].max(1));
        let needed = (size.div_ceil(stride).max(1) - 1) * stride + self.reach(axis);
        u32::try_from(needed.saturating_sub(size)).unwrap_or(u32::MAX)
    }

    /// How far the kernel reaches along an axis, with its dilation.
    pub(super) fn reach(&self, axis: usize) -> u64 {
        u64::from(self.kernel[axis].max(1) - 1) * u64::from(self.dilation[axis]) + 1
    }
}

/// The groups of a convolution whose weights have the shape `dims` and see `within` channels of a group.
fn groups(node: &Node, dims: &[usize], within: usize, channels: u64) -> OpResult<i64> {
    let groups = node.int("group", 1)?;
    let in_channels = i64::try_from(within)
        .ok()
        .and_then(|within| within.checked_mul(groups));
    if in_channels != i64::try_from(channels).ok() {
        return Problem::new(format!(
            "the weights {dims:?} in {groups} groups do not fit the {channels} channels of the input"
        ))
        .expected("channels of a group x groups = channels of the input")
        .fail();
    }
    Ok(groups)
}

impl<'g> Translator<'g> {
    pub(super) fn conv(&mut self, node: &'g Node) -> OpResult<()> {
        let input = self.image(node, 0)?;
        let [channels, height, width] = self.shape(&input);
        let weights = self.needed(node, 1)?;
        let [out, within, rows, columns] = match weights.dims[..] {
            [out, within, rows, columns] => [out, within, rows, columns],
            _ => {
                return Problem::new(format!("the weights have the shape {:?}", weights.dims))
                    .expected("4 dimensions: output channels, channels of a group, height, width")
                    .fail();
            }
        };
        let groups = groups(node, &weights.dims, within, channels)?;
        let kernel = [
            size(rows, "rows of the kernel")?,
            size(columns, "columns of the kernel")?,
        ];
        if let Some(said) = node.sizes("kernel_shape")?.filter(|&said| said != kernel) {
            return Problem::new(format!(
                "attribute `kernel_shape` is {said:?}, the weights have {kernel:?}"
            ))
            .fail();
        }
        let window = SlidingGeometry::of(node, kernel)?;
        let mut padding = window.padding(node, [height, width])?;
        for (side, border) in padding.iter_mut().zip(input.border) {
            *side = side.saturating_add(border);
        }
        let bias = self.bias(node, out)?;
        let groups = size(usize::try_from(groups).unwrap_or(0), "groups")?;
        let op = Conv {
            stride: window.stride,
            padding: padding.into(),
            dilation: window.dilation,
            groups,
            bias: bias.is_some(),
            ..Conv::new(size(out, "output channels")?, kernel)
        };
        let weights = LayerWeights {
            values: about("weights", Constant::into_floats(weights))?,
            bias: bias.unwrap_or_else(|| vec![0.0; out]),
        };
        let made = self.layer(node, op.into(), &[input.tensor], Some(weights))?;
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    /// The biases of `out` output channels, where there are any.
    fn bias(&self, node: &'g Node, out: usize) -> OpResult<Option<Vec<f32>>> {
        match self.constant(node, 2)? {
            Some(bias) if bias.len() != out => {
                Problem::new(format!("{} biases for {out} output channels", bias.len()))
                    .expected("one for each")
                    .fail()
            }
            Some(bias) => Ok(Some(about("bias", bias.finite_floats())?.to_vec())),
            None => Ok(None),
        }
    }

    pub(super) fn pool(&mut self, node: &'g Node, kind: PoolKind) -> OpResult<()> {
        let input = self.image(node, 0)?;
        let [_, height, width] = self.shape(&input);
        node.one_output()?;
        node.only("storage_order", 0)?;
        let Some(kernel) = node.sizes("kernel_shape")? else {
            return Problem::new("attribute `kernel_shape` is missing").fail();
        };
        let window = SlidingGeometry::of(node, kernel)?;
        if window.dilation != [1, 1] {
            return Problem::new(format!("attribute `dilations` is {:?}", window.dilation))
                .expected("[1, 1]: pooling has no dilation here")
                .fail();
        }
        let op = Pool {
            kind,
            kernel,
            stride: window.stride,
            padding: window.padding(node, [height, width])?.into(),
            ceil_mode: node.int("ceil_mode", 0)? != 0,
            count_padding: kind == PoolKind::Average && node.int("count_include_pad", 0)? != 0,
        };
        let made = self.layer(node, op.into(), &[input.tensor], None)?;
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    pub(super) fn global_pool(&mut self, node: &'g Node, kind: PoolKind) -> OpResult<()> {
        let input = self.image(node, 0)?;
        let made = self.layer(node, GlobalPool { kind }.into(), &[input.tensor], None)?;
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    /// The mean over height and width.
    pub(super) fn reduce_mean(&mut self, node: &'g Node) -> OpResult<()> {
        let input = self.image(node, 0)?;
        let axes = self.integers(node, "axes", 1)?.unwrap_or_default();
        let mut sorted: Vec<i64> = axes
            .iter()
            .map(|&axis| {
                if axis < 0 {
                    axis.saturating_add(4)
                } else {
                    axis
                }
            })
            .collect();
        sorted.sort_unstable();
        if sorted != [2, 3] {
            return Problem::new(format!("it takes the mean over the axes {axes:?}"))
                .expected("height and width, [2, 3]")
                .fail();
        }
        let kind = PoolKind::Average;
        let mut made = self.layer(node, GlobalPool { kind }.into(), &[input.tensor], None)?;
        if node.int("keepdims", 1)? == 0 {
            made.dims.truncate(1);
        }
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }
}
