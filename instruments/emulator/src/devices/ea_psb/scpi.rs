//! The PSB's SCPI server: LF, values with a unit behind, set values only after `SYSTem:LOCK ON`.

use std::cell::RefCell;
use std::rc::Rc;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;

use super::scpi_commands::{Command as C, Key, SETTINGS, TABLE};
use super::state::{
    Control, NOMINAL_A, NOMINAL_OHM, NOMINAL_V, NOMINAL_W, Protection, Refusal, Regulation,
    SET_MOST, Setting,
};
use super::{DEVICE_CLASS, EaPsb, FIRMWARE, MODEL, SERIAL};
use crate::field::{Disturbance, Field};
use crate::scpi::engine::{Conditions, Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, Value, bound, patterns};
use crate::scpi::{Call, Outcome, Params};

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotRemote | Refusal::Mode => fault::SETTINGS_CONFLICT,
            Refusal::OutOfRange => fault::OUT_OF_RANGE,
            Refusal::Alarm => fault::PROTECTION,
        }
    }
}

/// The SCPI side of a unit.
#[derive(Debug)]
pub(crate) struct EaPsbScpi {
    unit: Rc<RefCell<EaPsb>>,
    settings: Settings<Key>,
}

impl EaPsbScpi {
    /// In front of a unit.
    pub(crate) fn new(unit: Rc<RefCell<EaPsb>>) -> Self {
        let style = Style {
            on_off: true,
            ..Style::LONG
        };
        Self {
            unit,
            settings: Settings::new(SETTINGS, style, 1),
        }
    }

    /// What the unit itself holds, which another protocol may have changed.
    fn held(&self, key: Key) -> Option<f64> {
        let psb = &self.unit.borrow().psb;
        match key {
            Key::Set(setting) => Some(psb.get(setting)),
            Key::Ohms(side) => Some(psb.ohms(side)),
            Key::Protect(protection) => Some(psb.threshold(protection)),
            Key::Least(setting) => Some(psb.limits(setting).0),
            Key::Most(setting) => Some(psb.limits(setting).1),
            Key::Mode | Key::Kept => None,
        }
    }

    /// `MIN` and `MAX` of a set value are its adjustment limits, and these enclose it (5.4.6).
    fn bound(&self, row: u16, params: Params<'_>) -> Option<f64> {
        let psb = &self.unit.borrow().psb;
        let ends = match self.settings.key(row) {
            Key::Set(setting) => psb.limits(setting),
            Key::Least(setting) => (0.0, psb.get(setting)),
            Key::Most(setting) => (psb.get(setting), SET_MOST * setting.nominal()),
            Key::Ohms(_) | Key::Protect(_) | Key::Mode | Key::Kept => return None,
        };
        bound(params, ends)
    }

    fn store(&mut self, row: u16, value: &Value, field: &mut Field) -> Result<(), Fault> {
        let key = self.settings.key(row);
        let mut unit = self.unit.borrow_mut();
        match (key, value) {
            (Key::Mode, Value::Word(word)) => {
                unit.change(|psb| psb.set_resistance_mode(*word == 1), field)?;
            }
            (_, Value::Number(number)) => unit.change(
                |psb| match key {
                    Key::Set(setting) => psb.set(setting, *number),
                    Key::Ohms(side) => psb.set_ohms(side, *number),
                    Key::Protect(protection) => psb.protect(protection, *number),
                    Key::Least(setting) => psb.limit(setting, (*number, psb.limits(setting).1)),
                    Key::Most(setting) => psb.limit(setting, (psb.limits(setting).0, *number)),
                    Key::Mode | Key::Kept => Ok(()),
                },
                field,
            )?,
            (_, Value::Word(_) | Value::On(_) | Value::Text(_)) => {}
        }
        self.settings.store(row, [0], value);
        Ok(())
    }

    fn set(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let params = call.params;
        if command == C::Lock {
            let control = if params.only_boolean()? {
                Control::Ethernet
            } else {
                Control::Free
            };
            self.unit.borrow_mut().psb.take(control);
            return Ok(());
        }
        // set values and output only under remote control (5.4.2)
        if self.unit.borrow().psb.control() == Control::Free {
            return Err(fault::SETTINGS_CONFLICT);
        }
        match command {
            C::Setting(row) => {
                let value = match self.bound(row, params) {
                    Some(number) => Value::Number(number),
                    None => self.settings.parse(row, params)?,
                };
                self.store(row, &value, field)?;
            }
            C::Output => {
                let on = params.only_boolean()?;
                self.unit.borrow_mut().change(|psb| psb.switch(on), field)?;
            }
            C::AlarmClear => {
                params.none()?;
                self.unit
                    .borrow_mut()
                    .change(|psb| psb.acknowledge(), field)?;
            }
            C::CountClear(protection) => {
                params.none()?;
                self.unit.borrow_mut().psb.clear_count(protection);
            }
            C::Nothing => params.none()?,
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
            | C::MacAddress
            | C::DeviceClass => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    fn answer(&mut self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        if let C::Setting(row) = command {
            let key = self.settings.key(row);
            if key == Key::Mode {
                let resistance = self.unit.borrow().psb.resistance_mode();
                return Ok(Reply::text(if resistance { "UIR" } else { "UIP" }));
            }
            if let Some(number) = self.bound(row, call.params) {
                return Ok(Reply::Text(self.settings.number_text(row, number)));
            }
            if let Some(value) = self.held(key) {
                self.settings.put(key, value);
            }
            return self.settings.answer(row, 0, call);
        }
        call.params.none()?;
        let mut unit = self.unit.borrow_mut();
        let shown = unit.shown(field);
        let volts = |value: f64| format!("{value:.2} V");
        let amps = |value: f64| format!("{value:.2} A");
        let watts = |value: f64| format!("{value:.1} W");
        let remote = unit.psb.control() == Control::Ethernet;
        Ok(Reply::Text(match command {
            C::Lock => if remote { "ON" } else { "OFF" }.to_owned(),
            C::Owner => if remote { "REMOTE" } else { "NONE" }.to_owned(),
            C::Output => if unit.psb.output() { "ON" } else { "OFF" }.to_owned(),
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
            C::AlarmCount(protection) => {
                let count = unit.psb.count(protection);
                // asking counts anew (5.4.7)
                unit.psb.clear_count(protection);
                count.to_string()
            }
            C::NoCount => "0".to_owned(),
            // of no interface that there is
            C::MacAddress => "02:00:00:00:00:01".to_owned(),
            C::DeviceClass => DEVICE_CLASS.to_string(),
            // no battery test runs
            C::BatteryCondition => "STOP".to_owned(),
            C::BatteryTest => "0.00 Ah, 0.00 Wh, 00:00:00".to_owned(),
            C::Setting(_) | C::AlarmClear | C::CountClear(_) | C::Nothing => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }))
    }
}

impl ScpiDevice for EaPsbScpi {
    type Command = C;

    fn dialect(&self) -> Dialect {
        Dialect {
            from_root: true,
            ..Dialect::SCPI
        }
    }

    fn commands() -> Vec<(&'static str, C, Use)> {
        let mut all = TABLE.to_vec();
        all.extend(patterns(SETTINGS, C::Setting));
        all
    }

    fn identity(&self) -> String {
        format!("EA Elektro-Automatik GmbH & Co. KG, {MODEL}, {SERIAL}, {FIRMWARE}, ")
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
        let mut unit = self.unit.borrow_mut();
        unit.psb.reset();
        unit.act(field);
    }

    fn power_on(&mut self, field: &mut Field) {
        self.unit.borrow_mut().send(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-current protection of the source side trips.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            self.unit.borrow_mut().trip(Protection::SourceAmps, field);
            fault::PROTECTION
        })
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        let psb = &self.unit.borrow().psb;
        vec![
            ("source_limit_w", psb.get(Setting::SourceWatts)),
            ("sink_limit_w", psb.get(Setting::SinkWatts)),
        ]
    }

    /// OPERation: bits 8–11 CV, CR, CC, CP; QUEStionable: bits 0–2 OVP, OCP, OPP, 9 remote, 11 dc
    /// output on.
    fn conditions(&self, field: &Field) -> Option<Conditions> {
        let psb = &self.unit.borrow().psb;
        let bit = |on: bool, bit: u16| u16::from(on) << bit;
        let operation = if psb.output() {
            match psb.regulation(EaPsb::terminals(field)) {
                Regulation::Voltage => 1 << 8,
                Regulation::Resistance => 1 << 9,
                Regulation::Current => 1 << 10,
                Regulation::Power => 1 << 11,
            }
        } else {
            0
        };
        let either = |source, sink| psb.alarm(source) || psb.alarm(sink);
        Some(Conditions {
            operation,
            questionable: bit(psb.alarm(Protection::Volts), 0)
                | bit(either(Protection::SourceAmps, Protection::SinkAmps), 1)
                | bit(either(Protection::SourceWatts, Protection::SinkWatts), 2)
                | bit(psb.control() == Control::Ethernet, 9)
                | bit(psb.output(), 11),
        })
    }

    fn next_event(&self) -> Option<Nanos> {
        self.unit.borrow().next_watch
    }

    fn on_time(&mut self, field: &mut Field) {
        self.unit.borrow_mut().watch(field);
    }
}
