//! Every driver, answered by an instrument that sends any bytes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use gridproof_emulator::EmulatedBench;
use gridproof_instruments::clock::Clock;
use gridproof_instruments::drivers::{
    Chroma61845Params, ChromaA800067Params, ItechIt6000cParams, RecorderInput, RegisterMapParams,
    SajAs1Params, SunSpecParams, TerraSasParams, YokogawaDl850Params, YokogawaWt3000Params,
};
use gridproof_instruments::factory::{DriverSpec, RoleObject, build};
use gridproof_instruments::roles::{
    CaptureSetup, GridStep, PvCurve, RlcPower, TriggerSetup, VoltVarCurve,
};
use gridproof_model::capture::ChannelKind;
use gridproof_model::load::parse_register_file;
use gridproof_model::register_file::RegisterFile;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::devices::{AUX, World, within_runtime};

/// How the replies of a link are framed, so that what is inside them is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// As they are.
    Bytes,
    /// Transaction number and length of a Modbus TCP header are made right.
    ModbusTcp,
    /// Address and CRC of Modbus RTU are made right.
    ModbusRtu,
}

/// An instrument that answers each thing it hears with the next piece of the input, then hangs up.
/// A piece is two bytes of length and what follows; with the top bit set it is framed.
struct Parrot {
    pieces: VecDeque<(bool, Vec<u8>)>,
    frame: Frame,
    /// First bytes of the last request.
    heard: Vec<u8>,
    ready: VecDeque<u8>,
}

impl Parrot {
    fn new(data: &[u8], frame: Frame) -> Self {
        let mut pieces = VecDeque::new();
        let mut rest = data;
        while let [high, low, tail @ ..] = rest {
            let wanted = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
            let (text, after) = tail.split_at(wanted.min(tail.len()));
            pieces.push_back((high & 0x80 != 0, text.to_vec()));
            rest = after;
        }
        Self {
            pieces,
            frame,
            heard: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    fn answer(&mut self) {
        let Some((framed, mut piece)) = self.pieces.pop_front() else {
            return;
        };
        if framed {
            match (self.frame, self.heard.as_slice()) {
                (Frame::ModbusTcp, [high, low, ..]) => {
                    let length = (piece.len() + 1) as u16;
                    let unit = self.heard.get(6).copied().unwrap_or(1);
                    let [a, b] = length.to_be_bytes();
                    piece.splice(0..0, [*high, *low, 0, 0, a, b, unit]);
                }
                (Frame::ModbusRtu, [unit, ..]) => {
                    piece.insert(0, *unit);
                    piece.extend(crc(&piece).to_le_bytes());
                }
                (Frame::ModbusTcp | Frame::ModbusRtu | Frame::Bytes, _) => piece.push(b'\n'),
            }
        }
        self.ready.extend(piece);
    }
}

/// CRC of Modbus over a serial line (polynomial 0xA001, start 0xFFFF).
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |mut sum, byte| {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0xa001 } else { 0 };
        }
        sum
    })
}

impl AsyncRead for Parrot {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ready.is_empty() {
            self.answer();
        }
        // nothing left: the end of the stream
        while buffer.remaining() > 0 {
            let Some(byte) = self.ready.pop_front() else {
                break;
            };
            buffer.put_slice(&[byte]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Parrot {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.heard = bytes.iter().take(8).copied().collect();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Bench time that passes only while somebody sleeps.
#[derive(Default)]
struct Virtual(Cell<Duration>);

#[async_trait::async_trait(?Send)]
impl Clock for Virtual {
    fn now(&self) -> Duration {
        self.0.get()
    }

    async fn sleep(&self, span: Duration) {
        self.0.set(self.0.get().saturating_add(span));
    }
}

/// Everything a role can be asked, one after the other, whatever the answers were.
async fn ask_everything(object: &mut RoleObject) {
    // each outcome may be an error of any kind: the next question is asked all the same
    let _identity = object.instrument().identify().await;
    let _ready = object.instrument().initialise().await;
    match object {
        RoleObject::Grid(grid) => {
            let step = GridStep {
                dwell_s: 0.1,
                v_start: 230.0,
                v_end: 180.0,
                hz_start: 50.0,
                hz_end: 50.0,
                start_deg: None,
            };
            let _set = grid.set(230.0, 50.0).await;
            let _on = grid.output_on().await;
            let _cut = grid.cut_at(90.0).await;
            let _list = grid.run_list(&[step, step]).await;
            let _reading = grid.measure().await.map(|reading| finite(reading.volts));
            let _off = grid.output_off().await;
        }
        RoleObject::Pv(pv) => {
            let curve = PvCurve {
                voc: 400.0,
                isc: 10.0,
                vmp: 330.0,
                imp: 9.0,
            };
            let _curve = pv.set_curve(0, curve).await;
            let _on = pv.output_on(0).await;
            let _reading = pv.measure(0).await.map(|reading| finite(reading.volts));
            let _off = pv.output_off(0).await;
        }
        RoleObject::Battery(battery) => {
            let _set = battery.set(51.2, 60.0, 60.0).await;
            let _on = battery.output_on().await;
            let _reading = battery.measure().await.map(|reading| finite(reading.volts));
            let _off = battery.output_off().await;
        }
        RoleObject::Load(load) => {
            let power = RlcPower {
                r_watts: 1000.0,
                l_vars: 500.0,
                c_vars: 500.0,
            };
            let _set = load.set(power).await;
            let _closed = load.grid_switch(true).await;
            let _open = load.load_switch(false).await;
        }
        RoleObject::Relays(relays) => {
            let _set = relays.set_all(&[true; 6]).await;
            let _states = relays.states().await.map(|states| states.len());
        }
        RoleObject::Analyser(analyser) => {
            let _reading = analyser.read().await.map(|reading| finite(reading.watts));
            let _again = analyser.read().await;
        }
        RoleObject::Recorder(recorder) => {
            let setup = CaptureSetup {
                name: "fuzz".into(),
                channels: vec![ChannelKind::GridVoltage, ChannelKind::DutCurrent],
                min_rate_hz: 10_000.0,
                before_s: 0.01,
                after_s: 0.01,
                trigger: TriggerSetup {
                    channel: ChannelKind::GridVoltage,
                    level: 10.0,
                    rising: true,
                },
            };
            let _plan = recorder.arm(&setup).await;
            let _state = recorder.state().await;
            let _capture = recorder.fetch().await;
        }
        RoleObject::Chamber(chamber) => {
            let _set = chamber.set_temperature(25.0).await;
            let _read = chamber.temperature().await.map(finite);
        }
        RoleObject::Dut(dut) => {
            let _status = dut.status().await.map(|status| finite(status.watts));
            let _power = dut.set_active_power(1000.0).await;
            let _connect = dut.connect(true).await;
            let _volt_var = dut.volt_var(true).await;
            let _curve = dut.volt_var_curve().await;
            let curve = VoltVarCurve {
                points: vec![(0.9, 0.44), (0.95, 0.0), (1.05, 0.0), (1.1, -0.44)],
                response_s: 5.0,
            };
            let _set = dut.set_volt_var_curve(&curve).await;
            let _volt_watt = dut.volt_watt(true).await;
        }
    }
    let _proof = object.instrument().make_safe().await;
}

fn finite(number: f64) {
    assert!(number.is_finite(), "a reading of {number}");
}

fn answered(spec: DriverSpec, frame: Frame, data: &[u8]) {
    within_runtime(async {
        let link = Box::new(Parrot::new(data, frame));
        let clock = Rc::new(Virtual::default());
        let mut object = build(spec, "fuzz".into(), link, clock);
        ask_everything(&mut object).await;
    });
}

thread_local! {
    static REGISTERS: RegisterFile = parse_register_file(
        "aux-asg-sunspec-points.yaml",
        include_str!("../../fixtures/drivers/aux-asg-sunspec-points.yaml"),
    )
    .expect("the shipped file");
}

/// The driver of a target, how its replies are framed, and the instrument of the embedded bench
/// that it belongs to.
fn driver(target: &str) -> Option<(DriverSpec, Frame, &'static str)> {
    Some(match target {
        "chroma_61845_reply" => (
            DriverSpec::Chroma61845(Chroma61845Params::default()),
            Frame::Bytes,
            "grid",
        ),
        "terrasas_reply" => (
            DriverSpec::TerraSas(TerraSasParams {
                channel: 1,
                outputs: 1,
            }),
            Frame::Bytes,
            "pv",
        ),
        "itech_it6000c_reply" => (
            DriverSpec::ItechIt6000c(ItechIt6000cParams { watchdog_s: None }),
            Frame::Bytes,
            "battery",
        ),
        "chroma_a800067_reply" => (
            DriverSpec::ChromaA800067(ChromaA800067Params::default()),
            Frame::Bytes,
            "island-load",
        ),
        "espec_p300_reply" => (DriverSpec::EspecP300, Frame::Bytes, "chamber"),
        "yokogawa_wt3000_reply" => (
            DriverSpec::YokogawaWt3000(YokogawaWt3000Params::default()),
            Frame::Bytes,
            "analyser",
        ),
        "yokogawa_dl850_reply" => {
            let input = |channel, full_scale| RecorderInput {
                channel,
                full_scale,
            };
            let inputs = BTreeMap::from([
                (ChannelKind::GridVoltage, input(1, 500.0)),
                (ChannelKind::DutCurrent, input(2, 100.0)),
            ]);
            let params = YokogawaDl850Params {
                inputs,
                max_rate_hz: 100_000.0,
            };
            (DriverSpec::YokogawaDl850(params), Frame::Bytes, "recorder")
        }
        "adam_6060_reply" => (DriverSpec::Adam6060, Frame::ModbusTcp, "dred-a"),
        "sunspec_reply" => (
            DriverSpec::SunSpec(SunSpecParams::default()),
            Frame::ModbusTcp,
            "dut",
        ),
        "saj_as1_reply" => {
            let params = SajAs1Params {
                rated_watts: 3000.0,
                unit: 1,
            };
            (DriverSpec::SajAs1(params), Frame::ModbusRtu, "dut")
        }
        "register_reply" => {
            let params = RegisterMapParams {
                file: REGISTERS.with(RegisterFile::clone),
                unit: 1,
                rated_watts: 5000.0,
                rated_charge_watts: Some(5000.0),
            };
            let spec = DriverSpec::RegisterMap(Box::new(params));
            (spec, Frame::ModbusTcp, "dut")
        }
        _ => return None,
    })
}

/// What the emulated instrument answers to the driver of a target: an input for that target.
pub(crate) fn recorded(target: &str) -> Option<Vec<u8>> {
    let (spec, frame, instrument) = driver(target)?;
    let dut = if target == "saj_as1_reply" {
        "saj-as1-3ks-5.1"
    } else {
        AUX
    };
    let pieces = Arc::new(Mutex::new(Vec::<Vec<u8>>::new()));
    within_runtime(async {
        let bench = World::new("embedded", dut, ("", "")).power();
        let link = Box::new(Listener {
            inner: bench.connect(instrument).expect("it is on the bench"),
            pieces: Arc::clone(&pieces),
        });
        let clock = Rc::new(BenchTime(bench.clone()));
        let mut object = build(spec, "fuzz".into(), link, clock);
        bench.answer_waits(Duration::from_secs(60));
        ask_everything(&mut object).await;
    });
    let pieces = pieces.lock().ok()?;
    let mut input = Vec::new();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        let (framed, text) = match frame {
            Frame::Bytes => (0, &piece[..]),
            Frame::ModbusTcp => (0x80, piece.get(7..)?),
            Frame::ModbusRtu => (0x80, piece.get(1..piece.len().checked_sub(2)?)?),
        };
        for text in text.chunks(0x7fff) {
            let [high, low] = (text.len() as u16).to_be_bytes();
            input.extend([high | framed, low]);
            input.extend(text);
        }
    }
    Some(input)
}

/// A link that keeps what comes back, a piece for each thing said.
struct Listener {
    inner: DuplexStream,
    pieces: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl AsyncRead for Listener {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Ok(mut pieces) = self.pieces.lock() {
            let heard = &buffer.filled()[before..];
            match pieces.last_mut() {
                Some(piece) => piece.extend(heard),
                None => pieces.push(heard.to_vec()),
            }
        }
        poll
    }
}

impl AsyncWrite for Listener {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Ok(mut pieces) = self.pieces.lock() {
            pieces.push(Vec::new());
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Sleeping moves the bench.
struct BenchTime(EmulatedBench);

#[async_trait::async_trait(?Send)]
impl Clock for BenchTime {
    fn now(&self) -> Duration {
        self.0.now()
    }

    async fn sleep(&self, span: Duration) {
        self.0.advance_to(self.0.now() + span);
    }
}

/// One target for each driver.
macro_rules! drivers {
    ($($name:ident),* $(,)?) => {
        $(
            #[doc = concat!("Driver against any replies: ", stringify!($name), ".")]
            pub fn $name(data: &[u8]) {
                if let Some((spec, frame, _)) = driver(stringify!($name)) {
                    answered(spec, frame, data);
                }
            }
        )*
    };
}

drivers!(
    chroma_61845_reply,
    terrasas_reply,
    itech_it6000c_reply,
    chroma_a800067_reply,
    espec_p300_reply,
    yokogawa_wt3000_reply,
    yokogawa_dl850_reply,
    adam_6060_reply,
    sunspec_reply,
    saj_as1_reply,
    register_reply,
);
