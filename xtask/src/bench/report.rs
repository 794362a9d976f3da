//! What came out: medians, ratios, a CSV and a chart.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::peer::{Answer, Rows, agree};
use super::{Request, progress};

/// Who is set against whom.
const OURS: &str = "medley";
/// Whose rows are right.
const RIGHT: &str = "remote";
/// What the names of measures begin with whose largest value counts, not the median.
pub const LARGEST: &str = "cancel ";
/// What is summed up: the beginnings of the names of queries.
const TOTALS: [(&str, &str); 2] = [("q", "TPC-H"), ("split q", "TPC-H over two servers")];
/// In the order of the report.
const PEERS: [&str; 4] = ["medley", "duckdb", "remote", "fdw"];
const COLOURS: [&str; 4] = ["#1b7f79", "#e0a526", "#9aa5b1", "#c2543f"];

/// What was measured so far.
pub struct Report {
    heading: String,
    /// In milliseconds, but where the measure's name says another unit.
    measured: BTreeMap<(String, &'static str), Vec<f64>>,
    failed: BTreeMap<(String, &'static str), String>,
    right: BTreeMap<String, Rows>,
}

impl Report {
    pub fn new(request: &Request) -> Self {
        let heading = format!("scale factor {}, median of {}", request.sf, request.rounds);
        let (measured, failed, right) = Default::default();
        Self { heading, measured, failed, right }
    }

    /// Notes an answer. The first round warms up: its rows are compared, its time is not counted.
    pub fn add(&mut self, query: &str, peer: &'static str, round: usize, outcome: Result<Answer>) {
        match outcome.and_then(|answer| self.compared(query, peer, round, answer)) {
            Ok(ms) if round > 0 => self.measure(query, peer, ms),
            Ok(_) => {}
            Err(error) => {
                self.failed.insert((query.to_owned(), peer), format!("{error:#}"));
            }
        }
    }

    /// Notes a value.
    pub fn measure(&mut self, query: &str, peer: &'static str, value: f64) {
        self.measured.entry((query.to_owned(), peer)).or_default().push(value);
    }

    fn compared(
        &mut self,
        query: &str,
        peer: &'static str,
        round: usize,
        answer: Answer,
    ) -> Result<f64> {
        let ms = answer.elapsed.as_secs_f64() * 1e3;
        if round == 0 && peer == RIGHT {
            self.right.insert(query.to_owned(), answer.rows);
        } else if let Some(right) = self.right.get(query) {
            agree(&answer.rows, right, peer == "duckdb")?;
        }
        Ok(ms)
    }

    /// Whether the peer has no right answer.
    pub fn has_failed(&self, query: &str, peer: &'static str) -> bool {
        self.failed.contains_key(&(query.to_owned(), peer))
    }

    /// Tells of one query.
    pub fn say(&self, query: &str) {
        progress(&self.line(query));
    }

    fn median(&self, query: &str, peer: &'static str) -> Option<f64> {
        let mut values = self.measured.get(&(query.to_owned(), peer))?.clone();
        values.sort_by(f64::total_cmp);
        match query.starts_with(LARGEST) {
            true => values.last().copied(),
            false => values.get(values.len() / 2).copied(),
        }
    }

    fn line(&self, query: &str) -> String {
        let mut line = format!("{query:<36}");
        let ours = self.median(query, OURS);
        for peer in PEERS {
            let cell = match (self.median(query, peer), ours) {
                (Some(ms), Some(ours)) if peer != OURS => {
                    format!("{} ({:.2})", figure(ms), ours / ms)
                }
                (Some(ms), _) => figure(ms),
                (None, _) if self.has_failed(query, peer) => "failed".to_owned(),
                (None, _) => "-".to_owned(),
            };
            let _ = write!(line, " {peer} {cell:<17}");
        }
        line.trim_end().to_owned()
    }

    fn queries(&self) -> Vec<&str> {
        let mut queries: Vec<_> = self.measured.keys().map(|(query, _)| query.as_str()).collect();
        queries.extend(self.failed.keys().map(|(query, _)| query.as_str()));
        queries.sort_unstable();
        queries.dedup();
        queries
    }

    /// Prints everything, and writes it into the folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        fs::write(folder.join("results.csv"), self.csv())?;
        fs::write(folder.join("results.svg"), self.svg())?;
        print(&self.text());
        progress(&format!("written to {}", folder.display()));
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("{}; in parentheses medley's share of it\n", self.heading);
        for query in self.queries() {
            let _ = writeln!(text, "{}", self.line(query));
        }
        for (prefix, name) in TOTALS {
            for peer in PEERS.iter().filter(|peer| **peer != OURS) {
                if let Some((ours, theirs, count)) = self.totals(prefix, peer) {
                    let ratio = ours / theirs;
                    let _ = writeln!(
                        text,
                        "{name}, total of the {count} queries both answer: medley {ours:.0} ms, \
                         {peer} {theirs:.0} ms, ratio {ratio:.2}"
                    );
                }
            }
        }
        for ((query, peer), why) in &self.failed {
            let _ = writeln!(text, "{query} {peer}: {why}");
        }
        text
    }

    /// Over the queries with such names that both have answered.
    fn totals(&self, prefix: &str, peer: &'static str) -> Option<(f64, f64, usize)> {
        let queries = self.queries().into_iter().filter(|query| query.starts_with(prefix));
        let both = queries.filter_map(|query| {
            let fine = !self.has_failed(query, OURS) && !self.has_failed(query, peer);
            self.median(query, OURS).zip(self.median(query, peer)).filter(|_| fine)
        });
        let (ours, theirs): (Vec<_>, Vec<_>) = both.unzip();
        let count = ours.len();
        (count > 0).then(|| (ours.iter().sum(), theirs.iter().sum(), count))
    }

    fn csv(&self) -> String {
        let mut csv = "measure,peer,median,values\n".to_owned();
        for ((query, peer), values) in &self.measured {
            let median = self.median(query, peer).unwrap_or_default();
            let values: Vec<_> = values.iter().map(|value| format!("{value:.3}")).collect();
            let _ = writeln!(csv, "{query},{peer},{median:.3},{}", values.join(" "));
        }
        for (query, peer) in self.failed.keys() {
            let _ = writeln!(csv, "{query},{peer},failed,");
        }
        csv
    }

    /// A group of bars for each query, as long as its medians are beside the longest of it.
    fn svg(&self) -> String {
        let queries = self.queries();
        let height = 40 + queries.len() * 62;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n\
             <text x=\"10\" y=\"20\" font-size=\"13\">{}</text>\n",
            self.heading
        );
        for (row, query) in queries.iter().enumerate() {
            let top = 34 + row * 62;
            let medians = PEERS.map(|peer| self.median(query, peer));
            let longest = medians.iter().flatten().fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
            let _ = writeln!(svg, "<text x=\"10\" y=\"{}\">{query}</text>", top + 28);
            for (at, median) in medians.iter().enumerate() {
                let (Some(median), y) = (median, top + at * 13) else { continue };
                let (peer, colour, width) = (PEERS[at], COLOURS[at], 480.0 * median / longest);
                let _ = writeln!(
                    svg,
                    "<rect x=\"220\" y=\"{y}\" width=\"{width:.1}\" height=\"11\" \
                     fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{}\">{peer} {}</text>",
                    224.0 + width,
                    y + 10,
                    figure(*median)
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// To the microsecond where that says something.
fn figure(value: f64) -> String {
    if value < 10.0 { format!("{value:.3}") } else { format!("{value:.1}") }
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(value: &str, ms: u64) -> Result<Answer> {
        let rows = vec![vec![Some(value.to_owned())]];
        Ok(Answer { rows, elapsed: Duration::from_millis(ms) })
    }

    fn report() -> Report {
        let (measured, failed, right) = Default::default();
        let mut report = Report { heading: "test".to_owned(), measured, failed, right };
        for (round, ms) in [(0, 900), (1, 40), (2, 10), (3, 20)] {
            report.add("q01", "remote", round, answer("7", ms));
            report.add("q01", "medley", round, answer("7", ms / 2));
            report.add("q01", "fdw", round, answer("8", ms));
        }
        report
    }

    #[test]
    fn the_median_counts_and_the_first_round_does_not() {
        assert_eq!(report().median("q01", "remote"), Some(20.0));
        assert_eq!(report().totals("q", "remote"), Some((10.0, 20.0, 1)));
        assert!(report().line("q01").contains("remote 20.0 (0.50)"));
    }

    #[test]
    fn other_rows_are_no_answer() {
        let report = report();
        assert!(report.has_failed("q01", "fdw") && !report.has_failed("q01", "medley"));
        assert!(report.text().contains("row 0 is [Some(\"8\")] instead of [Some(\"7\")]"));
        assert!(report.csv().contains("q01,fdw,failed,"));
        assert_eq!(report.totals("q", "fdw"), None);
    }

    #[test]
    fn the_chart_has_a_bar_for_each_median() {
        assert_eq!(report().svg().matches("<rect").count(), 2);
    }
}
