//! The frames of one report: Pylontech (little-endian) and Growatt (big-endian), low voltage.

use super::report::{Flags, Report};
use super::slcan::Frame;

fn scaled(value: f64, step: f64, least: f64, most: f64) -> i32 {
    (value / step).round().clamp(least, most) as i32
}

/// Unsigned, in steps.
fn unsigned(value: f64, step: f64) -> u16 {
    scaled(value, step, 0.0, 65_535.0) as u16
}

/// Signed, in steps.
fn signed(value: f64, step: f64) -> u16 {
    scaled(value, step, -32_768.0, 32_767.0) as i16 as u16
}

fn little<const N: usize>(words: [u16; N]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn big<const N: usize>(words: [u16; N]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Charge (7) and discharge (6) permitted, charge demanded (5).
fn permits(report: &Report) -> u8 {
    u8::from(report.charge_enabled) << 7
        | u8::from(report.discharge_enabled) << 6
        | u8::from(report.force_charge) << 5
}

/// Byte A: over-voltage 1, under-voltage 2, over-temperature 3, under-temperature 4, discharge
/// current 7; byte B: charge current 0.
fn pylontech_bits(flags: Flags) -> [u8; 2] {
    [
        u8::from(flags.over_voltage) << 1
            | u8::from(flags.under_voltage) << 2
            | u8::from(flags.over_temperature) << 3
            | u8::from(flags.under_temperature) << 4
            | u8::from(flags.discharge_current) << 7,
        u8::from(flags.charge_current),
    ]
}

/// 0x351, 0x355, 0x356, 0x359, 0x35C, 0x35E.
pub(crate) fn pylontech(r: &Report) -> Vec<Frame> {
    let [protection, protection_b] = pylontech_bits(r.protections);
    let [alarm, alarm_b] = pylontech_bits(r.alarms);
    vec![
        Frame::standard(
            0x351,
            &little([
                unsigned(r.charge_v, 0.1),
                signed(r.charge_a, 0.1),
                signed(r.discharge_a, 0.1),
                unsigned(r.discharge_v, 0.1),
            ]),
        ),
        Frame::standard(0x355, &little([unsigned(r.soc, 0.01), 100])),
        Frame::standard(
            0x356,
            &little([
                signed(r.volts, 0.01),
                signed(r.amps, 0.1),
                signed(r.celsius, 0.1),
            ]),
        ),
        Frame::standard(
            0x359,
            &[protection, protection_b, alarm, alarm_b, 1, b'P', b'N'],
        ),
        Frame::standard(0x35c, &[permits(r), 0]),
        Frame::standard(0x35e, b"PYLON   "),
    ]
}

/// Protections and alarms have no public meaning bit by bit; they are counted like Pylontech's.
fn growatt_bits(flags: Flags) -> u16 {
    u16::from_be_bytes(pylontech_bits(flags))
}

/// 0x311 to 0x321.
pub(crate) fn growatt(r: &Report) -> Vec<Frame> {
    let (mode, power) = match r.amps {
        amps if amps > 0.05 => (2, 2),
        amps if amps < -0.05 => (3, 3),
        _ => (1, 1),
    };
    // disable bits 5 (discharge) and 6 (charge) say what is not permitted
    let status = mode
        | u16::from(!r.discharge_enabled) << 5
        | u16::from(!r.charge_enabled) << 6
        | power << 10;
    let [highest, lowest, other] = r.cells_v.map(|volts| unsigned(volts, 1e-3));
    let full = unsigned(r.pack.capacity_ah, 0.01);
    let mut frames = vec![
        Frame::standard(
            0x311,
            &big([
                unsigned(r.charge_v, 0.1),
                unsigned(r.charge_a, 0.1),
                unsigned(r.discharge_a, 0.1),
                status,
            ]),
        ),
        Frame::standard(
            0x312,
            &big([
                growatt_bits(r.protections),
                growatt_bits(r.alarms),
                0x0100,
                r.pack.cells,
            ]),
        ),
        Frame::standard(
            0x313,
            &big([
                unsigned(r.volts, 0.01),
                signed(r.amps, 0.1),
                signed(r.celsius, 0.1),
                unsigned(r.soc, 0.01) << 8 | 100,
            ]),
        ),
        Frame::standard(
            0x314,
            &big([
                unsigned(r.soc * r.pack.capacity_ah, 0.01),
                full,
                unsigned(r.cells_v[0] - r.cells_v[1], 1e-3),
                12,
            ]),
        ),
    ];
    // the highest cell is the first one, the lowest the second
    let first = [highest, lowest, other, other];
    frames.extend((0x315..=0x318).map(|id| {
        let cells = if id == 0x315 { first } else { [other; 4] };
        Frame::standard(id, &big(cells))
    }));
    let [[h1, h0], [l1, l0]] = [highest, lowest].map(u16::to_be_bytes);
    frames.extend([
        Frame::standard(0x319, &[permits(r), h1, h0, l1, l0, 1, 2, 0]),
        Frame::standard(0x320, &[b'E', b'M', 1, 1, 0, 0, 0, 0]),
        Frame::standard(0x321, &[0; 8]),
    ]);
    frames
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    fn data(frames: &[Frame], id: u32) -> Vec<u8> {
        let frame = frames.iter().find(|frame| frame.id == id);
        frame.expect("the frame").data().to_vec()
    }

    #[test]
    fn pylontech_as_in_the_published_examples() {
        let frames = pylontech(&report(0.95, 52.28, 0.4, 22.0));
        assert_eq!(data(&frames, 0x355), [0x5f, 0, 0x64, 0]);
        assert_eq!(data(&frames, 0x356), [0x6c, 0x14, 4, 0, 0xdc, 0]);
        assert_eq!(data(&frames, 0x35c), [0xc0, 0]);
        assert_eq!(data(&frames, 0x35e), b"PYLON   ");
        // 56.8 V, 60 A, 60 A, 44.8 V
        let limits = [0x38, 2, 0x58, 2, 0x58, 2, 0xc0, 1];
        assert_eq!(data(&frames, 0x351), limits);
        let cold = pylontech(&report(0.5, 52.0, -100.0, -12.0));
        assert_eq!(data(&cold, 0x356)[2..], [0x18, 0xfc, 0x88, 0xff]);
        assert_eq!(data(&cold, 0x359)[..4], [0x90, 0, 0x90, 0]);
        assert_eq!(data(&cold, 0x35c), [0, 0]);
    }

    #[test]
    fn growatt_is_big_endian() {
        let frames = growatt(&report(0.5, 52.8, -20.0, 25.0));
        assert_eq!(frames.len(), 11);
        assert_eq!(data(&frames, 0x311), [2, 0x38, 2, 0x58, 2, 0x58, 0x0c, 3]);
        assert_eq!(
            data(&frames, 0x313),
            [0x14, 0xa0, 0xff, 0x38, 0, 0xfa, 50, 100]
        );
        assert_eq!(data(&frames, 0x314)[..4], [0x13, 0x88, 0x27, 0x10]);
        assert_eq!(data(&frames, 0x316)[..2], [0x0c, 0xe4]);
    }
}
