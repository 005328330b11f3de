//! Volt-var and volt-watt: the same function seen through an old model (126, 132) and a new one
//! (705, 706), and what a client makes of it.

use super::control::of_var_most;
use super::map::{At, Map, POINTS, at};
use super::plate::Nameplate;

/// Points of an older curve by name.
const VOLTS: [&str; 20] = [
    "curve.V1",
    "curve.V2",
    "curve.V3",
    "curve.V4",
    "curve.V5",
    "curve.V6",
    "curve.V7",
    "curve.V8",
    "curve.V9",
    "curve.V10",
    "curve.V11",
    "curve.V12",
    "curve.V13",
    "curve.V14",
    "curve.V15",
    "curve.V16",
    "curve.V17",
    "curve.V18",
    "curve.V19",
    "curve.V20",
];
const VARS: [&str; 20] = [
    "curve.VAr1",
    "curve.VAr2",
    "curve.VAr3",
    "curve.VAr4",
    "curve.VAr5",
    "curve.VAr6",
    "curve.VAr7",
    "curve.VAr8",
    "curve.VAr9",
    "curve.VAr10",
    "curve.VAr11",
    "curve.VAr12",
    "curve.VAr13",
    "curve.VAr14",
    "curve.VAr15",
    "curve.VAr16",
    "curve.VAr17",
    "curve.VAr18",
    "curve.VAr19",
    "curve.VAr20",
];
const WATTS: [&str; 20] = [
    "curve.W1",
    "curve.W2",
    "curve.W3",
    "curve.W4",
    "curve.W5",
    "curve.W6",
    "curve.W7",
    "curve.W8",
    "curve.W9",
    "curve.W10",
    "curve.W11",
    "curve.W12",
    "curve.W13",
    "curve.W14",
    "curve.W15",
    "curve.W16",
    "curve.W17",
    "curve.W18",
    "curve.W19",
    "curve.W20",
];

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Reactive power by voltage.
    VoltVar,
    /// Ceiling of active power by voltage.
    VoltWatt,
}

/// Both functions.
pub(crate) const BOTH: [Which; 2] = [Which::VoltVar, Which::VoltWatt];

impl Which {
    /// The new model.
    pub(crate) fn der(self) -> u16 {
        match self {
            Self::VoltVar => 705,
            Self::VoltWatt => 706,
        }
    }

    /// The old model.
    pub(crate) fn fixed(self) -> u16 {
        match self {
            Self::VoltVar => 126,
            Self::VoltWatt => 132,
        }
    }

    fn output(self) -> At {
        at(
            self.der(),
            match self {
                Self::VoltVar => "Crv.Pt.Var",
                Self::VoltWatt => "Crv.Pt.W",
            },
        )
    }

    fn outputs(self) -> &'static [&'static str; 20] {
        match self {
            Self::VoltVar => &VARS,
            Self::VoltWatt => &WATTS,
        }
    }
}

/// A curve as the plant has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curve {
    /// V, pu of rated apparent power.
    pub(crate) points: Vec<(f64, f64)>,
    /// Time constant, s; `None` where a model does not say.
    pub(crate) tau_s: Option<f64>,
}

impl Curve {
    /// Something a function can run on: points, ascending in voltage.
    fn sound(self) -> Option<Self> {
        let ascending = self.points.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        (ascending && !self.points.is_empty()).then_some(self)
    }
}

/// Volts of 100 %.
fn volts_of(map: &Map, plate: &Nameplate) -> f64 {
    map.get(at(702, "VNom")).unwrap_or(plate.dut.nominal_v)
}

/// Rated apparent power's share of what 100 % of a dependent reference stand for; of the largest
/// reactive power that is injected for an output > 0, else absorbed.
fn base(map: &Map, plate: &Nameplate, which: Which, reference: Reference, output: f64) -> f64 {
    let volt_amps = plate.dut.rated_apparent_va;
    let watts = map.get(at(121, "WMax")).unwrap_or(plate.dut.rated_power_w);
    match (which, reference) {
        (Which::VoltWatt, _) | (Which::VoltVar, Reference::Watts) => watts / volt_amps,
        (Which::VoltVar, Reference::Vars) => {
            of_var_most(map, plate, 1_f64.copysign(output)).abs() / volt_amps
        }
        (Which::VoltVar, Reference::VoltAmps) => 1.0,
    }
}

/// What percentages of reactive power are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reference {
    /// Of the active power setting.
    Watts,
    /// Of the largest reactive power; of the available one this is the best that can be said.
    Vars,
    /// Of the apparent power.
    VoltAmps,
}

/// Writes the curve into curve `n` of both models.
pub(crate) fn publish(map: &mut Map, plate: &Nameplate, which: Which, n: u8, curve: &Curve) {
    publish_der(map, plate, which, n, curve);
    publish_fixed(map, plate, which, n, curve);
}

/// Writes the curve into curve `n` of the new model; volt-var in % of the apparent power.
pub(crate) fn publish_der(map: &mut Map, plate: &Nameplate, which: Which, n: u8, curve: &Curve) {
    let (model, volts) = (which.der(), volts_of(map, plate));
    let (code, reference) = match which {
        Which::VoltVar => (3, Reference::VoltAmps),
        Which::VoltWatt => (0, Reference::Watts),
    };
    let base = base(map, plate, which, reference, 1.0);
    map.set(at(model, "Crv.ActPt").of(n), curve.points.len() as u64);
    map.set(at(model, "Crv.DeptRef").of(n), code);
    map.set(at(model, "Crv.ReadOnly").of(n), u64::from(n == 0));
    if which == Which::VoltVar {
        map.set(at(model, "Crv.Pri").of(n), 1);
        map.put(at(model, "Crv.VRef").of(n), 100.0);
        map.put(at(model, "Crv.VRefAuto").of(n), 100.0);
        map.set(at(model, "Crv.VRefAutoEna").of(n), 0);
    }
    for i in 0..POINTS {
        let (v, y) = (
            at(model, "Crv.Pt.V").of(n).point(i),
            which.output().of(n).point(i),
        );
        match curve.points.get(usize::from(i)) {
            Some(&(volt, output)) => {
                map.put(v, 100.0 * volt / volts);
                map.put(y, 100.0 * output / base);
            }
            None => {
                map.clear(v);
                map.clear(y);
            }
        }
    }
}

/// Writes the curve into curve `n` of the old model, in % of the active power setting.
pub(crate) fn publish_fixed(map: &mut Map, plate: &Nameplate, which: Which, n: u8, curve: &Curve) {
    let (model, volts) = (which.fixed(), volts_of(map, plate));
    let base = base(map, plate, which, Reference::Watts, 1.0);
    map.set(at(model, "curve.ActPt").of(n), curve.points.len() as u64);
    map.set(at(model, "curve.DeptRef").of(n), 1);
    map.set(at(model, "curve.ReadOnly").of(n), u64::from(n == 0));
    for (i, (v, y)) in VOLTS.into_iter().zip(which.outputs()).enumerate() {
        let (v, y) = (at(model, v).of(n), at(model, y).of(n));
        match curve.points.get(i) {
            Some(&(volt, output)) => {
                map.put(v, 100.0 * volt / volts);
                map.put(y, 100.0 * output / base);
            }
            None => {
                map.set(v, 0);
                map.set(y, 0);
            }
        }
    }
}

/// Open-loop response time of a curve: the 90 % of a first-order lag.
pub(crate) fn set_dynamics(map: &mut Map, which: Which, n: u8, tau_s: f64) {
    map.put(
        at(which.der(), "Crv.RspTms").of(n),
        std::f64::consts::LN_10 * tau_s,
    );
}

/// Curve `n` of the new model, if a function can run on it.
pub(crate) fn read_der(map: &Map, plate: &Nameplate, which: Which, n: u8) -> Option<Curve> {
    let (model, volts) = (which.der(), volts_of(map, plate));
    let code = map.raw(at(model, "Crv.DeptRef").of(n));
    let reference = match code {
        0 => Reference::Watts,
        3 => Reference::VoltAmps,
        _ => Reference::Vars,
    };
    let of = |output: f64| output / 100.0 * base(map, plate, which, reference, output);
    let shift = map.get(at(model, "Crv.VRef").of(n)).unwrap_or(100.0) / 100.0;
    let active = map.raw(at(model, "Crv.ActPt").of(n)).min(u64::from(POINTS)) as u8;
    let points = (0..active).map(|i| {
        let volt = map.get(at(model, "Crv.Pt.V").of(n).point(i))?;
        let output = map.get(which.output().of(n).point(i))?;
        Some((volt / 100.0 * volts * shift, of(output)))
    });
    let response_s = map.get(at(model, "Crv.RspTms").of(n));
    let curve = Curve {
        points: points.collect::<Option<_>>()?,
        tau_s: response_s.map(|seconds| seconds / std::f64::consts::LN_10),
    };
    curve.sound()
}

/// The curve that the old model has selected, if a function can run on it.
pub(crate) fn read_fixed(map: &Map, plate: &Nameplate, which: Which) -> Option<Curve> {
    let (model, volts) = (which.fixed(), volts_of(map, plate));
    let n = map.raw(at(model, "ActCrv")).checked_sub(1)? as u8;
    let code = map.raw(at(model, "curve.DeptRef").of(n));
    let reference = match code {
        1 => Reference::Watts,
        _ => Reference::Vars,
    };
    let of = |output: f64| output / 100.0 * base(map, plate, which, reference, output);
    let active = map.raw(at(model, "curve.ActPt").of(n)) as usize;
    let names = VOLTS.into_iter().zip(which.outputs()).take(active);
    let points = names.map(|(v, y)| {
        let volt = map.get(at(model, v).of(n))?;
        Some((volt / 100.0 * volts, of(map.get(at(model, y).of(n))?)))
    });
    let curve = Curve {
        points: points.collect::<Option<_>>()?,
        tau_s: None,
    };
    curve.sound()
}
