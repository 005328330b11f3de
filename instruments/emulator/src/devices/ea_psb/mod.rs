//! EA Elektro-Automatik PSB 10500-180: a bidirectional dc supply as battery simulator.

mod modbus;
pub(crate) mod state;

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::MeterPoint;

use self::state::{Psb, Terminals};
use crate::field::{Field, MILLISECOND};

/// From a command to the terminals.
const LATENCY: Nanos = 20 * MILLISECOND;
/// Period at which the protections look at the terminals while they could trip.
const WATCH: Nanos = 20 * MILLISECOND;

/// The instrument on its wires.
#[derive(Debug)]
pub(crate) struct EaPsb {
    psb: Psb,
    sent: state::Drive,
    next_watch: Option<Nanos>,
}

impl EaPsb {
    /// As after power-on.
    pub(crate) fn new() -> Self {
        let psb = Psb::new();
        Self {
            sent: psb.drive(),
            psb,
            next_watch: None,
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

    /// Tells the plant what has changed, and keeps the protections watching while they could trip.
    fn act(&mut self, field: &mut Field) {
        let drive = self.psb.drive();
        if drive != self.sent {
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
}
