//! An island bench: the DUT feeding, a parallel load of given power, quality and imbalance.

use gridproof_plant::Plant;
use gridproof_plant::config::{
    AntiIslanding, CurrentReference, PlantConfig, ProtectionElement, Side, Watch,
};
use gridproof_plant::input::{DutCommand, Input};

use crate::common::*;

/// The load and what it was made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Ω.
    pub(crate) r: f64,
    /// H.
    pub(crate) l: f64,
    /// F.
    pub(crate) c: f64,
}

impl Load {
    /// Qf at 50 Hz takes P·(1 + dp) at V; its inductor Qf·P·(1 + dq).
    pub(crate) fn new(v: f64, p: f64, qf: f64, dp: f64, dq: f64) -> Self {
        let w = 100.0 * std::f64::consts::PI;
        Self {
            r: v * v / (p * (1.0 + dp)),
            l: v * v / (w * qf * p * (1.0 + dq)),
            c: qf * p / (w * v * v),
        }
    }

    /// Resonance, Hz.
    pub(crate) fn fr(&self) -> f64 {
        1.0 / (std::f64::consts::TAU * (self.l * self.c).sqrt())
    }

    /// Quality at its own resonance.
    pub(crate) fn qf(&self) -> f64 {
        self.r * (self.c / self.l).sqrt()
    }
}

/// A DUT that nothing stops: no protection, no back-up, a given active method.
pub(crate) fn unprotected(reference: CurrentReference, method: AntiIslanding) -> PlantConfig {
    let mut config = quick();
    config.dut.protection.clear();
    config.dut.backup = None;
    config.dut.reference = reference;
    config.dut.anti_islanding = method;
    config.dut.volt_var.enabled = false;
    config.dut.volt_watt.enabled = false;
    config.dut.derating = None;
    // a low island voltage shall not run into the limit of the bridge
    config.dut.max_current_a = 100.0;
    config
}

/// Limits of voltage or frequency, V or Hz, and how long they may be left, s.
pub(crate) fn limits(
    watch: Watch,
    (low, high): (f64, f64),
    delay_s: f64,
) -> Vec<ProtectionElement> {
    let limit = |name: &str, side, threshold| ProtectionElement {
        name: name.to_owned(),
        watch,
        side,
        threshold,
        delay_s,
    };
    vec![
        limit("under", Side::Under, low),
        limit("over", Side::Over, high),
    ]
}

/// Feeds `p` into the grid with the load connected; S1 opens at `deg` of the source.
pub(crate) fn islanded(config: PlantConfig, p: f64, load: Load, deg: f64) -> Plant {
    let mut plant = connected(config, p, load);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: Some(deg),
    });
    plant
}

/// Feeds `p` into the grid with the load connected.
pub(crate) fn connected(config: PlantConfig, p: f64, load: Load) -> Plant {
    let mut plant = feeding(config, p);
    plant.apply(Input::Dut(DutCommand::VoltVar(false)));
    plant.apply(Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: Some(load.r),
        l_h: Some(load.l),
        c_f: Some(load.c),
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant.advance_to(14 * S);
    plant
}

/// Points in ±1, reproducible.
pub(crate) fn random(seed: u64, count: usize) -> Vec<(f64, f64)> {
    let mut x = seed;
    let mut next = || {
        x = x
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| (next(), next())).collect()
}
