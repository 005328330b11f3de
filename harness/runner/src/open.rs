//! Opening a bench: a link to each instrument, a driver for its model, all behind their roles.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use gridproof_emulator::{EmulatedBench, EmulatorError};
use gridproof_instruments::clock::Clock;
use gridproof_instruments::drivers::{
    Chroma61845Params, ChromaA800067Params, ItechIt6000cParams, RecorderInput, RegisterMapParams,
    SajAs1Params, SunSpecParams, TerraSasParams, YokogawaDl850Params, YokogawaWt3000Params,
};
use gridproof_instruments::factory::{DriverSpec, RoleObject, build};
use gridproof_instruments::roles::{
    BatterySource, Chamber, DutInterface, GridSource, PowerAnalyser, RelayBank, RlcLoad,
    WaveformRecorder,
};
use gridproof_instruments::transport::{Link, ScpiSettings, connect_tcp, open_serial};
use gridproof_model::bench::{Address, Bench, Environment, InstrumentEntry, Model};
use gridproof_model::dut::{DutProfile, InterfaceProtocol};
use gridproof_model::fault::FaultFile;
use gridproof_model::register_file::RegisterFile;

use crate::campaign::Campaign;
use crate::clock::{VirtualClock, WallClock};
use crate::error::RunError;
use crate::rig::{Names, PvSimulator, Rig};
use crate::share::Share;
use crate::unit::share_seed;

/// Slot of the island load with S1 and S2 in a bench file.
const ISLAND_LOAD: &str = "island-load";
/// Slot of the load at the back-up port.
const BACKUP_LOAD: &str = "backup-load";
/// Fastest rate the fitted recorder modules are used at, 1/s.
const RECORDER_RATE_HZ: f64 = 100_000.0;
/// A TCP connection must stand within this time.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Open the bench for one share of a unit. Nothing is energised by this.
pub(crate) async fn open(campaign: &Campaign, share: &Share, seed: u64) -> Result<Rig, RunError> {
    let unit = &campaign.units[share.unit];
    let bench = &campaign.bench.value;
    let dut = &campaign.duts[unit.dut].value;
    let registers = campaign.registers[unit.dut]
        .as_ref()
        .map(|file| &file.value);
    let emulated = match bench.environment {
        Environment::Emulated => {
            let codes: Vec<_> = campaign
                .codes
                .iter()
                .map(|code| code.value.clone())
                .collect();
            let seed = share_seed(seed, &dut.dut, &unit.test, share.part);
            let emulated = EmulatedBench::new(bench, dut, &dut.behaviour, &codes, seed)
                .map_err(|error| RunError::Bench(error.to_string()))?;
            if let Some(faults) = &campaign.faults {
                break_things(&emulated, &faults.value)?;
            }
            Some(Rc::new(emulated))
        }
        Environment::Real => None,
    };
    let clock: Rc<dyn Clock> = match &emulated {
        Some(emulated) => Rc::new(VirtualClock::new(Rc::clone(emulated))),
        None => Rc::new(WallClock::start()),
    };
    let mut parts = Parts::default();
    for (name, entry) in &bench.instruments {
        let Some(spec) = driver(name, bench, dut, registers)? else {
            continue;
        };
        let protocol = (entry.model == Model::FromProfile).then_some(dut.interface.protocol);
        let link = link(name, entry, protocol, emulated.as_deref()).await?;
        parts.take(
            (name, bench),
            build(spec, name.clone(), link, Rc::clone(&clock)),
        );
    }
    parts.rig(clock, bench, (dut, registers), emulated)
}

/// A new link and a new driver for an instrument whose link has broken. Sends nothing.
pub(crate) async fn reopen(rig: &mut Rig, name: &str) -> Result<(), RunError> {
    let Some(entry) = rig.bench.instruments.get(name).cloned() else {
        return Ok(());
    };
    let Some(spec) = driver(name, &rig.bench, &rig.profile, rig.registers.as_ref())? else {
        return Ok(());
    };
    let protocol = (entry.model == Model::FromProfile).then_some(rig.profile.interface.protocol);
    let link = link(name, &entry, protocol, rig.emulated.as_deref()).await?;
    let clock = Rc::clone(&rig.clock);
    rig.replace(name, build(spec, name.to_owned(), link, clock));
    Ok(())
}

/// Schedules the faults of a run. Late replies make bench time move as far as the drivers wait.
fn break_things(bench: &EmulatedBench, faults: &FaultFile) -> Result<(), RunError> {
    for fault in &faults.schedule {
        bench
            .inject(fault.clone())
            .map_err(|error| RunError::Bench(error.to_string()))?;
    }
    bench.answer_waits(ScpiSettings::default().timeout);
    Ok(())
}

async fn link(
    name: &str,
    entry: &InstrumentEntry,
    protocol: Option<InterfaceProtocol>,
    emulated: Option<&EmulatedBench>,
) -> Result<Link, RunError> {
    match &entry.address {
        Address::Emulated => match emulated {
            Some(bench) => emulated_link(name, protocol, bench)
                .map_err(|error| RunError::Bench(error.to_string())),
            None => Err(RunError::Bench(format!(
                "instrument `{name}` is emulated on a bench that is not"
            ))),
        },
        Address::Tcp { host, port } => {
            Ok(connect_tcp(name, &format!("{host}:{port}"), CONNECT_LIMIT).await?)
        }
        Address::Serial { path, baud } => Ok(open_serial(name, path, *baud)?),
        Address::Can { interface } => Err(RunError::Bench(format!(
            "instrument `{name}` has no driver that speaks CAN on {interface}"
        ))),
    }
}

/// In memory, or over a pseudo-terminal where the real line is serial.
fn emulated_link(
    name: &str,
    protocol: Option<InterfaceProtocol>,
    bench: &EmulatedBench,
) -> Result<Link, EmulatorError> {
    Ok(match protocol {
        Some(InterfaceProtocol::SajAs1Rtu) => Box::new(bench.open_pty(name)?.stream),
        Some(InterfaceProtocol::SunspecTcp | InterfaceProtocol::RegisterFile) | None => {
            Box::new(bench.connect(name)?)
        }
    })
}

/// Refuses a bench with an instrument that no driver speaks to although runs need one.
pub(crate) fn has_drivers(bench: &Bench) -> Result<(), RunError> {
    let unfit = |(_, entry): &(&String, &InstrumentEntry)| !entry.model.fits_runs();
    match bench.instruments.iter().find(unfit) {
        Some((name, entry)) => Err(RunError::Bench(format!(
            "instrument `{name}`: {}",
            no_driver(entry.model)
        ))),
        None => Ok(()),
    }
}

/// PV inputs of a DUT, counted from 0, that a PV simulator feeds; none where it has fewer.
fn pv_inputs(name: &str, bench: &Bench, dut: &DutProfile) -> Range<usize> {
    let mut wiring = bench.pv_wiring().into_iter();
    let wired = wiring.find(|(other, _)| *other == name);
    let wired = wired.map_or(0..0, |(_, inputs)| inputs);
    wired.start..wired.end.min(usize::from(dut.pv_inputs()))
}

/// The driver of an instrument; `None` for those that this DUT has no use for.
fn driver(
    name: &str,
    bench: &Bench,
    dut: &DutProfile,
    registers: Option<&RegisterFile>,
) -> Result<Option<DriverSpec>, RunError> {
    let Some(entry) = bench.instruments.get(name) else {
        return Ok(None);
    };
    Ok(Some(match entry.model {
        Model::Chroma61845 => DriverSpec::Chroma61845(Chroma61845Params {
            limit_volts: bench.envelope.grid_voltage.1.0,
            limit_amps: bench.envelope.grid_current.0,
            ..Chroma61845Params::default()
        }),
        Model::Terrasas => {
            let outputs = u8::try_from(pv_inputs(name, bench, dut).len()).unwrap_or(u8::MAX);
            if outputs == 0 {
                return Ok(None);
            }
            let channel = entry
                .channel
                .and_then(|channel| u8::try_from(channel).ok())
                .unwrap_or(1);
            DriverSpec::TerraSas(TerraSasParams { channel, outputs })
        }
        Model::ItechIt6000c => {
            if dut.battery.is_none() {
                return Ok(None);
            }
            DriverSpec::ItechIt6000c(ItechIt6000cParams::default())
        }
        // they talk to the DUT, not to the harness
        Model::ChintDdsu666 | Model::EastronSdm120 | Model::PylontechCan | Model::GrowattCan => {
            return Ok(None);
        }
        Model::ChromaA800067 => DriverSpec::ChromaA800067(ChromaA800067Params {
            resolution: entry.resolution.map_or(1.0, |watts| watts.0),
            ..ChromaA800067Params::default()
        }),
        Model::Adam6060 => DriverSpec::Adam6060,
        Model::YokogawaWt3000 => {
            let missing =
                || RunError::Bench("the power analyser needs `ranges` and `interval`".into());
            let ranges = entry.ranges.as_ref().ok_or_else(missing)?;
            let interval = entry.interval.ok_or_else(missing)?;
            DriverSpec::YokogawaWt3000(YokogawaWt3000Params {
                interval: Duration::from_secs_f64(interval.0),
                latency: Duration::from_secs_f64(entry.latency.map_or(0.0, |latency| latency.0)),
                volts_range: Some(ranges.voltage.0),
                amps_range: Some(ranges.current.0),
                ..YokogawaWt3000Params::default()
            })
        }
        Model::YokogawaDl850 => DriverSpec::YokogawaDl850(YokogawaDl850Params {
            inputs: entry
                .channels
                .iter()
                .map(|(number, channel)| {
                    let input = RecorderInput {
                        channel: *number,
                        full_scale: channel.range.value(),
                    };
                    (channel.signal, input)
                })
                .collect(),
            max_rate_hz: RECORDER_RATE_HZ,
        }),
        Model::EspecP300 => DriverSpec::EspecP300,
        Model::AmetekMx
        | Model::Chroma62000h
        | Model::EaPsb
        | Model::YokogawaWt5000
        | Model::YokogawaDl950
        | Model::TektronixMdo4000
        | Model::WeissSimserv => {
            return Err(RunError::Bench(no_driver(entry.model)));
        }
        Model::FromProfile => match dut.interface.protocol {
            InterfaceProtocol::SunspecTcp => DriverSpec::SunSpec(SunSpecParams {
                unit: dut.interface.unit,
                ..SunSpecParams::default()
            }),
            InterfaceProtocol::SajAs1Rtu => DriverSpec::SajAs1(SajAs1Params {
                rated_watts: dut.ratings.power.0,
                unit: dut.interface.unit,
            }),
            InterfaceProtocol::RegisterFile => {
                let file = registers.ok_or_else(|| {
                    RunError::Bench(format!("the profile `{}` names no register file", dut.dut))
                })?;
                DriverSpec::RegisterMap(Box::new(RegisterMapParams {
                    file: file.clone(),
                    unit: dut.interface.unit,
                    rated_watts: dut.ratings.power.0,
                    rated_charge_watts: dut.ratings.charge_power.map(|power| power.0),
                }))
            }
        },
    }))
}

/// Why a model cannot be part of a run.
fn no_driver(model: Model) -> String {
    format!(
        "there is no driver for a {model}; it is served by `gridproof emulate` only, take another \
         {} for runs",
        model.role()
    )
}

/// Roles as they are opened.
#[derive(Default)]
struct Parts {
    names: Names,
    grid: Option<Box<dyn GridSource>>,
    pv: Vec<PvSimulator>,
    battery: Option<Box<dyn BatterySource>>,
    island_load: Option<Box<dyn RlcLoad>>,
    backup_load: Option<Box<dyn RlcLoad>>,
    relays: BTreeMap<String, Box<dyn RelayBank>>,
    analyser: Option<Box<dyn PowerAnalyser>>,
    recorder: Option<Box<dyn WaveformRecorder>>,
    chamber: Option<Box<dyn Chamber>>,
    dut: Option<Box<dyn DutInterface>>,
}

impl Parts {
    fn take(&mut self, (name, bench): (&str, &Bench), object: RoleObject) {
        let name = name.to_owned();
        match object {
            RoleObject::Grid(grid) => (self.names.grid, self.grid) = (name, Some(grid)),
            RoleObject::Pv(source) => {
                let mut wiring = bench.pv_wiring().into_iter();
                let first = wiring.find(|(other, _)| *other == name);
                let first = first.map_or(0, |(_, inputs)| inputs.start);
                self.pv.push(PvSimulator {
                    name,
                    first_input: u8::try_from(first + 1).unwrap_or(u8::MAX),
                    source,
                });
            }
            RoleObject::Battery(battery) => {
                (self.names.battery, self.battery) = (name, Some(battery))
            }
            RoleObject::Load(load) if name == BACKUP_LOAD => {
                (self.names.backup_load, self.backup_load) = (name, Some(load));
            }
            RoleObject::Load(load) => {
                (self.names.island_load, self.island_load) = (name, Some(load))
            }
            RoleObject::Relays(relays) => {
                self.relays.insert(name, relays);
            }
            RoleObject::Analyser(analyser) => {
                (self.names.analyser, self.analyser) = (name, Some(analyser))
            }
            RoleObject::Recorder(recorder) => {
                (self.names.recorder, self.recorder) = (name, Some(recorder))
            }
            RoleObject::Chamber(chamber) => {
                (self.names.chamber, self.chamber) = (name, Some(chamber))
            }
            RoleObject::Dut(dut) => (self.names.dut, self.dut) = (name, Some(dut)),
        }
    }

    fn rig(
        self,
        clock: Rc<dyn Clock>,
        bench: &Bench,
        (dut, registers): (&DutProfile, Option<&RegisterFile>),
        emulated: Option<Rc<EmulatedBench>>,
    ) -> Result<Rig, RunError> {
        Ok(Rig {
            clock,
            grid: present("a grid source", self.grid)?,
            pv: self.pv,
            battery: self.battery,
            island_load: present(
                &format!("an RLC load named `{ISLAND_LOAD}` (it carries S1)"),
                self.island_load,
            )?,
            backup_load: self.backup_load,
            relays: self.relays,
            analyser: present("a power analyser", self.analyser)?,
            recorder: present("a recorder", self.recorder)?,
            chamber: self.chamber,
            dut: present("a `dut` entry", self.dut)?,
            names: self.names,
            bench: bench.clone(),
            profile: dut.clone(),
            forbid_proven: false,
            registers: registers.cloned(),
            emulated,
        })
    }
}

fn present<T>(what: &str, part: Option<T>) -> Result<T, RunError> {
    part.ok_or_else(|| {
        RunError::Bench(format!(
            "the bench file lists no {what}",
            what = what.trim_start_matches("a ")
        ))
    })
}
