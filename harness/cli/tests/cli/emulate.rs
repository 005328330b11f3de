//! `gridproof emulate` as a stranger's client meets it: a real process, real sockets.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::bench::{command, gridproof};

/// An answer that takes longer is a failure, not a hang.
const LIMIT: Duration = Duration::from_secs(20);

/// A bench that is being served.
struct Served {
    child: Child,
    banner: Value,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut all = vec!["emulate"];
        all.extend(args);
        let mut child = command(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            banner: serde_json::from_str(&line).unwrap(),
        }
    }

    fn control(&self) -> String {
        self.banner["control"].as_str().unwrap().to_owned()
    }

    /// Address of an instrument; the last one where it has several.
    fn address(&self, name: &str) -> String {
        let all = self.banner["instruments"].as_array().unwrap();
        let one = all.iter().rfind(|one| one["name"] == name).unwrap();
        one["address"].as_str().unwrap().to_owned()
    }

    fn talk(&self, name: &str) -> Talk {
        Talk::to(&self.address(name))
    }

    fn ask(&self, line: &str) -> Value {
        serde_json::from_str(&Talk::to(&self.control()).ask(line)).unwrap()
    }

    fn state(&self) -> Value {
        self.ask("state")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Lines in both directions.
struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    fn say(&mut self, line: &str) {
        let text = format!("{line}\n");
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn ask(&mut self, line: &str) -> String {
        self.say(line);
        let mut reply = String::new();
        self.stream.read_line(&mut reply).unwrap();
        reply.trim_end().to_owned()
    }

    fn number(&mut self, line: &str) -> f64 {
        self.ask(line).parse().unwrap()
    }
}

#[test]
fn visa_clients_have_addresses_of_their_own() {
    let served = Served::start(&["--virtual", "--vxi11", "0"]);
    let visa = served.banner["visa"].as_array().unwrap();
    let of = |protocol: &str| -> Vec<&Value> {
        visa.iter()
            .filter(|one| one["protocol"] == protocol)
            .collect()
    };
    // the TerraSAS ends its lines with CR, which these protocols do not
    let names = [
        "analyser",
        "backup-load",
        "battery",
        "grid",
        "island-load",
        "recorder",
    ];
    for protocol in ["hislip", "vxi-11"] {
        let found: Vec<&str> = of(protocol)
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(found, names, "{protocol}");
    }
    let grid = of("hislip")[3];
    let address = grid["address"].as_str().unwrap();
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(
        grid["resource"],
        format!("TCPIP0::127.0.0.1::hislip0,{port}::INSTR")
    );
    assert_eq!(
        of("vxi-11")[3]["resource"],
        "TCPIP0::127.0.0.1::grid::INSTR"
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
        .write_all(b"HS\0\0\x01\0xx\0\0\0\0\0\0\0\x07hislip0")
        .unwrap();
    let mut reply = [0; 16];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply[..6], *b"HS\x01\0\x01\0");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = gridproof(&["emulate", "--virtual", "--vxi11", &port]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        told.contains("the portmapper") && told.contains("--vxi11"),
        "{told}"
    );
}

fn ask_in_a_datagram(address: &str, command: &str) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.send_to(command.as_bytes(), address).unwrap();
    let mut reply = [0; 100];
    let length = socket.recv(&mut reply).unwrap();
    String::from_utf8_lossy(&reply[..length]).into_owned()
}

#[test]
fn every_instrument_says_where_it_is_and_what_it_is_told_is_what_is() {
    let served = Served::start(&["--virtual"]);
    let mut roles = BTreeMap::new();
    for one in served.banner["instruments"].as_array().unwrap() {
        for key in ["name", "role", "model", "protocol", "address"] {
            assert!(one[key].is_string(), "{key} of {one}");
        }
        roles.insert(one["role"].as_str().unwrap().to_owned(), one.clone());
        let address = one["address"].as_str().unwrap();
        match one["protocol"].as_str().unwrap() {
            "adam-ascii-udp" => assert_eq!(ask_in_a_datagram(address, "$01M\r"), "!016060\r"),
            _ => drop(TcpStream::connect(address).unwrap()),
        }
    }
    assert_eq!(roles.len(), 9, "every role of the embedded bench");
    assert_eq!(roles["grid-source"]["model"], "chroma-61845");
    assert_eq!(roles["dut"]["protocol"], "modbus-tcp");

    let mut grid = served.talk("grid");
    assert_eq!(grid.ask("*IDN?"), "Chroma,61845,618450000001,1.10");
    assert_eq!(served.state()["grid_set_v"], grid.number("VOLT:AC?"));
    grid.say("VOLT:AC 231.5;:FREQ 50.2;:OUTP:REL ON;:OUTP ON");
    assert_eq!(grid.ask("SYST:ERR?"), "0,\"No Error\"");
    let mut load = served.talk("island-load");
    load.say("PHASE1:RLOAD 2000;RLOADE ON;:FUNC:SLOAD ON");
    assert_eq!(load.ask("SYST:ERR?"), "0,\"No Error\"");
    let before = served.state();
    assert_eq!(before["time_s"], 0.0, "virtual time stands still");
    assert_eq!(served.ask("advance 2 s")["time_s"], 2.0);

    let mut meter = served.talk("analyser");
    meter.say(":COMM:HEAD OFF;:RATE 200MS;:NUM:NORM:NUMB 3;ITEM1 U,2;ITEM2 I,2;ITEM3 P,2");
    assert_eq!(meter.ask(":STAT:ERR?"), "0,\"No error\"");
    served.ask("advance 1 s");
    let state = served.state();
    let truth = |key: &str| state[key].as_f64().unwrap();
    assert_eq!(
        (truth("grid_set_v"), truth("grid_set_hz"), truth("load_r_w")),
        (231.5, 50.2, 2000.0)
    );
    assert_eq!(
        (&state["grid_output_closed"], &state["s2_closed"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    let read: Vec<f64> = meter
        .ask(":NUM:NORM:VAL?")
        .split(',')
        .map(|text| text.parse().unwrap())
        .collect();
    // 0.01 % of reading and 0.03 % of 300 V and 30 A, and the last digit shown
    assert!((read[0] - truth("grid_v")).abs() < 0.13, "{read:?} {state}");
    assert!(
        (read[1] - truth("grid_a")).abs() < 0.0105,
        "{read:?} {state}"
    );
    assert!((grid.number("MEAS:VOLT:ACDC?") - truth("grid_v")).abs() < 0.01);

    drop(grid);
    let mut again = served.talk("grid");
    let mut other = served.talk("grid");
    assert_eq!(
        (again.ask("OUTP?"), other.ask("OUTP?")),
        ("1".into(), "1".into())
    );
}

#[test]
fn a_reply_that_needs_time_gets_it() {
    let served = Served::start(&["--virtual"]);
    let mut meter = served.talk("analyser");
    meter.say(":COMM:HEAD OFF;:RATE 200MS;:STAT:FILT1 FALL");
    assert_eq!(meter.ask(":COMM:WAIT 1;:RATE?"), "200.00E-03");
    assert_eq!(served.ask("time")["time_s"], 0.2);
}

#[test]
fn real_time_goes_with_the_wall_clock_and_can_jump() {
    let served = Served::start(&["--speed", "20"]);
    let now = || served.ask("time")["time_s"].as_f64().unwrap();
    let first = now();
    let mut later = now();
    while later < first + 2.0 {
        assert!(later >= first);
        later = now();
    }
    let jumped = served.ask("advance 100 s")["time_s"].as_f64().unwrap();
    assert!(jumped >= later + 100.0, "{later} {jumped}");
}

#[test]
fn the_control_port_speaks_http_and_refuses_nonsense() {
    let served = Served::start(&["--virtual"]);
    let request = |text: &str| {
        let mut stream = TcpStream::connect(served.control()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str::<Value>(body).unwrap())
    };
    let (status, state) = request("GET /state HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!((status, &state["time_s"]), (200, &Value::from(0.0)));
    let (status, time) = request("POST /advance?by=1.5s HTTP/1.1\r\n\r\n");
    assert_eq!((status, &time["time_s"]), (200, &Value::from(1.5)));
    let body = "{\"instrument\":\"grid\",\"fault\":\"drop-reply\",\"count\":1}";
    let post = format!(
        "POST /fault HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(request(&post).0, 200);
    assert_eq!(
        request("GET /faults HTTP/1.1\r\n\r\n").1["faults"][0]["phase"],
        "on"
    );
    assert_eq!(request("GET /nothing HTTP/1.1\r\n\r\n").0, 404);
    assert_eq!(request("GET /quit HTTP/1.1\r\n\r\n").0, 405);
    for nonsense in [
        "stat",
        "{",
        "advance 5",
        "fault {\"instrument\":\"gird\",\"fault\":\"silence\"}",
    ] {
        let reply = served.ask(nonsense);
        assert!(
            reply["error"].is_string() && reply["hint"].is_string(),
            "{reply}"
        );
    }
    let mut endless = TcpStream::connect(served.control()).unwrap();
    endless.set_read_timeout(Some(LIMIT)).unwrap();
    let sent = endless.write_all(&vec![b'x'; 200_000]);
    assert!(sent.is_ok() || sent.is_err_and(|error| error.kind() != ErrorKind::WouldBlock));
    assert_eq!(served.ask("time")["time_s"], 1.5, "still there");
}

#[test]
fn clients_that_misbehave_do_not_disturb_others() {
    let served = Served::start(&["--virtual"]);
    let address = served.address("grid");
    for _ in 0..200 {
        drop(TcpStream::connect(&address).unwrap());
    }
    let mut garbage = TcpStream::connect(&address).unwrap();
    garbage.write_all(&(0..=255).collect::<Vec<u8>>()).unwrap();
    garbage.write_all(b"VOLT:AC 17").unwrap();
    drop(garbage);
    // asks for 2 GB and takes none of it
    let mut recorder = served.talk("recorder");
    recorder.say(":COMM:HEAD OFF;:TIM:TDIV 500MS;:ACQ:RLEN 500K;:TRIG:MODE AUTO;:STAR");
    served.ask("advance 6 s");
    let mut greedy = TcpStream::connect(served.address("recorder")).unwrap();
    greedy
        .write_all(&b":WAV:TRAC 1;SEND?\n".repeat(2000))
        .unwrap();
    let mut grid = served.talk("grid");
    assert_eq!(
        grid.ask("*CLS;:VOLT:AC?"),
        "0.0",
        "half a message was no command"
    );
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.child.id()));
    if let Ok(status) = status {
        let peak = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap();
        let kib: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 300_000, "{peak}");
    }
}

#[test]
fn the_serial_unit_is_on_a_terminal_and_over_tcp() {
    let served = Served::start(&["--virtual", "--dut", "saj-as1-3ks-5.1"]);
    let of_dut: Vec<&Value> = served.banner["instruments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["name"] == "dut")
        .collect();
    assert_eq!(of_dut.len(), 2);
    assert_eq!(of_dut[0]["protocol"], "modbus-rtu");
    assert!(std::path::Path::new(of_dut[0]["address"].as_str().unwrap()).exists());
    assert_eq!(of_dut[1]["protocol"], "rtu-over-tcp");
    let mut stream = TcpStream::connect(of_dut[1]["address"].as_str().unwrap()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    // read one holding register at 0x4004 of unit 1, with its CRC
    stream
        .write_all(&[1, 3, 0x40, 0x04, 0, 1, 0xd0, 0x0b])
        .unwrap();
    let mut reply = [0; 7];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply[..3], [1, 3, 2]);
}

#[test]
fn ports_can_be_fixed_and_a_taken_one_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (flag, value) in [
        ("--port", format!("grid={port}")),
        ("--control", format!("127.0.0.1:{port}")),
    ] {
        let output = gridproof(&["emulate", flag, &value]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains("it is taken") && stderr.contains(flag),
            "{stderr}"
        );
        assert!(output.stdout.is_empty());
    }
    drop(taken);
    let served = Served::start(&["--virtual", "--port", &format!("grid-source={port}")]);
    assert_eq!(served.address("grid"), format!("127.0.0.1:{port}"));
}

#[test]
fn it_can_be_asked_and_ended_from_the_command_line() {
    let mut served = Served::start(&["--virtual"]);
    let control = served.control();
    let asked = gridproof(&[
        "emulate",
        "--control",
        &control,
        "--advance",
        "2 s",
        "--state",
    ]);
    assert_eq!(asked.status.code(), Some(0));
    let lines: Vec<Value> = String::from_utf8(asked.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["time_s"], &lines[1]["time_s"]),
        (&Value::from(2.0), &Value::from(2.0))
    );
    assert_eq!(
        gridproof(&["emulate", "--control", &control, "--quit"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    let nobody = gridproof(&["emulate", "--control", &control, "--state"]);
    let stderr = String::from_utf8(nobody.stderr).unwrap();
    assert_eq!(nobody.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("hint: is `gridproof emulate` running there?"),
        "{stderr}"
    );
}

#[test]
fn a_signal_ends_it_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let mut served = Served::start(&[]);
        let killed = Command::new("kill")
            .args([signal, &served.child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(served.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

/// The DUT of the second bench misses its meter five seconds after it has fallen silent, and shows its own
/// code.
#[test]
fn a_silent_meter_shows_as_the_dut_s_own_code() {
    let served = Served::start(&[
        "--virtual",
        "--bench",
        "fixtures/benches/embedded-c.yaml",
        "--dut",
        "saj-as1-3ks-5.1",
        "--faults",
        "silent-meter",
    ]);
    for (name, lines) in [
        (
            "battery",
            "SYST:REM;:FUNC VOLT;:VOLT 51.2;:CURR:LIM 50;:CURR:LIM:NEG -50;:OUTP ON;*OPC?",
        ),
        ("grid", "VOLT:AC 230;:OUTP:REL ON;:OUTP ON;*OPC?"),
    ] {
        assert_eq!(served.talk(name).ask(lines), "1", "{name}");
    }
    let codes = |by: &str| {
        served.ask(&format!("advance {by}"));
        served.state()["dut_fault_codes"].clone()
    };
    let (none, lost) = (serde_json::json!([]), serde_json::json!([91]));
    assert_eq!(codes("69 s"), none);
    assert_eq!(codes("5 s"), none);
    assert_eq!(codes("3 s"), lost);
    assert_eq!(served.ask("faults")["faults"][0]["phase"], "on");
}
