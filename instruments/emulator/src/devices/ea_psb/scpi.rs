//! The PSB's SCPI server: LF, values with a unit behind, set values only after `SYSTem:LOCK ON`.

use std::cell::RefCell;
use std::rc::Rc;

use gridproof_plant::Nanos;

use super::scpi_commands::{Command as C, Key, SETTINGS, TABLE};
use super::state::{Alarm, EaPsb, NOMINAL_A, NOMINAL_OHM, NOMINAL_V, NOMINAL_W, Owner, Regulation};
use crate::field::Field;
use crate::scpi::engine::{Conditions, Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, Value, patterns};
use crate::scpi::{Call, Outcome};

/// Numbers of the shared state that the settings mirror.
const MIRRORED: [Key; 12] = [
    Key::Volts,
    Key::SourceAmps,
    Key::SourceWatts,
    Key::SourceOhms,
    Key::SinkAmps,
    Key::SinkWatts,
    Key::SinkOhms,
    Key::Protect(Alarm::OverVoltage),
    Key::Protect(Alarm::OverCurrent),
    Key::Protect(Alarm::OverPower),
    Key::Protect(Alarm::SinkOverCurrent),
    Key::Protect(Alarm::SinkOverPower),
];

/// The SCPI side of a unit.
#[derive(Debug)]
pub(crate) struct EaPsbScpi {
    state: Rc<RefCell<EaPsb>>,
    settings: Settings<Key>,
}

impl EaPsbScpi {
    /// In front of a unit.
    pub(crate) fn new(state: Rc<RefCell<EaPsb>>) -> Self {
        let style = Style {
            on_off: true,
            ..Style::LONG
        };
        Self {
            state,
            settings: Settings::new(SETTINGS, style, 1),
        }
    }

    /// Takes over what another protocol may have changed.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only what the unit itself holds is mirrored"
    )]
    fn refresh(&mut self) {
        let state = self.state.borrow();
        for key in MIRRORED {
            let set = &state.set;
            let value = match key {
                Key::Volts => set.volts,
                Key::SourceAmps => set.source_a,
                Key::SourceWatts => set.source_w,
                Key::SourceOhms => set.source_ohm,
                Key::SinkAmps => set.sink_a,
                Key::SinkWatts => set.sink_w,
                Key::SinkOhms => set.sink_ohm,
                Key::Protect(alarm) => set.protect[alarm as usize],
                _ => continue,
            };
            self.settings.put(key, value);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other settings have no limits and no effect"
    )]
    fn store(&mut self, row: u16, value: &Value, field: &mut Field) -> Result<(), Fault> {
        let key = self.settings.key(row);
        let limits = match key {
            Key::Volts => Some((Key::VoltLow, Key::VoltHigh)),
            Key::SourceAmps => Some((Key::AmpLow, Key::AmpHigh)),
            Key::SinkAmps => Some((Key::SinkAmpLow, Key::SinkAmpHigh)),
            Key::SourceWatts => Some((Key::Kept, Key::WattHigh)),
            Key::SinkWatts => Some((Key::Kept, Key::SinkWattHigh)),
            _ => None,
        };
        let mut state = self.state.borrow_mut();
        let set = &mut state.set;
        match value {
            Value::Number(number) => {
                if let Some((low, high)) = limits {
                    let low = if low == Key::Kept {
                        0.0
                    } else {
                        self.settings.number(low)
                    };
                    if !(low..=self.settings.number(high)).contains(number) {
                        return Err(fault::OUT_OF_RANGE);
                    }
                }
                match key {
                    Key::Volts => set.volts = *number,
                    Key::SourceAmps => set.source_a = *number,
                    Key::SourceWatts => set.source_w = *number,
                    Key::SourceOhms | Key::SinkOhms if !set.resistance_mode => {
                        return Err(fault::SETTINGS_CONFLICT);
                    }
                    Key::SourceOhms => set.source_ohm = *number,
                    Key::SinkOhms => set.sink_ohm = *number,
                    Key::SinkAmps => set.sink_a = *number,
                    Key::SinkWatts => set.sink_w = *number,
                    Key::Protect(alarm) => set.protect[alarm as usize] = *number,
                    _ => {}
                }
            }
            Value::Word(word) if key == Key::Mode => set.resistance_mode = *word == 1,
            Value::Word(_) | Value::On(_) | Value::Text(_) => {}
        }
        self.settings.store(row, [0], value);
        state.send(field);
        Ok(())
    }

    fn set(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let params = call.params;
        if command == C::Lock {
            let on = params.only_boolean()?;
            self.state.borrow_mut().owner = if on { Owner::Remote } else { Owner::Free };
            return Ok(());
        }
        // set values and output only under remote control (5.4.2)
        if self.state.borrow().owner == Owner::Free {
            return Err(fault::SETTINGS_CONFLICT);
        }
        match command {
            C::Setting(row) => {
                let value = self.settings.parse(row, params)?;
                self.store(row, &value, field)?;
            }
            C::Output => {
                let on = params.only_boolean()?;
                if !self.state.borrow_mut().switch(on, field) {
                    return Err(fault::SETTINGS_CONFLICT);
                }
            }
            C::AlarmClear => {
                params.none()?;
                self.state.borrow_mut().acknowledge();
            }
            C::CountClear => params.none()?,
            C::BatteryTest => {
                params.choice(0, &["RESET", "STANDARD", "NONE"])?;
            }
            C::Lock
            | C::Owner
            | C::Volts
            | C::Amps
            | C::Watts
            | C::Array
            | C::NominalVolts
            | C::NominalAmps
            | C::NominalWatts
            | C::NominalLeastOhms
            | C::NominalMostOhms
            | C::AlarmCount(_)
            | C::NoCount
            | C::BatteryCondition
            | C::DeviceClass => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    fn answer(&mut self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        if let C::Setting(row) = command {
            self.refresh();
            if self.settings.key(row) == Key::Mode {
                let resistance = self.state.borrow().set.resistance_mode;
                return Ok(Reply::text(if resistance { "UIR" } else { "UIP" }));
            }
            return self.settings.answer(row, 0, call);
        }
        call.params.none()?;
        let mut state = self.state.borrow_mut();
        let shown = state.reading(field);
        let volts = |value: f64| format!("{value:.2} V");
        let amps = |value: f64| format!("{value:.2} A");
        let watts = |value: f64| format!("{value:.1} W");
        let remote = state.owner == Owner::Remote;
        Ok(Reply::Text(match command {
            C::Lock => if remote { "ON" } else { "OFF" }.to_owned(),
            C::Owner => if remote { "REMOTE" } else { "NONE" }.to_owned(),
            C::Output => if state.output() { "ON" } else { "OFF" }.to_owned(),
            C::Volts => volts(shown.volts),
            C::Amps => amps(shown.amps),
            C::Watts => watts(shown.watts),
            C::Array => format!(
                "{}, {}, {}",
                volts(shown.volts),
                amps(shown.amps),
                watts(shown.watts)
            ),
            C::NominalVolts => volts(NOMINAL_V),
            C::NominalAmps => amps(NOMINAL_A),
            C::NominalWatts => watts(NOMINAL_W),
            C::NominalLeastOhms => format!("{:.2} Ohm", NOMINAL_OHM.0),
            C::NominalMostOhms => format!("{:.2} Ohm", NOMINAL_OHM.1),
            C::AlarmCount(alarm) => state.take_count(alarm).to_string(),
            C::NoCount => "0".to_owned(),
            C::DeviceClass => "40".to_owned(),
            // no battery test runs
            C::BatteryCondition => "STOP".to_owned(),
            C::BatteryTest => "0.00 Ah, 0.00 Wh, 00:00:00".to_owned(),
            C::Setting(_) | C::AlarmClear | C::CountClear => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}

impl ScpiDevice for EaPsbScpi {
    type Command = C;

    fn dialect(&self) -> Dialect {
        Dialect::SCPI
    }

    fn commands() -> Vec<(&'static str, C, Use)> {
        let mut all = TABLE.to_vec();
        all.extend(patterns(SETTINGS, C::Setting));
        all
    }

    fn identity(&self) -> String {
        "EA Elektro-Automatik GmbH & Co. KG, PSB 10750-60, 2840130001, V3.02 10.11.2021, "
            .to_owned()
    }

    fn execute(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call, field)
        } else {
            self.set(command, call, field).map(|()| Reply::None)
        }
    }

    fn reset(&mut self, field: &mut Field) {
        self.settings.reset();
        self.state.borrow_mut().reset(field);
    }

    /// OPERation: bits 8–11 CV, CR, CC, CP; QUEStionable: bits 0–2 OVP, OCP, OPP, 9 remote, 11 dc
    /// output on.
    fn conditions(&self, field: &Field) -> Option<Conditions> {
        let state = self.state.borrow();
        let bit = |on: bool, bit: u16| u16::from(on) << bit;
        let operation = if state.output() {
            match state.regulation(field) {
                Regulation::Voltage => 1 << 8,
                Regulation::Resistance => 1 << 9,
                Regulation::Current => 1 << 10,
                Regulation::Power => 1 << 11,
            }
        } else {
            0
        };
        let current = state.alarm(Alarm::OverCurrent) || state.alarm(Alarm::SinkOverCurrent);
        let power = state.alarm(Alarm::OverPower) || state.alarm(Alarm::SinkOverPower);
        Some(Conditions {
            operation,
            questionable: bit(state.alarm(Alarm::OverVoltage), 0)
                | bit(current, 1)
                | bit(power, 2)
                | bit(state.owner == Owner::Remote, 9)
                | bit(state.output(), 11),
        })
    }

    fn next_event(&self) -> Option<Nanos> {
        self.state.borrow().next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.state.borrow_mut().on_time(field);
    }
}
