//! Networks on design points side by side: what is asked, and what came out.

use super::iso::Iso;
use super::job::{Job, JobError, plan_all};
use super::names::{Renamed, name_apart};
use super::planned::PlannedJob;
use super::point::DesignPoint;
use super::result::JobResult;
use super::sized::{SizedPoint, size_points};
use crate::arch::NetworkOptions;
use crate::hw::Unobserved;
use crate::mapping::Mapping;
use crate::parallel::{OnProgress, Tally, map_parallel};
use crate::source::{self, Diagnostics};
use crate::workload::{LayerId, Network};

/// A network, or some of its layers.
#[derive(Debug, Clone)]
pub struct NetworkPart {
    /// The network.
    pub network: Network,
    /// The layers to simulate; none for all.
    pub layers: Option<Vec<LayerId>>,
}

/// A pattern that no layer's name matches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pattern}: no layer of `{network}` matches{}",
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
)]
pub struct NoLayerMatches {
    /// The pattern.
    pub pattern: String,
    /// The network.
    pub network: String,
    /// The layer whose name is closest to it.
    pub nearest: Option<String>,
}

impl From<Network> for NetworkPart {
    fn from(network: Network) -> Self {
        NetworkPart {
            network,
            layers: None,
        }
    }
}

impl NetworkPart {
    /// The layers whose names match one of the patterns (`*` and `?`); all if there are no patterns.
    ///
    /// # Errors
    /// The first pattern that no layer matches.
    pub fn matching(network: Network, patterns: &[String]) -> Result<Self, NoLayerMatches> {
        if patterns.is_empty() {
            return Ok(network.into());
        }
        let names = || network.layers.iter().map(|layer| layer.name.as_str());
        let unmatched = |pattern: &&String| !names().any(|name| source::matches(pattern, name));
        if let Some(pattern) = patterns.iter().find(unmatched) {
            return Err(NoLayerMatches {
                pattern: pattern.clone(),
                network: network.name.clone(),
                nearest: source::nearest(pattern, names()).map(ToString::to_string),
            });
        }
        let is_chosen = |&id: &LayerId| {
            let name = &network.layer(id).name;
            patterns
                .iter()
                .any(|pattern| source::matches(pattern, name))
        };
        let layers = network.layer_ids().filter(is_chosen).collect();
        Ok(NetworkPart {
            network,
            layers: Some(layers),
        })
    }
}

/// What is asked: every network on every design point, the first of which the others are compared with. A run beside its
/// baseline is a comparison of two points on one network.
#[derive(Debug, Clone)]
pub struct ComparisonRequest {
    points: Vec<SizedPoint>,
    renamed: Vec<Renamed>,
    /// The networks, or what of them is simulated.
    pub parts: Vec<NetworkPart>,
    /// Seed of the operand values for stepped arrays; none for the array's closed form.
    pub stepped: Option<u64>,
    /// What is fixed of the mapping on the last design point.
    pub mapping: Option<Mapping>,
    /// What every machine does across layers; none for what each architecture says.
    pub across: Option<NetworkOptions>,
    /// Most threads that simulate; results do not depend on it.
    pub threads: usize,
}

/// What came out: a result for each network and, within it, for each design point, in the order of the request.
#[derive(Debug, Clone)]
pub struct ComparisonOutcome {
    /// `results[network][point]`.
    pub results: Vec<Vec<JobResult>>,
}

impl ComparisonRequest {
    /// Every one of `parts` on every one of `points`, arrays as `sizings` say against that of the first. Points of one name
    /// that are not the same are [named apart](Self::renamed).
    ///
    /// # Errors
    /// A table without an area that is needed, or a PE that alone takes more area than the baseline's array.
    pub fn new(
        mut points: Vec<DesignPoint>,
        sizings: &[Iso],
        parts: Vec<NetworkPart>,
        threads: usize,
    ) -> Result<Self, Diagnostics> {
        let renamed = name_apart(&mut points);
        Ok(ComparisonRequest {
            points: size_points(&points, sizings)?,
            renamed,
            parts,
            stepped: None,
            mapping: None,
            across: None,
            threads,
        })
    }

    /// The design points at their sizes.
    pub fn points(&self) -> &[SizedPoint] {
        &self.points
    }

    /// The names of the points that are not those of their files.
    pub fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    /// The jobs: network by network, of each the points in their order.
    pub fn jobs(&self) -> Vec<Job<'_>> {
        let last = self.points.len().saturating_sub(1);
        let of_part = |part| {
            let points = self.points.iter().enumerate();
            points.map(move |(index, sized)| Job {
                mapping: self.mapping.as_ref().filter(|_| index == last),
                ..self.job(part, &sized.point)
            })
        };
        self.parts.iter().flat_map(of_part).collect()
    }

    fn job<'a>(&self, part: &'a NetworkPart, point: &'a DesignPoint) -> Job<'a> {
        Job {
            layers: part.layers.as_deref(),
            stepped: self.stepped,
            across: self.across,
            ..Job::new(point, &part.network)
        }
    }

    /// Plans every job, then simulates all of them. `progress` is told of finished layers.
    ///
    /// # Errors
    /// That of the first job, in their order, that can not be planned, else of the first that can not be simulated.
    pub fn run(&self, progress: OnProgress<'_>) -> Result<ComparisonOutcome, JobError> {
        self.run_with(progress, |_, job, layer_done| {
            job.run(&mut Unobserved, layer_done)
        })
    }

    /// As [`run`](Self::run), each job simulated by `simulate`, which is given its place among [`jobs`](Self::jobs) and
    /// what is to be told of each finished layer.
    ///
    /// # Errors
    /// As [`run`](Self::run), and as `simulate` says.
    pub fn run_with<E: From<JobError> + Send>(
        &self,
        progress: OnProgress<'_>,
        simulate: impl Fn(usize, &PlannedJob<'_>, &dyn Fn(usize)) -> Result<JobResult, E> + Sync,
    ) -> Result<ComparisonOutcome, E> {
        let planned = plan_all(&self.jobs(), self.threads)?;
        let layers: usize = planned.iter().map(|job| job.layers().len()).sum();
        let tally = Tally::new(layers as u64, progress);
        let results = map_parallel(&planned, self.threads, |index, job| {
            simulate(index, job, &|_| tally.add(1))
        });
        let mut results = results.into_iter();
        let mut of_part = || results.by_ref().take(self.points.len()).collect();
        Ok(ComparisonOutcome {
            results: self
                .parts
                .iter()
                .map(|_| of_part())
                .collect::<Result<_, E>>()?,
        })
    }
}
