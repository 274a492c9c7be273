//! The one table that comes of it.

/// The lines of a table, the first of which is its head. Columns are as wide as what is in them.
pub(crate) fn render(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate();
        let cells: Vec<_> = cells
            .map(|(column, (cell, &width))| {
                // Names are read from the left, figures from the right.
                if column == 0 {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
        if number == 0 {
            let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&rule.join("  "));
            text.push('\n');
        }
    }
    text
}

/// A number with its thousands apart: `1 234 567`.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Seconds, in the unit that suits them.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds >= 1.0 {
        format!("{seconds:.2} s")
    } else if seconds >= 1e-3 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{:.1} µs", seconds * 1e6)
    }
}

/// Bytes, in millions of them.
pub(crate) fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{grouped, megabytes, render, seconds};

    #[test]
    fn a_table_has_columns() {
        let line = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let table = render(&[
            line(["", "ours"]),
            line(["get", "1 µs"]),
            line(["a list", "-"]),
        ]);
        assert_eq!(
            table,
            "        ours\n------  ----\nget     1 µs\na list     -\n"
        );
    }

    #[test]
    fn figures_have_their_units() {
        assert_eq!(
            [0.0, 999.0, 1000.0, 1_234_567.4].map(grouped),
            ["0", "999", "1 000", "1 234 567"]
        );
        assert_eq!(
            [2.5, 0.0125, 0.000_004].map(seconds),
            ["2.50 s", "12.50 ms", "4.0 µs"]
        );
        assert_eq!(megabytes(11_940_000.0), "11.9 MB");
    }
}
