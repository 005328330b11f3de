//! The PSB's SCPI tables (EA programming guide "ModBus & SCPI", REV 24, chapter 5).

use super::state::{
    NOMINAL_A, NOMINAL_OHM, NOMINAL_V, NOMINAL_W, PROTECTION_MOST, Protection, SET_MOST, Setting,
    Side,
};
use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Kind::{Choice, Switch, Text};
use crate::scpi::setting::{Form, Kind, Row, number};

/// Settings with a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A set value of the unit.
    Set(Setting),
    /// Its internal resistance.
    Ohms(Side),
    /// The threshold of a protection.
    Protect(Protection),
    /// The lower adjustment limit.
    Least(Setting),
    /// The upper one.
    Most(Setting),
    /// UIP or UIR.
    Mode,
    /// Kept only.
    Kept,
}

/// Commands that are not settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// A row of [`SETTINGS`].
    Setting(u16),
    Lock,
    Owner,
    Output,
    Volts,
    Amps,
    Watts,
    Array,
    NominalVolts,
    NominalAmps,
    NominalWatts,
    NominalLeastOhms,
    NominalMostOhms,
    AlarmCount(Protection),
    /// A count that never rises here: over-temperature, power fail, share bus.
    NoCount,
    AlarmClear,
    /// Counts anew.
    CountClear(Protection),
    /// Taken without effect.
    Nothing,
    DeviceClass,
    MacAddress,
    BatteryCondition,
    BatteryTest,
}

const V: (f64, f64) = (0.0, NOMINAL_V * SET_MOST);
const A: (f64, f64) = (0.0, NOMINAL_A * SET_MOST);
const W: (f64, f64) = (0.0, NOMINAL_W * SET_MOST);
const FV: Form = Form::WithUnit(2, "V");
const FA: Form = Form::WithUnit(2, "A");
const FW: Form = Form::WithUnit(1, "W");
const FO: Form = Form::WithUnit(2, "Ohm");

const fn volts(default: f64) -> Kind {
    number("V", V, default, FV)
}
const fn amps(default: f64) -> Kind {
    number("A", A, default, FA)
}
const fn watts(default: f64) -> Kind {
    number("W", W, default, FW)
}
const fn ohms() -> Kind {
    number("OHM", NOMINAL_OHM, NOMINAL_OHM.0, FO)
}
const fn over(unit: &'static str, nominal: f64, form: Form) -> Kind {
    let most = nominal * PROTECTION_MOST;
    number(unit, (0.0, most), most, form)
}

const ACTION: Kind = Choice(&["NONE", "SIGNAL|SIGNal", "WARNING|WARNing", "ALARM|ALARm"]);
const RUN: Kind = Choice(&["STOP", "RUN"]);

/// Settings (5.4.3 set values, 5.4.5 protections, 5.4.6 limits, 5.4.8 configuration, 5.4.10 ff.
/// functions).
#[rustfmt::skip]
pub(crate) const SETTINGS: &[Row<Key>] = &[
    ("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]", Key::Set(Setting::Volts), volts(0.0)),
    ("[SOURce:]VOLTage:PROTection[:LEVel]", Key::Protect(Protection::Volts), over("V", NOMINAL_V, FV)),
    ("[SOURce:]VOLTage:LIMit:LOW", Key::Least(Setting::Volts), volts(0.0)),
    ("[SOURce:]VOLTage:LIMit:HIGH", Key::Most(Setting::Volts), volts(V.1)),
    ("[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]", Key::Set(Setting::SourceAmps), amps(0.0)),
    ("[SOURce:]CURRent:PROTection[:LEVel]", Key::Protect(Protection::SourceAmps), over("A", NOMINAL_A, FA)),
    ("[SOURce:]CURRent:LIMit:LOW", Key::Least(Setting::SourceAmps), amps(0.0)),
    ("[SOURce:]CURRent:LIMit:HIGH", Key::Most(Setting::SourceAmps), amps(A.1)),
    ("[SOURce:]POWer[:LEVel][:IMMediate][:AMPLitude]", Key::Set(Setting::SourceWatts), watts(W.1)),
    ("[SOURce:]POWer:PROTection[:LEVel]", Key::Protect(Protection::SourceWatts), over("W", NOMINAL_W, FW)),
    ("[SOURce:]POWer:LIMit:HIGH", Key::Most(Setting::SourceWatts), watts(W.1)),
    ("[SOURce:]RESistance[:LEVel][:IMMediate][:AMPLitude]", Key::Ohms(Side::Source), ohms()),
    ("[SOURce:]RESistance:LIMit:HIGH", Key::Kept, number("OHM", NOMINAL_OHM, NOMINAL_OHM.1, FO)),
    ("SINK:CURRent[:LEVel][:IMMediate][:AMPLitude]", Key::Set(Setting::SinkAmps), amps(0.0)),
    ("SINK:CURRent:PROTection[:LEVel]", Key::Protect(Protection::SinkAmps), over("A", NOMINAL_A, FA)),
    ("SINK:CURRent:LIMit:LOW", Key::Least(Setting::SinkAmps), amps(0.0)),
    ("SINK:CURRent:LIMit:HIGH", Key::Most(Setting::SinkAmps), amps(A.1)),
    ("SINK:POWer[:LEVel][:IMMediate][:AMPLitude]", Key::Set(Setting::SinkWatts), watts(W.1)),
    ("SINK:POWer:PROTection[:LEVel]", Key::Protect(Protection::SinkWatts), over("W", NOMINAL_W, FW)),
    ("SINK:POWer:LIMit:HIGH", Key::Most(Setting::SinkWatts), watts(W.1)),
    ("SINK:RESistance[:LEVel][:IMMediate][:AMPLitude]", Key::Ohms(Side::Sink), ohms()),
    ("SINK:RESistance:LIMit:HIGH", Key::Kept, number("OHM", NOMINAL_OHM, NOMINAL_OHM.1, FO)),
    ("SYSTem:CONFig:MODE", Key::Mode, Choice(&["UIP", "UIR"])),
    ("SYSTem:CONFig:OVD", Key::Kept, volts(V.1)),
    ("SYSTem:CONFig:OVD:ACTion", Key::Kept, ACTION),
    ("SYSTem:CONFig:UVD", Key::Kept, volts(0.0)),
    ("SYSTem:CONFig:UVD:ACTion", Key::Kept, ACTION),
    ("SYSTem:CONFig:OCD", Key::Kept, amps(A.1)),
    ("SYSTem:CONFig:OCD:ACTion", Key::Kept, ACTION),
    ("SYSTem:CONFig:UCD", Key::Kept, amps(0.0)),
    ("SYSTem:CONFig:UCD:ACTion", Key::Kept, ACTION),
    ("SYSTem:CONFig:OPD", Key::Kept, watts(W.1)),
    ("SYSTem:CONFig:OPD:ACTion", Key::Kept, ACTION),
    ("SYSTem:SINK:CONFig:OCD", Key::Kept, amps(A.1)),
    ("SYSTem:SINK:CONFig:OCD:ACTion", Key::Kept, ACTION),
    ("SYSTem:SINK:CONFig:UCD", Key::Kept, amps(0.0)),
    ("SYSTem:SINK:CONFig:UCD:ACTion", Key::Kept, ACTION),
    ("SYSTem:SINK:CONFig:OPD", Key::Kept, watts(W.1)),
    ("SYSTem:SINK:CONFig:OPD:ACTion", Key::Kept, ACTION),
    ("SYSTem:CONFig:ANALog:REFerence", Key::Kept, number("V", (5.0, 10.0), 10.0, Form::Nr1)),
    ("SYSTem:CONFig:ANALog:REMsb:LEVel", Key::Kept, Choice(&["NORMAL|NORMal", "INVERTED|INVerted|INVERT"])),
    ("SYSTem:CONFig:ANALog:REMsb:ACTion", Key::Kept, Choice(&["OFF", "AUTO"])),
    ("SYSTem:CONFig:ANALog:PIN6", Key::Kept, Choice(&["OT_PF", "OT", "PF"])),
    ("SYSTem:CONFig:ANALog:PIN14", Key::Kept, Choice(&["OVP", "OCP", "OPP", "OVP_OCP", "OVP_OPP", "OCP_OPP", "OVP_OCP_OPP"])),
    ("SYSTem:CONFig:ANALog:PIN15", Key::Kept, Choice(&["CV", "DC"])),
    ("POWer:STAGe:AFTer:REMote", Key::Kept, Choice(&["OFF", "AUTO"])),
    ("SYSTem:MS:ENABle", Key::Kept, Switch(false)),
    ("SYSTem:MS:LINK", Key::Kept, Choice(&["MASTER", "SLAVE"])),
    ("STATus:SECond:QUEStionable:ENABle", Key::Kept, number("", (0.0, 65_535.0), 0.0, Form::Nr1)),
    ("SYSTem:CONFig:OUTPut:RESTore", Key::Kept, Choice(&["OFF", "AUTO"])),
    ("SYSTem:CONFig:USER:TEXT", Key::Kept, Text("")),
    ("SYSTem:ALARm:ACTion:PFAil", Key::Kept, Choice(&["OFF", "AUTO"])),
    ("SYSTem:ALARm:ACTion:OTEMperature", Key::Kept, Choice(&["AUTO", "OFF"])),
    ("SYSTem:COMMunicate:TIMeout:ETHernet", Key::Kept, number("", (5.0, 65535.0), 5.0, Form::Nr1)),
    ("SYSTem:COMMunicate:LAN:ADDRess|IP", Key::Kept, Text("192.168.0.2")),
    ("SYSTem:COMMunicate:LAN:SMASk|SUBMask", Key::Kept, Text("255.255.255.0")),
    ("SYSTem:COMMunicate:LAN:DGATeway|GATeway", Key::Kept, Text("192.168.0.1")),
    ("SYSTem:COMMunicate:LAN:DHCP", Key::Kept, Switch(false)),
    ("SYSTem:COMMunicate:PROTocol:MODBus", Key::Kept, Switch(true)),
    ("SYSTem:COMMunicate:PROTocol:SCPI", Key::Kept, Switch(true)),
    ("SYSTem:COMMunicate:LAN:HOSTname", Key::Kept, Text("PSB10750")),
    ("SYSTem:COMMunicate:LAN:DOMain", Key::Kept, Text("")),
    ("SYSTem:COMMunicate:LAN:SPORt|PORT", Key::Kept, number("", (1.0, 65_535.0), 5025.0, Form::Nr1)),
    ("SYSTem:COMMunicate:LAN:KEEPalive", Key::Kept, Switch(false)),
    ("SYSTem:COMMunicate:LAN:TIMeout", Key::Kept, number("", (5.0, 65535.0), 5.0, Form::Nr1)),
    ("SYSTem:COMMunicate:LAN:DNS", Key::Kept, Text("0.0.0.0")),
    ("SYSTem:COMMunicate:TIMeout", Key::Kept, number("", (5.0, 65535.0), 5.0, Form::Nr1)),
    ("SYSTem:SHARe:LINK", Key::Kept, Switch(false)),
    ("FUNCtion:GENerator:SELect", Key::Kept, Choice(&["NONE", "VOLTage", "CURRent", "FC", "IUPS", "IUEL", "UI", "PV", "PVA", "PVB"])),
    ("FUNCtion:GENerator:WAVE:LEVel", Key::Kept, number("", (0.0, 99.0), 0.0, Form::Nr1)),
    ("FUNCtion:GENerator:WAVE:INDex", Key::Kept, number("", (0.0, 7.0), 0.0, Form::Nr1)),
    ("FUNCtion:GENerator:WAVE:DATa", Key::Kept, number("", (-1e5, 1e5), 0.0, Form::Nr2(3))),
    ("FUNCtion:GENerator:WAVE:STARt", Key::Kept, number("", (1.0, 99.0), 1.0, Form::Nr1)),
    ("FUNCtion:GENerator:WAVE:END", Key::Kept, number("", (1.0, 99.0), 1.0, Form::Nr1)),
    ("FUNCtion:GENerator:WAVE:NUMber", Key::Kept, number("", (0.0, 999.0), 1.0, Form::Nr1)),
    ("FUNCtion:GENerator:WAVE:STATe", Key::Kept, RUN),
    ("FUNCtion:GENerator:XY:LEVel", Key::Kept, number("", (0.0, 4095.0), 0.0, Form::Nr1)),
    ("FUNCtion:GENerator:XY:DATa", Key::Kept, number("", (0.0, 1e5), 0.0, Form::Nr2(3))),
    ("FUNCtion:PHOTovoltaics:MODe", Key::Kept, Choice(&["ET", "UI", "DAYET", "DAYUI"])),
    ("FUNCtion:PHOTovoltaics:IMODe", Key::Kept, Choice(&["MPP", "ULIK"])),
    ("FUNCtion:PHOTovoltaics:TECHnology", Key::Kept, Choice(&["CSI", "THIN", "MAN"])),
    ("FUNCtion:PHOTovoltaics:STATe", Key::Kept, RUN),
    ("FUNCtion:GENerator:XY:SECond:LEVel", Key::Kept, number("", (0.0, 4095.0), 0.0, Form::Nr1)),
    ("FUNCtion:GENerator:XY:SECond:DATa", Key::Kept, number("", (0.0, 1e5), 0.0, Form::Nr2(3))),
    ("FUNCtion:GENerator:XY:SUBMit", Key::Kept, Choice(&["FIRST", "SECOND"])),
    ("FUNCtion:GENerator:MPP:INDex", Key::Kept, number("", (0.0, 99.0), 0.0, Form::Nr1)),
    ("FUNCtion:GENerator:MPP:LEVel", Key::Kept, number("", (0.0, 99.0), 0.0, Form::Nr1)),
    ("FUNCtion:GENerator:MPP:DATa", Key::Kept, Text("0")),
    ("FUNCtion:GENerator:MPP:STATe", Key::Kept, RUN),
    ("FUNCtion:PHOTovoltaics:STANdard:OCVoltage FUNCtion:PHOTovoltaics:OCVoltage", Key::Kept, volts(0.0)),
    ("FUNCtion:PHOTovoltaics:STANdard:SCCurrent", Key::Kept, amps(0.0)),
    ("FUNCtion:PHOTovoltaics:STANdard:MPPVoltage FUNCtion:PHOTovoltaics:MPP:VOLTage", Key::Kept, volts(0.0)),
    ("FUNCtion:PHOTovoltaics:STANdard:MPPCurrent FUNCtion:PHOTovoltaics:MPP:CURRent", Key::Kept, amps(0.0)),
    ("FUNCtion:PHOTovoltaics:IRRadiation", Key::Kept, number("", (0.0, 1500.0), 1000.0, Form::WithUnit(0, "W/m2"))),
    ("FUNCtion:PHOTovoltaics:TEMPerature", Key::Kept, number("", (-40.0, 80.0), 25.0, Form::WithUnit(1, "C"))),
    ("BATTery:TEST:MODE", Key::Kept, Choice(&["NONE", "RESET"])),
    ("BATTery:MODE", Key::Kept, Choice(&["STATIC", "DYNAMIC", "DISCHARGE", "CHARGE"])),
    ("BATTery:STATe", Key::Kept, RUN),
    ("IRRadiation", Key::Kept, number("", (0.0, 100.0), 100.0, Form::Nr2(1))),
];

use Command as C;

/// Everything else (5.4.1 system, 5.4.2 lock, 5.4.4 output and measurement, 5.4.7 alarms).
#[rustfmt::skip]
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("SYSTem:LOCK", C::Lock, Both),
    ("SYSTem:LOCK:OWNer", C::Owner, Query),
    ("OUTPut[:STATe]", C::Output, Both),
    ("INPut[:STATe]", C::Output, Both),
    ("MEASure[:SCALar]:VOLTage[:DC]", C::Volts, Query),
    ("MEASure[:SCALar]:CURRent[:DC]", C::Amps, Query),
    ("MEASure[:SCALar]:POWer[:DC]", C::Watts, Query),
    ("MEASure[:SCALar]:ARRay", C::Array, Query),
    ("SYSTem[:MS]:NOMinal:VOLTage", C::NominalVolts, Query),
    ("SYSTem[:MS]:NOMinal:CURRent", C::NominalAmps, Query),
    ("SYSTem[:MS]:NOMinal:POWer", C::NominalWatts, Query),
    ("SYSTem[:MS]:NOMinal:RESistance:MINimum", C::NominalLeastOhms, Query),
    ("SYSTem[:MS]:NOMinal:RESistance:MAXimum", C::NominalMostOhms, Query),
    ("SYSTem:COMMunicate:LAN:MAC", C::MacAddress, Query),
    ("SYSTem:DEVice:CLASs", C::DeviceClass, Query),
    ("SYSTem:ALARm:COUNt:OVOLtage", C::AlarmCount(Protection::Volts), Query),
    ("SYSTem:ALARm:COUNt:OCURrent|OCURR", C::AlarmCount(Protection::SourceAmps), Query),
    ("SYSTem:ALARm:COUNt:OPOWer", C::AlarmCount(Protection::SourceWatts), Query),
    ("SYSTem:ALARm:COUNt:OTEMperature", C::NoCount, Query),
    ("SYSTem:ALARm:COUNt:PFAil", C::NoCount, Query),
    ("STATus:SECond:QUEStionable[:EVENt]", C::NoCount, Query),
    ("STATus:SECond:QUEStionable:CONDition", C::NoCount, Query),
    ("SYSTem:MS:CONDition", C::NoCount, Query),
    ("SYSTem:MS:UNITs", C::NoCount, Query),
    ("SYSTem:MS:INITialisation|INIT", C::Nothing, Set),
    ("SYSTem:ALARm:COUNt:SHAReBUSFail", C::NoCount, Query),
    ("SYSTem:ALARm:COUNt:OVOLtage:CLEar", C::CountClear(Protection::Volts), Set),
    ("SYSTem:ALARm:COUNt:OCURrent:CLEar", C::CountClear(Protection::SourceAmps), Set),
    ("SYSTem:ALARm:COUNt:OPOWer:CLEar", C::CountClear(Protection::SourceWatts), Set),
    ("SYSTem:ALARm:COUNt:OTEMperature|PFAil:CLEar", C::Nothing, Set),
    ("SYSTem:SINK:ALARm:COUNt:OCURrent|OCURR", C::AlarmCount(Protection::SinkAmps), Query),
    ("SYSTem:SINK:ALARm:COUNt:OPOWer", C::AlarmCount(Protection::SinkWatts), Query),
    ("SYSTem:ALARm:CLEar", C::AlarmClear, Set),
    ("FUNCtion:GENerator:WAVE:SUBMit", C::Nothing, Set),
    ("BATTery:CONDition", C::BatteryCondition, Query),
    ("BATTery:TEST", C::BatteryTest, Both),
];
