//! Samples -> those of the rounds in which the machine was calm: on one that others use too, the same
//! work can take twice as long for seconds.

use crate::measure::Sample;
use crate::results::Spread;

/// So many rounds count of all.
pub(crate) fn of_all(rounds: usize) -> usize {
    rounds.div_ceil(3)
}

/// The third of the rounds in which the rows took least, all in all: each beside what it takes in the
/// middle of all rounds. No row decides it.
pub(crate) fn of(samples: Vec<Vec<Sample>>) -> Vec<Vec<Sample>> {
    let rounds = samples.first().map_or(0, Vec::len);
    let usual = |row: &[Sample]| Spread::of(row.iter().map(|sample| sample.cpu)).median;
    let usual: Vec<f64> = samples.iter().map(|row| usual(row)).collect();
    let pace = |round: usize| {
        let beside = samples.iter().zip(&usual).map(|(row, usual)| row[round].cpu / usual);
        Spread::of(beside).median
    };
    let mut by_pace: Vec<(usize, f64)> = (0..rounds).map(|round| (round, pace(round))).collect();
    by_pace.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    by_pace.truncate(of_all(rounds));
    samples.iter().map(|row| by_pace.iter().map(|(round, _)| row[*round]).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of rows, by the CPU time of each round.
    fn left(rows: &[[f64; 6]]) -> Vec<Vec<f64>> {
        let sample = |cpu: &f64| Sample { cpu: *cpu, rate: 0.0 };
        let calm = of(rows.iter().map(|row| row.iter().map(sample).collect()).collect());
        calm.iter().map(|row| row.iter().map(|sample| sample.cpu).collect()).collect()
    }

    #[test]
    fn the_rounds_in_which_all_rows_took_least() {
        let [one, two, three] = [
            [9., 1., 8., 2., 7., 6.],
            [90., 10., 80., 20., 70., 60.],
            [45., 5., 40., 10., 35., 30.],
        ];
        assert_eq!(left(&[one, two, three]), [[1., 2.], [10., 20.], [5., 10.]]);
    }

    #[test]
    fn no_row_decides_alone() {
        let two = [5., 6., 4., 1., 2., 3.];
        assert_eq!(left(&[[1., 2., 300., 400., 500., 600.], two, two])[1], [1., 2.]);
    }
}
