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

    /// Take note of an event of a unit.
    pub(crate) fn see(&mut self, unit: usize, event: &Event) {
        match &event.what {
            EventKind::TestStarted { test, dut, cases } => {
                let name = format!("{dut} {test}");
                let running = Running {
                    name,
                    case: String::new(),
                    cases: *cases,
                    worst: None,
                    at_s: 0.0,
                };
                self.running.insert(unit, running);
            }
            EventKind::CaseStarted { label } => {
                if let Some(running) = self.running.get_mut(&unit) {
                    running.case.clone_from(label);
                }
                self.show();
            }
            EventKind::Judged { verdict, .. } => {
                if let Some(running) = self.running.get_mut(&unit) {
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
                if let Some(running) = self.running.remove(&unit) {
                    self.bench_s += event.at_s - running.at_s;
                    let verdict = running.worst.unwrap_or(Verdict::NotRun);
                    let cases = running.cases;
                    let plural = if cases == 1 { "case" } else { "cases" };
                    let energised = if *safe { "" } else { "  NOT PROVEN SAFE" };
                    self.line(&format!(
                        "{verdict:<14} {:<34} {cases:>3} {plural:<5}  {:>11} on the bench{energised}",
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
