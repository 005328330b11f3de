//! What each command and query of the MDO4000 does.

use super::commands::{Command as C, Key, LENGTHS, Preamble as P, SLOTS};
use super::fixed::FIXED;
use super::{Mdo4000, alias, lanes};
use crate::field::Field;
use crate::scpi::engine::{Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::param::is_word;
use crate::scpi::setting::{Value, chosen};
use crate::scpi::{Call, Outcome, Params};

/// Buttons of the front panel; the first ones act.
#[rustfmt::skip]
const BUTTONS: &[&str] = &[
    "RUnstop", "SINGleseq", "FORCetrig", "AUTOset", "DEFaultsetup", "ACQuire", "AFG", "BMENU1", "BMENU2", "BMENU3",
    "BMENU4", "BMENU5", "BMENU6", "BMENU7", "B1", "B2", "B3", "B4", "CH1", "CH2", "CH3", "CH4", "CURsor|CURSors",
    "D15|D0", "FINe", "HARdcopy", "INTensity", "MAGnivu", "MARK", "MATh", "MENUOff", "MEASurement", "NEXt",
    "PAUse", "PREv", "REF", "RF", "RMENU1", "RMENU2", "RMENU3", "RMENU4", "RMENU5", "SAVe", "SAVERecall",
    "SEARch", "SELect", "TESt", "TRIGger", "UTILity", "VERTButton", "ZOOm",
];

impl Mdo4000 {
    /// A command without `?`.
    pub(super) fn set(
        &mut self,
        command: C,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let params = call.params;
        match command {
            C::Setting(row) => {
                let key = self.settings.key(row);
                if key == Key::TestNumber && params.len() == 0 {
                    return Ok(());
                }
                let word = params.text(0).ok();
                let word = word.and_then(|text| {
                    let mut words = key.words().iter();
                    words.find(|(word, _)| is_word(text, word))
                });
                let mut value = match word {
                    Some(&(_, number)) => Value::Number(number),
                    None => self.settings.parse(row, params)?,
                };
                if let (Key::RecordLength, Value::Number(points)) = (key, &value) {
                    let fits = LENGTHS.into_iter().find(|length| *length >= *points);
                    value = Value::Number(fits.unwrap_or(LENGTHS[LENGTHS.len() - 1]));
                }
                match self.named(row, call)? {
                    Some(lane) => self.settings.store(row, [lane], &value),
                    None => self.settings.store(row, 0..SLOTS, &value),
                }
                let acquires = matches!(
                    key,
                    Key::Scale
                        | Key::Position
                        | Key::Offset
                        | Key::Coupling
                        | Key::TimeScale
                        | Key::TimePosition
                        | Key::RecordLength
                        | Key::DelayMode
                        | Key::DelayTime
                        | Key::AcquireMode
                        | Key::StopAfter
                        | Key::TriggerMode
                        | Key::TriggerSource
                        | Key::TriggerSlope
                        | Key::TriggerLevel
                );
                if acquires {
                    self.restart(field);
                }
            }
            C::AcquireState => {
                let run = match params.choice(0, &["STOP", "OFF", "RUN", "ON"]) {
                    Ok(word) => word >= 2,
                    Err(_) => params.only_boolean()?,
                };
                self.run(run, field);
            }
            C::SampleRate => {
                let rate = params.only_number("S/S|HZ")?;
                let points = rate * 10.0 * self.settings.number(Key::TimeScale);
                let fits = LENGTHS.into_iter().find(|length| *length >= points);
                self.settings
                    .put(Key::RecordLength, fits.unwrap_or(LENGTHS[5]));
                self.restart(field);
            }
            C::Trigger => {
                params.choice(0, &["FORCe"])?;
                if self.running {
                    self.arm(true, field);
                }
            }
            C::SetLevel => {
                params.choice(0, &["SETLevel"])?;
                self.settings.put(Key::TriggerLevel, 0.0);
                self.restart(field);
            }
            C::AutoSet => {
                params.choice(0, &["EXECute", "UNDo"])?;
                self.auto_set(field);
            }
            C::Front => self.press(params, field)?,
            C::DataInit => {
                params.choice(0, &["INIT", "SNAp"])?;
                self.settings.put(Key::DataStart, 1.0);
                self.settings.put(Key::DataStop, self.points() as f64);
            }
            C::Preamble(P::Encoding) => {
                let word = params.choice(0, &["ASCii", "BINary"])?;
                self.encode(P::Encoding, word);
            }
            C::Preamble(P::Format) => {
                let word = params.choice(0, &["RI", "RP", "FP"])?;
                self.encode(P::Format, word);
            }
            C::Preamble(P::Order) => {
                let word = params.choice(0, &["MSB", "LSB"])?;
                self.encode(P::Order, word);
            }
            C::Save => self.save(memory(call)?)?,
            C::Recall if params.text(0)?.to_ascii_uppercase().starts_with("FAC") => {
                params.choice(0, &["FACtory"])?;
                self.reset(field);
            }
            C::Recall => self.recall(memory(call)?, field)?,
            C::Factory => self.reset(field),
            C::AliasDefine => self.aliases.define(params)?,
            C::OnTrigger => self.define_trigger(params)?,
            C::UserData => self.keep_user_data(params)?,
            C::AliasDelete => self.aliases.delete(params)?,
            C::AliasClear => self.aliases.clear(),
            C::Done | C::Preamble(P::Bits) => {}
            C::Snapshot => self.snapshot = self.snap(),
            C::Drive => {
                let inside = params
                    .text(1)
                    .is_ok_and(|to| to.to_ascii_uppercase().starts_with("REF"));
                if !inside {
                    return Err(fault::MISSING_MEDIA);
                }
            }
            C::Acquisitions
            | C::MaxRate
            | C::TriggerState
            | C::Busy
            | C::Curve
            | C::Wave
            | C::Preamble(_)
            | C::PreambleAll
            | C::MeasureValue
            | C::MeasureUnits
            | C::SlotValue
            | C::SlotUnits
            | C::SlotCount
            | C::SlotDeviation
            | C::Learn
            | C::Identity
            | C::Unit
            | C::Screen
            | C::Snapped(_)
            | C::Delta(_)
            | C::AliasCatalog
            | C::Fixed(_) => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    /// A button of the front panel; those that only open menus do nothing.
    fn press(&mut self, params: Params<'_>, field: &mut Field) -> Result<(), Fault> {
        match chosen(params, BUTTONS)? {
            0 => self.run(!self.running, field),
            1 => {
                self.settings.choose(Key::StopAfter, 1);
                self.run(true, field);
            }
            2 if self.running => self.arm(true, field),
            3 => self.auto_set(field),
            4 => self.reset(field),
            _ => {}
        }
        Ok(())
    }

    fn auto_set(&mut self, field: &mut Field) {
        self.default_scales();
        self.settings.put(Key::TimeScale, 0.01);
        self.settings.put(Key::TriggerLevel, 0.0);
        self.restart(field);
    }

    /// A query.
    pub(super) fn answer(&self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        Ok(Reply::Text(match command {
            C::Setting(row) => {
                let lane = self.named(row, call)?.unwrap_or(0);
                return self.settings.answer(row, lane, call);
            }
            C::AcquireState => u8::from(self.running).to_string(),
            C::Acquisitions => self.acquisitions.to_string(),
            C::MaxRate => nr3(2.5e9, 4),
            C::SampleRate => nr3(1.0 / self.interval_s(), 4),
            C::TriggerState => self.trigger_state(field).to_owned(),
            C::Busy => u8::from(self.busy(field)).to_string(),
            C::Curve => return self.curve(),
            C::Wave => {
                let Reply::Block(block) = self.curve()? else {
                    return Err(fault::SETTINGS_CONFLICT);
                };
                let mut out = self.preamble_all().into_bytes();
                out.push(b';');
                out.extend(block);
                return Ok(Reply::Block(out));
            }
            C::Preamble(part) => self.preamble(part),
            C::PreambleAll => self.preamble_all(),
            C::MeasureValue => nr3(self.measured(), 6),
            C::MeasureUnits => self.measured_unit(),
            C::SlotValue => nr3(self.slot_value(slot(call)?), 6),
            C::SlotUnits => self.slot_unit(slot(call)?),
            // one record has been measured
            C::SlotCount => u8::from(self.record.is_some()).to_string(),
            C::SlotDeviation => nr3(0.0, 6),
            C::Learn => self.settings.learn(lanes),
            C::Identity => "TEK/MDO4104C,CF:91.1CT,FV:v1.24".to_owned(),
            C::Unit => "\"V\"".to_owned(),
            C::Snapped(what) => nr3(self.snapped(what), 6),
            C::Delta(key) => {
                let [first, second] = [0, 1].map(|lane| self.settings.number_at(key, lane));
                nr3(second - first, 4)
            }
            C::AliasCatalog => self.aliases.catalog(),
            C::AliasDefine => self.aliases.definition(call.params)?,
            C::OnTrigger => alias::block(&self.on_trigger),
            C::UserData => alias::block(&self.user_data),
            C::Fixed(row) => FIXED[usize::from(row)].1.to_owned(),
            C::Trigger
            | C::SetLevel
            | C::AutoSet
            | C::Front
            | C::DataInit
            | C::Factory
            | C::Save
            | C::Recall
            | C::Snapshot
            | C::Drive
            | C::Screen
            | C::AliasDelete
            | C::AliasClear
            | C::Done => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}

/// Measurement on the display from 0 that a header names.
fn slot(call: &Call<'_>) -> Result<usize, Fault> {
    Ok(call.suffix_up_to(0, SLOTS as u32)? as usize - 1)
}

/// Set-up memory from 0 of a number from 1 to 10; files are refused, there is no drive.
fn memory(call: &Call<'_>) -> Result<u8, Fault> {
    match call.params.integer(0)? {
        number @ 1..=10 => Ok(number as u8 - 1),
        _ => Err(fault::OUT_OF_RANGE),
    }
}
