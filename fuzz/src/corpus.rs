//! What the mutations start from: files that ship, commands of the emulated models, what they answer
//! to the drivers.

use std::path::{Path, PathBuf};

use crate::devices::{self, PLACES};
use crate::drivers::{crc, recorded};
use crate::visa;

/// Longest input, bytes.
pub const LARGEST: usize = 1 << 16;

/// Where the files of a target are, below the root, and how their names end.
fn folders(target: &str) -> (&'static [&'static str], &'static [&'static str]) {
    const CAPTURES: &[&str] = &["fixtures/captures", "fixtures/captures/wrong"];
    const RECORD: &[&str] = &["fixtures/records/format-1"];
    const YAML: &[&str] = &["yaml"];
    match target {
        "comtrade_cfg" => (CAPTURES, &["cfg"]),
        "comtrade_cff" => (CAPTURES, &["cff"]),
        "csv" => (CAPTURES, &["csv", "txt", "tsv"]),
        "parquet" => (CAPTURES, &["parquet"]),
        "yokogawa_hdr" => (CAPTURES, &["hdr"]),
        "yokogawa_wdf" => (CAPTURES, &["wdf"]),
        "plan" => (&["test-plans", "fixtures/wrong/plan"], YAML),
        "dut" => (&["fixtures/duts", "fixtures/wrong/dut"], YAML),
        "grid_code" => (&["fixtures/grid-codes", "fixtures/wrong/grid-code"], YAML),
        "bench" => (&["fixtures/benches", "fixtures/wrong/bench"], YAML),
        "defect" => (&["fixtures/defects", "fixtures/wrong/defect"], YAML),
        "registers" => (&["fixtures/drivers", "fixtures/wrong/registers"], YAML),
        "faults" => (&["fixtures/faults", "fixtures/wrong/faults"], YAML),
        "run_json" => (RECORD, &["run.json"]),
        "events_ndjson" => (RECORD, &["events.ndjson"]),
        "results_json" => (RECORD, &["results.json"]),
        name if name.starts_with("comtrade_dat") => (CAPTURES, &["dat"]),
        _ => (&[], &[]),
    }
}

/// What instruments and batteries send.
fn sent(target: &str) -> Vec<Vec<u8>> {
    match target {
        "scpi_reply" => vec![
            b"+2.30000E+02,49.98,NAN\r\n\"no error\"\n".to_vec(),
            b":MEAS:VOLT 230.01 V\n1\nOFF\n-113,\"Undefined header\"\n".to_vec(),
            b"#18abcdefgh\n".to_vec(),
            b"#0abc\n#6000004\x00\x01\x02\x03\n".to_vec(),
        ],
        "bms_frame" => [0x351_u16, 0x355, 0x356, 0x359, 0x35c, 0x35e]
            .map(|id| {
                let mut frame = id.to_be_bytes().to_vec();
                frame.extend([8, 0xf4, 1, 0xe8, 3, 0x10, 0xff, 0, 0x80]);
                frame
            })
            .to_vec(),
        "control" => vec![
            b"state\nadvance 20 ms\nfaults\nhelp\ntime\ninstruments\n".to_vec(),
            b"fault {kind: drop-reply, instrument: grid, at: 1 s}\n".to_vec(),
            b"POST /advance?by=1%20ms HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            b"GET /state HTTP/1.1\r\n\r\n".to_vec(),
            b"POST /advance HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"by\":\"1 ms\"}".to_vec(),
        ],
        "adam_6060_ascii" => {
            let commands = [
                "$01M\r",
                "$01F\r",
                "$016\r",
                "$01Vd\r",
                "$01JCFFFF0006\r",
                "#011001\r",
                "#01003F\r",
                "#01000015\r",
                "#01Vd000000000FFF\r",
                "#01Vd100300000001\r",
                "#021001\r",
                "$01X",
            ];
            let sent = |client: u8| commands.map(|command| visa::piece(client, command.as_bytes()));
            let all = [sent(0).concat(), sent(1).concat()].concat();
            sent(0).into_iter().chain([all]).collect()
        }
        "hislip" => visa::messages(),
        "vxi11" => visa::calls(),
        "espec_p300" => lines(&[
            "ROM?",
            "MON?",
            "TEMP?",
            "MODE?",
            "TEMP, S25.0",
            "MODE, CONSTANT",
            "POWER, ON",
            "CONSTANT SET?, TEMP",
            "1, TEMP?",
        ]),
        "weiss_simserv" => lines(&[
            "11004\u{b6}1\u{b6}1",
            "11001\u{b6}1\u{b6}1\u{b6}25.0",
            "14001\u{b6}1\u{b6}1\u{b6}1",
            "99997\u{b6}1\u{b6}1",
        ]),
        "slcan" => vec![
            b"V\rN\rS6\rO\rt3050\rt35981122334455667788\rC\r".to_vec(),
            b"Z1\rM00000000\rmFFFFFFFF\rL\rT000003518FFFFFFFFFFFFFFFF\rr3510\rF\rX1\r".to_vec(),
        ],
        "adam_6060" | "sunspec" | "ea_psb" => {
            requests(&[1, 2, 3, 4, 5, 6, 15, 16], &[0, 16, 40_000])
                .map(|pdu| {
                    let mut frame = vec![0, 1, 0, 0, 0, (pdu.len() + 1) as u8, 1];
                    frame.extend(pdu);
                    frame
                })
                .collect()
        }
        "saj_as1" | "ddsu666" | "sdm120" => requests(&[3, 4, 6, 16], &[0, 0x100, 0x2000])
            .map(|pdu| {
                let mut frame = vec![1];
                frame.extend(pdu);
                let sum = crc(&frame);
                frame.extend(sum.to_le_bytes());
                frame
            })
            .collect(),
        _ => recorded(target).into_iter().collect(),
    }
}

/// Lines as a terminal sends them, one by one and together.
fn lines(texts: &[&str]) -> Vec<Vec<u8>> {
    let each = texts.iter().map(|text| format!("{text}\r\n").into_bytes());
    let all = texts.join("\r\n").into_bytes();
    each.chain([all]).collect()
}

/// Requests of a Modbus client for two points.
fn requests(functions: &'static [u8], starts: &'static [u16]) -> impl Iterator<Item = Vec<u8>> {
    functions.iter().flat_map(move |&function| {
        starts.iter().map(move |start| {
            let [high, low] = start.to_be_bytes();
            let mut pdu = vec![function, high, low, 0, 2];
            match function {
                15 => pdu.extend([1, 3]),
                16 => pdu.extend([4, 0, 1, 0, 2]),
                _ => {}
            }
            pdu
        })
    })
}

/// Files whose folder and name fit the target, what is sent to it, and nothing.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let (places, extensions) = folders(target);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths: Vec<PathBuf> = places
        .iter()
        .filter_map(|folder| std::fs::read_dir(root.join(folder)).ok())
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.to_string_lossy().to_ascii_lowercase();
            extensions.iter().any(|end| name.ends_with(end))
        })
        .collect();
    paths.sort();
    let mut corpus: Vec<Vec<u8>> = paths
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .filter(|data| data.len() <= LARGEST)
        .collect();
    if target.starts_with("comtrade_dat") {
        corpus.push(b"1,0,1,2,0\n2,1000,3,4,1\n3,2000,5,6,1\n4,3000,7,8,0\n".to_vec());
        for width in [2, 4] {
            let mut data = Vec::new();
            for sample in 0..4_u32 {
                data.extend((sample + 1).to_le_bytes());
                data.extend((sample * 1000).to_le_bytes());
                data.extend(std::iter::repeat_n(sample as u8, 2 * width));
                data.extend([1, 0]);
            }
            corpus.push(data);
        }
    }
    corpus.extend(sent(target));
    if let Some((_, place)) = PLACES.iter().find(|(name, _)| *name == target) {
        corpus.extend(devices::commands(place));
    }
    corpus.push(Vec::new());
    corpus
}
