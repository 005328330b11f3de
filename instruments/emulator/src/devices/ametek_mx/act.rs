//! What each command of the MX does that is not a plain setting.

use super::commands::{
    Command as C, FASTEST, HIGH_RANGE, INFINITE, Key, LOW_RANGE, List, SETTINGS,
};
use super::measure::Quantity;
use super::program::MOST_POINTS;
use super::{AmetekMx, measure, waves};
use crate::field::Field;
use crate::scpi::engine::{Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::decimal;
use crate::scpi::param::is_word;
use crate::scpi::setting::{Kind, Value, bound};
use crate::scpi::{Call, Outcome, Params};

impl AmetekMx {
    /// A command without `?`.
    pub(super) fn act(
        &mut self,
        command: C,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let params = call.params;
        match command {
            C::Setting(row) => return self.write(row, params, field),
            C::Output => {
                let on = params.only_boolean()?;
                // a latched protection must be cleared first (4.4.2)
                if on && self.tripped {
                    return Err(fault::PROTECTION);
                }
                self.switch(on, field);
            }
            C::ProtectionClear => {
                params.none()?;
                self.tripped = false;
            }
            C::Couple => self.coupled = params.choice(0, &["NONE", "ALL"])? == 1,
            C::Select => match params.integer(0)? {
                phase @ 1..=3 => self.selected = phase as usize - 1,
                _ => return Err(fault::OUT_OF_RANGE),
            },
            C::SelectName => {
                let name = params.choice(0, &["OUTPut1", "OUTPut2", "OUTPut3", "A", "B", "C"])?;
                self.selected = name % 3;
            }
            C::Abort => {
                params.none()?;
                self.abort(field);
            }
            C::Initiate => {
                params.none()?;
                self.initiate(field)?;
            }
            C::InitiateSequence => {
                params.none()?;
                match call.suffix(0) {
                    1 => self.initiate(field)?,
                    3 => {}
                    _ => return Err(fault::HEADER_SUFFIX),
                }
            }
            C::InitiateNamed => {
                if params.choice(0, &["TRANsient", "ACQuire"])? == 0 {
                    self.initiate(field)?;
                }
            }
            C::InitiateContinuous => self.continuous = params.only_boolean()?,
            C::TriggerNow => {
                params.none()?;
                self.fire(field)?;
            }
            C::List(list) => self.set_list(list, params)?,
            C::TraceDefine => {
                params.at_most(2)?;
                let name = waves::name(params.text(0)?);
                let copied = match params.len() {
                    2 if params.integer(1) != Ok(1024) => {
                        let other = waves::name(params.text(1)?);
                        let trace = self.traces.iter().find(|trace| trace.name == other);
                        trace.ok_or(fault::FILE_NOT_FOUND)?.points.clone()
                    }
                    _ => Vec::new(),
                };
                self.define(name, copied)?;
            }
            C::TraceData => {
                let name = waves::name(params.text(0)?);
                let points = params.numbers_from(1, "")?;
                self.fill(&name, points, field)?;
            }
            C::TraceDelete => match params.len() {
                0 => self.traces.clear(),
                _ => {
                    let name = waves::name(params.text(0)?);
                    self.traces.retain(|trace| trace.name != name);
                }
            },
            C::Remote => params.none()?,
            C::TriggerState
            | C::ListPoints(_)
            | C::Measure(_)
            | C::Array(_)
            | C::HarmonicArray(_)
            | C::PhaseArray(_)
            | C::Harmonic(_)
            | C::HarmonicPhase(_)
            | C::Distortion(_)
            | C::SweepInterval
            | C::Limit(_)
            | C::PhaseSummary
            | C::TraceCatalog => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    /// What `MIN` or `MAX` stands for where it depends on the range, or is less than what is taken.
    fn bound(&self, row: u16, params: Params<'_>) -> Option<f64> {
        let limits = match (self.settings.key(row), SETTINGS[usize::from(row)].2) {
            (Key::Volts | Key::VoltsTriggered, _) => (0.0, self.range_v()),
            (Key::VoltRange, _) => (LOW_RANGE, HIGH_RANGE),
            (_, Kind::Number { least, most, .. }) if most >= INFINITE => (least, FASTEST),
            (_, _) => return None,
        };
        bound(params, limits)
    }

    fn write(&mut self, row: u16, params: Params<'_>, field: &mut Field) -> Result<(), Fault> {
        let key = self.settings.key(row);
        let mut value = match self.bound(row, params) {
            Some(number) => Value::Number(number),
            None => self.settings.parse(row, params)?,
        };
        if let (Key::VoltSlew | Key::HertzSlew | Key::Kept | Key::PhaseKept, Value::Number(slew)) =
            (key, &value)
            && *slew > FASTEST
        {
            value = Value::Number(FASTEST);
        }
        match (key, &value) {
            (Key::Shape, Value::Text(name)) if !self.knows(name) => {
                return Err(fault::ILLEGAL_VALUE);
            }
            (Key::Volts | Key::VoltsTriggered, Value::Number(volts)) if *volts > self.range_v() => {
                return Err(fault::OUT_OF_RANGE);
            }
            (Key::VoltRange, Value::Number(volts)) => {
                let range = if *volts > LOW_RANGE {
                    HIGH_RANGE
                } else {
                    LOW_RANGE
                };
                if self.output && range != self.range_v() {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                value = Value::Number(range);
            }
            _ => {}
        }
        let phases = self.phases(key);
        self.settings.store(row, phases, &value);
        self.changed(key, field);
        Ok(())
    }

    /// The phases that a write to `key` reaches. `PHASe` is never coupled (4.11).
    fn phases(&self, key: Key) -> Vec<usize> {
        if key.per_phase() && (!self.coupled || key == Key::Phase) {
            vec![self.selected]
        } else {
            vec![0, 1, 2]
        }
    }

    fn set_list(&mut self, list: List, params: Params<'_>) -> Result<(), Fault> {
        if params.len() > MOST_POINTS {
            return Err(fault::TOO_MUCH_DATA);
        }
        let phases = if self.coupled {
            vec![0, 1, 2]
        } else {
            vec![self.selected]
        };
        if list == List::Shape {
            let names: Result<Vec<String>, Fault> = (0..params.len())
                .map(|index| Ok(params.text(index)?.trim_matches('"').to_ascii_uppercase()))
                .collect();
            let names = names?;
            params.text(0)?;
            for phase in phases {
                self.lists.shapes[phase].clone_from(&names);
            }
            return Ok(());
        }
        let (unit, least, most) = match list {
            List::Dwell => ("S", 1e-4, 9e4),
            List::Hertz => ("HZ", 16.0, 819.0),
            List::HertzSlew => ("HZ/S", 1e-3, INFINITE),
            List::VoltSlew => ("V/S", 1e-3, INFINITE),
            List::Volts => ("V", 0.0, self.range_v()),
            List::Offset => ("V", -425.0, 425.0),
            List::Phase => ("DEG", -360.0, 360.0),
            List::Current => ("A", 0.0, super::commands::MOST_AMPS),
            List::Repeat | List::Shape => ("", 0.0, 9999.0),
            List::Trigger => ("", 0.0, 1.0),
        };
        let values: Result<Vec<f64>, Fault> = (0..params.len())
            .map(|index| {
                let text = params.text(index)?;
                let value = match text {
                    text if is_word(text, "MAXimum") => most,
                    text if is_word(text, "MINimum") => least,
                    _ => params.number(index, unit)?,
                };
                if (least..=most).contains(&value) {
                    Ok(value)
                } else {
                    Err(fault::OUT_OF_RANGE)
                }
            })
            .collect();
        let values = values?;
        params.text(0)?;
        // what is not a level of one phase is common to all
        let own = matches!(
            list,
            List::Volts | List::VoltSlew | List::Offset | List::Phase | List::Current
        );
        self.lists
            .set(list, if own { &phases } else { &[0, 1, 2] }, &values);
        Ok(())
    }

    /// A query.
    pub(super) fn answer(&self, command: C, call: &Call<'_>, field: &mut Field) -> Outcome {
        let of_current = matches!(
            command,
            C::Measure(Quantity::PeakAmps | Quantity::Crest)
                | C::Array(Quantity::Amps)
                | C::HarmonicArray(Quantity::Amps)
                | C::PhaseArray(Quantity::Amps)
                | C::Harmonic(Quantity::Amps)
                | C::HarmonicPhase(Quantity::Amps)
                | C::Distortion(Quantity::Amps)
        );
        let wave = of_current.then(|| self.current_wave(field)).flatten();
        let (wave, field) = (wave.as_ref(), &*field);
        let params = call.params;
        let order = || params.integer(0);
        Ok(Reply::Text(match command {
            C::Setting(row) => {
                let lane = if self.settings.key(row).per_phase() {
                    self.selected
                } else {
                    0
                };
                return match self.bound(row, params) {
                    Some(number) => Ok(Reply::Text(self.settings.number_text(row, number))),
                    None => self.settings.answer(row, lane, call),
                };
            }
            C::Output => u8::from(self.output).to_string(),
            C::Couple => if self.coupled { "ALL" } else { "NONE" }.to_owned(),
            C::Select => (self.selected + 1).to_string(),
            C::SelectName => ["A", "B", "C"][self.selected].to_owned(),
            C::InitiateContinuous => u8::from(self.continuous).to_string(),
            C::TriggerState => if self.running.is_some() {
                "BUSY"
            } else if self.armed {
                "ARM"
            } else {
                "IDLE"
            }
            .to_owned(),
            C::List(List::Shape) => self.lists.shapes[self.selected].join(","),
            C::List(list) => {
                let values = self.lists.get(list, self.selected).iter();
                values
                    .map(|&value| decimal(value))
                    .collect::<Vec<_>>()
                    .join(",")
            }
            C::ListPoints(List::Shape) => self.lists.shapes[self.selected].len().to_string(),
            C::ListPoints(list) => self.lists.get(list, self.selected).len().to_string(),
            C::Measure(what) => decimal(self.measured(what, wave, field)),
            C::Array(what) => return self.array(what, params, wave, field),
            C::HarmonicArray(what) => {
                self.harmonics(params, |order| self.harmonic(what, order, wave, field))?
            }
            C::PhaseArray(what) => {
                self.harmonics(params, |order| self.harmonic_phase(what, order, wave))?
            }
            C::Harmonic(what) => self.harmonic(what, order()?, wave, field),
            C::HarmonicPhase(what) => self.harmonic_phase(what, order()?, wave),
            C::Distortion(what) => self.distortion(what, wave),
            C::SweepInterval => format!("{:.7}", measure::INTERVAL_S),
            C::Limit(bound) => decimal(bound.value()),
            C::PhaseSummary => {
                let conditions = self.conditions(field).unwrap_or_default();
                conditions.questionable.to_string()
            }
            C::TraceCatalog => {
                let own = ["SINUSOID", "SQUARE", "CSINUSOID"].into_iter();
                own.chain(self.traces.iter().map(|trace| trace.name.as_str()))
                    .map(|name| format!("\"{name}\""))
                    .collect::<Vec<_>>()
                    .join(",")
            }
            C::ProtectionClear
            | C::Abort
            | C::Initiate
            | C::InitiateSequence
            | C::InitiateNamed
            | C::TriggerNow
            | C::TraceDefine
            | C::TraceData
            | C::TraceDelete
            | C::Remote => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}
