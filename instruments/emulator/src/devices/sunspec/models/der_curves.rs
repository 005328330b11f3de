//! Models 705 to 712: curves, trips, droop. 708 and 710 are laid out as 707 and 709.

use super::Kind::*;
use super::{Count, Item, group, r, rs, w, ws};

pub(super) const M705: &[Item] = &[
    w("Ena", Enum(0x0003)),
    w("AdptCrvReq", U16),
    r("AdptCrvRslt", Enum(0x0007)),
    r("NPt", U16),
    r("NCrv", U16),
    w("RvrtTms", U32),
    r("RvrtRem", U32),
    w("RvrtCrv", U16),
    r("V_SF", Sf),
    r("DeptRef_SF", Sf),
    r("RspTms_SF", Sf),
    group(
        Count::Curves,
        &[
            w("Crv.ActPt", U16),
            w("Crv.DeptRef", Enum(0x000f)),
            w("Crv.Pri", Enum(0x0007)),
            ws("Crv.VRef", U16, "V_SF"),
            rs("Crv.VRefAuto", U16, "V_SF"),
            w("Crv.VRefAutoEna", Enum(0x0003)),
            w("Crv.VRefAutoTms", U16),
            ws("Crv.RspTms", U32, "RspTms_SF"),
            r("Crv.ReadOnly", Enum(0x0003)),
            group(
                Count::Points,
                &[
                    ws("Crv.Pt.V", U16, "V_SF"),
                    ws("Crv.Pt.Var", I16, "DeptRef_SF"),
                ],
            ),
        ],
    ),
];

pub(super) const M706: &[Item] = &[
    w("Ena", Enum(0x0003)),
    w("AdptCrvReq", U16),
    r("AdptCrvRslt", Enum(0x0007)),
    r("NPt", U16),
    r("NCrv", U16),
    w("RvrtTms", U32),
    r("RvrtRem", U32),
    w("RvrtCrv", U16),
    r("V_SF", Sf),
    r("DeptRef_SF", Sf),
    r("RspTms_SF", Sf),
    group(
        Count::Curves,
        &[
            w("Crv.ActPt", U16),
            w("Crv.DeptRef", Enum(0x0003)),
            ws("Crv.RspTms", U32, "RspTms_SF"),
            r("Crv.ReadOnly", Enum(0x0003)),
            group(
                Count::Points,
                &[
                    ws("Crv.Pt.V", U16, "V_SF"),
                    ws("Crv.Pt.W", I16, "DeptRef_SF"),
                ],
            ),
        ],
    ),
];

/// Points and times of one region of a trip curve; `$x` is `V` or `Hz`.
macro_rules! region {
    ($name:literal, $x:literal, $kind:expr) => {
        group(
            Count::One,
            &[
                w(concat!("Crv.", $name, ".ActPt"), U16),
                group(
                    Count::Points,
                    &[
                        ws(
                            concat!("Crv.", $name, ".Pt.", $x),
                            $kind,
                            concat!($x, "_SF"),
                        ),
                        ws(concat!("Crv.", $name, ".Pt.Tms"), U32, "Tms_SF"),
                    ],
                ),
            ],
        )
    };
}

/// A model of trip curves.
macro_rules! trip_curves {
    ($x:literal, $kind:expr) => {
        &[
            w("Ena", Enum(0x0003)),
            w("AdptCrvReq", U16),
            r("AdptCrvRslt", Enum(0x0007)),
            r("NPt", U16),
            r("NCrvSet", U16),
            r(concat!($x, "_SF"), Sf),
            r("Tms_SF", Sf),
            group(
                Count::Curves,
                &[
                    r("Crv.ReadOnly", Enum(0x0003)),
                    region!("MustTrip", $x, $kind),
                    region!("MayTrip", $x, $kind),
                    region!("MomCess", $x, $kind),
                ],
            ),
        ]
    };
}

/// Low and high voltage.
pub(super) const M707: &[Item] = trip_curves!("V", U16);

/// Low and high frequency.
pub(super) const M709: &[Item] = trip_curves!("Hz", U32);

pub(super) const M711: &[Item] = &[
    w("Ena", Enum(0x0003)),
    w("AdptCtlReq", U16),
    r("AdptCtlRslt", Enum(0x0007)),
    r("NCtl", U16),
    w("RvrtTms", U32),
    r("RvrtRem", U32),
    w("RvrtCtl", U16),
    r("Db_SF", Sf),
    r("K_SF", Sf),
    r("RspTms_SF", Sf),
    group(
        Count::Curves,
        &[
            ws("Ctl.DbOf", U32, "Db_SF"),
            ws("Ctl.DbUf", U32, "Db_SF"),
            ws("Ctl.KOf", U16, "K_SF"),
            ws("Ctl.KUf", U16, "K_SF"),
            ws("Ctl.RspTms", U32, "RspTms_SF"),
            w("Ctl.PMin", I16),
            r("Ctl.ReadOnly", Enum(0x0003)),
        ],
    ),
];

pub(super) const M712: &[Item] = &[
    w("Ena", Enum(0x0003)),
    w("AdptCrvReq", U16),
    r("AdptCrvRslt", Enum(0x0007)),
    r("NPt", U16),
    r("NCrv", U16),
    w("RvrtTms", U32),
    r("RvrtRem", U32),
    w("RvrtCrv", U16),
    r("W_SF", Sf),
    r("DeptRef_SF", Sf),
    group(
        Count::Curves,
        &[
            w("Crv.ActPt", U16),
            w("Crv.DeptRef", Enum(0x000f)),
            w("Crv.Pri", Enum(0x0003)),
            r("Crv.ReadOnly", Enum(0x0003)),
            group(
                Count::Points,
                &[
                    ws("Crv.Pt.W", I16, "W_SF"),
                    ws("Crv.Pt.Var", I16, "DeptRef_SF"),
                ],
            ),
        ],
    ),
];
