//! Measurements of the MX (SCPI manual, 4.3): scalars, harmonics, sampled arrays.
//!
//! The plant meters RMS values and powers: the shape of the voltage is that of the wave which the
//! unit makes, spectrum, peaks, crest factor and samples of the current are taken out of its waveform.

use gridproof_plant::input::GridHarmonic;
use gridproof_plant::signal::{MeterPoint, Reading, Signal};
use gridproof_plant::trig::{atan2_turns, floor, sincos_turns};

use super::AmetekMx;
use super::commands::Key;
use crate::devices::shape::{distortion, ratio};
use crate::devices::spectrum::{HIGHEST, Spectrum, look};
use crate::field::{Field, MILLISECOND};
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::{block, decimal};
use crate::scpi::{Outcome, Params};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Volts,
    Amps,
    PeakAmps,
    Crest,
    Hertz,
    PhaseAngle,
    Watts,
    /// Of all phases: only the first is loaded.
    Total,
    VoltAmps,
    Vars,
    PowerFactor,
    /// Dc voltage.
    OffsetVolts,
    /// Dc of the current: not metered.
    Zero,
}

use Quantity as Q;

/// An array has 4096 samples in blocks of 256.
const BLOCK: i64 = 256;
const BLOCKS: i64 = 16;
/// Waveform that the spectrum of the current is taken from.
const WINDOW: gridproof_plant::Nanos = 200 * MILLISECOND;
/// Highest order of a harmonic.
const ORDERS: i64 = 50;
/// Sample interval of three-phase acquisition, s.
pub(super) const INTERVAL_S: f64 = 31.2e-6;

impl AmetekMx {
    /// The selected phase. Only phase 1 is loaded; the others stand at their voltage, open.
    fn reading(&self, field: &Field) -> Reading {
        let lane = self.selected;
        if lane == 0 {
            return self.meter.shows(field.plant.reading(MeterPoint::Source));
        }
        let on = self.output;
        Reading {
            volts: if on {
                self.settings.number_at(Key::Volts, lane)
            } else {
                0.0
            },
            hz: if on {
                field.plant.state().grid_set_hz
            } else {
                0.0
            },
            ..Reading::default()
        }
    }

    /// A number; `wave` holds the current where its shape counts.
    pub(super) fn measured(&self, what: Quantity, wave: Option<&Spectrum>, field: &Field) -> f64 {
        let r = self.reading(field);
        let apparent = r.volts * r.amps;
        let peak = |wave: &Spectrum| wave.i.peak.abs().max(wave.i.trough.abs());
        match what {
            Q::Volts => r.volts,
            Q::Amps => r.amps,
            Q::PeakAmps => wave.map_or(0.0, peak),
            Q::Crest => wave
                .filter(|wave| wave.i.rms > 0.0)
                .map_or(0.0, |wave| peak(wave) / wave.i.rms),
            Q::Zero => 0.0,
            Q::OffsetVolts if self.output => self.amplifier.wave().dc_v,
            Q::OffsetVolts => 0.0,
            Q::Hertz => r.hz,
            Q::PhaseAngle => self.settings.number_at(Key::Phase, self.selected),
            Q::Watts => r.watts,
            Q::Total => {
                self.meter
                    .shows(field.plant.reading(MeterPoint::Source))
                    .watts
            }
            Q::VoltAmps => apparent,
            Q::Vars => r.vars,
            Q::PowerFactor if apparent > 1e-6 => (r.watts / apparent).clamp(-1.0, 1.0),
            Q::PowerFactor => 1.0,
        }
    }

    /// Voltage and current of the loaded phase over 200 ms from now on, as the meter shows them;
    /// `None` where no current flows.
    pub(super) fn current_wave(&self, field: &mut Field) -> Option<Spectrum> {
        if self.selected != 0 || !self.output {
            return None;
        }
        let truth = field.plant.reading_cycle(MeterPoint::Source);
        let volts = if field.plant.state().grid_switch {
            Signal::GridVoltage
        } else {
            Signal::SourceVoltage
        };
        let pair = [(volts, Signal::SourceCurrent)];
        let found = look(&mut field.plant, &pair, truth.hz, WINDOW)?.pop()?;
        let shown = self.meter.shows(truth);
        let gain = |shown: f64, true_: f64| if true_ > 0.0 { shown / true_ } else { 1.0 };
        Some(found.scaled(gain(shown.volts, truth.volts), gain(shown.amps, truth.amps)))
    }

    /// Amplitude of a harmonic; `wave` holds the current.
    pub(super) fn harmonic(
        &self,
        what: Quantity,
        order: i64,
        wave: Option<&Spectrum>,
        field: &Field,
    ) -> String {
        decimal(if what != Q::Volts {
            wave.map_or(0.0, |wave| {
                wave.i.order(usize::try_from(order).unwrap_or(0))
            })
        } else if order == 0 {
            self.measured(Q::OffsetVolts, None, field)
        } else {
            self.measured(what, None, field) * ratio(self.amplifier.wave(), order)
        })
    }

    /// THD, percent of the fundamental.
    pub(super) fn distortion(&self, what: Quantity, wave: Option<&Spectrum>) -> String {
        decimal(if what == Q::Volts {
            100.0 * distortion(self.amplifier.wave())
        } else {
            wave.map_or(0.0, |wave| {
                let fundamental = wave.i.order(1);
                if fundamental > 0.0 {
                    100.0 * wave.i.total(2, ORDERS as usize) / fundamental
                } else {
                    0.0
                }
            })
        })
    }

    /// Values by order, the direct part first, up to the order that is named or 50.
    pub(super) fn harmonics(
        &self,
        params: Params<'_>,
        value: impl Fn(i64) -> String,
    ) -> Result<String, Fault> {
        params.at_most(1)?;
        let last = if params.len() == 0 {
            ORDERS
        } else {
            params.integer(0)?
        };
        if !(0..=ORDERS).contains(&last) {
            return Err(fault::OUT_OF_RANGE);
        }
        Ok((0..=last).map(value).collect::<Vec<_>>().join(","))
    }

    /// Phase of a harmonic against the fundamental of the voltage of the phase, degrees.
    pub(super) fn harmonic_phase(
        &self,
        what: Quantity,
        order: i64,
        wave: Option<&Spectrum>,
    ) -> String {
        if what == Q::Volts {
            let harmonics = &self.amplifier.wave().harmonics;
            let harmonic = harmonics.iter().find(|h| i64::from(h.order) == order);
            return decimal(harmonic.map_or(0.0, |harmonic| harmonic.deg));
        }
        let order = usize::try_from(order).unwrap_or(0);
        decimal(wave.map_or(0.0, |wave| {
            let ((c, d), (a, b)) = (wave.i.phasor(order), wave.u.phasor(1));
            if order == 0 || c.hypot(d) <= 0.0 {
                return 0.0;
            }
            // sines, as the fundamental of the voltage: a quarter of a turn from the cosines
            let current = atan2_turns(d, c) + 0.25;
            let voltage = atan2_turns(b, a) + 0.25;
            let turns = current - order as f64 * voltage;
            (turns - floor(turns + 0.5)) * 360.0
        }))
    }

    /// `MEASure:ARRay…?`: 4096 samples, big-endian single precision, or so many blocks of 256 from a
    /// block on.
    pub(super) fn array(
        &self,
        what: Quantity,
        params: Params<'_>,
        wave: Option<&Spectrum>,
        field: &Field,
    ) -> Outcome {
        params.at_most(2)?;
        let number = |index: usize, default: i64| {
            if params.len() > index {
                params.integer(index)
            } else {
                Ok(default)
            }
        };
        let (count, from) = (number(0, BLOCKS)?, number(1, 0)?);
        if !(1..=BLOCKS).contains(&count) || !(0..=BLOCKS - count).contains(&from) {
            return Err(fault::OUT_OF_RANGE);
        }
        let places = (from * BLOCK) as usize..((from + count) * BLOCK) as usize;
        let r = self.reading(field);
        let first = self.settings.number(Key::SweepOffset);
        let bytes: Vec<u8> = places
            .flat_map(|index| {
                let turns = (index as f64 + first) * INTERVAL_S * r.hz;
                let sine = |turns: f64| sincos_turns(turns - floor(turns)).0;
                let value = if what == Q::Volts {
                    let wave = self.amplifier.wave();
                    let over = |h: &GridHarmonic| {
                        h.ratio * sine(f64::from(h.order) * turns + h.deg / 360.0)
                    };
                    let all: f64 = wave.harmonics.iter().map(over).sum();
                    r.volts * std::f64::consts::SQRT_2 * (wave.fundamental * sine(turns) + all)
                } else {
                    wave.map_or(0.0, |wave| current_at(wave, turns))
                };
                (value as f32).to_be_bytes()
            })
            .collect();
        Ok(Reply::Block(block(&bytes, 5)))
    }
}

/// The current so many turns after the fundamental of the voltage rose through zero.
fn current_at(wave: &Spectrum, turns: f64) -> f64 {
    let (a, b) = wave.u.phasor(1);
    // a sine is a cosine a quarter of a turn later
    let begin = turns - 0.25 - atan2_turns(b, a);
    let order = |order: usize| {
        let (re, im) = wave.i.phasor(order);
        let angle = order as f64 * begin;
        let (sin, cos) = sincos_turns(angle - floor(angle));
        std::f64::consts::SQRT_2 * (re * cos - im * sin)
    };
    wave.i.dc + (1..=HIGHEST).map(order).sum::<f64>()
}
