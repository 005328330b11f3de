//! Transient list of the Chroma AC sources as commands.

use crate::roles::GridStep;

/// Sequences one list can hold (61512 class).
const LONGEST_LIST: usize = 100;
/// Longest dwell, s.
const LONGEST_DWELL: f64 = 99_999.999_99;

/// A transient list ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListProgram {
    commands: Vec<String>,
    ends_with: (f64, f64),
}

impl ListProgram {
    /// Translate `steps`, or say why the instrument could not run them.
    pub(super) fn new(steps: &[GridStep]) -> Result<Self, String> {
        let Some(last) = steps.last() else {
            return Err("the list is empty".into());
        };
        if steps.len() > LONGEST_LIST {
            return Err(format!("{} steps, at most {LONGEST_LIST} fit", steps.len()));
        }
        for (index, step) in steps.iter().enumerate() {
            let values = [step.v_start, step.v_end, step.hz_start, step.hz_end];
            if !values
                .iter()
                .all(|value| value.is_finite() && *value >= 0.0)
            {
                return Err(format!(
                    "step {index}: voltage or frequency is no positive number"
                ));
            }
            if !(1e-4..=LONGEST_DWELL).contains(&step.dwell_s) {
                return Err(format!("step {index}: dwell of {} s", step.dwell_s));
            }
        }
        let column = |header: &str, decimals: usize, value: fn(&GridStep) -> f64| {
            let mut command = String::with_capacity(header.len() + 8 * steps.len());
            command.push_str(header);
            for (index, step) in steps.iter().enumerate() {
                command.push(if index == 0 { ' ' } else { ',' });
                command.push_str(&super::fixed(value(step), decimals));
            }
            command
        };
        let shapes = vec!["A"; steps.len()].join(",");
        let mut commands = vec![
            "LIST:COUP ALL".into(),
            "LIST:COUNt 1".into(),
            "LIST:BASE TIME".into(),
            "LIST:TRIG AUTO".into(),
            column("LIST:DWEL", 1, |step| step.dwell_s * 1000.0),
            format!("LIST:SHAPe {shapes}"),
            column("LIST:VOLT:AC:STAR", 1, |step| step.v_start),
            column("LIST:VOLT:AC:END", 1, |step| step.v_end),
            column("LIST:FREQ:STAR", 2, |step| step.hz_start),
            column("LIST:FREQ:END", 2, |step| step.hz_end),
        ];
        if let Some(angles) = start_angles(steps) {
            let angles: Vec<String> = angles.into_iter().map(degrees).collect();
            commands.push(format!("LIST:DEGRee {}", angles.join(",")));
        }
        Ok(ListProgram {
            commands,
            ends_with: (last.v_end, last.hz_end),
        })
    }

    /// The commands, between `OUTP:MODE FIXED` and `OUTP:MODE LIST`.
    pub(super) fn commands(&self) -> &[String] {
        &self.commands
    }

    /// Voltage and frequency that stay at the output.
    pub(super) fn ends_with(&self) -> (f64, f64) {
        self.ends_with
    }
}

/// An angle as the instrument takes it: 0.0 to 359.9.
pub(super) fn degrees(angle: f64) -> String {
    let text = super::fixed(angle.rem_euclid(360.0), 1);
    if text == "360.0" { "0.0".into() } else { text }
}

/// Start angles of all steps, if any step asks for one. The instrument wants an angle for every
/// sequence, so steps without one get the angle at which the phase arrives there: forwards from
/// the step before, backwards from the first angle asked for.
fn start_angles(steps: &[GridStep]) -> Option<Vec<f64>> {
    let first = steps.iter().position(|step| step.start_deg.is_some())?;
    let advance = |step: &GridStep| 360.0 * 0.5 * (step.hz_start + step.hz_end) * step.dwell_s;
    let mut angle = steps.get(first)?.start_deg?;
    let mut before: Vec<f64> = steps
        .get(..first)?
        .iter()
        .rev()
        .map(|step| {
            angle -= advance(step);
            angle
        })
        .collect();
    before.reverse();
    let mut angles = before;
    let mut running = 0.0;
    for step in steps.get(first..)? {
        let start = step.start_deg.unwrap_or(running);
        angles.push(start);
        running = start + advance(step);
    }
    Some(angles)
}
