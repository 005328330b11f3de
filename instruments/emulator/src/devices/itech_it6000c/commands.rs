//! The IT6000C command tables (programming guide, chapters 4–14).

use super::{MOST_AMPS, MOST_VOLTS, MOST_WATTS};
use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Kind::{Choice, Plain, Switch, Text};
use crate::scpi::setting::{Form, Row, number};

/// Settings with a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Priority,
    Volts,
    Amps,
    SourceLimit,
    SinkLimit,
    VoltHigh,
    VoltLow,
    PowerSource,
    PowerSink,
    OverVolts,
    OverVoltsOn,
    OverVoltsDelay,
    OverAmps,
    OverAmpsOn,
    OverAmpsDelay,
    OverWatts,
    OverWattsOn,
    OverWattsDelay,
    UnderVolts,
    UnderVoltsOn,
    UnderVoltsDelay,
    UnderVoltsWarm,
    UnderAmps,
    UnderAmpsOn,
    UnderAmpsDelay,
    UnderAmpsWarm,
    RunMode,
    Ohms,
    DelayOn,
    DelayOff,
    WatchdogOn,
    WatchdogDelay,
    /// Kept only.
    Kept,
    VoltRise,
    VoltFall,
    AmpRise,
    AmpFall,
}

/// What a list step holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepValue {
    Volts,
    Amps,
    Slope,
    Width,
}

/// Commands that are not settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// A row of [`SETTINGS`].
    Setting(u16),
    Remote,
    Local,
    ProtectionClear,
    Output,
    /// A value of a list step.
    Step(StepValue),
    StepCount,
    Repeat,
    Terminate,
    ListState,
    Trigger,
    Abort,
    Clear,
    MeasureOhms,
    MeasureVolts,
    MeasureAmps,
    MeasureWatts,
    FetchAll,
    AmpHours,
    WattHours,
    CountReset,
    Zero,
    Beep,
}

use Command as C;

const N: Form = Form::Nr3(5);
const V: (f64, f64) = (0.0, MOST_VOLTS);
const A: (f64, f64) = (-MOST_AMPS, MOST_AMPS);
const S: (f64, f64) = (0.0, 600.0);
const SLEW: (f64, f64) = (0.001, 1e4);
const OVER: f64 = 1.1;

/// Settings.
#[rustfmt::skip]
pub(super) const SETTINGS: &[Row<Key>] = &[
    ("[SOURce:]FUNCtion[:PRIority]", Key::Priority, Choice(&["VOLTage", "CURRent"])),
    ("[SOURce:]FUNCtion:MODE", Key::RunMode, Choice(&["FIXed", "LIST", "BATTery", "SOLar", "CARProfile", "ROAD"])),
    ("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]", Key::Volts, number("V", V, 0.0, N)),
    ("[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]", Key::Amps, number("A", A, 0.0, N)),
    ("[SOURce:]CURRent[:LEVel]:LIMit[:POSitive]", Key::SourceLimit, number("A", (0.0, MOST_AMPS), 0.0, N)),
    ("[SOURce:]CURRent[:LEVel]:LIMit:NEGative", Key::SinkLimit, number("A", (-MOST_AMPS, 0.0), 0.0, N)),
    ("[SOURce:]VOLTage[:LEVel]:LIMit[:POSitive|HIGH]", Key::VoltHigh, number("V", V, MOST_VOLTS, N)),
    ("[SOURce:]VOLTage[:LEVel]:LIMit:NEGative|LOW", Key::VoltLow, number("V", V, 0.0, N)),
    ("[SOURce:]POWer:LIMit[:POSitive] [SOURce:]POWer[:LEVel][:IMMediate][:AMPLitude]", Key::PowerSource, number("W", (0.0, MOST_WATTS), MOST_WATTS, N)),
    ("[SOURce:]POWer:LIMit:NEGative", Key::PowerSink, number("W", (-MOST_WATTS, 0.0), -MOST_WATTS, N)),
    ("[SOURce:]VOLTage:SLEW[:POSitive] [SOURce:]VOLTage:SLEW:BOTH", Key::VoltRise, number("S", SLEW, 0.1, N)),
    ("[SOURce:]VOLTage:SLEW:NEGative", Key::VoltFall, number("S", SLEW, 0.1, N)),
    ("[SOURce:]CURRent:SLEW[:POSitive] [SOURce:]CURRent:SLEW:BOTH", Key::AmpRise, number("S", SLEW, 0.1, N)),
    ("[SOURce:]CURRent:SLEW:NEGative", Key::AmpFall, number("S", SLEW, 0.1, N)),
    ("[SOURce:]POWer:SLEW[:POSitive]", Key::Kept, number("S", SLEW, 0.1, N)),
    ("[SOURce:]POWer:SLEW:NEGative", Key::Kept, number("S", SLEW, 0.1, N)),
    ("[SOURce:]RESistance[:LEVel][:IMMediate][:AMPLitude]", Key::Ohms, number("OHM", (0.0, 1.0), 0.0, N)),
    ("SINK:RESistance[:LEVel][:IMMediate][:AMPLitude]", Key::Kept, number("OHM", (0.0, 7500.0), 0.0, N)),
    ("[SOURce:]VOLTage[:OVER]:PROTection[:LEVel]", Key::OverVolts, number("V", (0.0, MOST_VOLTS * OVER), MOST_VOLTS * OVER, N)),
    ("[SOURce:]VOLTage[:OVER]:PROTection:STATe", Key::OverVoltsOn, Switch(true)),
    ("[SOURce:]VOLTage[:OVER]:PROTection:DELay", Key::OverVoltsDelay, number("S", S, 0.0, N)),
    ("[SOURce:]CURRent[:OVER]:PROTection[:LEVel]", Key::OverAmps, number("A", (0.0, MOST_AMPS * OVER), MOST_AMPS * OVER, N)),
    ("[SOURce:]CURRent[:OVER]:PROTection:STATe", Key::OverAmpsOn, Switch(false)),
    ("[SOURce:]CURRent[:OVER]:PROTection:DELay", Key::OverAmpsDelay, number("S", S, 0.0, N)),
    ("[SOURce:]POWer[:OVER]:PROTection[:LEVel]", Key::OverWatts, number("W", (0.0, MOST_WATTS * OVER), MOST_WATTS * OVER, N)),
    ("[SOURce:]POWer[:OVER]:PROTection:STATe", Key::OverWattsOn, Switch(false)),
    ("[SOURce:]POWer[:OVER]:PROTection:DELay", Key::OverWattsDelay, number("S", S, 0.0, N)),
    ("[SOURce:]VOLTage:UNDer:PROTection[:LEVel]", Key::UnderVolts, number("V", V, 0.0, N)),
    ("[SOURce:]VOLTage:UNDer:PROTection:STATe", Key::UnderVoltsOn, Switch(false)),
    ("[SOURce:]VOLTage:UNDer:PROTection:DELay", Key::UnderVoltsDelay, number("S", S, 0.0, N)),
    ("[SOURce:]VOLTage:UNDer:PROTection:WARM", Key::UnderVoltsWarm, number("S", S, 0.0, N)),
    ("[SOURce:]CURRent:UNDer:PROTection[:LEVel]", Key::UnderAmps, number("A", (0.0, MOST_AMPS), 0.0, N)),
    ("[SOURce:]CURRent:UNDer:PROTection:STATe", Key::UnderAmpsOn, Switch(false)),
    ("[SOURce:]CURRent:UNDer:PROTection:DELay", Key::UnderAmpsDelay, number("S", S, 0.0, N)),
    ("[SOURce:]CURRent:UNDer:PROTection:WARM", Key::UnderAmpsWarm, number("S", S, 0.0, N)),
    ("BATTery:MODE", Key::Kept, Choice(&["CHARge", "DISCharge"])),
    ("BATTery:CHARge:VOLTage", Key::Kept, number("V", V, 0.0, N)),
    ("BATTery:CHARge:CURRent", Key::Kept, number("A", (0.0, MOST_AMPS), 0.0, N)),
    ("BATTery:DISCharge:VOLTage", Key::Kept, number("V", V, 0.0, N)),
    ("BATTery:DISCharge:CURRent", Key::Kept, number("A", (-MOST_AMPS, 0.0), 0.0, N)),
    ("BATTery:SHUT:VOLTage", Key::Kept, number("V", V, 0.0, N)),
    ("BATTery:SHUT:CURRent", Key::Kept, number("A", A, 0.0, N)),
    ("BATTery:SHUT:CAPacity", Key::Kept, number("AH", (0.0, 1e5), 0.0, N)),
    ("BATTery:SHUT:TIME", Key::Kept, number("S", (0.0, 3.6e6), 0.0, N)),
    ("OUTPut:DELay:RISE|ON", Key::DelayOn, number("S", (0.0, 60.0), 0.0, N)),
    ("OUTPut:DELay:FALL|OFF", Key::DelayOff, number("S", (0.0, 60.0), 0.0, N)),
    ("OUTPut:PROTection:WDOG:STATe", Key::WatchdogOn, Switch(false)),
    ("OUTPut:PROTection:WDOG:DELay", Key::WatchdogDelay, number("S", (1.0, 3600.0), 30.0, N)),
    ("OUTPut:INHibit:MODE", Key::Kept, Choice(&["OFF", "LATChing", "LIVE"])),
    ("SENSe[:REMote][:STATe] SYSTem:SENSe[:STATe]", Key::Kept, Switch(false)),
    ("SENSe:FILTer:LEVel", Key::Kept, Choice(&["FAST|HIGH", "MEDium", "SLOW|LOW"])),
    ("SENSe:AVERage:COUNt", Key::Kept, number("", (1.0, 16.0), 1.0, Form::Nr1)),
    ("SINK:RESistance:STATe", Key::Kept, Switch(false)),
    ("PARallel:ROLE", Key::Kept, Choice(&["SINGle", "MASTer", "SLAVe"])),
    ("PARallel:NUMBer", Key::Kept, number("", (2.0, 16.0), 2.0, Form::Nr1)),
    ("SYSTem:BEEPer[:STATe]", Key::Kept, Switch(true)),
    ("SYSTem:POSetup", Key::Kept, Choice(&["RST", "LAST", "LASTOFF"])),
    ("SYSTem:COMMunicate:SELect", Key::Kept, Choice(&["LAN", "USB", "GPIB", "RS232", "CAN"])),
    ("TRIGger:SOURce", Key::Kept, Choice(&["MANual", "BUS", "EXTernal"])),
    ("DISPlay[:STATe]", Key::Kept, Switch(true)),
    ("SYSTem:KEY:LOCK SYSTem:KLOCk", Key::Kept, Switch(false)),
    ("SYSTem:COMMunicate:LAN:IP|IPADdress[:CONFiguration] SYSTem:COMMunicate:LAN:CURRent:ADDRess", Key::Kept, Text("192.168.0.100")),
    ("SYSTem:COMMunicate:LAN:SMASk SYSTem:COMMunicate:LAN:CURRent:SMASk", Key::Kept, Text("255.255.255.0")),
    ("SYSTem:COMMunicate:LAN:DGATeway|DGATEWAY SYSTem:COMMunicate:LAN:CURRent:DGATeway", Key::Kept, Text("192.168.0.1")),
    ("SYSTem:COMMunicate:LAN:DHCP[:STATe]", Key::Kept, Switch(false)),
    ("SYSTem:COMMunicate:LAN:SOCKetport", Key::Kept, number("", (1.0, 65_535.0), 30_000.0, Form::Nr1)),
    ("SYSTem:DATE", Key::Kept, Plain("2026,1,1")),
    ("SYSTem:TIME", Key::Kept, Plain("0,0,0")),
    ("OUTPut:PON:STATe", Key::Kept, Choice(&["RST|OFF|0", "LAST", "LASTOFF"])),
];

/// Everything else.
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, Command, Use)] = &[
    ("SYSTem:REMote", C::Remote, Set),
    ("SYSTem:RWLock", C::Remote, Set),
    ("SYSTem:RWL", C::Remote, Set),
    ("SYSTem:LOCal", C::Local, Set),
    ("SYSTem:BEEPer:IMMediate", C::Beep, Set),
    ("SYSTem:CLEar", C::Clear, Set),
    ("[SOURce:]LIST[:STEP]:VOLTage", C::Step(StepValue::Volts), Both),
    ("[SOURce:]LIST[:STEP]:CURRent", C::Step(StepValue::Amps), Both),
    ("[SOURce:]LIST[:STEP]:WIDTh|DWELl|TIME", C::Step(StepValue::Width), Both),
    ("[SOURce:]LIST[:STEP]:SLOPe", C::Step(StepValue::Slope), Both),
    ("[SOURce:]LIST[:STEP]:COUNt", C::StepCount, Both),
    ("[SOURce:]LIST:REPeat", C::Repeat, Both),
    ("[SOURce:]LIST:TERMinate", C::Terminate, Both),
    ("[SOURce:]LIST:STATe", C::ListState, Both),
    ("TRIGger[:IMMediate]", C::Trigger, Set),
    ("INITiate[:IMMediate]", C::Clear, Set),
    ("ABORt", C::Abort, Set),
    ("MEASure|FETCh[:SCALar]:RESistance", C::MeasureOhms, Query),
    ("OUTPut:PROTection:CLEar", C::ProtectionClear, Set),
    ("OUTPut[:STATe]", C::Output, Both),
    ("MEASure|FETCh[:SCALar]:VOLTage[:DC]", C::MeasureVolts, Query),
    ("MEASure|FETCh[:SCALar]:LOCAL:VOLTage[:DC]", C::MeasureVolts, Query),
    ("MEASure|FETCh[:SCALar]:REMOte:VOLTage[:DC]", C::MeasureVolts, Query),
    ("MEASure|FETCh[:SCALar]:CURRent[:DC]", C::MeasureAmps, Query),
    ("MEASure|FETCh[:SCALar]:POWer[:DC]", C::MeasureWatts, Query),
    ("MEASure|FETCh[:SCALar]:AHOur", C::AmpHours, Query),
    ("MEASure|FETCh[:SCALar]:WHOur", C::WattHours, Query),
    ("MEASure|FETCh[:SCALar]", C::FetchAll, Query),
    ("SENSe:AHOur|WHOur:RESet", C::CountReset, Set),
    ("SYSTem:VOLTage:RZERo", C::Zero, Query),
];
