//! The 61845's `FETCh`/`MEASure` tree, from the plant's meter at the source.

use gridproof_plant::signal::MeterPoint;

use super::Chroma61845;
use super::commands::Key;
use crate::field::Field;
use crate::scpi::format::nr3;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    Volts,
    VoltsDc,
    Amps,
    AmpsDc,
    AmpsPeak,
    CrestFactor,
    Inrush,
    Hertz,
    Watts,
    VoltAmps,
    Vars,
    PowerFactor,
    /// Between two phases.
    LineVolts,
    /// Of the interharmonic that would be swept, Hz.
    Interharmonic,
}

impl Chroma61845 {
    /// One number. Power is positive out of the simulator; phases that are not wired carry none.
    pub(crate) fn measure(&self, what: Measured, field: &Field) -> String {
        let reading = field.plant.reading(MeterPoint::Source);
        let live = self.selected == 1;
        // the phases that are not wired stand at their voltage, open
        if !live && self.three_phase && self.closed() {
            let value = if what == Measured::Volts {
                self.set_volts()
            } else if what == Measured::LineVolts {
                self.set_volts() * 3f64.sqrt()
            } else if what == Measured::Hertz {
                reading.hz
            } else {
                0.0
            };
            return nr3(value, 5);
        }
        let apparent = reading.volts * reading.amps;
        let value = match what {
            Measured::Volts => reading.volts,
            Measured::Amps => reading.amps,
            Measured::Interharmonic => self.kept.number(Key::SweepStart),
            Measured::AmpsPeak | Measured::Inrush => reading.amps * std::f64::consts::SQRT_2,
            Measured::CrestFactor => {
                if reading.amps > 0.0 {
                    std::f64::consts::SQRT_2
                } else {
                    0.0
                }
            }
            Measured::Hertz => reading.hz,
            Measured::Watts => reading.watts,
            Measured::VoltAmps => apparent,
            Measured::Vars => reading.vars,
            Measured::PowerFactor => {
                if apparent > 1e-6 {
                    (reading.watts / apparent).clamp(-1.0, 1.0)
                } else {
                    0.0
                }
            }
            Measured::VoltsDc | Measured::AmpsDc => 0.0,
            Measured::LineVolts if self.three_phase => reading.volts * 3f64.sqrt(),
            Measured::LineVolts => 0.0,
        };
        nr3(if live { value } else { 0.0 }, 5)
    }
}
