//! The read-only points of the SunSpec models: nameplate once, measurements at every read.

use gridproof_plant::signal::DutState;

use super::Nameplate;
use super::map::{Map, NO_I16, NO_U16};
use crate::field::Field;

fn scaled(value: f64, scale: i32) -> i32 {
    (value * 10f64.powi(-scale)).round() as i32
}

fn unsigned(value: f64, scale: i32) -> u16 {
    scaled(value, scale).clamp(0, 0xfffe) as u16
}

fn signed(value: f64, scale: i32) -> u16 {
    scaled(value, scale).clamp(-0x7fff, 0x7fff) as i16 as u16
}

const fn sf(scale: i16) -> u16 {
    scale as u16
}

/// Models 1, 120, 121 and the constant parts of the others.
pub(crate) fn nameplate(map: &mut Map, plate: &Nameplate) {
    map.set_text(1, 2, 16, &plate.maker);
    map.set_text(1, 18, 16, &plate.model);
    map.set_text(1, 42, 8, "1.0");
    map.set_text(1, 50, 16, "EMU0000001");
    map.set(1, 66, u16::from(plate.unit));
    map.set(1, 67, NO_I16);

    let var = 0.6 * plate.apparent_va;
    map.fill(120, 2, &[if plate.battery.is_some() { 82 } else { 4 }]);
    map.fill(
        120,
        3,
        &[plate.power_w as u16, 0, plate.apparent_va as u16, 0],
    );
    map.fill(
        120,
        7,
        &[signed(var, 0), NO_I16, NO_I16, signed(-var, 0), 0],
    );
    map.fill(120, 12, &[unsigned(plate.current_a, -1), sf(-1)]);
    map.fill(120, 14, &[80, NO_I16, NO_I16, signed(-80.0, 0), sf(-2)]);
    match plate.battery {
        Some((ah, volts)) => {
            map.fill(120, 19, &[unsigned(ah * volts, 1), 1, unsigned(ah, 0), 0]);
            map.fill(
                120,
                23,
                &[plate.charge_w as u16, 0, plate.power_w as u16, 0],
            );
        }
        None => map.fill(
            120,
            19,
            &[
                NO_U16, NO_I16, NO_U16, NO_I16, NO_U16, NO_I16, NO_U16, NO_I16,
            ],
        ),
    }
    map.set(120, 27, NO_I16);

    map.fill(
        121,
        2,
        &[plate.power_w as u16, unsigned(plate.voltage_v, -1), 0],
    );
    map.fill(121, 5, &[NO_U16, NO_U16, plate.apparent_va as u16]);
    map.fill(121, 8, &[signed(var, 0), NO_I16, NO_I16, signed(-var, 0)]);
    map.fill(
        121,
        12,
        &[NO_U16, NO_I16, NO_I16, NO_I16, NO_I16, NO_U16, 1, NO_U16],
    );
    map.fill(121, 20, &[unsigned(plate.frequency_hz, -2), 1]);
    map.fill(
        121,
        22,
        &[
            0,
            sf(-1),
            sf(-1),
            NO_I16,
            0,
            0,
            NO_I16,
            NO_I16,
            NO_I16,
            sf(-2),
        ],
    );

    map.fill(122, 29, &[NO_I16, NO_I16, NO_U16, NO_I16]);
    map.set_text(122, 37, 4, "RTC");
    map.fill(122, 44, &[NO_U16, NO_I16]);
}

/// Models 101, 122 and 124 as the DUT is now. A dead DUT answers zeros.
pub(crate) fn refresh(map: &mut Map, plate: &Nameplate, field: &Field) {
    let view = field.plant.dut_view();
    let apparent = view.volts * view.amps;
    let factor = if apparent > 1.0 {
        (view.w / apparent).clamp(-1.0, 1.0) * 100.0
    } else {
        0.0
    };
    let amps = unsigned(view.amps, -2);
    map.fill(
        101,
        2,
        &[amps, amps, NO_U16, NO_U16, sf(-2), NO_U16, NO_U16, NO_U16],
    );
    map.fill(101, 10, &[unsigned(view.volts, -1), NO_U16, NO_U16, sf(-1)]);
    map.fill(
        101,
        14,
        &[signed(view.w, 0), 0, unsigned(view.hz, -2), sf(-2)],
    );
    map.fill(
        101,
        18,
        &[
            signed(apparent, 0),
            0,
            signed(view.var, 0),
            0,
            signed(factor, -2),
            sf(-2),
        ],
    );
    let dc_w = view.pv_w + view.battery_w;
    map.fill(
        101,
        27,
        &[
            unsigned(view.pv_a.abs(), -2),
            sf(-2),
            unsigned(view.pv_v, -1),
            sf(-1),
            signed(dc_w, 0),
            0,
        ],
    );
    let celsius = signed(view.temperature_c, -1);
    map.fill(101, 33, &[celsius, celsius, NO_I16, NO_I16, sf(-1)]);
    map.fill(101, 26, &[0]);
    let state = match view.state {
        DutState::Standby | DutState::Drm0 => 8,
        DutState::Waiting => 3,
        DutState::Grid if view.power_limit_pu < 1.0 => 5,
        DutState::Grid | DutState::Backup => 4,
        DutState::Tripped => 7,
    };
    const OFF: u16 = 1;
    map.fill(101, 38, &[if plate.dead { OFF } else { state }, NO_U16]);
    map.set32(
        101,
        40,
        if view.state == DutState::Tripped {
            events(view.last_trip.as_deref())
        } else {
            0
        },
    );

    let connected = u16::from(view.state == DutState::Grid);
    map.fill(122, 2, &[if view.pv_v > 0.0 { 0b111 } else { 0 }]);
    map.fill(
        122,
        3,
        &[
            if plate.battery.is_some() {
                0b11 | connected << 2
            } else {
                0
            },
            connected,
        ],
    );
    map.set32(122, 41, (field.now() / 1_000_000_000) as u32);

    let charging = match view.battery_w {
        w if w > 1.0 => 3,
        w if w < -1.0 => 4,
        _ => 6,
    };
    let capacity = plate.battery.map_or(0.0, |(ah, _)| ah);
    map.fill(
        124,
        8,
        &[
            unsigned(view.soc * 100.0, -2),
            unsigned(capacity * view.soc, 0),
            unsigned(view.battery_v, -1),
            charging,
        ],
    );
}

/// Evt1 bits of a trip.
fn events(trip: Option<&str>) -> u32 {
    match trip.map(|name| name.get(..2).unwrap_or(name)) {
        Some("OV") => 1 << 10,
        Some("UV") => 1 << 11,
        Some("OF") => 1 << 8,
        Some("UF") => 1 << 9,
        Some(_) => 1 << 4,
        None => 0,
    }
}
