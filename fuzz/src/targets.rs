//! One function per parser: any bytes must give what they say or an error, never a panic.

use crate::devices::{self, adam_6060_ascii, control};
use crate::drivers::{
    adam_6060_reply, chroma_61845_reply, chroma_a800067_reply, espec_p300_reply,
    itech_it6000c_reply, register_reply, saj_as1_reply, sunspec_reply, terrasas_reply,
    yokogawa_dl850_reply, yokogawa_wt3000_reply,
};
use crate::records::{events_ndjson, results_json, run_json};
use crate::visa::{hislip, vxi11};
use gridproof_instruments::transport::{BmsState, CanMessage, reply};
use gridproof_model::load;
use gridproof_recordings::import::{Decimal, Format, ImportOptions, blocks_of_bytes, open_bytes};

/// A parser under test.
pub type Target = fn(&[u8]);

/// Names and functions of all targets.
pub const TARGETS: [(&str, Target); 56] = [
    ("comtrade_cfg", comtrade_cfg),
    ("comtrade_dat_ascii", comtrade_dat_ascii),
    ("comtrade_dat_binary", comtrade_dat_binary),
    ("comtrade_dat_binary32", comtrade_dat_binary32),
    ("comtrade_dat_float32", comtrade_dat_float32),
    ("comtrade_cff", comtrade_cff),
    ("csv", csv),
    ("parquet", parquet),
    ("yokogawa_hdr", yokogawa_hdr),
    ("yokogawa_wdf", yokogawa_wdf),
    ("plan", plan),
    ("dut", dut),
    ("grid_code", grid_code),
    ("bench", bench),
    ("defect", defect),
    ("registers", registers),
    ("faults", faults),
    ("scpi_reply", scpi_reply),
    ("bms_frame", bms_frame),
    ("control", control),
    ("hislip", hislip),
    ("vxi11", vxi11),
    ("chroma_61845_reply", chroma_61845_reply),
    ("terrasas_reply", terrasas_reply),
    ("itech_it6000c_reply", itech_it6000c_reply),
    ("chroma_a800067_reply", chroma_a800067_reply),
    ("espec_p300_reply", espec_p300_reply),
    ("yokogawa_wt3000_reply", yokogawa_wt3000_reply),
    ("yokogawa_dl850_reply", yokogawa_dl850_reply),
    ("adam_6060_reply", adam_6060_reply),
    ("sunspec_reply", sunspec_reply),
    ("saj_as1_reply", saj_as1_reply),
    ("register_reply", register_reply),
    ("run_json", run_json),
    ("events_ndjson", events_ndjson),
    ("results_json", results_json),
    ("chroma_61845", chroma_61845),
    ("terrasas", terrasas),
    ("itech_it6000c", itech_it6000c),
    ("chroma_a800067", chroma_a800067),
    ("yokogawa_wt3000", yokogawa_wt3000),
    ("yokogawa_dl850", yokogawa_dl850),
    ("espec_p300", espec_p300),
    ("adam_6060", adam_6060),
    ("adam_6060_ascii", adam_6060_ascii),
    ("sunspec", sunspec),
    ("saj_as1", saj_as1),
    ("ametek_mx", ametek_mx),
    ("chroma_62000h", chroma_62000h),
    ("ea_psb", ea_psb),
    ("yokogawa_wt5000", yokogawa_wt5000),
    ("tektronix_mdo4000", tektronix_mdo4000),
    ("weiss_simserv", weiss_simserv),
    ("ddsu666", ddsu666),
    ("sdm120", sdm120),
    ("slcan", slcan),
];

/// Reads strictly, leniently, and by blocks.
fn read(files: &[(&str, &[u8])], format: Option<Format>) {
    let strict = ImportOptions {
        format,
        ..ImportOptions::default()
    };
    let whole = open_bytes(files, &strict);
    if let Ok(whole) = &whole {
        for channel in &whole.channels {
            assert_eq!(channel.values.len() as u64, whole.samples);
            assert!(channel.values.iter().all(|value| value.is_finite()));
        }
        assert!(whole.rate_hz.is_finite() && whole.rate_hz > 0.0);
    }
    let lenient = ImportOptions {
        format,
        allow_gaps: true,
        accept_wrong_length: true,
        correct_skew: true,
        rate_hz: Some(1000.0),
        decimal: Some(Decimal::Point),
        segment: Some(1),
        ..ImportOptions::default()
    };
    let _ = open_bytes(files, &lenient);
    let part = ImportOptions {
        from_s: Some(0.001),
        to_s: Some(0.003),
        correct_skew: false,
        ..lenient
    };
    if let Ok(blocks) = blocks_of_bytes(files, &part, 7) {
        for block in blocks {
            if block.is_err() {
                break;
            }
        }
    }
}

const CONFIG: &str = "FUZZ,1,2013\n3,2A,1D\n1,V,A,,kV,0.5,-1,2.5,-32767,32767,100,1,P\n\
    2,I,A,,A,0.01,0,0,-32767,32767,10,1,S\n1,S1,,,0\n50\n1\n1000,4\n\
    01/02/2024,10:00:00.000000\n01/02/2024,10:00:00.002000\nKIND\n1\n0,0\n0,0\n";

/// Configuration with fixed ASCII data.
pub fn comtrade_cfg(data: &[u8]) {
    let samples = b"1,0,1,2,0\r\n2,1000,3,4,1\r\n3,2000,5,6,1\r\n4,3000,7,8,0\r\n\x1a";
    read(&[("a.cfg", data), ("a.dat", samples)], None);
}

fn comtrade_dat(data: &[u8], kind: &str) {
    let config = CONFIG.replace("KIND", kind);
    read(&[("a.cfg", config.as_bytes()), ("a.dat", data)], None);
    let stamped = config.replace("1\n1000,4", "0\n0,4");
    read(&[("a.cfg", stamped.as_bytes()), ("a.dat", data)], None);
}

/// ASCII data with a fixed configuration, with and without rates.
pub fn comtrade_dat_ascii(data: &[u8]) {
    comtrade_dat(data, "ASCII");
}

/// BINARY data with a fixed configuration, with and without rates.
pub fn comtrade_dat_binary(data: &[u8]) {
    comtrade_dat(data, "BINARY");
}

/// BINARY32 data with a fixed configuration, with and without rates.
pub fn comtrade_dat_binary32(data: &[u8]) {
    comtrade_dat(data, "BINARY32");
}

/// FLOAT32 data with a fixed configuration, with and without rates.
pub fn comtrade_dat_float32(data: &[u8]) {
    comtrade_dat(data, "FLOAT32");
}

/// Single-file COMTRADE.
pub fn comtrade_cff(data: &[u8]) {
    read(&[("a.cff", data)], None);
}

/// Text columns.
pub fn csv(data: &[u8]) {
    read(&[("a.csv", data)], Some(Format::Csv));
}

/// Parquet.
pub fn parquet(data: &[u8]) {
    read(&[("a.parquet", data)], Some(Format::Parquet));
}

/// Yokogawa header with fixed data.
pub fn yokogawa_hdr(data: &[u8]) {
    let samples: Vec<u8> = (0..=255).collect();
    read(
        &[("a.hdr", data), ("a.wvf", &samples)],
        Some(Format::Yokogawa),
    );
}

/// Yokogawa single file.
pub fn yokogawa_wdf(data: &[u8]) {
    read(&[("a.wdf", data)], Some(Format::Yokogawa));
}

/// A file that people write, as text; what is no UTF-8 never reaches its parser.
fn written<T, E: std::fmt::Display>(data: &[u8], parse: impl Fn(&str, &str) -> Result<T, E>) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Err(problems) = parse("fuzz.yaml", text)
    {
        assert!(!problems.to_string().is_empty());
    }
}

/// Plan.
pub fn plan(data: &[u8]) {
    written(data, load::parse_plan);
}

/// DUT profile.
pub fn dut(data: &[u8]) {
    written(data, load::parse_dut);
}

/// Grid code.
pub fn grid_code(data: &[u8]) {
    written(data, load::parse_grid_code);
}

/// Bench description.
pub fn bench(data: &[u8]) {
    written(data, load::parse_bench);
}

/// Known-bad behaviour.
pub fn defect(data: &[u8]) {
    written(data, load::parse_defect);
}

/// Register file.
pub fn registers(data: &[u8]) {
    written(data, load::parse_register_file);
}

/// Faults of the emulated bench.
pub fn faults(data: &[u8]) {
    written(data, load::parse_faults);
}

/// What an instrument sends: lines, blocks and what is in a line.
pub fn scpi_reply(data: &[u8]) {
    let mut inbox = data.to_vec();
    while let Some(line) = reply::take_line(&mut inbox) {
        let text = String::from_utf8_lossy(&line);
        let _ = reply::number(&text);
        let _ = reply::numbers(reply::payload(&text));
        let _ = reply::boolean(&text);
        let _ = reply::error_code(&text);
        assert!(reply::shorten(&text).len() < 1000);
    }
    let mut inbox = data.to_vec();
    while let Ok(Some(block)) = reply::take_block(&mut inbox, 1 << 20) {
        assert!(block.len() <= data.len());
    }
}

/// Frames of a battery: two bytes of identifier, a length, the data.
pub fn bms_frame(data: &[u8]) {
    let mut state = BmsState::default();
    let mut rest = data;
    while let [high, low, length, tail @ ..] = rest {
        let length = usize::from(*length).min(tail.len());
        let id = u32::from(u16::from_be_bytes([*high, *low]));
        if let Some(message) = CanMessage::standard(id, &tail[..length]) {
            let _ = state.apply(&message);
        }
        rest = &tail[length..];
    }
    let _ = state.is_tripped();
}

/// One target for each emulated instrument.
macro_rules! instruments {
    ($($name:ident),* $(,)?) => {
        $(
            #[doc = concat!("Emulated ", stringify!($name), ".")]
            pub fn $name(data: &[u8]) {
                devices::converse(stringify!($name), data);
            }
        )*
    };
}

instruments!(
    chroma_61845,
    terrasas,
    itech_it6000c,
    chroma_a800067,
    yokogawa_wt3000,
    yokogawa_dl850,
    espec_p300,
    adam_6060,
    sunspec,
    saj_as1,
    ametek_mx,
    chroma_62000h,
    ea_psb,
    yokogawa_wt5000,
    tektronix_mdo4000,
    weiss_simserv,
    ddsu666,
    sdm120,
    slcan,
);
