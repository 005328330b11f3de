//! The windows of IEC 61000-4-7 along a record, and the squares of their lines summed up while its
//! samples pass by: memory is that of one window, however long the record is.

use rustfft::num_complex::Complex64;
use std::sync::Arc;

use super::frequency::phase;
use super::harmonic_figures::Spectrum;
use super::harmonic_tones::MOST;
use super::harmonics::HIGHEST_ORDER;
use super::warnings::told;
use super::{AnalyzeError, Channel64, positive};
use crate::phase_track::{TrackPoint, parabola};
use crate::quality::Ends;
use crate::spectrum::LineSpectrum;

/// Samples taken in at a time.
const PART: usize = 1 << 16;

/// One window: begin, s; frequency, Hz; phase of the fundamental as a cosine at the begin, turns.
#[derive(Debug, Clone, Copy)]
struct Window {
    begin_s: f64,
    hz: f64,
    turns: f64,
}

/// Windows of 10 (near 60 Hz: 12) cycles laid end to end along a record.
#[derive(Debug, Clone)]
pub struct HarmonicWindows {
    windows: Arc<[Window]>,
    pub(super) cycles: usize,
    pub(super) f1_hz: f64,
    nominal_hz: f64,
}

impl HarmonicWindows {
    /// Windows from the beginning of a record whose last sample is at `end_s`, by the phase of its
    /// `voltage`. That may be means of groups of samples, at least 20 in a cycle, the first of them
    /// at `first_s`.
    ///
    /// # Errors
    /// Unusable samples, less than one window, a fundamental that is not there.
    pub fn new(
        voltage: &Channel64<'_>,
        first_s: f64,
        end_s: f64,
        fundamental_hz: f64,
    ) -> Result<Self, AnalyzeError> {
        voltage.check("voltage")?;
        let nominal = positive("fundamental", fundamental_hz)?;
        let points = phase(voltage, nominal, 0.0, voltage.duration_s())?;
        let cycles = if (nominal - 60.0).abs() < 5.0 { 12 } else { 10 };
        let windows = plan(&points, voltage.rate_hz, first_s, cycles, end_s, nominal)?;
        let f1_hz = windows.iter().map(|w| w.hz).sum::<f64>() / windows.len() as f64;
        Ok(Self {
            windows: windows.into(),
            cycles,
            f1_hz,
            nominal_hz: nominal,
        })
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.windows.len()
    }

    /// Highest order of channels sampled at `rate_hz`: 50, or less where the rate ends.
    ///
    /// # Errors
    /// [`AnalyzeError::TooSlow`] below the second.
    pub(super) fn highest(&self, rate_hz: f64) -> Result<usize, AnalyzeError> {
        let highest = ((0.48 * rate_hz / self.f1_hz) as usize).min(HIGHEST_ORDER);
        if highest < 2 {
            return Err(AnalyzeError::TooSlow {
                name: "current",
                rate_hz,
                need_hz: 5.0 * self.nominal_hz,
                purpose: "the second harmonic",
            });
        }
        Ok(highest)
    }
}

/// Lays windows end to end, each as long as its own cycles are.
fn plan(
    points: &[TrackPoint],
    rate: f64,
    first_s: f64,
    cycles: usize,
    end: f64,
    nominal: f64,
) -> Result<Vec<Window>, AnalyzeError> {
    let mut windows = Vec::new();
    let seconds = |p: &TrackPoint| (first_s + p.at / rate, p.turns);
    let short = AnalyzeError::TooShort {
        name: "voltage and current",
        have_s: end,
        need_s: cycles as f64 / nominal * 1.02,
        purpose: "one window of IEC 61000-4-7",
    };
    // A steady record has one frequency; otherwise each window its own.
    let middle = 0.5 * end;
    let whole = parabola(points.iter().map(seconds), middle);
    let steady = whole.filter(|c| (c[2] * end).abs() < 0.01);
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
                let from = points.partition_point(|p| seconds(p).0 < guess - reach);
                let to = points.partition_point(|p| seconds(p).0 <= guess + reach);
                parabola(points[from..to.max(from)].iter().map(seconds), guess)
            }
        };
        let Some([c0, hz, c2]) = local else { break };
        let span = cycles as f64 / hz;
        if !(hz > 0.5 * nominal && hz < 2.0 * nominal) || begin + span > end {
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

/// The windows of one channel, summed up as its samples come.
pub struct HarmonicSum {
    name: &'static str,
    windows: Arc<[Window]>,
    cycles: usize,
    highest: usize,
    rate_hz: f64,
    /// Samples from `first` on that windows to come need.
    held: Vec<f64>,
    first: usize,
    seen: usize,
    next: usize,
    prepared: Option<(f64, LineSpectrum)>,
    total: Spectrum,
    ends: Ends,
}

impl HarmonicSum {
    /// Sums the `windows` of the channel `name`, sampled at `rate_hz`.
    ///
    /// # Errors
    /// A rate that does not show the second harmonic.
    pub fn new(
        windows: &HarmonicWindows,
        name: &'static str,
        rate_hz: f64,
    ) -> Result<Self, AnalyzeError> {
        Self::to_order(windows, name, rate_hz, windows.highest(rate_hz)?)
    }

    /// As [`Self::new`], to order `highest` only.
    pub(super) fn to_order(
        windows: &HarmonicWindows,
        name: &'static str,
        rate_hz: f64,
        highest: usize,
    ) -> Result<Self, AnalyzeError> {
        let cycles = windows.cycles;
        Ok(Self {
            name,
            windows: windows.windows.clone(),
            cycles,
            highest,
            rate_hz,
            held: Vec::new(),
            first: 0,
            seen: 0,
            next: 0,
            prepared: None,
            total: Spectrum {
                squares: vec![0.0; cycles * highest + cycles],
                turned: vec![Complex64::default(); highest + 1],
                phasors: vec![Vec::new(); highest + 1],
                mean: 0.0,
                rms: 0.0,
            },
            ends: Ends::default(),
        })
    }

    /// Takes in the next samples.
    ///
    /// # Errors
    /// A sample that is no number.
    pub fn push(&mut self, samples: &[f64]) -> Result<(), AnalyzeError> {
        for part in samples.chunks(PART) {
            let bad = part.iter().position(|x| x.is_nan() || x.abs() >= 1e12);
            if let Some(k) = bad {
                let index = self.seen + k;
                return Err(AnalyzeError::NotANumber {
                    name: self.name,
                    index,
                    at_s: index as f64 / self.rate_hz,
                    value: part[k],
                });
            }
            self.ends.push(part);
            self.held.extend_from_slice(part);
            self.seen += part.len();
            self.pass()?;
        }
        Ok(())
    }

    /// Sums up the windows that lie within what has been seen.
    fn pass(&mut self) -> Result<(), AnalyzeError> {
        while let Some(&window) = self.windows.get(self.next) {
            let span = self.cycles as f64 * self.rate_hz / window.hz;
            let from = window.begin_s * self.rate_hz;
            if from + span > (self.seen - 1) as f64 {
                break;
            }
            self.sum(&window, from - self.first as f64, span)?;
            self.next += 1;
        }
        let need = self
            .windows
            .get(self.next)
            .map(|w| w.begin_s * self.rate_hz);
        let gone = need.map_or(self.seen, |at| (at as usize).min(self.seen)) - self.first;
        self.held.drain(..gone);
        self.first += gone;
        Ok(())
    }

    /// Adds the squares of a window of `span` samples that begins at `from` in what is held.
    fn sum(&mut self, window: &Window, from: f64, span: f64) -> Result<(), AnalyzeError> {
        let (cycles, total) = (self.cycles, &mut self.total);
        let count = total.squares.len().min((0.5 * span) as usize);
        let mut transform = match self.prepared.take() {
            Some((hz, transform)) if (hz / window.hz - 1.0).abs() < 1e-9 => transform,
            Some(_) | None => LineSpectrum::new(span, count).ok_or(AnalyzeError::TooSlow {
                name: self.name,
                rate_hz: self.rate_hz,
                need_hz: 20.0 * window.hz,
                purpose: "20 samples in a cycle",
            })?,
        };
        let inside = transform
            .lines(&self.held, from)
            .zip(crate::rms::rms_window(&self.held, from, from + span));
        let Some((lines, rms)) = inside else {
            return Err(short(
                self.name,
                self.first + self.held.len(),
                self.rate_hz,
                window,
                cycles,
            ));
        };
        for (sum, line) in total.squares.iter_mut().zip(&lines).skip(1) {
            *sum += line.norm_sqr();
        }
        for (n, sum) in total.turned.iter_mut().enumerate().skip(1) {
            if let Some(line) = lines.get(n * cycles) {
                let turns = -(n as f64) * (window.turns + 0.25);
                let (s, c) = crate::math::sin_cos((turns - turns.floor()) * std::f64::consts::TAU);
                let phasor = line * Complex64::new(c, s);
                *sum += phasor;
                if let Some(kept) = total.phasors.get_mut(n).filter(|kept| kept.len() < MOST) {
                    kept.push(phasor);
                }
            }
        }
        total.mean += lines.first().map_or(0.0, |line| line.re);
        total.rms += rms * rms;
        self.prepared = Some((window.hz, transform));
        Ok(())
    }

    /// The means of all windows and, if the channel is clipped, a warning.
    ///
    /// # Errors
    /// A channel that ended before its windows did.
    pub(super) fn finish(mut self) -> Result<(Spectrum, Option<String>), AnalyzeError> {
        if let Some(window) = self.windows.get(self.next) {
            return Err(short(
                self.name,
                self.seen,
                self.rate_hz,
                window,
                self.cycles,
            ));
        }
        let n = self.windows.len() as f64;
        for square in &mut self.total.squares {
            *square /= n;
        }
        self.total.mean /= n;
        self.total.rms = (self.total.rms / n).sqrt();
        let clipped = told(&self.ends.clipping(), self.rate_hz, self.name);
        Ok((self.total, clipped))
    }

    /// Highest order summed up.
    pub(super) fn highest(&self) -> usize {
        self.highest
    }
}

fn short(
    name: &'static str,
    samples: usize,
    rate_hz: f64,
    window: &Window,
    cycles: usize,
) -> AnalyzeError {
    AnalyzeError::TooShort {
        name,
        have_s: samples as f64 / rate_hz,
        need_s: window.begin_s + cycles as f64 / window.hz,
        purpose: "one window of IEC 61000-4-7",
    }
}
