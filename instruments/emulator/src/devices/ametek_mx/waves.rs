//! Waveforms of the MX (SCPI manual, FUNCtion and TRACe): sine, square, clipped sine, and user waves
//! of 1024 points that are scaled to the set voltage.

use gridproof_plant::input::GridWave;

use super::AmetekMx;
use super::commands::Key;
use crate::devices::shape::{clipped_sine, sampled, square};
use crate::field::Field;
use crate::scpi::fault::{self, Fault};
use crate::scpi::param::is_word;

/// Points of a user wave.
const POINTS: usize = 1024;
/// Most user waves.
const MOST: usize = 50;
/// `ACDC` among the words of `MODE`.
const AC_AND_DC: usize = 2;

/// A user wave; no points before they were sent.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    pub(super) name: String,
    pub(super) points: Vec<f64>,
}

/// A name as it is kept.
pub(super) fn name(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_ascii_uppercase()
}

/// What makes a wave of a clipping in percent.
type Maker = fn(f64) -> GridWave;

/// A wave that the unit has by itself.
fn built_in(name: &str) -> Option<Maker> {
    let waves: [(&str, Maker); 4] = [
        ("SINE", |_| GridWave::default()),
        ("SINusoid", |_| GridWave::default()),
        ("SQUare", |_| square()),
        ("CSINusoid", clipped_sine),
    ];
    let wave = waves.into_iter().find(|(word, _)| is_word(name, word));
    wave.map(|(_, wave)| wave)
}

impl AmetekMx {
    /// There is a wave of that name.
    pub(super) fn knows(&self, text: &str) -> bool {
        let name = name(text);
        built_in(&name).is_some() || self.traces.iter().any(|trace| trace.name == name)
    }

    /// `TRACe:DEFine`; one that is there stays.
    pub(super) fn define(&mut self, name: String, points: Vec<f64>) -> Result<(), Fault> {
        if built_in(&name).is_some() {
            return Err(fault::ILLEGAL_VALUE);
        }
        if self.traces.iter().any(|trace| trace.name == name) {
            return Ok(());
        }
        if self.traces.len() == MOST {
            return Err(fault::OUT_OF_MEMORY);
        }
        self.traces.push(Trace { name, points });
        Ok(())
    }

    /// `TRACe:DATA`: exactly 1024 points of one cycle in any unit.
    pub(super) fn fill(
        &mut self,
        name: &str,
        points: Vec<f64>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let trace = self.traces.iter_mut().find(|trace| trace.name == name);
        let trace = trace.ok_or(fault::FILE_NOT_FOUND)?;
        match points.len() {
            POINTS => {}
            fewer if fewer < POINTS => return Err(fault::MISSING_PARAMETER),
            _ => return Err(fault::TOO_MUCH_DATA),
        }
        if sampled(&points).is_none() {
            return Err(fault::ILLEGAL_VALUE);
        }
        trace.points = points;
        self.send_wave(field);
        Ok(())
    }

    /// The wave of the wired phase.
    pub(super) fn send_wave(&mut self, field: &mut Field) {
        let name = name(self.settings.text(Key::Shape));
        let wave = match built_in(&name) {
            Some(wave) => wave(self.settings.number(Key::Clipping)),
            None => {
                let trace = self.traces.iter().find(|trace| trace.name == name);
                trace
                    .and_then(|trace| sampled(&trace.points))
                    .unwrap_or_default()
            }
        };
        let dc_v = if self.settings.word(Key::Mode) == AC_AND_DC {
            self.settings.number(Key::Offset)
        } else {
            0.0
        };
        self.amplifier.make(GridWave { dc_v, ..wave }, field);
    }
}
