//! `analyze harmonics`: IEC 61000-4-7 spectra synchronised to the measured fundamental.

use gridproof_model::record::Accuracy;
use gridproof_model::result::{BudgetLine, Measurement};
use serde::Serialize;

use super::harmonic_windows::{HarmonicSum, HarmonicWindows};
use super::{AnalyzeError, Channel64, positive};

/// Highest order of THD and of the list.
pub(super) const HIGHEST_ORDER: usize = 50;

/// U of the figures of an order of one channel, in its unit.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct OrderUncertainty {
    /// Of the component.
    pub rms: f64,
    /// Of the harmonic group. Here and below of what the lines hold, their noise included.
    pub group: f64,
    /// Of the harmonic subgroup.
    pub subgroup: f64,
    /// Of the interharmonic centred subgroup.
    pub interharmonic: f64,
    /// Of the interharmonic group.
    pub interharmonic_group: f64,
    /// Where that of the component comes from (standard uncertainties).
    pub budget: Vec<BudgetLine>,
}

/// One harmonic order.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct OrderLine {
    /// Order, 1 = fundamental.
    pub order: usize,
    /// Voltage component, V RMS, less the noise of its neighbourhood, and less an interharmonic within
    /// a line of it that the record tells from it.
    pub v_rms: f64,
    /// Current component, A RMS, less the noise of its neighbourhood.
    pub i_rms: f64,
    /// Angle of the voltage component as a sine, where the voltage's fundamental passes zero
    /// upwards, degrees.
    pub v_phase_deg: f64,
    /// Angle of the current component, same reference, degrees.
    pub i_phase_deg: f64,
    /// Harmonic group of the voltage (IEC 61000-4-7), V RMS.
    pub v_group: f64,
    /// Harmonic group of the current, A RMS.
    pub i_group: f64,
    /// Harmonic subgroup of the voltage, V RMS.
    pub v_subgroup: f64,
    /// Harmonic subgroup of the current, A RMS.
    pub i_subgroup: f64,
    /// Interharmonic centred subgroup between this order and the next, V RMS.
    pub v_interharmonic: f64,
    /// Interharmonic centred subgroup between this order and the next, A RMS.
    pub i_interharmonic: f64,
    /// Interharmonic group: every line between this order and the next, V RMS.
    pub v_interharmonic_group: f64,
    /// Interharmonic group: every line between this order and the next, A RMS.
    pub i_interharmonic_group: f64,
    /// U of the voltage figures.
    pub v_u: OrderUncertainty,
    /// U of the current figures.
    pub i_u: OrderUncertainty,
}

/// What is known beside the samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HarmonicOptions {
    /// Rated current, A RMS: reference of the TDD.
    pub rated_current_a: Option<f64>,
    /// Accuracy of the voltage channel; without it the budget leaves the instrument out.
    pub volts: Option<Accuracy>,
    /// Accuracy of the current channel.
    pub amps: Option<Accuracy>,
}

/// Values with their budgets. The ratios are free of the channels' gain; their frequency response
/// is not in any budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HarmonicUncertainty {
    /// RMS of the voltage, V.
    pub v_rms: Measurement,
    /// RMS of the current, A.
    pub i_rms: Measurement,
    /// THD of the voltage (ratio).
    pub thd_v: Measurement,
    /// THD of the current (ratio).
    pub thd_i: Measurement,
    /// Mean of the voltage, V.
    pub dc_v: Measurement,
    /// Mean of the current, A.
    pub dc_i: Measurement,
    /// TDD (ratio); `None` without a rated current.
    pub tdd_i: Option<Measurement>,
}

/// Spectra of a voltage and a current.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HarmonicAnalysis {
    /// Fundamental of the voltage, Hz.
    pub f1_hz: f64,
    /// RMS of the voltage with everything in it, V.
    pub v_rms: f64,
    /// RMS of the current with everything in it, A.
    pub i_rms: f64,
    /// THD of the voltage from components 2…`highest_order`, relative to the fundamental (ratio).
    /// The squares of the components are taken less the noise around them, and only their sum is
    /// kept from falling below zero: noise does not raise the THD.
    pub thd_v: f64,
    /// THD of the current (ratio).
    pub thd_i: f64,
    /// THD from subgroups (THDS), voltage and current (ratios).
    pub thds_v: f64,
    /// See `thds_v`.
    pub thds_i: f64,
    /// THD from groups (THDG), voltage and current (ratios).
    pub thdg_v: f64,
    /// See `thdg_v`.
    pub thdg_i: f64,
    /// RMS of the harmonic currents 2…`highest_order` (THC), A.
    pub thc_a: f64,
    /// THC relative to the rated current (TDD, ratio); `None` without a rated current.
    pub tdd_i: Option<f64>,
    /// The main figures ± U.
    pub uncertainty: HarmonicUncertainty,
    /// Orders from 1.
    pub orders: Vec<OrderLine>,
    /// Mean of the voltage, V.
    pub dc_v: f64,
    /// Mean of the current, A.
    pub dc_i: f64,
    /// Highest order in sums and list: 50, or less where the sample rate ends.
    pub highest_order: usize,
    /// Windows of `cycles` cycles that were aggregated (√ of the mean of squares).
    pub windows: usize,
    /// Cycles in a window: 10, at 60 Hz 12.
    pub cycles: usize,
    /// What makes the figures doubtful: a clipped channel.
    pub warnings: Vec<String>,
    /// What limits the figures.
    pub note: Option<String>,
}

/// As [`harmonics_with`], nothing known beside the samples.
///
/// # Errors
/// Those of [`harmonics_with`].
pub fn harmonics(
    voltage: &Channel64<'_>,
    current: &Channel64<'_>,
    fundamental_hz: f64,
) -> Result<HarmonicAnalysis, AnalyzeError> {
    harmonics_with(
        voltage,
        current,
        fundamental_hz,
        &HarmonicOptions::default(),
    )
}

/// Analyses whole windows of 10 (near 60 Hz: 12) cycles from the beginning of both records.
///
/// # Errors
/// Unusable samples, less than one window, a fundamental that is not there, a rated current that
/// is none.
pub fn harmonics_with(
    voltage: &Channel64<'_>,
    current: &Channel64<'_>,
    fundamental_hz: f64,
    options: &HarmonicOptions,
) -> Result<HarmonicAnalysis, AnalyzeError> {
    current.check("current")?;
    let last_s = |of: &Channel64<'_>| (of.samples.len() as f64 - 1.0) / of.rate_hz;
    let end_s = last_s(voltage).min(last_s(current));
    let windows = HarmonicWindows::new(voltage, 0.0, end_s, fundamental_hz)?;
    let highest = windows.highest(voltage.rate_hz.min(current.rate_hz))?;
    let sum = |channel: &Channel64<'_>, name| {
        let mut sum = HarmonicSum::to_order(&windows, name, channel.rate_hz, highest)?;
        sum.push(channel.samples)?;
        Ok(sum)
    };
    harmonics_of(
        &windows,
        sum(voltage, "voltage")?,
        sum(current, "current")?,
        options,
    )
}

/// As [`harmonics_with`], of channels that were summed up part by part over the same `windows`.
///
/// # Errors
/// A channel that ended before its windows did, a rated current that is none.
pub fn harmonics_of(
    windows: &HarmonicWindows,
    voltage: HarmonicSum,
    current: HarmonicSum,
    options: &HarmonicOptions,
) -> Result<HarmonicAnalysis, AnalyzeError> {
    let rated = options
        .rated_current_a
        .map(|a| positive("rated current", a))
        .transpose()?;
    let highest = voltage.highest().min(current.highest());
    let (cycles, count) = (windows.cycles, windows.count());
    let (v, clipped_v) = voltage.finish()?;
    let (i, clipped_i) = current.finish()?;
    let first = [&v, &i].map(|of| of.order(1, cycles, count).component.value);
    let orders: Vec<OrderLine> = (1..=highest)
        .map(|n| {
            let (a, b) = (v.order(n, cycles, count), i.order(n, cycles, count));
            OrderLine {
                order: n,
                v_rms: a.component.value,
                i_rms: b.component.value,
                v_phase_deg: a.phase_deg,
                i_phase_deg: b.phase_deg,
                v_group: a.group.value,
                i_group: b.group.value,
                v_subgroup: a.subgroup.value,
                i_subgroup: b.subgroup.value,
                v_interharmonic: a.interharmonic.value,
                i_interharmonic: b.interharmonic.value,
                v_interharmonic_group: a.interharmonic_group.value,
                i_interharmonic_group: b.interharmonic_group.value,
                v_u: a.uncertainty("V", first[0], options.volts.as_ref()),
                i_u: b.uncertainty("A", first[1], options.amps.as_ref()),
            }
        })
        .collect();
    let sum = |of: fn(&OrderLine) -> f64| {
        let upper: f64 = orders[1..].iter().map(|line| of(line) * of(line)).sum();
        upper.sqrt()
    };
    let ratio = |of: fn(&OrderLine) -> f64| {
        let first = of(&orders[0]);
        if first > 0.0 { sum(of) / first } else { 0.0 }
    };
    let (dv, di) = (
        v.distortion(highest, cycles, count),
        i.distortion(highest, cycles, count),
    );
    let (bv, bi) = (
        v.budgets("V", orders[0].v_rms, &dv, options.volts.as_ref()),
        i.budgets("A", orders[0].i_rms, &di, options.amps.as_ref()),
    );
    let tdd = rated.map(|rated| di.demand(rated, options.amps.as_ref()));
    let note = (highest < HIGHEST_ORDER)
        .then(|| format!("the sample rate ends the spectrum at order {highest}"));
    Ok(HarmonicAnalysis {
        f1_hz: windows.f1_hz,
        v_rms: v.rms,
        i_rms: i.rms,
        thd_v: bv.thd.value,
        thd_i: bi.thd.value,
        thds_v: ratio(|l| l.v_subgroup),
        thds_i: ratio(|l| l.i_subgroup),
        thdg_v: ratio(|l| l.v_group),
        thdg_i: ratio(|l| l.i_group),
        thc_a: di.square.sqrt(),
        tdd_i: tdd.as_ref().map(|tdd| tdd.value),
        uncertainty: HarmonicUncertainty {
            v_rms: bv.rms,
            i_rms: bi.rms,
            thd_v: bv.thd,
            thd_i: bi.thd,
            dc_v: bv.dc,
            dc_i: bi.dc,
            tdd_i: tdd,
        },
        dc_v: v.mean,
        dc_i: i.mean,
        highest_order: highest,
        windows: count,
        cycles,
        warnings: [clipped_v, clipped_i].into_iter().flatten().collect(),
        note,
        orders,
    })
}
