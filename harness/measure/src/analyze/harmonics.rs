//! `analyze harmonics`: IEC 61000-4-7 spectra synchronised to the measured fundamental.

use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;
use rustfft::num_complex::Complex64;
use serde::Serialize;

use super::frequency::phase;
use super::warnings::clipped;
use super::{AnalyzeError, Channel64, positive};
use crate::phase_track::parabola;
use crate::spectrum::LineSpectrum;
use crate::uncertainty::Budget;

/// Highest order of THD and of the list.
const HIGHEST_ORDER: usize = 50;

/// One harmonic order.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct OrderLine {
    /// Order, 1 = fundamental.
    pub order: usize,
    /// Voltage component, V RMS, less the noise of its neighbourhood.
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

/// Aggregated squares of one channel.
struct Spectrum {
    squares: Vec<f64>,
    /// Components rotated to the voltage's zero crossing and added.
    turned: Vec<Complex64>,
    mean: f64,
    rms: f64,
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
    let rated = options
        .rated_current_a
        .map(|a| positive("rated current", a))
        .transpose()?;
    voltage.check("voltage")?;
    current.check("current")?;
    let nominal = positive("fundamental", fundamental_hz)?;
    let duration = voltage.duration_s().min(current.duration_s());
    let points = phase(voltage, nominal, 0.0, voltage.duration_s())?;
    let cycles = if (nominal - 60.0).abs() < 5.0 { 12 } else { 10 };
    let rate = voltage.rate_hz;
    let windows = plan(&points, rate, cycles, duration, nominal)?;
    let slow = rate.min(current.rate_hz);
    let f1 = windows.iter().map(|w| w.hz).sum::<f64>() / windows.len() as f64;
    let highest = ((0.48 * slow / f1) as usize).min(HIGHEST_ORDER);
    if highest < 2 {
        return Err(AnalyzeError::TooSlow {
            name: "current",
            rate_hz: slow,
            need_hz: 5.0 * nominal,
            purpose: "the second harmonic",
        });
    }
    let v = aggregate(voltage, "voltage", &windows, cycles, highest)?;
    let i = aggregate(current, "current", &windows, cycles, highest)?;
    let orders: Vec<OrderLine> = (1..=highest)
        .map(|n| {
            let (a, b) = (
                v.order(n, cycles, windows.len()),
                i.order(n, cycles, windows.len()),
            );
            OrderLine {
                order: n,
                v_rms: a.component,
                i_rms: b.component,
                v_phase_deg: a.phase_deg,
                i_phase_deg: b.phase_deg,
                v_group: a.group,
                i_group: b.group,
                v_subgroup: a.subgroup,
                i_subgroup: b.subgroup,
                v_interharmonic: a.interharmonic,
                i_interharmonic: b.interharmonic,
                v_interharmonic_group: a.interharmonic_group,
                i_interharmonic_group: b.interharmonic_group,
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
        v.distortion(highest, cycles, windows.len()),
        i.distortion(highest, cycles, windows.len()),
    );
    let (bv, bi) = (
        v.budgets("V", orders[0].v_rms, &dv, options.volts.as_ref()),
        i.budgets("A", orders[0].i_rms, &di, options.amps.as_ref()),
    );
    let note = (highest < HIGHEST_ORDER)
        .then(|| format!("the sample rate ends the spectrum at order {highest}"));
    Ok(HarmonicAnalysis {
        f1_hz: f1,
        v_rms: v.rms,
        i_rms: i.rms,
        thd_v: bv.thd.value,
        thd_i: bi.thd.value,
        thds_v: ratio(|l| l.v_subgroup),
        thds_i: ratio(|l| l.i_subgroup),
        thdg_v: ratio(|l| l.v_group),
        thdg_i: ratio(|l| l.i_group),
        thc_a: di.square.sqrt(),
        tdd_i: rated.map(|a| di.square.sqrt() / a),
        uncertainty: HarmonicUncertainty {
            v_rms: bv.rms,
            i_rms: bi.rms,
            thd_v: bv.thd,
            thd_i: bi.thd,
            dc_v: bv.dc,
            dc_i: bi.dc,
        },
        dc_v: v.mean,
        dc_i: i.mean,
        highest_order: highest,
        windows: windows.len(),
        cycles,
        warnings: [clipped(voltage, "voltage"), clipped(current, "current")]
            .into_iter()
            .flatten()
            .collect(),
        note,
        orders,
    })
}

/// One window: begin, s; frequency, Hz; phase of the fundamental as a cosine at the begin, turns.
struct Window {
    begin_s: f64,
    hz: f64,
    turns: f64,
}

/// Lays windows end to end, each as long as its own cycles are.
fn plan(
    points: &[crate::phase_track::TrackPoint],
    rate: f64,
    cycles: usize,
    duration: f64,
    nominal: f64,
) -> Result<Vec<Window>, AnalyzeError> {
    let mut windows = Vec::new();
    let seconds = |p: &crate::phase_track::TrackPoint| (p.at / rate, p.turns);
    let short = AnalyzeError::TooShort {
        name: "voltage and current",
        have_s: duration,
        need_s: cycles as f64 / nominal * 1.02,
        purpose: "one window of IEC 61000-4-7",
    };
    // A steady record has one frequency; otherwise each window its own.
    let middle = 0.5 * duration;
    let whole = parabola(points.iter().map(seconds), middle);
    let steady = whole.filter(|c| (c[2] * duration).abs() < 0.01);
    let mut begin = 0.0;
    loop {
        let guess = begin + 0.5 * cycles as f64 / nominal;
        let local = match steady {
            Some(c) => {
                let x = guess - middle;
                Some([c[0] + c[1] * x + c[2] * x * x, c[1] + 2.0 * c[2] * x, c[2]])
            }
            None => {
                let reach = 0.7 * cycles as f64 / nominal;
                let near = points
                    .iter()
                    .filter(|p| (p.at / rate - guess).abs() <= reach);
                parabola(near.map(seconds), guess)
            }
        };
        let Some([c0, hz, c2]) = local else { break };
        let span = cycles as f64 / hz;
        if !(hz > 0.5 * nominal && hz < 2.0 * nominal)
            || begin + span > duration - 1.0 / rate + 1e-9
        {
            break;
        }
        let x = begin - guess;
        windows.push(Window {
            begin_s: begin,
            hz,
            turns: c0 + hz * x + c2 * x * x,
        });
        begin += span;
    }
    if windows.is_empty() {
        Err(short)
    } else {
        Ok(windows)
    }
}

fn aggregate(
    channel: &Channel64<'_>,
    name: &'static str,
    windows: &[Window],
    cycles: usize,
    highest: usize,
) -> Result<Spectrum, AnalyzeError> {
    let rate = channel.rate_hz;
    let wanted = cycles * highest + cycles;
    let mut prepared: Option<(f64, LineSpectrum)> = None;
    let mut total = Spectrum {
        squares: vec![0.0; wanted],
        turned: vec![Complex64::default(); highest + 1],
        mean: 0.0,
        rms: 0.0,
    };
    for window in windows {
        let span = cycles as f64 * rate / window.hz;
        let count = wanted.min((0.5 * span) as usize);
        let mut transform = match prepared.take() {
            Some((hz, transform)) if (hz / window.hz - 1.0).abs() < 1e-9 => transform,
            _ => LineSpectrum::new(span, count).ok_or(AnalyzeError::TooSlow {
                name,
                rate_hz: rate,
                need_hz: 20.0 * window.hz,
                purpose: "20 samples in a cycle",
            })?,
        };
        let from = window.begin_s * rate;
        let too_short = || AnalyzeError::TooShort {
            name,
            have_s: channel.duration_s(),
            need_s: window.begin_s + cycles as f64 / window.hz,
            purpose: "one window of IEC 61000-4-7",
        };
        let lines = transform
            .lines(channel.samples, from)
            .ok_or_else(too_short)?;
        for (sum, line) in total.squares.iter_mut().zip(&lines).skip(1) {
            *sum += line.norm_sqr();
        }
        for (n, sum) in total.turned.iter_mut().enumerate().skip(1) {
            if let Some(line) = lines.get(n * cycles) {
                let turns = -(n as f64) * (window.turns + 0.25);
                let (s, c) = crate::math::sin_cos((turns - turns.floor()) * std::f64::consts::TAU);
                *sum += line * Complex64::new(c, s);
            }
        }
        total.mean += lines.first().map_or(0.0, |line| line.re);
        let rms = crate::rms::rms_window(channel.samples, from, from + span);
        total.rms += rms.map_or(0.0, |x| x * x);
        prepared = Some((window.hz, transform));
    }
    let n = windows.len() as f64;
    for square in &mut total.squares {
        *square /= n;
    }
    total.mean /= n;
    total.rms = (total.rms / n).sqrt();
    Ok(total)
}

/// Figures of one order of one channel, RMS.
struct Order {
    component: f64,
    group: f64,
    subgroup: f64,
    interharmonic: f64,
    interharmonic_group: f64,
    phase_deg: f64,
}

impl Spectrum {
    fn at(&self, line: usize) -> f64 {
        self.squares.get(line).copied().unwrap_or(0.0)
    }

    /// Mean square of the noise in a line near line `line`: the median of the lines between the
    /// neighbouring orders. A mean of `windows` squares of noise has its median at 1 − 1/3m of
    /// its mean.
    fn noise(&self, line: usize, cycles: usize, windows: usize) -> f64 {
        let near = |k: usize| (k as i64 - line as i64).unsigned_abs() as usize;
        let mut between: Vec<f64> = (line.saturating_sub(cycles - 2)..line + cycles - 1)
            .filter(|&k| near(k) >= 2 && k > 1)
            .filter_map(|k| self.squares.get(k).copied())
            .collect();
        between.sort_by(f64::total_cmp);
        let median = between.get(between.len() / 2).copied().unwrap_or(0.0);
        median / (1.0 - 1.0 / (3.0 * windows as f64))
    }

    fn order(&self, n: usize, cycles: usize, windows: usize) -> Order {
        let line = n * cycles;
        let half = cycles / 2;
        let noise = self.noise(line, cycles, windows);
        let inner: f64 = (line - (half - 1)..=line + half - 1)
            .map(|k| self.at(k))
            .sum();
        let edges = 0.5 * (self.at(line - half) + self.at(line + half));
        let sum = |lines: std::ops::RangeInclusive<usize>| lines.map(|k| self.at(k)).sum::<f64>();
        let turned = self.turned.get(n).copied().unwrap_or_default();
        // As a sine: a quarter turn ahead of the cosine.
        let angle = crate::math::atan2(turned.im, turned.re).to_degrees() + 90.0;
        Order {
            component: (self.at(line) - noise).max(0.0).sqrt(),
            group: (inner + edges).sqrt(),
            subgroup: sum(line - 1..=line + 1).sqrt(),
            interharmonic: sum(line + 2..=line + cycles - 2).sqrt(),
            interharmonic_group: sum(line + 1..=line + cycles - 1).sqrt(),
            phase_deg: if angle > 180.0 { angle - 360.0 } else { angle },
        }
    }

    /// Sum of the squares of orders 2…`highest` less their noise, and what noise leaves uncertain.
    ///
    /// A mean of m squares |c + n|² with noise of mean square η has the variance (2c²η + η²)/m;
    /// the estimate of η from about 16 lines, half of which neighbouring orders share, adds
    /// 0.26 η²/m.
    fn distortion(&self, highest: usize, cycles: usize, windows: usize) -> Distortion {
        let (mut square, mut variance) = (0.0, 0.0);
        for n in 2..=highest {
            let noise = self.noise(n * cycles, cycles, windows);
            let own = self.at(n * cycles) - noise;
            square += own;
            variance += (2.0 * own.max(0.0) * noise + 1.26 * noise * noise) / windows as f64;
        }
        Distortion {
            square: square.max(0.0),
            square_u: variance.sqrt(),
            low_noise: self.noise(0, cycles, windows) / windows as f64,
            noise: self.noise(cycles, cycles, windows) / windows as f64,
        }
    }

    fn budgets(
        &self,
        unit: &'static str,
        first: f64,
        distortion: &Distortion,
        accuracy: Option<&Accuracy>,
    ) -> Budgets {
        let instrument = |budget: Budget, reading: f64| match accuracy {
            Some(a) => budget.instrument("instrument", a, reading, 1.0),
            None => budget,
        };
        let (square, u) = (distortion.square, distortion.square_u);
        let thd = if first > 0.0 {
            square.sqrt() / first
        } else {
            0.0
        };
        // Half of what two standard uncertainties of the square add to its root: so a THD near
        // zero keeps a finite U.
        let noise = if first > 0.0 {
            0.5 * ((square + 2.0 * u).sqrt() - square.sqrt()) / first
        } else {
            0.0
        };
        Budgets {
            rms: instrument(Budget::new(unit), self.rms)
                .normal("noise", (0.5 * distortion.noise).sqrt())
                .rectangular("ends of the window", 1e-5 * first)
                .measure(self.rms),
            thd: Budget::new("")
                .normal("noise", noise)
                .rectangular("ends of the window", 2e-4 * thd)
                .measure(thd),
            dc: instrument(Budget::new(unit), self.mean)
                .normal("noise", (0.5 * distortion.low_noise).sqrt())
                .rectangular("ends of the window", 1e-6 * first)
                .measure(self.mean),
        }
    }
}

/// Harmonics as one figure.
struct Distortion {
    /// Sum of the squares.
    square: f64,
    /// Its standard uncertainty from noise.
    square_u: f64,
    /// Mean square of the noise in a line near 0, of all windows together.
    low_noise: f64,
    /// The same near the fundamental.
    noise: f64,
}

/// Main figures of one channel.
struct Budgets {
    rms: Measurement,
    thd: Measurement,
    dc: Measurement,
}
