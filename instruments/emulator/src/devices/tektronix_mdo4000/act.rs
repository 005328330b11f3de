//! What each command and query of the MDO4000 does.

use super::Mdo4000;
use super::commands::{CHANNELS, Command as C, Key, LENGTHS, SETTINGS};
use crate::field::Field;
use crate::scpi::engine::{Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::setting::Value;
use crate::scpi::{Call, Outcome};

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
                let mut value = self.settings.parse(row, params)?;
                if let (Key::RecordLength, Value::Number(points)) = (key, &value) {
                    let fits = LENGTHS.into_iter().find(|length| *length >= *points);
                    value = Value::Number(fits.unwrap_or(LENGTHS[LENGTHS.len() - 1]));
                }
                let per_channel = matches!(
                    key,
                    Key::Scale | Key::Position | Key::Offset | Key::Shown | Key::Kept
                );
                match Self::named(call)?.filter(|_| per_channel) {
                    Some(lane) => self.settings.store(row, [lane], &value),
                    None => self.settings.store(row, 0..CHANNELS, &value),
                }
                let acquires = !matches!(
                    key,
                    Key::Kept
                        | Key::Header
                        | Key::Verbose
                        | Key::Encoding
                        | Key::Width
                        | Key::DataSource
                        | Key::DataStart
                        | Key::DataStop
                        | Key::MeasureKind
                        | Key::MeasureSource
                        | Key::Shown
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
                self.default_scales();
                self.settings.put(Key::TimeScale, 0.01);
                self.settings.put(Key::TriggerLevel, 0.0);
                self.restart(field);
            }
            C::Front => match params.choice(
                0,
                &[
                    "RUnstop",
                    "SINGleseq",
                    "FORCetrig",
                    "AUTOset",
                    "DEFaultsetup",
                ],
            )? {
                0 => self.run(!self.running, field),
                1 => {
                    let row = SETTINGS.iter().position(|row| row.1 == Key::StopAfter);
                    let row = row.and_then(|row| u16::try_from(row).ok()).unwrap_or(0);
                    self.settings.store(row, 0..CHANNELS, &Value::Word(1));
                    self.run(true, field);
                }
                _ => {}
            },
            C::DataInit => {
                params.choice(0, &["INIT", "SNAp"])?;
                self.settings.put(Key::DataStart, 1.0);
                self.settings.put(Key::DataStop, self.points() as f64);
            }
            C::Factory => self.reset(field),
            C::Done => {}
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
            | C::Identity
            | C::Unit
            | C::ChannelAll
            | C::HorizontalAll
            | C::TriggerAll
            | C::AcquireAll
            | C::DataAll => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    /// A query.
    pub(super) fn answer(&self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        let number = |key: Key| nr3(self.settings.number(key), 4);
        Ok(Reply::Text(match command {
            C::Setting(row) => {
                let lane = Self::named(call)?.unwrap_or(0);
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
            C::MeasureUnits => self.measured_unit().to_owned(),
            C::Identity => "TEK/MDO4104C,CF:91.1CT,FV:v1.24".to_owned(),
            C::Unit => "\"V\"".to_owned(),
            C::ChannelAll => {
                let lane = Self::named(call)?.unwrap_or(0);
                let of = |key| nr3(self.settings.number_at(key, lane), 4);
                format!(
                    "{};{};{}",
                    of(Key::Scale),
                    of(Key::Position),
                    of(Key::Offset)
                )
            }
            C::HorizontalAll => format!(
                "{};{};{};{}",
                self.points(),
                number(Key::TimeScale),
                number(Key::TimePosition),
                nr3(1.0 / self.interval_s(), 4)
            ),
            C::TriggerAll => format!("EDGE;{}", number(Key::TriggerLevel)),
            C::AcquireAll => format!("{};{}", u8::from(self.running), self.acquisitions),
            C::DataAll => format!("{};{}", number(Key::DataStart), number(Key::DataStop)),
            C::Trigger
            | C::SetLevel
            | C::AutoSet
            | C::Front
            | C::DataInit
            | C::Factory
            | C::Done => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}
