//! Reversion timers: what falls back to what when a command has not been renewed.

use gridproof_plant::Nanos;

use super::map::{At, Map, at};
use crate::field::SECOND;

/// A command that falls back after a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    /// The point that starts it when it is written, as writing the time does.
    pub(crate) enable: At,
    /// Value of the enable point at rest.
    rest: u64,
    /// Seconds to run; 0 or "not implemented" for none.
    time: At,
    /// Where the remaining seconds are shown.
    remaining: Option<At>,
    /// Where the enable point finds what it falls back to, else to `rest`.
    falls_to: Option<At>,
    /// Values that fall back to others at the same time: (from, to).
    values: &'static [(At, At)],
}

const fn old(model: u16, enable: &'static str, rest: u64, time: &'static str) -> Timer {
    Timer {
        enable: at(model, enable),
        rest,
        time: at(model, time),
        remaining: None,
        falls_to: None,
        values: &[],
    }
}

/// A command of 704: enable, enable after reversion, time, remaining, values.
const fn new(names: [&'static str; 4], values: &'static [(At, At)]) -> Timer {
    Timer {
        enable: at(704, names[0]),
        rest: 0,
        time: at(704, names[2]),
        remaining: Some(at(704, names[3])),
        falls_to: Some(at(704, names[1])),
        values,
    }
}

/// An adopted curve falls back to another, which the device then adopts.
const fn adopted(model: u16) -> Timer {
    Timer {
        enable: at(model, "AdptCrvReq"),
        rest: 0,
        time: at(model, "RvrtTms"),
        remaining: Some(at(model, "RvrtRem")),
        falls_to: Some(at(model, "RvrtCrv")),
        values: &[],
    }
}

/// All of them.
pub(crate) const TIMERS: &[Timer] = &[
    old(123, "Conn", 1, "Conn_RvrtTms"),
    old(123, "WMaxLim_Ena", 0, "WMaxLimPct_RvrtTms"),
    old(123, "OutPFSet_Ena", 0, "OutPFSet_RvrtTms"),
    old(123, "VArPct_Ena", 0, "VArPct_RvrtTms"),
    old(124, "StorCtl_Mod", 0, "InOutWRte_RvrtTms"),
    old(126, "ModEna", 0, "RvrtTms"),
    old(132, "ModEna", 0, "RvrtTms"),
    new(
        [
            "PFWInjEna",
            "PFWInjEnaRvrt",
            "PFWInjRvrtTms",
            "PFWInjRvrtRem",
        ],
        &[
            (at(704, "PFWInj.PF"), at(704, "PFWInjRvrt.PF")),
            (at(704, "PFWInj.Ext"), at(704, "PFWInjRvrt.Ext")),
        ],
    ),
    new(
        [
            "PFWAbsEna",
            "PFWAbsEnaRvrt",
            "PFWAbsRvrtTms",
            "PFWAbsRvrtRem",
        ],
        &[
            (at(704, "PFWAbs.PF"), at(704, "PFWAbsRvrt.PF")),
            (at(704, "PFWAbs.Ext"), at(704, "PFWAbsRvrt.Ext")),
        ],
    ),
    new(
        [
            "WMaxLimPctEna",
            "WMaxLimPctEnaRvrt",
            "WMaxLimPctRvrtTms",
            "WMaxLimPctRvrtRem",
        ],
        &[(at(704, "WMaxLimPct"), at(704, "WMaxLimPctRvrt"))],
    ),
    new(
        ["WSetEna", "WSetEnaRvrt", "WSetRvrtTms", "WSetRvrtRem"],
        &[
            (at(704, "WSet"), at(704, "WSetRvrt")),
            (at(704, "WSetPct"), at(704, "WSetPctRvrt")),
        ],
    ),
    new(
        [
            "VarSetEna",
            "VarSetEnaRvrt",
            "VarSetRvrtTms",
            "VarSetRvrtRem",
        ],
        &[
            (at(704, "VarSet"), at(704, "VarSetRvrt")),
            (at(704, "VarSetPct"), at(704, "VarSetPctRvrt")),
        ],
    ),
    adopted(705),
    adopted(706),
    adopted(712),
    Timer {
        enable: at(711, "AdptCtlReq"),
        falls_to: Some(at(711, "RvrtCtl")),
        ..adopted(711)
    },
];

impl Timer {
    fn seconds(&self, map: &Map) -> u64 {
        map.get(self.time).map_or(0, |seconds| seconds as u64)
    }
}

/// Timers that run: their end, and which.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running(Vec<(Nanos, &'static Timer)>);

impl Running {
    /// An enable point or a time has been written: its timer starts, starts again, or ends. A time
    /// starts the timer of a command that is not on as well where what is left of it is shown.
    pub(crate) fn written(&mut self, map: &Map, point: At, now: Nanos) {
        for timer in TIMERS {
            if point != timer.enable && point != timer.time {
                continue;
            }
            self.0.retain(|running| running.1.enable != timer.enable);
            let seconds = timer.seconds(map);
            let shown = point == timer.time && timer.remaining.is_some();
            if seconds > 0 && (shown || map.raw(timer.enable) != timer.rest) {
                self.0.push((now + seconds * SECOND, timer));
            }
        }
    }

    /// The next end.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.0.iter().map(|running| running.0).min()
    }

    /// Lets what has ended fall back; the enable points that did.
    pub(crate) fn expire(&mut self, map: &mut Map, now: Nanos) -> Vec<At> {
        let mut ended = Vec::new();
        self.0.retain(|&(end, timer)| {
            if end > now {
                return true;
            }
            for &(from, to) in timer.values {
                map.set(from, map.raw(to));
            }
            let rest = timer.falls_to.map_or(timer.rest, |point| map.raw(point));
            map.set(timer.enable, rest);
            ended.push(timer.enable);
            false
        });
        ended
    }

    /// Shows the remaining seconds.
    pub(crate) fn show(&self, map: &mut Map, now: Nanos) {
        for timer in TIMERS {
            let Some(point) = timer.remaining else {
                continue;
            };
            if map.get(timer.time).is_none() {
                continue;
            }
            let running = self.0.iter().find(|r| r.1.enable == timer.enable);
            let left = running.map_or(0, |r| r.0.saturating_sub(now).div_ceil(SECOND));
            map.set(point, left);
        }
    }
}
