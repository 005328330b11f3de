//! EA Elektro-Automatik PSB 10750-60: a bidirectional dc supply as battery simulator.
//!
//! One unit that two protocols reach: what one sets the other reads. Its network port tells SCPI
//! and Modbus TCP apart by what comes first.

mod modbus;
mod port;
mod scpi;
mod scpi_commands;
pub(crate) mod state;

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::MeterPoint;

use self::state::{NOMINAL_A, NOMINAL_V, NOMINAL_W, Protection, Psb, Terminals};
use crate::devices::metering::{Limits, Meter, MeterSpec};
use crate::field::{Field, MILLISECOND};

pub(crate) use port::EaPsbPort;

/// Type plate.
const MODEL: &str = "PSB 10750-60";
const MAKER: &str = "EA Elektro-Automatik";
const SERIAL: &str = "2840130001";
const FIRMWARE: &str = "V3.02 10.11.2021";
const DEVICE_CLASS: u16 = 43;

/// From a command to the terminals.
const LATENCY: Nanos = 20 * MILLISECOND;
/// Period at which the protections look at the terminals while they could trip.
const WATCH: Nanos = 20 * MILLISECOND;

/// ± 0.1 % of nominal voltage, ± 0.2 % of nominal current.
const METER: MeterSpec = MeterSpec {
    volts: Limits {
        reading: 0.0,
        offset: 0.001 * NOMINAL_V,
    },
    amps: Limits {
        reading: 0.0,
        offset: 0.002 * NOMINAL_A,
    },
    watts: Limits {
        reading: 0.0,
        offset: 0.003 * NOMINAL_W,
    },
    hertz: 0.0,
};

/// The instrument on its wires.
#[derive(Debug)]
pub(crate) struct EaPsb {
    psb: Psb,
    sent: state::Drive,
    next_watch: Option<Nanos>,
    meter: Meter,
}

impl EaPsb {
    /// As after power-on.
    fn new(seed: u64, name: &str) -> Self {
        let psb = Psb::new();
        Self {
            sent: psb.drive(Terminals::default()),
            psb,
            next_watch: None,
            meter: Meter::new(seed, name, METER),
        }
    }

    /// Voltage, current and power at the terminals now.
    fn terminals(field: &Field) -> Terminals {
        let reading = field.plant.reading_cycle(MeterPoint::Battery);
        Terminals {
            volts: reading.volts,
            amps: reading.amps,
            watts: reading.watts,
        }
    }

    /// The same as its own meter shows it.
    fn shown(&self, field: &Field) -> Terminals {
        let reading = field.plant.reading_cycle(MeterPoint::Battery);
        let shown = self.meter.shows(reading);
        Terminals {
            volts: shown.volts,
            amps: shown.amps,
            watts: shown.watts,
        }
    }

    /// Changes what it is set to and acts on that; a refusal changes nothing.
    fn change<E>(
        &mut self,
        change: impl FnOnce(&mut Psb) -> Result<(), E>,
        field: &mut Field,
    ) -> Result<(), E> {
        let mut psb = self.psb.clone();
        change(&mut psb)?;
        self.psb = psb;
        self.act(field);
        Ok(())
    }

    /// Tells the plant what it is set to.
    fn send(&mut self, field: &mut Field) {
        let drive = self.psb.drive(Self::terminals(field));
        self.sent = drive;
        field.plant.schedule(
            field.now() + LATENCY,
            Input::BatterySource {
                on: drive.on,
                volts: drive.volts,
                source_a: drive.source_a,
                sink_a: drive.sink_a,
            },
        );
    }

    /// Tells the plant what has changed, and keeps the protections watching while they could trip.
    fn act(&mut self, field: &mut Field) {
        if self.psb.drive(Self::terminals(field)) != self.sent {
            self.send(field);
        }
        self.next_watch = match (self.psb.needs_watching(), self.next_watch) {
            (false, _) => None,
            (true, Some(due)) if due > field.now() => Some(due),
            (true, _) => Some(field.now() + WATCH),
        };
    }

    /// Lets the protections look.
    fn watch(&mut self, field: &mut Field) {
        if self.next_watch.is_some_and(|due| due <= field.now()) {
            self.psb.watch(Self::terminals(field));
            self.act(field);
        }
    }

    /// A protection trips, whatever the terminals carry.
    fn trip(&mut self, protection: Protection, field: &mut Field) {
        self.psb.trip(protection);
        self.act(field);
    }
}
