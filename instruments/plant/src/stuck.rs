//! Contacts that no longer do what they are told.
//!
//! A fault does not move a contact by itself: a welded contact stays closed once it is closed, a
//! stuck one stays open once it is open. When the fault ends the contact goes where it was last
//! told to, the grid relay of the DUT at its next order.

use crate::config::MOST_PV_INPUTS;
use crate::input::Input;
use crate::plant::Plant;

/// A contact of the bench or the DUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contact {
    /// Output relay of the grid simulator.
    GridOutput,
    /// S1, between the source's line and the PCC.
    GridSwitch,
    /// S2, between the PCC and the island load.
    IslandLoad,
    /// Contactor of the load at the back-up port.
    BackupLoad,
    /// Output relay of the battery simulator.
    BatteryOutput,
    /// Grid relay of the DUT.
    DutRelay,
    /// Output relay of the PV simulator at an input of the DUT, counted from 0.
    PvOutput(usize),
}

/// Number of contacts.
const CONTACTS: usize = 6 + MOST_PV_INPUTS;

impl Contact {
    /// Place in the lists; inputs that no DUT has share the last.
    fn index(self) -> usize {
        match self {
            Contact::GridOutput => 0,
            Contact::GridSwitch => 1,
            Contact::IslandLoad => 2,
            Contact::BackupLoad => 3,
            Contact::BatteryOutput => 4,
            Contact::DutRelay => 5,
            Contact::PvOutput(input) => 6 + input.min(MOST_PV_INPUTS - 1),
        }
    }
}

/// What a faulty contact cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// It no longer closes.
    Open,
    /// It no longer opens: welded.
    Closed,
}

/// The faulty contacts and where every contact was last told to go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contacts {
    stuck: [Option<Stuck>; CONTACTS],
    wanted: [Option<bool>; CONTACTS],
}

impl Contacts {
    /// Where the contact really goes when it is told to go to `closed`, from `present`.
    pub(crate) fn follow(&mut self, contact: Contact, closed: bool, present: bool) -> bool {
        let index = contact.index();
        self.wanted[index] = Some(closed);
        match self.stuck[index] {
            Some(Stuck::Closed) => closed || present,
            Some(Stuck::Open) => closed && present,
            None => closed,
        }
    }
}

impl Plant {
    /// Makes a contact stick, or mends it with `None`.
    pub fn stick(&mut self, contact: Contact, stuck: Option<Stuck>) {
        let index = contact.index();
        self.contacts.stuck[index] = stuck;
        let Some(wanted) = self.contacts.wanted[index].filter(|_| stuck.is_none()) else {
            return;
        };
        let points = self.set_points;
        let input = match contact {
            Contact::GridOutput => Input::GridOutput {
                closed: wanted,
                at_deg: None,
            },
            Contact::GridSwitch => Input::GridSwitch {
                closed: wanted,
                at_deg: None,
            },
            Contact::IslandLoad => Input::IslandLoadSwitch { closed: wanted },
            Contact::BackupLoad => Input::BackupLoad {
                r_ohm: points.backup_ohm,
            },
            Contact::PvOutput(input) => Input::PvOutput { input, on: wanted },
            Contact::BatteryOutput => Input::BatterySource {
                on: wanted,
                volts: points.battery.volts,
                source_a: points.battery.source_a,
                sink_a: points.battery.sink_a,
            },
            Contact::DutRelay => return,
        };
        self.apply(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_does_not_move_a_contact_by_itself() {
        let mut contacts = Contacts::default();
        contacts.stuck[Contact::GridOutput.index()] = Some(Stuck::Closed);
        let mut follow = |closed, present| contacts.follow(Contact::GridOutput, closed, present);
        assert!(!follow(false, false), "open stays open");
        assert!(follow(true, false), "it still closes");
        assert!(follow(false, true), "and then no longer opens");
        contacts.stuck[Contact::PvOutput(0).index()] = Some(Stuck::Open);
        let mut follow = |closed, present| contacts.follow(Contact::PvOutput(0), closed, present);
        assert!(follow(true, true), "closed stays closed");
        assert!(!follow(false, true), "it still opens");
        assert!(!follow(true, false), "and then no longer closes");
    }
}
