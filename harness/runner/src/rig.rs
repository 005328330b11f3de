//! The opened bench: one instrument per role, each behind its driver.

use std::collections::BTreeMap;
use std::rc::Rc;

use gridproof_emulator::EmulatedBench;
use gridproof_instruments::clock::Clock;
use gridproof_instruments::factory::RoleObject;
use gridproof_instruments::roles::{
    BatterySource, Chamber, DutInterface, GridSource, Instrument, PowerAnalyser, PvSource,
    RelayBank, RlcLoad, WaveformRecorder,
};
use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;
use gridproof_model::register_file::RegisterFile;

/// A PV simulator, named as in the bench file.
pub(crate) struct PvSimulator {
    pub(crate) name: String,
    /// PV input of the DUT, from 1, at its first output; the others follow.
    pub(crate) first_input: u8,
    pub(crate) source: Box<dyn PvSource>,
}

impl PvSimulator {
    /// Output that feeds a PV input, if one does.
    fn output(&self, input: u8) -> Option<usize> {
        let output = usize::from(input.checked_sub(self.first_input)?);
        (output < self.source.outputs()).then_some(output)
    }
}

/// Instruments by role. What the bench file does not list is absent.
pub(crate) struct Rig {
    pub(crate) clock: Rc<dyn Clock>,
    pub(crate) grid: Box<dyn GridSource>,
    /// In the order of the inputs that they feed.
    pub(crate) pv: Vec<PvSimulator>,
    pub(crate) battery: Option<Box<dyn BatterySource>>,
    pub(crate) island_load: Box<dyn RlcLoad>,
    pub(crate) backup_load: Option<Box<dyn RlcLoad>>,
    pub(crate) relays: BTreeMap<String, Box<dyn RelayBank>>,
    pub(crate) analyser: Box<dyn PowerAnalyser>,
    pub(crate) recorder: Box<dyn WaveformRecorder>,
    pub(crate) chamber: Option<Box<dyn Chamber>>,
    pub(crate) dut: Box<dyn DutInterface>,
    /// Name of each instrument in the bench file by its role slot.
    pub(crate) names: Names,
    /// The bench file.
    pub(crate) bench: Bench,
    /// The DUT on it.
    pub(crate) profile: DutProfile,
    /// The DUT was seen to obey `forbid`.
    pub(crate) forbid_proven: bool,
    /// Register file that the DUT is controlled by, if any.
    pub(crate) registers: Option<RegisterFile>,
    /// The emulation behind the drivers, asked only for the proof of safe state.
    pub(crate) emulated: Option<Rc<EmulatedBench>>,
}

/// Which bench-file entry fills which role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) grid: String,
    pub(crate) battery: String,
    pub(crate) island_load: String,
    pub(crate) backup_load: String,
    pub(crate) analyser: String,
    pub(crate) recorder: String,
    pub(crate) chamber: String,
    pub(crate) dut: String,
}

impl Rig {
    /// The PV simulator at a PV input of the DUT, from 1, and its output there.
    pub(crate) fn pv_at(&mut self, input: u8) -> Option<(&mut (dyn PvSource + 'static), usize)> {
        self.pv.iter_mut().find_map(|pv| {
            let output = pv.output(input)?;
            Some((pv.source.as_mut(), output))
        })
    }

    /// The instrument with this name in the bench file.
    pub(crate) fn by_name(&mut self, name: &str) -> Option<&mut dyn Instrument> {
        if self.relays.contains_key(name) {
            return self
                .relays
                .get_mut(name)
                .map(|relay| relay.as_mut() as &mut dyn Instrument);
        }
        if let Some(pv) = self.pv.iter_mut().find(|pv| pv.name == name) {
            return Some(pv.source.as_mut());
        }
        let names = &self.names;
        if name == names.grid {
            Some(self.grid.as_mut())
        } else if name == names.battery {
            self.battery
                .as_mut()
                .map(|battery| battery.as_mut() as &mut dyn Instrument)
        } else if name == names.island_load {
            Some(self.island_load.as_mut())
        } else if name == names.backup_load {
            self.backup_load
                .as_mut()
                .map(|load| load.as_mut() as &mut dyn Instrument)
        } else if name == names.analyser {
            Some(self.analyser.as_mut())
        } else if name == names.recorder {
            Some(self.recorder.as_mut())
        } else if name == names.chamber {
            self.chamber
                .as_mut()
                .map(|chamber| chamber.as_mut() as &mut dyn Instrument)
        } else if name == names.dut {
            Some(self.dut.as_mut())
        } else {
            None
        }
    }

    /// Puts a driver in the place of the one with this name in the bench file.
    pub(crate) fn replace(&mut self, name: &str, object: RoleObject) {
        match object {
            RoleObject::Grid(grid) => self.grid = grid,
            RoleObject::Pv(source) => {
                if let Some(pv) = self.pv.iter_mut().find(|pv| pv.name == name) {
                    pv.source = source;
                }
            }
            RoleObject::Battery(battery) => self.battery = Some(battery),
            RoleObject::Load(load) if name == self.names.backup_load => {
                self.backup_load = Some(load);
            }
            RoleObject::Load(load) => self.island_load = load,
            RoleObject::Relays(relays) => {
                self.relays.insert(name.to_owned(), relays);
            }
            RoleObject::Analyser(analyser) => self.analyser = analyser,
            RoleObject::Recorder(recorder) => self.recorder = recorder,
            RoleObject::Chamber(chamber) => self.chamber = Some(chamber),
            RoleObject::Dut(dut) => self.dut = dut,
        }
    }

    /// Every instrument that is present, in the order of the bench file's names.
    pub(crate) fn instrument_names(&self) -> Vec<String> {
        self.bench.instruments.keys().cloned().collect()
    }
}
