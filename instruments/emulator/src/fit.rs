//! From the entries of a bench file to emulated models.

use std::collections::BTreeMap;
use std::ops::Range;

use gridproof_model::behaviour::{Behaviour, Speaks};
use gridproof_model::bench::{
    AccuracyOf, AccuracyTable, Bench, ChannelSensor, FilterShape, InstrumentEntry, Model, Role,
};
use gridproof_model::capture::ChannelKind;
use gridproof_model::dut::{DutProfile, InterfaceProtocol};
use gridproof_plant::config::{Dut, PlantConfig, Topology};
use gridproof_plant::signal::{LowPass, LowPassKind, Signal};

use crate::devices::adam_6060::{Adam6060, Adam6060Port};
use crate::devices::ametek_mx::AmetekMx;
use crate::devices::amplifier::Amplifier;
use crate::devices::bms::{Bms, Pack, Protocol};
use crate::devices::chroma_61845::Chroma61845;
use crate::devices::chroma_62000h::Chroma62000h;
use crate::devices::chroma_a800067::{A800067, Branches, Place};
use crate::devices::ea_psb::EaPsbPort;
use crate::devices::espec_p300::EspecP300;
use crate::devices::itech_it6000c::It6000c;
use crate::devices::meter::{ddsu666::Ddsu666, sdm120::Sdm120};
use crate::devices::saj_as1::{self, SajAs1};
use crate::devices::saj_hs2::SajHs2;
use crate::devices::sensor::SensorSpec;
use crate::devices::sunspec::{self, SunSpec};
use crate::devices::tektronix_mdo4000::Mdo4000;
use crate::devices::terrasas::TerraSas;
use crate::devices::weiss_simserv::WeissSimserv;
use crate::devices::yokogawa_dl850::convert::{BITS, NOISE_OF_FULL_SCALE};
use crate::devices::yokogawa_dl850::{Dl850, Fitted};
use crate::devices::yokogawa_wt3000::{Spec, Specs, Wt3000};
use crate::error::EmulatorError;
use crate::field::{Field, Instrument};
use crate::modbus::{rtu::ModbusRtu, tcp::ModbusTcp};
use crate::rng::Rng;
use crate::scpi::ScpiInstrument;

/// Bus address that meters leave the works with.
const METER: u8 = 1;
/// Highest nominal voltage that the low-voltage CAN protocols can report on, V: their voltage is a
/// signed 16-bit number of 10 mV.
const LOW_VOLTAGE: f64 = 250.0;

/// Every instrument of the bench, whatever address it has.
pub(crate) fn instruments(
    bench: &Bench,
    dut: &DutProfile,
    behaviour: &Behaviour,
    (config, field): (&PlantConfig, &Field),
    seed: u64,
) -> Result<BTreeMap<String, Box<dyn Instrument>>, EmulatorError> {
    let mut fitted: BTreeMap<String, Box<dyn Instrument>> = BTreeMap::new();
    for (name, entry) in &bench.instruments {
        let instrument: Box<dyn Instrument> = match entry.model {
            Model::Chroma61845 => {
                let amplifier = Amplifier::new(seed, name, 300.0, entry.output.as_ref());
                Box::new(ScpiInstrument::new(Chroma61845::new(amplifier), field))
            }
            Model::Terrasas => Box::new(ScpiInstrument::new(
                terrasas((name, entry), bench, dut, config),
                field,
            )),
            Model::ItechIt6000c => Box::new(ScpiInstrument::new(It6000c::new(seed, name), field)),
            Model::ChromaA800067 => {
                Box::new(ScpiInstrument::new(load(name, entry, field, seed), field))
            }
            Model::Adam6060 => Box::new(Adam6060Port::new(relays(name, bench))),
            Model::YokogawaWt3000 => {
                Box::new(ScpiInstrument::new(analyser(name, entry, seed)?, field))
            }
            Model::YokogawaDl850 => {
                Box::new(ScpiInstrument::new(recorder(name, entry, seed)?, field))
            }
            Model::EspecP300 => Box::new(EspecP300::new(bench.ambient.0)),
            Model::AmetekMx => {
                let amplifier = Amplifier::new(seed, name, 300.0, entry.output.as_ref());
                let source = AmetekMx::new(seed, name, amplifier);
                Box::new(ScpiInstrument::new(source, field))
            }
            Model::Chroma62000h => Box::new(ScpiInstrument::new(
                Chroma62000h::new(seed, name, pv_input(bench, name)),
                field,
            )),
            Model::EaPsb => Box::new(EaPsbPort::new(seed, name, field)),
            Model::YokogawaWt5000 => {
                Box::new(ScpiInstrument::new(analyser(name, entry, seed)?, field))
            }
            Model::YokogawaDl950 => {
                Box::new(ScpiInstrument::new(recorder(name, entry, seed)?, field))
            }
            Model::TektronixMdo4000 => {
                let inputs = inputs(name, entry)?;
                Box::new(ScpiInstrument::new(
                    Mdo4000::new(seed, name, &inputs, clock(entry)),
                    field,
                ))
            }
            Model::WeissSimserv => Box::new(WeissSimserv::new(bench.ambient.0)),
            Model::ChintDdsu666 => Box::new(ModbusRtu::new(Ddsu666::new(METER), METER)),
            Model::EastronSdm120 => Box::new(ModbusRtu::new(Sdm120::new(METER), METER)),
            Model::PylontechCan => Box::new(bms(name, entry, config, Protocol::Pylontech)?),
            Model::GrowattCan => Box::new(bms(name, entry, config, Protocol::Growatt)?),
            Model::FromProfile => {
                interface(dut, behaviour.speaks.unwrap_or_default(), config, seed)
            }
        };
        fitted.insert(name.clone(), instrument);
    }
    Ok(fitted)
}

/// A load whose name speaks of the back-up port is wired there, any other at the PCC with S1.
pub(crate) fn at_backup(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("backup") || name.contains("back-up")
}

/// Inputs of the DUT, counted from 0, that a PV simulator is wired to.
fn pv_inputs(bench: &Bench, name: &str) -> Range<usize> {
    let mut wiring = bench.pv_wiring().into_iter();
    let of = wiring.find(|(other, _)| *other == name);
    of.map_or(0..1, |(_, inputs)| inputs)
}

/// The first of them.
pub(crate) fn pv_input(bench: &Bench, name: &str) -> usize {
    pv_inputs(bench, name).start
}

/// Alone on its bench it has a channel for every input of the DUT, in truth and by its profile.
fn terrasas(
    (name, entry): (&str, &InstrumentEntry),
    bench: &Bench,
    dut: &DutProfile,
    config: &PlantConfig,
) -> TerraSas {
    let wired = pv_inputs(bench, name);
    let last = if bench.with_role(Role::PvSource).count() == 1 {
        let stated = wired.end.min(usize::from(dut.pv_inputs()));
        config.dut.pv_inputs.max(stated).max(1)
    } else {
        wired.end
    };
    let disk = entry.curves.iter().map(|(name, points)| {
        let points = points.iter().map(|(volts, amps)| (volts.0, amps.0));
        (name.clone(), points.collect())
    });
    TerraSas::new(entry.channel.unwrap_or(1), wired.start..last, disk)
}

fn load(name: &str, entry: &InstrumentEntry, field: &Field, seed: u64) -> A800067 {
    let backup = at_backup(name);
    let place = if backup { Place::Backup } else { Place::Island };
    let s1_closed = !backup && field.plant.state().grid_switch;
    let resolution = entry.resolution.map_or(1.0, |watts| watts.0);
    let stated = entry.branches.clone().unwrap_or_default();
    let tolerance = stated.tolerance.map_or(0.0, |ratio| ratio.0);
    let branches = Branches::new(
        &mut Rng::new(seed, name, "branches"),
        tolerance,
        stated.inductor_q,
    );
    A800067::new(
        place,
        (resolution, branches),
        Rng::new(seed, name, "contactors"),
        s1_closed,
    )
}

fn relays(name: &str, bench: &Bench) -> Adam6060 {
    let wires = bench.drm_wiring.iter().filter(|wire| wire.bank == name);
    Adam6060::new(name, wires.map(|wire| (wire.relay, wire.pins)).collect())
}

fn bms(
    name: &str,
    entry: &InstrumentEntry,
    config: &PlantConfig,
    protocol: Protocol,
) -> Result<Bms, EmulatorError> {
    let unfit = |why| EmulatorError::Unfit {
        instrument: name.to_owned(),
        model: entry.model.word(),
        why,
    };
    let battery = config
        .dut
        .battery
        .as_ref()
        .ok_or_else(|| unfit("needs a DUT with a battery"))?;
    if battery.nominal_v > LOW_VOLTAGE {
        return Err(unfit("cannot report a high-voltage battery"));
    }
    let pack = &battery.pack;
    Ok(Bms::new(
        protocol,
        Pack {
            capacity_ah: pack.capacity_ah,
            cells: pack.cells,
            charge_a: pack.charge_a,
            discharge_a: pack.discharge_a,
        },
    ))
}

fn table(entry: &InstrumentEntry) -> Option<&AccuracyTable> {
    entry
        .accuracy
        .as_ref()
        .and_then(|accuracy| accuracy.table())
}

fn analyser(name: &str, entry: &InstrumentEntry, seed: u64) -> Result<Wt3000, EmulatorError> {
    let missing = |what| EmulatorError::Missing {
        instrument: name.to_owned(),
        model: entry.model.word(),
        what,
    };
    let ranges = entry.ranges.as_ref().ok_or_else(|| missing("ranges"))?;
    let accuracy = table(entry).ok_or_else(|| missing("accuracy"))?;
    let spec = |of: Option<AccuracyOf>, what| {
        of.map(|of| Spec {
            reading: of.reading.0,
            range: of.range.0,
        })
        .ok_or_else(|| missing(what))
    };
    let specs = Specs {
        voltage: spec(accuracy.voltage, "accuracy.voltage")?,
        current: spec(accuracy.current, "accuracy.current")?,
        power: spec(accuracy.power, "accuracy.power")?,
        frequency: accuracy
            .frequency
            .ok_or_else(|| missing("accuracy.frequency"))?
            .0,
    };
    Ok(Wt3000::new(
        entry.model == Model::YokogawaWt5000,
        (seed, name),
        specs,
        (ranges.voltage.0, ranges.current.0),
        entry.latency.map_or(0.0, |latency| latency.0),
    ))
}

fn signal(kind: ChannelKind) -> Signal {
    match kind {
        ChannelKind::GridVoltage => Signal::GridVoltage,
        ChannelKind::DutCurrent => Signal::DutCurrent,
        ChannelKind::SourceCurrent => Signal::SourceCurrent,
        ChannelKind::SourceVoltage => Signal::SourceVoltage,
        ChannelKind::SwitchContact => Signal::SwitchContact,
        ChannelKind::SourceTrigger => Signal::SourceTrigger,
        ChannelKind::BackupVoltage => Signal::BackupVoltage,
        ChannelKind::BackupCurrent => Signal::BackupCurrent,
        ChannelKind::DrmContact => Signal::DrmContact,
        ChannelKind::DutRelay => Signal::DutRelay,
    }
}

fn recorder(name: &str, entry: &InstrumentEntry, seed: u64) -> Result<Dl850, EmulatorError> {
    Ok(Dl850::new(
        entry.model == Model::YokogawaDl950,
        seed,
        name,
        &inputs(name, entry)?,
        (clock(entry), anti_alias(name, entry)?),
    ))
}

/// The filter of the bench file, its cut-off in sampling rates.
fn anti_alias(name: &str, entry: &InstrumentEntry) -> Result<Option<LowPass>, EmulatorError> {
    let Some(stated) = entry.converter.and_then(|converter| converter.anti_alias) else {
        return Ok(None);
    };
    let filter = LowPass {
        kind: match stated.shape {
            FilterShape::Bessel => LowPassKind::Bessel,
            FilterShape::Butterworth => LowPassKind::Butterworth,
        },
        poles: stated.poles,
        cutoff_hz: stated.cutoff.0,
    };
    if filter.possible() && filter.cutoff_hz < 0.5 {
        Ok(Some(filter))
    } else {
        Err(EmulatorError::Unfit {
            instrument: name.to_owned(),
            model: entry.model.word(),
            why: "has no anti-alias filter like that: 2, 4 or 6 poles, below half the rate",
        })
    }
}

fn sensor(stated: Option<ChannelSensor>) -> SensorSpec {
    match stated {
        None => SensorSpec::Direct,
        Some(ChannelSensor::CurrentTransformer { tau, saturation }) => SensorSpec::Transformer {
            tau_s: tau.0,
            saturation: saturation.map_or(f64::INFINITY, |amps| amps.0),
        },
        Some(ChannelSensor::ZeroFlux { offset }) => SensorSpec::ZeroFlux { offset: offset.0 },
    }
}

/// Accuracy of the sample clock, as a fraction.
fn clock(entry: &InstrumentEntry) -> f64 {
    let clock = table(entry).and_then(|accuracy| accuracy.clock);
    clock.map_or(0.0, |clock| clock.0)
}

/// What the channels of a recorder are connected to.
fn inputs(name: &str, entry: &InstrumentEntry) -> Result<Vec<Fitted>, EmulatorError> {
    let missing = |what| EmulatorError::Missing {
        instrument: name.to_owned(),
        model: entry.model.word(),
        what,
    };
    let accuracy = table(entry).ok_or_else(|| missing("accuracy"))?;
    if entry.channels.is_empty() {
        return Err(missing("channels"));
    }
    let converter = entry.converter.unwrap_or_default();
    Ok(entry
        .channels
        .iter()
        .map(|(&number, channel)| {
            let of = match channel.signal.unit() {
                "V" => accuracy.voltage,
                "A" => accuracy.current,
                _ => None,
            };
            Fitted {
                number,
                signal: signal(channel.signal),
                full_scale: channel.range.value(),
                reading: of.map_or(0.0, |of| of.reading.0),
                range: of.map_or(0.0, |of| of.range.0),
                contact_lag_s: accuracy.contact_lag.map_or(0.0, |lag| lag.0),
                skew_s: accuracy.skew.map_or(0.0, |skew| skew.0),
                sensor: sensor(channel.sensor),
                bits: converter.bits.unwrap_or(BITS),
                noise: converter.noise.map_or(NOISE_OF_FULL_SCALE, |noise| noise.0),
            }
        })
        .collect())
}

fn saj(dut: &DutProfile, plant: &Dut) -> saj_as1::Nameplate {
    saj_as1::Nameplate {
        model: dut.model.clone(),
        unit: dut.interface.unit,
        power_w: plant.rated_power_w,
        apparent_va: plant.rated_apparent_va,
        charge_w: plant.rated_charge_w,
        capacity_ah: dut
            .battery
            .as_ref()
            .map_or(0.0, |battery| battery.capacity.0),
        dut: plant.clone(),
    }
}

fn interface(
    dut: &DutProfile,
    speaks: Speaks,
    config: &PlantConfig,
    seed: u64,
) -> Box<dyn Instrument> {
    let unit = dut.interface.unit;
    let plant = &config.dut;
    match (dut.interface.protocol, speaks) {
        (InterfaceProtocol::RegisterFile, Speaks::SajHs2) => {
            Box::new(ModbusTcp::new(SajHs2::new(saj(dut, plant)), Some(unit)))
        }
        (InterfaceProtocol::SunspecTcp, _) | (InterfaceProtocol::RegisterFile, Speaks::Sunspec) => {
            Box::new(ModbusTcp::new(
                SunSpec::new(
                    sunspec::Nameplate {
                        maker: dut.maker.clone(),
                        model: dut.model.clone(),
                        unit,
                        dut: plant.clone(),
                        battery: dut
                            .battery
                            .as_ref()
                            .map(|battery| (battery.capacity.0, battery.nominal_voltage.0)),
                        trackers: match plant.topology {
                            Topology::Hybrid => {
                                u8::try_from(plant.pv_inputs.max(1)).unwrap_or(u8::MAX)
                            }
                            Topology::AcCoupled => 0,
                        },
                    },
                    Rng::new(seed, "dut", "time windows"),
                ),
                Some(unit),
            ))
        }
        (InterfaceProtocol::SajAs1Rtu, _) => {
            Box::new(ModbusRtu::new(SajAs1::new(saj(dut, plant)), unit))
        }
    }
}
