//! Bounds on the control functions and the islanding detection.

use super::{Checker, Cursor, Fields};
use crate::behaviour::{AntiIslanding, Behaviour, FrequencySlope};
use crate::quantity::{
    Celsius, Degrees, Farads, Hertz, Kelvins, Ohms, PerHertz, Ratio, RatioPerSecond, Seconds,
    Volts, Watts,
};

const VOLTS: (Volts, Volts) = (Volts(1.0), Volts(1_000.0));
const WATTS: (Watts, Watts) = (Watts(0.0), Watts(1e6));
const HERTZ: (Hertz, Hertz) = (Hertz(30.0), Hertz(90.0));

pub(super) fn anti_islanding(c: &mut Checker<'_>, at: Cursor<'_>, value: &AntiIslanding) {
    if let Some(cf0) = value.cf0 {
        c.number(at.key("cf0"), "`cf0`", cf0, (-1.0, 1.0));
    }
    let mut fields = Fields { c, at };
    fields.within("gain", value.gain, (PerHertz(-10.0), PerHertz(10.0)));
    fields.within(
        "max_angle",
        value.max_angle,
        (Degrees(-30.0), Degrees(30.0)),
    );
    fields.within(
        "max_angle_at",
        value.max_angle_at,
        (Hertz(0.01), Hertz(20.0)),
    );
    fields.within("resistance", value.resistance, (Ohms(0.01), Ohms(1e6)));
    fields.within("step", value.step, (Ratio(0.0), Ratio(0.5)));
    fields.within(
        "phase_jump",
        value.phase_jump,
        (Degrees(0.1), Degrees(180.0)),
    );
    fields.times(&[
        ("frequency_lag", value.frequency_lag),
        ("average", value.average),
        ("half_period", value.half_period),
    ]);
    if let Some(rocof) = &value.rocof {
        let mut fields = Fields {
            c: fields.c,
            at: at.key("rocof"),
        };
        fields.within("change", rocof.change, (Hertz(0.001), Hertz(20.0)));
        fields.within("within", rocof.within, (Seconds(0.06), Seconds(0.5)));
        fields.times(&[("delay", rocof.delay)]);
    }
    if let Some(impedance) = &value.impedance {
        let mut fields = Fields {
            c: fields.c,
            at: at.key("impedance"),
        };
        fields.within("step", impedance.step, (Ratio(0.001), Ratio(0.5)));
        fields.within("limit", impedance.limit, (Ohms(0.01), Ohms(1e3)));
        fields.times(&[("period", impedance.period)]);
    }
    if let Some(harmonics) = &value.harmonics {
        let mut fields = Fields {
            c: fields.c,
            at: at.key("harmonics"),
        };
        fields.within("limit", harmonics.limit, (Ratio(1e-4), Ratio(1.0)));
        fields.times(&[("delay", harmonics.delay)]);
    }
}

fn slope(c: &mut Checker<'_>, at: Cursor<'_>, slope: &FrequencySlope) {
    let mut fields = Fields { c, at };
    fields.within("start", slope.start, HERTZ);
    fields.within("zero_at", slope.zero_at, HERTZ);
    fields.within("reversed_at", slope.reversed_at, HERTZ);
    fields.within("droop", slope.droop, (Ratio(0.001), Ratio(1.0)));
    fields.within("hysteresis", slope.hysteresis, (Hertz(0.0), Hertz(10.0)));
}

pub(super) fn functions(c: &mut Checker<'_>, at: Cursor<'_>, behaviour: &Behaviour) {
    if let Some(value) = &behaviour.frequency_watt {
        let at = at.key("frequency_watt");
        let mut fields = Fields { c, at };
        fields.times(&[
            ("delay", value.delay),
            ("tau", value.tau),
            ("hold", value.hold),
        ]);
        let bounds = (RatioPerSecond(1e-6), RatioPerSecond(1e3));
        fields.within("ramp", value.ramp, bounds);
        for (key, branch) in [("over", &value.over), ("under", &value.under)] {
            if let Some(branch) = branch {
                slope(c, at.key(key), branch);
            }
        }
    }
    for (index, point) in behaviour.power_factor_curve.iter().flatten().enumerate() {
        let at = at.key("power_factor_curve").item(index);
        c.number(at.key("cos"), "`cos`", point.cos, (0.1, 1.0));
        c.within(
            at.key("power"),
            "`power`",
            point.power,
            (Ratio(0.0), Ratio(1.5)),
        );
    }
    if let Some(value) = &behaviour.sustained_over_voltage {
        let at = at.key("sustained_over_voltage");
        let mut fields = Fields { c, at };
        fields.within("limit", value.limit, VOLTS);
        fields.times(&[("delay", value.delay)]);
    }
    if let Some(value) = &behaviour.export_limit {
        let at = at.key("export_limit");
        let mut fields = Fields { c, at };
        fields.within("soft", value.soft, WATTS);
        fields.within("hard", value.hard, WATTS);
        fields.times(&[("hard_time", value.hard_time), ("tau", value.tau)]);
    }
    let bounds = (RatioPerSecond(1e-6), RatioPerSecond(1e3));
    Fields { c, at }.within("setpoint_ramp", behaviour.setpoint_ramp, bounds);
    if let Some(points) = &behaviour.pv_voltage_derating {
        c.points(at.key("pv_voltage_derating"), points);
    }
    if let Some(value) = &behaviour.heat {
        let at = at.key("heat");
        let mut fields = Fields { c, at };
        for (key, rise) in [
            ("junction_rise", value.junction_rise),
            ("sink_rise", value.sink_rise),
        ] {
            fields.within(key, rise, (Kelvins(0.0), Kelvins(200.0)));
        }
        let bounds = (Celsius(-40.0), Celsius(250.0));
        for (key, celsius) in [
            ("fan", value.fan),
            ("derating", value.derating),
            ("zero", value.zero),
        ] {
            fields.within(key, celsius, bounds);
        }
        fields.times(&[
            ("junction_tau", value.junction_tau),
            ("sink_tau", value.sink_tau),
        ]);
    }
    if let Some(value) = &behaviour.mppt {
        let at = at.key("mppt");
        let mut fields = Fields { c, at };
        fields.within("period", value.period, (Seconds(0.08), Seconds(10.0)));
        fields.within("step", value.step, (Ratio(0.001), Ratio(0.05)));
        fields.times(&[("start", value.start)]);
    }
    if let Some(value) = behaviour.pv_inputs {
        c.number(at.key("pv_inputs"), "`pv_inputs`", value, super::PV_INPUTS);
    }
    if let Some(value) = &behaviour.momentary_cessation {
        let at = at.key("momentary_cessation");
        let mut fields = Fields { c, at };
        fields.within("below", value.below, VOLTS);
        fields.within("above", value.above, VOLTS);
        fields.times(&[("restart", value.restart)]);
    }
    if let Some(value) = &behaviour.output_quality {
        let at = at.key("output_quality");
        let mut fields = Fields { c, at };
        for (key, ratio) in [("thd", value.thd), ("harmonic_floor", value.harmonic_floor)] {
            fields.within(key, ratio, (Ratio(0.0), Ratio(0.5)));
        }
        fields.within(
            "dc_injection",
            value.dc_injection,
            (Ratio(-0.1), Ratio(0.1)),
        );
    }
    if let Some(value) = &behaviour.dc_link {
        let at = at.key("dc_link");
        let mut fields = Fields { c, at };
        fields.within(
            "capacitance",
            value.capacitance,
            (Farads(1e-5), Farads(1.0)),
        );
        fields.within("voltage", value.voltage, (Volts(100.0), Volts(2_000.0)));
        fields.within("trip", value.trip, (Volts(100.0), Volts(4_000.0)));
        fields.within("low_trip", value.low_trip, (Volts(10.0), Volts(2_000.0)));
        fields.within("bandwidth", value.bandwidth, (Hertz(0.0), Hertz(50.0)));
    }
    if let Some(value) = &behaviour.lockout {
        let at = at.key("lockout");
        if let Some(trips) = value.trips {
            c.number(at.key("trips"), "`trips`", trips, (1, 100));
        }
        Fields { c, at }.times(&[("within", value.within)]);
    }
}
