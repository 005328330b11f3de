//! Faults of contacts and inside instruments: what they do to the bench.

use std::collections::BTreeSet;

use gridproof_model::bench::{Bench, Role};
use gridproof_model::fault::{FaultEntry, FaultKind, LoadContact};
use gridproof_plant::{Contact, Stuck};

use super::Change;
use crate::bench::Inner;
use crate::error::EmulatorError;
use crate::field::{Disturbance, Field};
use crate::fit::{at_backup, pv_input};

/// A contact of the plant, or a relay that shorts pins of the DRM port.
enum Part {
    Contact(Contact),
    Relay(String, (u8, u8)),
}

/// Whether the instrument models the fault.
pub(crate) fn supported(inner: &Inner, fault: &FaultEntry) -> Result<(), EmulatorError> {
    let name = &fault.instrument.value;
    let inside = match fault.fault {
        FaultKind::SourceTrip | FaultKind::MeterDrift | FaultKind::ClockSkew => true,
        FaultKind::DropReply
        | FaultKind::LateReply
        | FaultKind::TruncateReply
        | FaultKind::GarbageReply
        | FaultKind::ResetConnection
        | FaultKind::Silence
        | FaultKind::StuckOpen
        | FaultKind::StuckClosed => false,
    };
    let takes = inner
        .instruments
        .get(name)
        .is_some_and(|instrument| instrument.takes(fault.fault));
    if inside && !takes {
        return Err(EmulatorError::Fault {
            message: format!(
                "{} is not modelled by the emulated instrument `{name}`",
                fault.fault
            ),
            hint: "choose another instrument or another fault".into(),
        });
    }
    Ok(())
}

/// `problem_on` has seen the entry before: what it refuses does not come here.
fn part(plan: &Bench, fault: &FaultEntry) -> Option<Part> {
    let name = fault.instrument.value.as_str();
    Some(match plan.instruments.get(name)?.role {
        Role::GridSource => Part::Contact(Contact::GridOutput),
        Role::PvSource => Part::Contact(Contact::PvOutput(pv_input(plan, name))),
        Role::BatterySource => Part::Contact(Contact::BatteryOutput),
        Role::Dut => Part::Contact(Contact::DutRelay),
        Role::RlcLoad => Part::Contact(match fault.contact? {
            LoadContact::S1 => Contact::GridSwitch,
            LoadContact::Load if at_backup(name) => Contact::BackupLoad,
            LoadContact::Load => Contact::IslandLoad,
        }),
        Role::RelayBank => {
            let wire = plan
                .drm_wiring
                .iter()
                .find(|wire| wire.bank == name && Some(wire.relay) == fault.relay)?;
            Part::Relay(name.to_owned(), wire.pins)
        }
        Role::PowerAnalyser | Role::Recorder | Role::Chamber | Role::Meter | Role::Bms => {
            return None;
        }
    })
}

fn stick(plan: &Bench, fault: &FaultEntry, field: &mut Field, stuck: Option<Stuck>) {
    match part(plan, fault) {
        Some(Part::Contact(contact)) => field.plant.stick(contact, stuck),
        Some(Part::Relay(bank, pins)) => field.stick_relay(&bank, pins, stuck),
        None => {}
    }
}

impl Inner {
    /// Begins and ends what is due; the names of the instruments whose connections are torn down.
    pub(crate) fn play_faults(&mut self, plan: &Bench) -> BTreeSet<String> {
        let mut torn = BTreeSet::new();
        for change in self.faults.due(self.field.now()) {
            match change {
                Change::Begins(fault) => self.begin(plan, &fault, &mut torn),
                Change::Ends(fault) => self.end(plan, &fault),
            }
        }
        torn
    }

    fn begin(&mut self, plan: &Bench, fault: &FaultEntry, torn: &mut BTreeSet<String>) {
        let what = match fault.fault {
            FaultKind::ResetConnection => {
                torn.insert(fault.instrument.value.clone());
                return;
            }
            FaultKind::StuckOpen => {
                return stick(plan, fault, &mut self.field, Some(Stuck::Open));
            }
            FaultKind::StuckClosed => {
                return stick(plan, fault, &mut self.field, Some(Stuck::Closed));
            }
            FaultKind::SourceTrip => Disturbance::Trip,
            FaultKind::MeterDrift => {
                let Some(quantity) = fault.quantity else {
                    return;
                };
                Disturbance::Drift {
                    quantity,
                    step: fault.step.map_or(0.0, |step| step.0),
                    per_s: fault.drift.map_or(0.0, |drift| drift.0),
                    since: self.field.now(),
                }
            }
            FaultKind::ClockSkew => Disturbance::Skew(fault.skew.map_or(0.0, |skew| skew.0)),
            FaultKind::DropReply
            | FaultKind::LateReply
            | FaultKind::TruncateReply
            | FaultKind::GarbageReply => return,
            FaultKind::Silence => Disturbance::Silence(true),
        };
        self.disturb(fault, what);
    }

    fn end(&mut self, plan: &Bench, fault: &FaultEntry) {
        match fault.fault {
            FaultKind::StuckOpen | FaultKind::StuckClosed => {
                stick(plan, fault, &mut self.field, None);
            }
            FaultKind::MeterDrift | FaultKind::ClockSkew => {
                self.disturb(fault, Disturbance::Mended(fault.fault));
            }
            FaultKind::Silence => self.disturb(fault, Disturbance::Silence(false)),
            FaultKind::DropReply
            | FaultKind::LateReply
            | FaultKind::TruncateReply
            | FaultKind::GarbageReply
            | FaultKind::ResetConnection
            | FaultKind::SourceTrip => {}
        }
    }

    fn disturb(&mut self, fault: &FaultEntry, what: Disturbance) {
        if let Some(instrument) = self.instruments.get_mut(&fault.instrument.value) {
            instrument.disturb(what, &mut self.field);
        }
    }
}
