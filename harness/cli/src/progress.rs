//! Progress on a terminal: overall and current tests, bench time and wall time. On anything that
//! is no terminal: one line per finished test.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use gridproof_model::event::{Event, EventKind};
use gridproof_model::verdict::Verdict;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// Follows the events of a run.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    running: BTreeMap<usize, Running>,
    bench_s: f64,
}

struct Running {
    name: String,
    case: String,
    cases: usize,
    worst: Option<Verdict>,
    at_s: f64,
}

impl Progress {
    pub(crate) fn new(cases: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(cases as u64);
            if let Ok(style) =
                ProgressStyle::with_template("[{elapsed}] {bar:30} {pos}/{len} cases  {msg}")
            {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            running: BTreeMap::new(),
            bench_s: 0.0,
        }
    }

    /// Take note of an event of a share of a test.
    pub(crate) fn see(&mut self, share: usize, event: &Event) {
        match &event.what {
            EventKind::TestStarted {
                test,
                dut,
                part,
                cases,
            } => {
                let part = part.map_or_else(String::new, |part| {
                    format!(", part {} of {}", part.number, part.of)
                });
                let name = format!("{dut} {test}{part}");
                let running = Running {
                    name,
                    case: String::new(),
                    cases: *cases,
                    worst: None,
                    at_s: 0.0,
                };
                self.running.insert(share, running);
            }
            EventKind::CaseStarted { label } => {
                if let Some(running) = self.running.get_mut(&share) {
                    running.case.clone_from(label);
                }
                self.show();
            }
            EventKind::Judged { verdict, .. } => {
                if let Some(running) = self.running.get_mut(&share) {
                    running.worst = running.worst.max(Some(*verdict));
                    self.bench_s += event.at_s - running.at_s;
                    running.at_s = event.at_s;
                }
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
                self.show();
            }
            EventKind::TestEnded { safe, .. } => {
                if let Some(running) = self.running.remove(&share) {
                    self.bench_s += event.at_s - running.at_s;
                    let verdict = running.worst.unwrap_or(Verdict::NotRun);
                    let cases = output::count(running.cases, "case");
                    let energised = if *safe { "" } else { "  NOT PROVEN SAFE" };
                    self.line(&format!(
                        "{verdict:<14} {:<34} {cases:>9}  {:>11} on the bench{energised}",
                        running.name,
                        output::span(event.at_s)
                    ));
                }
                self.show();
            }
            EventKind::RunStarted { .. }
            | EventKind::TestSkipped { .. }
            | EventKind::Identified { .. }
            | EventKind::Stimulus { .. }
            | EventKind::Refused { .. }
            | EventKind::Read { .. }
            | EventKind::Captured { .. }
            | EventKind::Note { .. }
            | EventKind::CaseEnded { .. }
            | EventKind::SafeStateItem { .. }
            | EventKind::RunEnded { .. } => {}
        }
    }

    /// The run is over.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            let running: Vec<String> = self
                .running
                .values()
                .map(|running| format!("{} ({})", running.name, running.case))
                .collect();
            bar.set_message(format!(
                "{} on the bench  {}",
                output::span(self.bench_s),
                running.join(" | ")
            ));
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::remark(text),
        }
    }
}
