//! Settings of the analysers that change nothing on this bench.

use crate::scpi::setting::Kind::{Choice, Switch, Text};
use crate::scpi::setting::{Form, Row, number};

/// Settings that are kept: synchronisation, filters and scaling do not change what this bench
/// measures (IM 760301-17E and IM WT5000-17EN, chapter 5).
#[rustfmt::skip]
pub(crate) const KEPT: &[Row<()>] = &[
    ("[INPut:]SCALing:STATe[:ALL|ELEMent<n>]", (), Switch(false)),
    ("[INPut:]SCALing:VT|CT|SFACtor[:ALL|ELEMent<n>]", (), number("", (1e-4, 1e5), 1.0, Form::Nr3(4))),
    ("[INPut:]SYNChronize[:ALL|ELEMent<n>]", (), Choice(&["I1", "U1", "I2", "U2", "I3", "U3", "I4", "U4", "EXTernal", "NONE"])),
    ("[INPut:]FILTer:LINE[:ALL|ELEMent<n>]", (), Text("OFF")),
    ("[INPut:]FILTer:FREQuency[:ALL|ELEMent<n>]", (), Text("OFF")),
    ("[INPut:]FILTer:ZCRoss[:ALL|ELEMent<n>]", (), Text("OFF")),
    ("[INPut:]CURRent:SRATio[:ALL|ELEMent<n>]", (), number("", (1e-4, 1e5), 10.0, Form::Nr3(4))),
    ("[INPut:]CURRent:EXTSensor:CONFig", (), Choice(&["DIRect", "MEASure"])),
    ("[INPut:]CFACtor", (), Choice(&["3", "6", "6A"])),
    ("[INPut:]MODE", (), Choice(&["RMS", "MEAN", "DC", "RMEan"])),
    ("[INPut:]INDependent", (), Switch(true)),
    ("[INPut:]NULL", (), Switch(false)),
    ("MEASure:AVERaging:STATe", (), Switch(false)),
    ("MEASure:AVERaging:TYPE", (), Choice(&["EXPonent", "LINear"])),
    ("MEASure:AVERaging:COUNt", (), number("", (2.0, 64.0), 8.0, Form::Nr1)),
    ("MEASure:AVERaging:EXPonent", (), number("", (2.0, 64.0), 2.0, Form::Nr1)),
    ("MEASure:FREQuency:ITEM<n>", (), Text("U,1")),
    ("MEASure:SQFormula", (), Choice(&["TYPE1", "TYPE2", "TYPE3"])),
    ("MEASure:PHASe", (), Choice(&["180", "360"])),
    ("MEASure:MHOLd", (), Switch(false)),
    ("MEASure:SYNChronize", (), Choice(&["MASTer", "SLAVe"])),
    ("INTEGrate:TIMer<n>", (), Text("0,0,0")),
    ("INTEGrate:ACAL", (), Switch(false)),
    ("INTEGrate:WPTYpe[:ALL|ELEMent<n>]", (), Choice(&["CHDischarge", "SOLD"])),
    ("INTEGrate:QMODe[:ALL|ELEMent<n>]", (), Choice(&["DC", "RMS", "MEAN", "AC"])),
    ("HARMonics<n>:PLLSource", (), Choice(&["U1", "I1", "U2", "I2", "U3", "I3", "U4", "I4", "EXTernal"])),
    ("HARMonics<n>:ORDer", (), Text("1,50")),
    ("HARMonics<n>:THD", (), Choice(&["TOTal", "FUNDamental"])),
    ("NUMeric:LIST:ITEM<n>", (), Text("U,1")),
    ("NUMeric:LIST:NUMBer", (), number("", (1.0, 64.0), 1.0, Form::Nr1)),
    ("NUMeric:LIST:ORDer", (), Text("100")),
    ("NUMeric:LIST:SELect", (), Choice(&["EVEN", "ODD", "ALL"])),
    ("DISPlay:MODE", (), Choice(&["NUMeric", "WAVE", "BAR", "VECTor", "TRENd"])),
    ("DISPlay:NUMeric[:NORMal]:FORMat", (), Choice(&["VAL4", "VAL8", "VAL16", "ALL"])),
    ("COMMunicate:LOCKout", (), Switch(false)),
    ("COMMunicate:OPSE", (), number("", (0.0, 65_535.0), 0.0, Form::Nr1)),
    ("COMMunicate:OVERlap", (), number("", (0.0, 65_535.0), 0.0, Form::Nr1)),
    ("STATus:EESE", (), number("", (0.0, 65_535.0), 0.0, Form::Nr1)),
    ("STATus:QENable", (), Switch(true)),
    ("STATus:QMESsage", (), Switch(true)),
    ("SYSTem:KLOCk", (), Switch(false)),
    ("SYSTem:DATE|TIME", (), Text("")),
];
