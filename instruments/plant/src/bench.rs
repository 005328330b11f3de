//! The instruments' side of the bench: source, switches, loads, ambient.

use crate::breaker::Breaker;
use crate::config::MOST_PV_INPUTS;
use crate::network::{ParallelLoad, Topology};
use crate::source::Source;

/// Everything outside the DUT.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    /// Oscillator of the grid simulator.
    pub(crate) source: Source,
    /// Output relay of the grid simulator.
    pub(crate) output: Breaker,
    /// S1.
    pub(crate) s1: Breaker,
    /// S2.
    pub(crate) s2: bool,
    /// Island load.
    pub(crate) load: ParallelLoad,
    /// Back-up load, Ω.
    pub(crate) backup_ohm: Option<f64>,
    /// Grid relay of the DUT.
    pub(crate) relay: Breaker,
    /// What the DUT's own supply takes from its grid port while the relay is open, S.
    pub(crate) supply_g: f64,
    /// Output relays of the PV simulators, by input of the DUT.
    pub(crate) pv_on: [bool; MOST_PV_INPUTS],
    /// Ambient, °C.
    pub(crate) ambient_c: f64,
    /// Shorted pins of the DRM port.
    pub(crate) drm_pins: Vec<(u8, u8)>,
}

impl Bench {
    /// De-energised: output open, S1 closed (its rest position), S2 open, no load.
    pub(crate) fn new(nominal_v: f64, nominal_hz: f64, ambient_c: f64) -> Self {
        Self {
            source: Source::new(nominal_v, nominal_hz),
            output: Breaker::new(false),
            s1: Breaker::new(true),
            s2: false,
            load: ParallelLoad::default(),
            backup_ohm: None,
            relay: Breaker::new(false),
            supply_g: 0.0,
            pv_on: [false; MOST_PV_INPUTS],
            ambient_c,
            drm_pins: Vec::new(),
        }
    }

    /// The path from the source to the PCC conducts.
    pub(crate) fn line_conducts(&self) -> bool {
        self.output.conducting && self.s1.conducting
    }

    /// Conductance of the back-up load, S.
    #[inline]
    pub(crate) fn backup_g(&self) -> f64 {
        self.backup_ohm
            .map_or(0.0, |r| if r > 0.0 { 1.0 / r } else { 1e3 })
    }

    /// Conductance at the PCC of what the DUT takes in front of its open relay, S.
    #[inline]
    pub(crate) fn port_g(&self) -> f64 {
        if self.relay.conducting {
            0.0
        } else {
            self.supply_g
        }
    }

    /// Topology of the network for a state of the bridge.
    #[inline]
    pub(crate) fn topology(&self, bridge: bool) -> Topology {
        Topology {
            bridge,
            relay: self.relay.conducting,
            port_g: self.port_g(),
            line: self.line_conducts(),
            load: if self.s2 {
                self.load
            } else {
                ParallelLoad::default()
            },
            backup_g: self.backup_g(),
        }
    }
}
