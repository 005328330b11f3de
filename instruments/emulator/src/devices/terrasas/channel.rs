//! One channel of the TerraSAS: an array at one PV input of the DUT.

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::Reading;

use super::curve::{Curve, Shape};
use super::{MOST_AMPS, MOST_VOLTS};
use crate::devices::watch::Watch;
use crate::field::{Field, MILLISECOND};

/// From a command to the output: curve computation and relay.
const LATENCY: Nanos = 20 * MILLISECOND;

/// What `SOURce:…` stages and `EXECute` activates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stage {
    pub(super) curve: Curve,
    /// W/m².
    pub(super) irradiance: f64,
    /// Of the cells.
    pub(super) celsius: f64,
}

/// A channel.
#[derive(Debug)]
pub(super) struct Channel {
    /// As in channel lists.
    pub(super) number: u32,
    /// Input of the DUT, counted from 0.
    pub(super) input: usize,
    pub(super) staged: Stage,
    pub(super) active: Stage,
    pub(super) output: bool,
    /// V.
    pub(super) over_voltage: f64,
    /// A.
    pub(super) over_current: f64,
    watches: [Watch; 2],
    /// Bit 0 over-voltage, bit 1 over-current; until cleared the output stays off.
    tripped: u16,
}

impl Channel {
    /// As after `*RST`: off, full sun on `curve`.
    pub(super) fn new(number: u32, input: usize, curve: &Curve) -> Self {
        let stage = Stage {
            curve: curve.clone(),
            irradiance: 1000.0,
            celsius: 25.0,
        };
        Self {
            number,
            input,
            staged: stage.clone(),
            active: stage,
            output: false,
            over_voltage: MOST_VOLTS,
            over_current: MOST_AMPS,
            watches: Default::default(),
            tripped: 0,
        }
    }

    fn shape(&self) -> Shape {
        let stage = &self.active;
        stage.curve.at(stage.irradiance, stage.celsius)
    }

    /// Curve and relay to the plant.
    pub(super) fn send(&self, field: &mut Field) {
        let (input, on) = (self.input, self.output);
        let input = match self.shape() {
            Shape::Points(points) => Input::Pv {
                input,
                on,
                voc: points.voc,
                isc: points.isc,
                vmp: points.vmp,
                imp: points.imp,
            },
            Shape::Table(points) => Input::PvPoints { input, on, points },
        };
        field.plant.schedule(field.now() + LATENCY, input);
    }

    /// Makes active what is staged.
    pub(super) fn execute(&mut self, field: &mut Field) {
        self.active = self.staged.clone();
        self.send(field);
    }

    /// Output on or off.
    pub(super) fn switch(&mut self, on: bool, field: &mut Field) {
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

    /// The over-voltage protection acts.
    pub(super) fn trip(&mut self, field: &mut Field) {
        self.tripped |= 1;
        self.switch(false, field);
    }

    /// What has tripped.
    pub(super) fn tripped(&self) -> u16 {
        self.tripped
    }

    /// Clears the protections.
    pub(super) fn clear(&mut self) {
        self.tripped = 0;
    }

    /// Opens the output when the terminals are beyond a level.
    pub(super) fn protect(&mut self, field: &mut Field) {
        let now = field.now();
        let reading = self.reading(field);
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

    /// When the protections look next.
    pub(super) fn next_event(&self) -> Option<Nanos> {
        self.watches[0].next()
    }

    /// What its meter shows.
    pub(super) fn reading(&self, field: &Field) -> Reading {
        field.plant.pv_reading(self.input)
    }

    /// Percent of the curve's maximum power.
    pub(super) fn mpp_accuracy(&self, field: &Field) -> f64 {
        let most = self.shape().power();
        if self.output && most > 0.0 {
            100.0 * self.reading(field).watts / most
        } else {
            0.0
        }
    }

    /// The curve of that name is active or staged.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.active.curve.name == name || self.staged.curve.name == name
    }
}
