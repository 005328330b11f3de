//! AMETEK TerraSAS PV simulator: a pool of curves, and per channel a staged copy that
//! `SOURce:EXECute` makes active. CR ends messages and replies. One channel is wired.

mod commands;
pub(crate) mod curve;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::MeterPoint;

use self::commands::Command;
use self::curve::{Curve, Points, Technology};
use super::watch::Watch;
use crate::field::{Disturbance, Field, MILLISECOND};
use crate::scpi::engine::{Conditions, Dialect, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::pattern::Use;
use crate::scpi::{Call, Outcome};

/// Name under which the EN 50530 engine files its curve.
pub(crate) const EN50530_NAME: &str = "EN 50530 CURVE";
/// From a command to the output: curve computation and relay.
const LATENCY: Nanos = 20 * MILLISECOND;
/// Ratings of the simulator.
const MOST_VOLTS: f64 = 600.0;
const MOST_AMPS: f64 = 25.0;

/// What `SOURce:…` stages and `EXECute` activates.
#[derive(Debug, Clone, PartialEq)]
struct Stage {
    curve: Curve,
    irradiance: f64,
    celsius: f64,
}

/// Curve parameters collected before `CURVe:ADD`.
#[derive(Debug, Clone)]
struct Builder {
    voc: f64,
    isc: f64,
    vmp: f64,
    imp: f64,
    beta_v: f64,
    beta_p: f64,
    k_volts: f64,
    k_irradiance: f64,
    technology: Technology,
    /// The dynamic sequence of EN 50530 is meant; kept only.
    dynamic: bool,
    pmp: f64,
    vmp_en: f64,
}

/// The PV simulator.
#[derive(Debug)]
pub(crate) struct TerraSas {
    channel: u32,
    pool: Vec<Curve>,
    builder: Builder,
    staged: Stage,
    active: Stage,
    output: bool,
    over_voltage: f64,
    over_current: f64,
    watches: [Watch; 2],
    /// QUEStionable: bit 0 over-voltage, bit 1 over-current; until cleared the output stays off.
    tripped: u16,
}

impl TerraSas {
    /// With its only wired channel.
    pub(crate) fn new(channel: u32) -> Self {
        let points = Points {
            voc: 450.0,
            isc: 10.0 / 0.9,
            vmp: 360.0,
            imp: 10.0,
        };
        let curve = Curve::en50530(Technology::CrystallineSilicon, points.power(), points.vmp);
        let pool: Vec<Curve> = curve.into_iter().collect();
        let stage = Stage {
            curve: pool[0].clone(),
            irradiance: 1000.0,
            celsius: 25.0,
        };
        Self {
            channel,
            pool,
            builder: Builder {
                voc: 0.0,
                isc: 0.0,
                vmp: 0.0,
                imp: 0.0,
                beta_v: -0.4,
                beta_p: -0.4,
                k_volts: 0.0,
                k_irradiance: 200.0,
                technology: Technology::CrystallineSilicon,
                dynamic: false,
                pmp: points.power(),
                vmp_en: points.vmp,
            },
            staged: stage.clone(),
            active: stage,
            output: false,
            over_voltage: MOST_VOLTS,
            over_current: MOST_AMPS,
            watches: Default::default(),
            tripped: 0,
        }
    }

    /// The named channel is ours; without a list all channels are meant.
    fn check_channels(&self, list: Option<&[u32]>) -> Result<(), Fault> {
        match list {
            Some(list) if list.iter().any(|&channel| channel != self.channel) => {
                Err(fault::OUT_OF_RANGE)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn active_points(&self) -> Points {
        self.active
            .curve
            .at(self.active.irradiance, self.active.celsius)
    }

    fn send(&self, field: &mut Field) {
        let points = self.active_points();
        let input = Input::Pv {
            on: self.output,
            voc: points.voc,
            isc: points.isc,
            vmp: points.vmp,
            imp: points.imp,
        };
        field.plant.schedule(field.now() + LATENCY, input);
    }

    fn switch(&mut self, on: bool, field: &mut Field) {
        self.output = on;
        for watch in &mut self.watches {
            if on {
                watch.arm(field.now());
            } else {
                watch.disarm();
            }
        }
        self.send(field);
    }

    /// Opens the output when the terminals are beyond a level.
    fn protect(&mut self, field: &mut Field) {
        let now = field.now();
        let reading = field.plant.reading(MeterPoint::Pv);
        let beyond = [
            reading.volts > self.over_voltage,
            reading.amps > self.over_current,
        ];
        for (bit, (watch, beyond)) in self.watches.iter_mut().zip(beyond).enumerate() {
            if watch.due(now) && watch.trips(now, beyond, 0.0) {
                self.tripped |= 1 << bit;
            }
        }
        if self.tripped != 0 && self.output {
            self.switch(false, field);
        }
    }

    fn execute_staged(&mut self, field: &mut Field) {
        self.active = self.staged.clone();
        self.send(field);
    }

    fn file(&mut self, curve: Curve) {
        self.pool.retain(|other| other.name != curve.name);
        self.pool.push(curve);
    }

    fn in_use(&self, name: &str) -> bool {
        self.active.curve.name == name || self.staged.curve.name == name
    }
}

impl ScpiDevice for TerraSas {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect {
            carriage_return_ends: true,
            terminator: b"\r",
            ..Dialect::SCPI
        }
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        commands::TABLE.to_vec()
    }

    fn identity(&self) -> String {
        "AMETEK,TerraSAS ETS600X25,TS0001,2.10".to_owned()
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        self.run(command, call, field)
    }

    fn power_on(&mut self, field: &mut Field) {
        self.send(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-voltage protection opens the output.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            self.tripped |= 1;
            self.switch(false, field);
            fault::PROTECTION
        })
    }

    /// No profile ever runs: the operation bits stay clear.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        Some(Conditions {
            operation: 0,
            questionable: self.tripped,
        })
    }

    fn next_event(&self) -> Option<Nanos> {
        self.watches[0].next()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.protect(field);
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("irradiance_w_per_m2", self.active.irradiance),
            ("cell_temperature_c", self.active.celsius),
        ]
    }

    fn reset(&mut self, field: &mut Field) {
        let channel = self.channel;
        let pool = std::mem::take(&mut self.pool);
        *self = Self::new(channel);
        for curve in pool {
            self.file(curve);
        }
        self.send(field);
    }
}
