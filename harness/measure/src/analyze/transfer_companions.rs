//! What other channels say of a transfer: the gap in the load's current (metric M5) and the parts
//! of the transfer time (metric M6), from the loss of the grid to the opening of the relay and to
//! the start of the inverter.

use gridproof_model::record::Accuracy;
use gridproof_model::result::{BudgetLine, Measurement};
use serde::Serialize;

use super::run_on::end_budget;
use super::step_fit::median;
use super::{AnalyzeError, Channel64};
use crate::dwell::{dwell, longest_below};
use crate::limit_crossing::Seek;
use crate::rms::rms;
use crate::run_on::{CeaseRule, Cessation, cessation};
use crate::sine_fit::SineFit;
use crate::transfer::DEBOUNCE_S;
use crate::uncertainty::Budget;

/// Channels recorded beside the back-up voltage, all from the same instant on.
#[derive(Debug, Clone, Copy, Default)]
pub struct TransferCompanions<'a> {
    /// Voltage of the grid, V.
    pub reference: Option<Channel64<'a>>,
    /// Current of the load, A.
    pub load_current: Option<Channel64<'a>>,
    /// Accuracy of `load_current`, which the energy lost follows from.
    pub load_accuracy: Option<Accuracy>,
    /// Auxiliary contact of the switch that takes the grid away: its first lasting change is the
    /// failure.
    pub switch: Option<Channel64<'a>>,
    /// Current from the grid, A: its end is the failure where there is no switch.
    pub grid_current: Option<Channel64<'a>>,
    /// Relay between grid and load inside the DUT: its first lasting change is the opening.
    pub relay: Option<Channel64<'a>>,
    /// Running signal of the inverter: its first lasting change is the start.
    pub inverter: Option<Channel64<'a>>,
}

/// Metrics M5 and M6.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TransferParts {
    /// Metric M5: longest time with the load's current below 5 % of its amplitude before, s, if
    /// longer than it stays there in each cycle anyhow; 0 if not.
    pub current_gap_s: Option<f64>,
    /// U of `current_gap_s`, s.
    pub current_gap_uncertainty_s: Option<f64>,
    /// Energy the load missed between the departure of the voltage and its return, against the waves
    /// of its voltage and current before, J.
    pub lost_energy_j: Option<f64>,
    /// U of `lost_energy_j` by the instants, the noise and the accuracy of voltage and current,
    /// J.
    pub lost_energy_uncertainty_j: Option<f64>,
    /// Where the U of `lost_energy_j` comes from, J.
    pub lost_energy_budget: Vec<BudgetLine>,
    /// Time zero of metric M6: when the grid failed, s from the first sample.
    pub t_fail_s: Option<f64>,
    /// U of `t_fail_s`, s.
    pub fail_uncertainty_s: Option<f64>,
    /// What shows the failure: `switch`, `grid-current` or `reference`.
    pub fail_by: Option<&'static str>,
    /// When the relay of the DUT opened, s from the first sample.
    pub t_relay_open_s: Option<f64>,
    /// When the inverter started, s from the first sample.
    pub t_inverter_on_s: Option<f64>,
    /// Metric M6, detection and opening: t_relay_open − t_fail, s; negative if the relay opened
    /// before the grid failed.
    pub detection_s: Option<f64>,
    /// U of `detection_s`, s.
    pub detection_uncertainty_s: Option<f64>,
    /// Metric M6: t_inverter_on − t_fail, s.
    pub inverter_delay_s: Option<f64>,
    /// U of `inverter_delay_s`, s.
    pub inverter_delay_uncertainty_s: Option<f64>,
    /// Metric M6: end of the transfer − t_fail, s.
    pub restored_s: Option<f64>,
    /// U of `restored_s`, s.
    pub restored_uncertainty_s: Option<f64>,
}

/// An instant, and the half width of the interval it lies in, s.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instant {
    pub(super) at_s: f64,
    pub(super) half_s: f64,
}

/// The transfer as the voltage shows it, s.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// First departure.
    pub(super) start_s: Option<f64>,
    /// Last departure.
    pub(super) end: Option<Instant>,
    /// When the grid's voltage departed.
    pub(super) grid: Option<Instant>,
    /// Frequency before, Hz.
    pub(super) hz: f64,
}

/// Metrics M5 and M6 of a transfer, and why one of them is missing.
///
/// # Errors
/// Unusable samples of a channel.
pub(super) fn parts(
    channels: &TransferCompanions<'_>,
    seen: &Seen,
) -> Result<(TransferParts, Vec<String>), AnalyzeError> {
    let mut found = TransferParts::default();
    let mut notes = Vec::new();
    let mut change = |channel: &Option<Channel64<'_>>, name: &'static str| {
        let Some(channel) = channel else {
            return Ok(None);
        };
        channel.check(name)?;
        let at = lasting_change(channel);
        if at.is_none() {
            notes.push(format!("the {name} channel never changes for good"));
        }
        Ok::<_, AnalyzeError>(at)
    };
    let switch = change(&channels.switch, "switch")?;
    let relay = change(&channels.relay, "relay")?;
    let inverter = change(&channels.inverter, "inverter")?;
    // A switch that is given decides, then the current through it.
    let fail = match (&channels.switch, &channels.grid_current) {
        (Some(_), _) => switch.map(|at| (at, "switch")),
        (None, Some(current)) => {
            current.check("grid current")?;
            match current_ends(current, seen) {
                Ok(at) => Some((at, "grid-current")),
                Err(why) => {
                    notes.push(why);
                    seen.grid.map(|at| (at, "reference"))
                }
            }
        }
        (None, None) => seen.grid.map(|at| (at, "reference")),
    };
    found.t_relay_open_s = relay.map(|at| at.at_s);
    found.t_inverter_on_s = inverter.map(|at| at.at_s);
    if let Some((fail, by)) = fail {
        (found.t_fail_s, found.fail_by) = (Some(fail.at_s), Some(by));
        let instant = Budget::new("s").rectangular("end of the grid", fail.half_s);
        found.fail_uncertainty_s = Some(instant.expanded());
        let since = |to: Option<Instant>| {
            let measured = to.map(|to| between(fail, to));
            (measured.as_ref().map(|m| m.value), measured.map(|m| m.u))
        };
        (found.detection_s, found.detection_uncertainty_s) = since(relay);
        (found.inverter_delay_s, found.inverter_delay_uncertainty_s) = since(inverter);
        (found.restored_s, found.restored_uncertainty_s) = since(seen.end);
    } else if relay.is_some() || inverter.is_some() {
        notes.push(
            "no channel shows when the grid failed: give a switch, a grid current or a reference"
                .to_owned(),
        );
    }
    if let Some(current) = &channels.load_current {
        current.check("load current")?;
        match current_gap(current, seen) {
            Ok(gap) => {
                found.current_gap_s = Some(gap.value);
                found.current_gap_uncertainty_s = Some(gap.u);
            }
            Err(why) => notes.push(why),
        }
    }
    Ok((found, notes))
}

fn between(from: Instant, to: Instant) -> Measurement {
    Budget::new("s")
        .rectangular("sampling, start", from.half_s)
        .rectangular("sampling, end", to.half_s)
        .measure(to.at_s - from.at_s)
}

/// First change of a contact or a status signal between its two levels after which it is at the
/// new one for most of the debounce time: a contact that bounces gives its first edge, a single
/// disturbed sample nothing.
fn lasting_change(contact: &Channel64<'_>) -> Option<Instant> {
    let samples = contact.samples;
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = 0.5 * (low + high);
    let up = |x: &f64| *x > middle;
    let first = up(samples.first()?);
    let hold = ((DEBOUNCE_S * contact.rate_hz).round() as usize).max(1);
    let k = (1..samples.len()).find(|&k| {
        let after = &samples[k..(k + hold).min(samples.len())];
        up(&samples[k]) != first
            && 2 * after.iter().filter(|x| up(x) != first).count() > after.len()
    })?;
    let half_s = 0.5 / contact.rate_hz;
    Some(Instant {
        at_s: k as f64 / contact.rate_hz - half_s,
        half_s,
    })
}

/// How long the current from the grid must stay away, s.
const AWAY_S: f64 = 0.05;

/// When the current from the grid ends: a switch that opens in an arc goes on until its zero. Part of
/// it that comes back with the grid, long after the transfer, is left out.
fn current_ends(current: &Channel64<'_>, seen: &Seen) -> Result<Instant, String> {
    let (rate, hz) = (current.rate_hz, seen.hz);
    let last = seen.end.map(|end| end.at_s).or(seen.start_s);
    let until = last.map_or(current.samples.len(), |at| {
        ((at + 1.5 * AWAY_S) * rate) as usize
    });
    let amps = &current.samples[..until.min(current.samples.len())];
    let calm = seen.start_s.map_or(BEFORE_CYCLES / hz, |at| at - 1.0 / hz);
    let before = &amps[..((calm * rate).max(0.0) as usize).min(amps.len())];
    let peak = rms(before) * std::f64::consts::SQRT_2;
    let rule = CeaseRule {
        threshold: DEAD * peak,
        hold_s: AWAY_S,
        clamp_offset: 0.02 * peak,
        half_cycle_s: 0.5 / hz,
        longest_average_s: 1.0 / hz,
    };
    match cessation(amps, rate, 0, &rule) {
        Cessation::Ceased(ceased) if ceased.restarts == 0 => {
            let budget = end_budget(Budget::new("s"), &ceased, rate, hz);
            Ok(Instant {
                at_s: ceased.at / rate,
                half_s: 3.0_f64.sqrt() * budget.combined(),
            })
        }
        Cessation::NeverPresent
        | Cessation::Ceased(_)
        | Cessation::StillFlowing { .. }
        | Cessation::TooShort => Err("the grid current shows no end".to_owned()),
    }
}

/// Share of the amplitude before, below which the load has no current.
const DEAD: f64 = 0.05;
/// Cycles before the transfer that show what the load draws.
const BEFORE_CYCLES: f64 = 8.0;
/// What a pause in each cycle is exceeded by before it counts as a gap.
const LONGER: f64 = 1.15;

/// Standard deviation of white noise on a wave of any shape, from second differences: most of the
/// samples are on a smooth part.
fn noise(samples: &[f64]) -> f64 {
    let second = samples.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs());
    median(&mut second.collect::<Vec<_>>()).unwrap_or(0.0) * 1.4826 / 6.0_f64.sqrt()
}

/// Metric M5 with its U, or why there is none.
fn current_gap(current: &Channel64<'_>, seen: &Seen) -> Result<Measurement, String> {
    let (rate, len) = (current.rate_hz, current.samples.len());
    let cycle = rate / seen.hz;
    let at = |s: f64| ((s * rate).max(0.0) as usize).min(len);
    // Without a transfer in the voltage the current may still break anywhere.
    let until = match seen.start_s {
        Some(start) => at(start - 0.5 / seen.hz),
        None => at(BEFORE_CYCLES / seen.hz),
    };
    let from = until.saturating_sub((BEFORE_CYCLES * cycle) as usize);
    let before = &current.samples[from..until];
    let fit = SineFit::new(before, from, rate, seen.hz)
        .ok_or("load current: no wave of at least one and a half cycles before the transfer")?;
    let level = DEAD * fit.amplitude();
    let sigma = noise(before).min(fit.sigma);
    if level < 2.0 * sigma {
        return Err(format!(
            "load current: noise of {sigma:.3} A hides 5 % of its amplitude of {:.3} A",
            fit.amplitude()
        ));
    }
    let seek = Seek::new(level, sigma, 0.0, cycle);
    let end = match seen.end {
        Some(end) => at(end.at_s + 2.0 / seen.hz),
        None => len,
    };
    let part = &current.samples[until.min(end)..end];
    let longest = |level: f64| {
        let pause = longest_below(before, level, &seek).map_or(0.0, |p| p.length());
        longest_below(part, level, &seek).filter(|gap| gap.length() > LONGER * pause.max(1.0) + 1.0)
    };
    if longest(level).is_some_and(|gap| gap.end >= part.len() as f64) {
        return Err("load current: it does not come back with the voltage".to_owned());
    }
    let gap = dwell(longest, level, &seek, 0.0);
    Ok(gap.budget(1.0 / rate).measure(gap.length / rate))
}
