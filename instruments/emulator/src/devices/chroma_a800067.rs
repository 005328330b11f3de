//! Chroma A800067 RLC load with utility switch S1 and load switch SLOAD.
//!
//! `PHASEn:RLOAD/LLOAD/CLOAD` are W and var at 230 V, 50 Hz. Contactors take 20–30 ms, drawn anew
//! for each operation; queries answer what was commanded. Only phase 1 is wired.

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;

use crate::devices::chroma_61845::within;
use crate::field::{Field, MILLISECOND};
use crate::rng::Rng;
use crate::scpi::engine::{Dialect, Reply, ScpiDevice};
use crate::scpi::fault::Fault;
use crate::scpi::pattern::Use::{self, Both};
use crate::scpi::{Call, Outcome};

/// Power of one branch at most, W or var.
const MOST_POWER: f64 = 20_000.0;
/// The values are powers at this voltage…
const NOMINAL_V: f64 = 230.0;
/// …and this angular frequency, rad/s (50 Hz).
const NOMINAL_W: f64 = 2.0 * std::f64::consts::PI * 50.0;

/// Commands of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    GridSwitch,
    LoadSwitch,
    Level(Branch),
    Enable(Branch),
}

/// A branch of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Branch {
    Resistive = 0,
    Inductive = 1,
    Capacitive = 2,
}

use Branch::{Capacitive, Inductive, Resistive};

const TABLE: &[(&str, Command, Use)] = &[
    ("FUNCtion:S1", Command::GridSwitch, Both),
    ("FUNCtion:SLOAD", Command::LoadSwitch, Both),
    ("PHASe<n>:RLOAD", Command::Level(Resistive), Both),
    ("PHASe<n>:LLOAD", Command::Level(Inductive), Both),
    ("PHASe<n>:CLOAD", Command::Level(Capacitive), Both),
    ("PHASe<n>:RLOADE", Command::Enable(Resistive), Both),
    ("PHASe<n>:LLOADE", Command::Enable(Inductive), Both),
    ("PHASe<n>:CLOADE", Command::Enable(Capacitive), Both),
];

/// Where the load is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// S1 between source and PCC, SLOAD (S2) between PCC and the RLC.
    Island,
    /// R branch and SLOAD at the back-up port.
    Backup,
}

/// What the branches are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Branches {
    /// Factor on the power of each.
    factors: [f64; 3],
    /// Of the inductors at 50 Hz; infinite for none but reactance.
    inductor_q: f64,
}

impl Branches {
    /// Off by up to `tolerance` each.
    pub(crate) fn new(rng: &mut Rng, tolerance: f64, inductor_q: Option<f64>) -> Self {
        Self {
            factors: std::array::from_fn(|_| 1.0 + tolerance * rng.symmetric()),
            inductor_q: inductor_q.unwrap_or(f64::INFINITY),
        }
    }
}

/// Contactors in the order of their numbers.
const CONTACTORS: usize = 5;
const S1: usize = 3;
const SLOAD: usize = 4;

/// What a contactor does when its time has come.
#[derive(Debug, Clone, Copy)]
struct Operation {
    due: Nanos,
    contactor: usize,
    /// Branch power, or 1/0 for a switch.
    value: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Phase {
    level: [f64; 3],
    enabled: [bool; 3],
}

/// The load.
#[derive(Debug)]
pub(crate) struct A800067 {
    place: Place,
    resolution: f64,
    branches: Branches,
    rng: Rng,
    phases: [Phase; 3],
    s1: bool,
    sload: bool,
    /// What the contactors of phase 1 really do.
    actual: [f64; CONTACTORS],
    pending: Vec<Operation>,
}

impl A800067 {
    /// S1 starts closed: the bench is wired through it.
    pub(crate) fn new(
        place: Place,
        (resolution, branches): (f64, Branches),
        rng: Rng,
        s1_closed: bool,
    ) -> Self {
        let mut actual = [0.0; CONTACTORS];
        actual[S1] = f64::from(u8::from(s1_closed));
        Self {
            place,
            resolution,
            branches,
            rng,
            phases: [Phase::default(); 3],
            s1: s1_closed,
            sload: false,
            actual,
            pending: Vec::new(),
        }
    }

    fn operate(&mut self, contactor: usize, value: f64, field: &Field) {
        let drawn = field.now() + 20 * MILLISECOND + (self.rng.uniform() * 1e7) as Nanos;
        // a contactor never overtakes its own earlier operation
        let earlier = self
            .pending
            .iter()
            .filter(|op| op.contactor == contactor)
            .map(|op| op.due)
            .max();
        let due = drawn.max(earlier.unwrap_or(0));
        self.pending.push(Operation {
            due,
            contactor,
            value,
        });
    }

    fn operate_branch(&mut self, branch: Branch, field: &Field) {
        let phase = &self.phases[0];
        let index = branch as usize;
        let value = if phase.enabled[index] {
            phase.level[index]
        } else {
            0.0
        };
        self.operate(index, value, field);
    }

    fn set(&mut self, command: Command, call: &Call<'_>, field: &Field) -> Result<(), Fault> {
        match command {
            Command::GridSwitch => {
                self.s1 = call.params.only_boolean()?;
                self.operate(S1, f64::from(u8::from(self.s1)), field);
            }
            Command::LoadSwitch => {
                self.sload = call.params.only_boolean()?;
                self.operate(SLOAD, f64::from(u8::from(self.sload)), field);
            }
            Command::Level(branch) => {
                let phase = call.suffix_up_to(0, 3)? as usize - 1;
                let unit = if branch == Resistive { "W" } else { "VAR" };
                let value = within(call.params.only_number(unit)?, 0.0, MOST_POWER)?;
                self.phases[phase].level[branch as usize] =
                    (value / self.resolution).round() * self.resolution;
                if phase == 0 && self.phases[0].enabled[branch as usize] {
                    self.operate_branch(branch, field);
                }
            }
            Command::Enable(branch) => {
                let phase = call.suffix_up_to(0, 3)? as usize - 1;
                self.phases[phase].enabled[branch as usize] = call.params.only_boolean()?;
                if phase == 0 {
                    self.operate_branch(branch, field);
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, operation: Operation, field: &mut Field) {
        self.actual[operation.contactor] = operation.value;
        let actual = self.actual;
        let Branches {
            factors,
            inductor_q,
        } = self.branches;
        let power = |branch: Branch| {
            let index = branch as usize;
            Some(actual[index] * factors[index]).filter(|&power| power > 0.0)
        };
        let l_h = power(Inductive).map(|var| NOMINAL_V * NOMINAL_V / (NOMINAL_W * var));
        let r_ohm = power(Resistive).map(|watts| NOMINAL_V * NOMINAL_V / watts);
        let input = match (self.place, operation.contactor) {
            (Place::Island, S1) => Input::GridSwitch {
                closed: operation.value > 0.0,
                at_deg: None,
            },
            (Place::Island, SLOAD) => Input::IslandLoadSwitch {
                closed: operation.value > 0.0,
            },
            (Place::Island, _) => Input::IslandLoad {
                r_ohm,
                l_h,
                l_ohm: l_h.map_or(0.0, |l_h| NOMINAL_W * l_h / inductor_q),
                c_f: power(Capacitive).map(|var| var / (NOMINAL_W * NOMINAL_V * NOMINAL_V)),
            },
            (Place::Backup, 0 | SLOAD) => Input::BackupLoad {
                r_ohm: r_ohm.filter(|_| actual[SLOAD] > 0.0),
            },
            // nothing else is wired at the back-up port
            (Place::Backup, _) => return,
        };
        field.plant.apply(input);
    }
}

impl ScpiDevice for A800067 {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect::CHROMA
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        TABLE.to_vec()
    }

    fn identity(&self) -> String {
        "Chroma,A800067,A80006700001,1.02".to_owned()
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        if !call.query {
            return self.set(command, call, field).map(|()| Reply::None);
        }
        call.params.none()?;
        Ok(match command {
            Command::GridSwitch => Reply::flag(self.s1),
            Command::LoadSwitch => Reply::flag(self.sload),
            Command::Level(branch) => {
                let phase = call.suffix_up_to(0, 3)? as usize - 1;
                Reply::text(format!("{:.1}", self.phases[phase].level[branch as usize]))
            }
            Command::Enable(branch) => {
                let phase = call.suffix_up_to(0, 3)? as usize - 1;
                Reply::flag(self.phases[phase].enabled[branch as usize])
            }
        })
    }

    /// All branches and both switches open.
    fn reset(&mut self, field: &mut Field) {
        self.phases = [Phase::default(); 3];
        self.s1 = false;
        self.sload = false;
        for contactor in 0..CONTACTORS {
            self.operate(contactor, 0.0, field);
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.pending.iter().map(|operation| operation.due).min()
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        let mut due: Vec<Operation> = self
            .pending
            .iter()
            .copied()
            .filter(|op| op.due <= now)
            .collect();
        self.pending.retain(|op| op.due > now);
        due.sort_by_key(|op| op.due);
        for operation in due {
            self.apply(operation, field);
        }
    }
}
