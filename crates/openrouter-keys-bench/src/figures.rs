//! What was measured of a workload, and what a line of the table makes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::line::Line;
use crate::table;
use crate::workloads::{Metric, Row, Target};

/// What was measured of one client, run by run.
#[derive(Default)]
pub(crate) struct Figures(BTreeMap<&'static str, Vec<f64>>);

impl Figures {
    /// What one run came to, in which something was done `count` times.
    pub(crate) fn add_run(&mut self, line: &Line, wall: Duration) {
        let known = [
            (Metric::Wall, Some(line.seconds)),
            (Metric::Cpu, line.cpu_seconds),
            (Metric::Peak, line.peak_bytes.map(figure)),
            (Metric::ProcessWall, Some(wall.as_secs_f64())),
        ];
        for (metric, figure) in known {
            if let Some(figure) = figure {
                self.add(metric, figure);
            }
        }
    }

    pub(crate) fn add(&mut self, metric: Metric, figure: f64) {
        self.0.entry(metric.name()).or_default().push(figure);
    }

    /// The one in the middle.
    pub(crate) fn median(&self, metric: Metric) -> Option<f64> {
        let mut figures = self.0.get(metric.name())?.clone();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        if figures.len().is_multiple_of(2) {
            Some(f64::midpoint(figures[middle - 1], figures[middle]))
        } else {
            Some(figures[middle])
        }
    }
}

/// A number to compare with others.
#[allow(
    clippy::cast_precision_loss,
    reason = "nothing here is counted in quadrillions"
)]
pub(crate) fn figure(number: u64) -> f64 {
    number as f64
}

impl Metric {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CallInstructions => "instructions a call",
            Self::Instructions => "instructions",
            Self::Cpu => "CPU time",
            Self::Wall => "wall time",
            Self::ProcessWall => "wall time, whole process",
            Self::Peak => "peak memory",
            Self::ServerCpu => "CPU time of the server",
            Self::FirstLine => "wall time to the first line",
            Self::KeyMemory => "memory a key",
            Self::Crates => "crates",
        }
    }

    fn write(self, figure: f64) -> String {
        match self {
            Self::CallInstructions | Self::Instructions | Self::Crates => table::grouped(figure),
            Self::Cpu | Self::Wall | Self::ProcessWall | Self::ServerCpu | Self::FirstLine => {
                table::seconds(figure)
            }
            Self::KeyMemory => format!("{} B", table::grouped(figure)),
            Self::Peak => table::megabytes(figure),
        }
    }
}

/// The head of the table, without the peers.
pub(crate) const HEAD: [&str; 6] = ["", "ours", "floor", "ratio", "target", "reached"];

/// One line of the table, with a cell for each of the peers.
pub(crate) fn line(
    name: &str,
    row: &Row,
    ours: &Figures,
    floor: &Figures,
    peers: &[Figures],
) -> Vec<String> {
    let ours = ours.median(row.metric);
    let floor = floor.median(row.metric);
    let cell =
        |figure: Option<f64>| figure.map_or("-".to_owned(), |figure| row.metric.write(figure));
    let ratio = ours.zip(floor).map(|(ours, floor)| ours / floor);
    let (target, reached) = match row.target {
        Target::None => (String::new(), None),
        Target::Ratio(most) => (
            format!("≤ {}", ratio_text(most)),
            Some(ratio.map(|ratio| ratio <= most)),
        ),
        Target::Seconds(most) | Target::Bytes(most) | Target::Count(most) => (
            format!("≤ {}", row.metric.write(most)),
            Some(ours.map(|ours| ours <= most)),
        ),
    };
    let reached = match reached {
        Some(Some(true)) => "yes",
        Some(Some(false)) => "no",
        Some(None) => "-",
        None => "",
    };
    let mut cells = vec![
        format!("{name}: {}", row.metric.name()),
        cell(ours),
        cell(floor),
        ratio.map_or("-".to_owned(), ratio_text),
        target,
        reached.to_owned(),
    ];
    cells.extend(peers.iter().map(|peer| cell(peer.median(row.metric))));
    cells
}

fn ratio_text(ratio: f64) -> String {
    format!("{ratio:.3}")
}

#[cfg(test)]
mod tests {
    use super::{Figures, line};
    use crate::workloads::{Metric, Row, Target};

    fn figures(metric: Metric, values: &[f64]) -> Figures {
        let mut figures = Figures::default();
        for value in values {
            figures.add(metric, *value);
        }
        figures
    }

    #[test]
    fn a_line_compares_the_middle_of_each() {
        let row = Row {
            metric: Metric::Cpu,
            target: Target::Ratio(1.1),
        };
        let ours = figures(Metric::Cpu, &[9.0, 1.0, 2.0]);
        let floor = figures(Metric::Cpu, &[2.0, 3.0]);
        let silent = Figures::default();
        assert_eq!(
            line("get", &row, &ours, &floor, &[silent]),
            [
                "get: CPU time",
                "2.00 s",
                "2.50 s",
                "0.800",
                "≤ 1.100",
                "yes",
                "-"
            ]
        );
    }

    #[test]
    fn what_was_not_measured_reaches_nothing() {
        let row = Row {
            metric: Metric::Peak,
            target: Target::Bytes(12e6),
        };
        let floor = figures(Metric::Peak, &[10e6]);
        assert_eq!(
            line("list", &row, &Figures::default(), &floor, &[]),
            ["list: peak memory", "-", "10.0 MB", "-", "≤ 12.0 MB", "-"]
        );
        let ours = figures(Metric::Peak, &[13e6]);
        let line = line("list", &row, &ours, &Figures::default(), &[]);
        assert_eq!((&*line[3], &*line[5]), ("-", "no"));
    }
}
