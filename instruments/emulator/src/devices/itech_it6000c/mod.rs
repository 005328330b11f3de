//! ITECH IT6000C bidirectional dc supply as battery simulator.
//!
//! Settings are refused in local (-201); limits can be written only in the priority they belong to
//! (-221). Positive current and power leave the instrument.

mod commands;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::MeterPoint;

use self::commands::Command::{self, self as C};
use self::commands::{KEPT, TABLE};
use crate::devices::chroma_61845::within;
use crate::field::{Disturbance, Field, MILLISECOND};
use crate::scpi::engine::{Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::pattern::Use;
use crate::scpi::{Call, Outcome};

/// From a command to the output.
const LATENCY: Nanos = 20 * MILLISECOND;
const MOST_VOLTS: f64 = 800.0;
const MOST_AMPS: f64 = 225.0;
const MOST_WATTS: f64 = 54_000.0;

/// The battery simulator.
#[derive(Debug)]
pub(crate) struct It6000c {
    remote: bool,
    current_priority: bool,
    output: bool,
    volts: f64,
    amps: f64,
    source_limit: f64,
    sink_limit: f64,
    volt_high: f64,
    volt_low: f64,
    power_source: f64,
    power_sink: f64,
    kept: [f64; KEPT.len()],
}

impl It6000c {
    /// As after power-on: local, voltage priority, 0 V, output off.
    pub(crate) fn new() -> Self {
        Self {
            remote: false,
            current_priority: false,
            output: false,
            volts: 0.0,
            amps: 0.0,
            source_limit: 0.0,
            sink_limit: 0.0,
            volt_high: MOST_VOLTS,
            volt_low: 0.0,
            power_source: MOST_WATTS,
            power_sink: -MOST_WATTS,
            kept: KEPT.map(|(default, _, _)| default),
        }
    }

    /// In current priority the plant's source is told the voltage limit on the side of the current.
    fn send(&self, field: &mut Field) {
        let (volts, source_a, sink_a) = if self.current_priority {
            let volts = if self.amps < 0.0 {
                self.volt_low
            } else {
                self.volt_high
            };
            (volts, self.amps.max(0.0), (-self.amps).max(0.0))
        } else {
            (self.volts, self.source_limit, -self.sink_limit)
        };
        field.plant.schedule(
            field.now() + LATENCY,
            Input::BatterySource {
                on: self.output,
                volts,
                source_a,
                sink_a,
            },
        );
    }

    fn in_priority(&self, current: bool) -> Result<(), Fault> {
        if self.current_priority == current {
            Ok(())
        } else {
            Err(fault::SETTINGS_CONFLICT)
        }
    }

    fn set(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let params = call.params;
        match command {
            C::Remote => {
                self.remote = true;
                return params.none();
            }
            C::Local => {
                self.remote = false;
                return params.none();
            }
            C::Priority
            | C::RunMode
            | C::Volts
            | C::Amps
            | C::SourceLimit
            | C::SinkLimit
            | C::VoltHigh
            | C::VoltLow
            | C::PowerSource
            | C::PowerSink
            | C::Kept(_)
            | C::ProtectionClear
            | C::Output => {}
            C::Version | C::MeasureVolts | C::MeasureAmps | C::MeasureWatts | C::Zero => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }
        if !self.remote {
            return Err(fault::INVALID_IN_LOCAL);
        }
        let number =
            |unit: &str, least: f64, most: f64| within(params.only_number(unit)?, least, most);
        match command {
            C::Priority => {
                let current = params.choice(0, &["VOLTage", "CURRent"])? == 1;
                if current && !self.current_priority {
                    self.volt_high = self.volts;
                    self.amps = 0.0;
                } else if !current && self.current_priority {
                    self.source_limit = self.amps.max(0.0);
                    self.sink_limit = self.amps.min(0.0);
                }
                self.current_priority = current;
            }
            // battery, solar and list modes need the maker's software
            C::RunMode => {
                params.choice(0, &["FIXed"])?;
            }
            C::Volts => self.volts = number("V", 0.0, MOST_VOLTS)?,
            C::Amps => self.amps = (number("A", -MOST_AMPS, MOST_AMPS)? * 100.0).round() / 100.0,
            C::SourceLimit => {
                self.in_priority(false)?;
                self.source_limit = number("A", 0.0, MOST_AMPS)?;
            }
            C::SinkLimit => {
                self.in_priority(false)?;
                self.sink_limit = number("A", -MOST_AMPS, 0.0)?;
            }
            C::VoltHigh => {
                self.in_priority(true)?;
                self.volt_high = number("V", 0.0, MOST_VOLTS)?;
            }
            C::VoltLow => {
                self.in_priority(true)?;
                self.volt_low = number("V", 0.0, MOST_VOLTS)?;
            }
            C::PowerSource => self.power_source = number("W", 0.0, MOST_WATTS)?,
            C::PowerSink => self.power_sink = number("W", -MOST_WATTS, 0.0)?,
            C::Kept(index) => {
                let index = usize::from(index);
                let (_, least, most) = KEPT[index];
                let value = if most == 1.0 {
                    f64::from(u8::from(params.only_boolean()?))
                } else {
                    number("", least, most)?
                };
                self.kept[index] = value;
                return Ok(());
            }
            C::ProtectionClear => return params.none(),
            C::Output => self.output = params.only_boolean()?,
            C::Remote
            | C::Local
            | C::Version
            | C::MeasureVolts
            | C::MeasureAmps
            | C::MeasureWatts
            | C::Zero => {}
        }
        self.send(field);
        Ok(())
    }

    fn answer(&self, command: Command, call: &Call<'_>, field: &Field) -> Outcome {
        call.params.at_most(1)?;
        let reading = field.plant.reading(MeterPoint::Battery);
        Ok(Reply::Text(match command {
            C::Version => "IT60xxSrc-v1.3.7.21".to_owned(),
            C::Priority => if self.current_priority {
                "CURRent"
            } else {
                "VOLTage"
            }
            .to_owned(),
            C::RunMode => "FIXed".to_owned(),
            C::Volts => nr3(self.volts, 5),
            C::Amps => nr3(self.amps, 5),
            C::SourceLimit => nr3(self.source_limit, 5),
            C::SinkLimit => nr3(self.sink_limit, 5),
            C::VoltHigh => nr3(self.volt_high, 5),
            C::VoltLow => nr3(self.volt_low, 5),
            C::PowerSource => nr3(self.power_source, 5),
            C::PowerSink => nr3(self.power_sink, 5),
            C::Kept(index) => {
                let index = usize::from(index);
                if KEPT[index].2 == 1.0 {
                    format!("{:.0}", self.kept[index])
                } else {
                    nr3(self.kept[index], 5)
                }
            }
            C::Output => u8::from(self.output).to_string(),
            C::MeasureVolts => nr3(reading.volts, 5),
            C::MeasureAmps => nr3(reading.amps, 5),
            C::MeasureWatts => nr3(reading.watts, 5),
            C::Zero => "0".to_owned(),
            C::Remote | C::Local | C::ProtectionClear => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}

impl ScpiDevice for It6000c {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect {
            carriage_return_ends: false,
            terminator: b"\n",
            error_query: "SYSTem:ERRor",
            no_error: "0,\"No error\"",
            positive_codes: false,
        }
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        TABLE.to_vec()
    }

    fn identity(&self) -> String {
        "ITECH Electronics,IT6054C-800-225,806022010001,000.006.101,640.R,132.R".to_owned()
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call, field)
        } else {
            self.set(command, call, field).map(|()| Reply::None)
        }
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-current protection opens the output.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            self.output = false;
            self.send(field);
            fault::PROTECTION
        })
    }

    fn reset(&mut self, field: &mut Field) {
        let remote = self.remote;
        *self = Self {
            remote,
            ..Self::new()
        };
        self.send(field);
    }
}
