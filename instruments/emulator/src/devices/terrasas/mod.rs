//! AMETEK TerraSAS PV simulator: a pool of curves, and per channel a staged copy that
//! `SOURce:EXECute` makes active. CR ends messages and replies. Without a channel list all channels
//! are meant; a query of several answers for each, with commas.

mod channel;
mod commands;
pub(crate) mod curve;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;

use self::channel::Channel;
use self::commands::Command;
use self::curve::{Curve, Points, Technology};
use crate::field::{Disturbance, Field};
use crate::scpi::engine::{Conditions, Dialect, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::pattern::Use;
use crate::scpi::{Call, Outcome};

/// Name under which the EN 50530 engine files its curve.
pub(crate) const EN50530_NAME: &str = "EN 50530 CURVE";
/// Ratings of the simulator.
const MOST_VOLTS: f64 = 600.0;
const MOST_AMPS: f64 = 25.0;

/// Form factor (Vmp Imp)/(Voc Isc) that `DEF` stands for: that of crystalline silicon in EN 50530.
const FORM_FACTOR: f64 = Technology::CrystallineSilicon.form_factor();

/// Where the maximum power point of a curve is.
#[derive(Debug, Clone, Copy)]
enum PowerPoint {
    /// V, A.
    At(f64, f64),
    /// Vmp/Voc = Imp/Isc, the root of the form factor.
    FormFactor(f64),
}

/// Curve parameters collected before `CURVe:ADD`, in any order.
#[derive(Debug, Clone)]
struct Builder {
    voc: f64,
    isc: f64,
    power_point: PowerPoint,
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

impl Builder {
    fn points(&self) -> Points {
        let (voc, isc) = (self.voc, self.isc);
        let (vmp, imp) = match self.power_point {
            PowerPoint::At(vmp, imp) => (vmp, imp),
            PowerPoint::FormFactor(factor) => (voc * factor.sqrt(), isc * factor.sqrt()),
        };
        Points { voc, isc, vmp, imp }
    }

    fn form_factor(&self) -> f64 {
        match self.power_point {
            PowerPoint::At(vmp, imp) => vmp * imp / (self.voc * self.isc).max(1e-9),
            PowerPoint::FormFactor(factor) => factor,
        }
    }
}

/// The PV simulator.
#[derive(Debug)]
pub(crate) struct TerraSas {
    pool: Vec<Curve>,
    /// Curves on its disk.
    disk: Vec<Curve>,
    builder: Builder,
    channels: Vec<Channel>,
}

impl TerraSas {
    /// With channels from `first` on, one at each of the `inputs` of the DUT, and curves on its disk:
    /// name and points (V, A).
    pub(crate) fn new(
        first: u32,
        inputs: std::ops::Range<usize>,
        disk: impl IntoIterator<Item = (String, Vec<(f64, f64)>)>,
    ) -> Self {
        let disk = disk.into_iter();
        let disk = disk.map(|(name, points)| Curve::by_table(&name, points));
        let (pool, builder) = factory();
        let curve = pool[0].clone();
        let channels = (first..).zip(inputs);
        Self {
            disk: disk.collect(),
            channels: channels
                .map(|(number, input)| Channel::new(number, input, &curve))
                .collect(),
            pool,
            builder,
        }
    }

    /// Places of the named channels; without a list, of all.
    fn chosen(&self, list: Option<&[u32]>) -> Result<Vec<usize>, Fault> {
        let Some(list) = list else {
            return Ok((0..self.channels.len()).collect());
        };
        let place = |number: &u32| self.channels.iter().position(|c| c.number == *number);
        list.iter()
            .map(|number| place(number).ok_or(fault::OUT_OF_RANGE))
            .collect()
    }

    fn file(&mut self, curve: Curve) {
        self.pool.retain(|other| other.name != curve.name);
        self.pool.push(curve);
    }

    fn in_use(&self, name: &str) -> bool {
        self.channels.iter().any(|channel| channel.uses(name))
    }
}

/// The EN 50530 curve in the pool, and what is in the builder, after power-on.
fn factory() -> (Vec<Curve>, Builder) {
    let points = Points {
        voc: 450.0,
        isc: 10.0 / 0.9,
        vmp: 360.0,
        imp: 10.0,
    };
    let curve = Curve::en50530(Technology::CrystallineSilicon, points.power(), points.vmp);
    let builder = Builder {
        voc: 0.0,
        isc: 0.0,
        power_point: PowerPoint::At(0.0, 0.0),
        beta_v: -0.4,
        beta_p: -0.4,
        k_volts: 0.0,
        k_irradiance: 200.0,
        technology: Technology::CrystallineSilicon,
        dynamic: false,
        pmp: points.power(),
        vmp_en: points.vmp,
    };
    (curve.into_iter().collect(), builder)
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
        for channel in &self.channels {
            channel.send(field);
        }
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-voltage protection opens every output.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            for channel in &mut self.channels {
                channel.trip(field);
            }
            fault::PROTECTION
        })
    }

    /// No profile ever runs: the operation bits stay clear.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        let tripped = self.channels.iter().map(Channel::tripped);
        Some(Conditions {
            operation: 0,
            questionable: tripped.fold(0, |all, one| all | one),
        })
    }

    fn next_event(&self) -> Option<Nanos> {
        self.channels.iter().filter_map(Channel::next_event).min()
    }

    fn on_time(&mut self, field: &mut Field) {
        for channel in &mut self.channels {
            channel.protect(field);
        }
    }

    /// Those of the first channel.
    fn set_points(&self) -> Vec<(&'static str, f64)> {
        self.channels.first().map_or_else(Vec::new, |channel| {
            vec![
                ("irradiance_w_per_m2", channel.active.irradiance),
                ("cell_temperature_c", channel.active.celsius),
            ]
        })
    }

    /// Curves stay in the pool.
    fn reset(&mut self, field: &mut Field) {
        let (pool, builder) = factory();
        self.builder = builder;
        for curve in &pool {
            self.file(curve.clone());
        }
        for channel in &mut self.channels {
            *channel = Channel::new(channel.number, channel.input, &pool[0]);
            channel.send(field);
        }
    }
}
