//! Samples by row and round -> medians and spreads.

use crate::latency::Latency;
use crate::measure::{Sample, Size};
use crate::way::{PASS, Table, Way};

/// The middle of some figures, and what a quarter of them is below and a quarter above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

impl Spread {
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = figures.into_iter().collect();
        all.sort_by(f64::total_cmp);
        let at = |nth: usize| all.get(nth).copied().unwrap_or(f64::NAN);
        Self { median: at(all.len() / 2), lower: at(all.len() / 4), upper: at(all.len() * 3 / 4) }
    }
}

/// What a figure would need that was not measured.
#[derive(Clone, Debug)]
pub(crate) struct NotRun(pub(crate) String);

impl NotRun {
    fn row(name: &str) -> Self {
        Self(format!("no row *{name}*"))
    }
}

/// Everything that came out.
pub(crate) struct Results<'a> {
    pub(crate) size: Size,
    /// Its version.
    pub(crate) envoy: String,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) latency: Option<Latency>,
    /// Who was not there, and why.
    pub(crate) skipped: Vec<String>,
}

/// What came out for a row.
pub(crate) struct Row<'a> {
    pub(crate) way: &'a Way,
    /// By round: microseconds of CPU for each request.
    cpu: Vec<f64>,
    /// By round: what that is over the row it is compared with.
    added: Option<Vec<f64>>,
    /// By round: that of it over pass-through's.
    ratio: Vec<f64>,
    pub(crate) rate: Spread,
}

impl<'a> Row<'a> {
    /// The rows of some ways and their samples.
    pub(crate) fn all(ways: &'a [Way], samples: &[Vec<Sample>]) -> Vec<Self> {
        let cpu = |name: &str| {
            let of = ways.iter().zip(samples).find(|(way, _)| way.name == name)?.1;
            Some(of.iter().map(|sample| sample.cpu).collect::<Vec<_>>())
        };
        let pass = cpu(PASS).unwrap_or_default();
        let row = |(way, samples): (&'a Way, &Vec<Sample>)| {
            let cpu_of: Vec<f64> = samples.iter().map(|sample| sample.cpu).collect();
            let added =
                way.over.and_then(cpu).map(|over| each(&cpu_of, &over, |one, base| one - base));
            let ratio = each(&cpu_of, &pass, |one, pass| one / pass);
            let rate = Spread::of(samples.iter().map(|sample| sample.rate));
            Self { way, cpu: cpu_of, added, ratio, rate }
        };
        ways.iter().zip(samples).map(row).collect()
    }

    pub(crate) fn cpu(&self) -> Spread {
        Spread::of(self.cpu.iter().copied())
    }

    pub(crate) fn ratio(&self) -> Spread {
        Spread::of(self.ratio.iter().copied())
    }

    pub(crate) fn added(&self) -> Option<Spread> {
        Some(Spread::of(self.added.as_ref()?.iter().copied()))
    }
}

impl Results<'_> {
    pub(crate) fn row(&self, name: &str) -> Option<&Row<'_>> {
        self.rows.iter().find(|row| row.way.name == name)
    }

    pub(crate) fn of(&self, table: Table) -> impl Iterator<Item = &Row<'_>> {
        self.rows.iter().filter(move |row| row.way.table == table)
    }

    /// What two rows add, over one another. It is the ratio of the medians: in a single round what a
    /// cheap row adds can be nothing, and the ratio anything.
    pub(crate) fn added_ratio(&self, one: &str, other: &str) -> Result<Spread, NotRun> {
        let added = |name: &str| {
            let row = self.row(name)?;
            row.added.as_deref().zip(row.added())
        };
        let (one, one_spread) = added(one).ok_or_else(|| NotRun::row(one))?;
        let (other, other_spread) = added(other).ok_or_else(|| NotRun::row(other))?;
        let rounds = each(one, other, |one, other| one / other);
        let median = one_spread.median / other_spread.median;
        Ok(Spread { median, ..Spread::of(rounds) })
    }

    /// What a row costs over another in the same round.
    pub(crate) fn difference(&self, one: &str, other: &str) -> Result<Spread, NotRun> {
        self.together(one, other, |one, other| one - other)
    }

    /// What a row costs, as a multiple of another in the same round.
    pub(crate) fn ratio(&self, one: &str, other: &str) -> Result<Spread, NotRun> {
        self.together(one, other, |one, other| one / other)
    }

    fn together(
        &self,
        one: &str,
        other: &str,
        together: impl Fn(f64, f64) -> f64,
    ) -> Result<Spread, NotRun> {
        let cpu = |name: &str| Ok(&self.row(name).ok_or_else(|| NotRun::row(name))?.cpu);
        Ok(Spread::of(each(cpu(one)?, cpu(other)?, together)))
    }
}

/// Two rows' figures, round by round.
fn each(one: &[f64], other: &[f64], together: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| together(*one, *other)).collect()
}
