//! The bench as servers for other people's clients.
//!
//! Every instrument listens on a TCP port of its own, a serial one on a pseudo-terminal too, one that
//! speaks in datagrams on a UDP port too.
//! [`Server::bind`] returns when all of them listen; [`Server::run`] serves until it is told to
//! quit. In real time the bench follows the wall clock in steps of at most 10 ms of bench time, and
//! is brought up to the moment before each request; after a stall it catches up in the same steps,
//! so that requests keep their order. In virtual time it stands still until the control port moves
//! it, or until a reply that a client awaits needs it to move.

mod address;
mod pace;
mod visa;
mod wire;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use gridproof_model::bench::{Bench, InstrumentEntry, Model};
use gridproof_model::dut::DutProfile;
use serde::Serialize;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Notify;

use crate::bench::{EmulatedBench, SerialPort};
use crate::control;
use crate::error::EmulatorError;

pub use address::Ports;
pub(crate) use pace::Pace;
pub(crate) use wire::Wire;

/// Wall time between two looks at the wall clock.
const TICK: Duration = Duration::from_millis(5);
/// Most bench time (at speed 1) between two turns of the clients.
const STRIDE: Duration = Duration::from_millis(10);
/// Bench time that a client is taken to wait for a reply in virtual time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How bench time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Timing {
    /// This many times the wall clock.
    RealTime(f64),
    /// Only when told to, or when a reply needs it.
    Virtual,
}

impl Timing {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Timing::RealTime(_) => "realtime",
            Timing::Virtual => "virtual",
        }
    }
}

/// How to serve a bench.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address all instruments listen on.
    pub host: IpAddr,
    /// Ports of the instruments.
    pub ports: Ports,
    /// Where the control port listens; port 0 lets the system choose.
    pub control: SocketAddr,
    /// How time passes.
    pub timing: Timing,
    /// Port of the portmapper, 111 for clients that cannot be told; `None` serves no VXI-11.
    pub portmapper: Option<u16>,
}

/// One address of one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// Name in the bench file.
    pub name: String,
    /// Role in the bench file.
    pub role: &'static str,
    /// Model it behaves as; for the DUT the name of its profile.
    pub model: String,
    /// `scpi-tcp`, `hislip`, `vxi-11`, `modbus-tcp`, `modbus-rtu` (a device file), `rtu-over-tcp`,
    /// `espec-p300-tcp`, `simserv-tcp`, `slcan-tcp`, `adam-ascii-udp`.
    pub protocol: &'static str,
    /// `host:port`, or the path of a device file.
    pub address: String,
    /// The same as a VISA resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What ends a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminator: Option<String>,
    /// Modbus unit; absent when any is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<u8>,
}

impl Endpoint {
    /// Of an instrument, without its address.
    fn of(name: &str, entry: &InstrumentEntry, wire: Wire, dut: &DutProfile) -> Self {
        Self {
            name: name.to_owned(),
            role: entry.role.word(),
            model: if entry.model == Model::FromProfile {
                dut.dut.clone()
            } else {
                entry.model.word().to_owned()
            },
            protocol: wire.protocol(),
            address: String::new(),
            resource: None,
            terminator: wire.terminator(),
            unit: wire.unit(),
        }
    }
}

/// What is served where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Banner {
    /// Every address of every instrument, in order of name.
    pub instruments: Vec<Endpoint>,
    /// The same instruments behind HiSLIP and VXI-11, apart from the addresses that the real ones
    /// have.
    pub visa: Vec<Endpoint>,
    /// Control port, `host:port`.
    pub control: String,
    /// Name of the bench.
    pub bench: String,
    /// DUT profile.
    pub dut: String,
    /// `realtime` or `virtual`.
    pub time: &'static str,
}

/// A bench whose servers listen.
pub struct Server {
    bench: EmulatedBench,
    banner: Rc<Banner>,
    listeners: Vec<(String, TcpListener)>,
    datagrams: Vec<(String, UdpSocket)>,
    visa: visa::Servers,
    control: TcpListener,
    /// The client's ends, kept open: a terminal nobody holds would end its server.
    terminals: Vec<SerialPort>,
    timing: Timing,
}

impl Server {
    /// Opens every port and pseudo-terminal of `plan`, the file `bench` was made of.
    ///
    /// # Errors
    /// When a port is taken or may not be opened, with the flag that moves it.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn bind(
        bench: EmulatedBench,
        plan: &Bench,
        dut: &DutProfile,
        options: &ServeOptions,
    ) -> Result<Self, EmulatorError> {
        let ports = address::assign(plan, &options.ports)?;
        let udp_ports = address::apart(plan, &options.ports, address::UDP)?;
        let (mut endpoints, mut listeners, mut terminals) = (Vec::new(), Vec::new(), Vec::new());
        let mut datagrams = Vec::new();
        for (name, entry) in &plan.instruments {
            let wire = bench.wire(name)?;
            let endpoint = |wire: Wire, protocol, address, resource| Endpoint {
                protocol,
                address,
                resource,
                ..Endpoint::of(name, entry, wire, dut)
            };
            let wanted = SocketAddr::new(options.host, ports.get(name).copied().unwrap_or(0));
            let (listener, bound) = listen(name, "--port", wanted).await?;
            if wire.serial() {
                let terminal = bench.open_pty(name)?;
                if let Some(path) = &terminal.path {
                    let resource = Some(format!("ASRL{path}::INSTR"));
                    endpoints.push(endpoint(wire, "modbus-rtu", path.clone(), resource));
                }
                terminals.push(terminal);
            }
            for wire in wire.spoken() {
                let resource = wire
                    .visa()
                    .then(|| format!("TCPIP0::{}::{}::SOCKET", bound.ip(), bound.port()));
                endpoints.push(endpoint(wire, wire.protocol(), bound.to_string(), resource));
            }
            listeners.push((name.clone(), listener));
            if let Some(wire) = bench.datagrams(name)? {
                let port = udp_ports.get(name).copied().unwrap_or(0);
                let wanted = SocketAddr::new(options.host, port);
                let (socket, bound) = listen_udp(&format!("{name}.udp"), "--port", wanted).await?;
                endpoints.push(endpoint(wire, wire.protocol(), bound.to_string(), None));
                datagrams.push((name.clone(), socket));
            }
        }
        let (control, bound) = listen("the control port", "--control", options.control).await?;
        // last, so that a free port is none that was asked for
        let (visa, gateways) = visa::Servers::bind(&bench, plan, dut, options).await?;
        let banner = Banner {
            instruments: endpoints,
            visa: gateways,
            control: bound.to_string(),
            bench: plan.bench.clone(),
            dut: dut.dut.clone(),
            time: options.timing.word(),
        };
        Ok(Self {
            bench,
            banner: Rc::new(banner),
            listeners,
            datagrams,
            visa,
            control,
            terminals,
            timing: options.timing,
        })
    }

    /// What is served where.
    #[must_use]
    pub fn banner(&self) -> &Banner {
        &self.banner
    }

    /// Serves until `quit` is notified, by the caller or over the control port.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn run(self, quit: &Notify) {
        let asked_to_quit = Rc::new(Notify::new());
        for (name, listener) in self.listeners {
            let bench = self.bench.clone();
            tokio::task::spawn_local(async move { bench.serve_tcp(listener, &name).await });
        }
        for (name, socket) in self.datagrams {
            let bench = self.bench.clone();
            tokio::task::spawn_local(async move { bench.serve_udp(socket, &name).await });
        }
        self.visa.spawn(&self.bench);
        tokio::task::spawn_local(control::serve(
            control::Desk {
                bench: self.bench.clone(),
                banner: Rc::clone(&self.banner),
                quit: Rc::clone(&asked_to_quit),
            },
            self.control,
        ));
        match self.timing {
            Timing::RealTime(speed) => {
                self.bench.follow_wall_clock(speed);
                tokio::task::spawn_local(follow(self.bench.clone()));
            }
            Timing::Virtual => self.bench.answer_waits(PATIENCE),
        }
        tokio::select! {
            () = quit.notified() => {}
            () = asked_to_quit.notified() => {}
        }
        drop(self.terminals);
    }
}

async fn listen(
    what: &str,
    flag: &'static str,
    wanted: SocketAddr,
) -> Result<(TcpListener, SocketAddr), EmulatorError> {
    let listener = TcpListener::bind(wanted)
        .await
        .and_then(|listener| Ok((listener.local_addr()?, listener)));
    match listener {
        Ok((bound, listener)) => Ok((listener, bound)),
        Err(error) => Err(taken(what, flag, wanted, &error)),
    }
}

async fn listen_udp(
    what: &str,
    flag: &'static str,
    wanted: SocketAddr,
) -> Result<(UdpSocket, SocketAddr), EmulatorError> {
    let socket = UdpSocket::bind(wanted)
        .await
        .and_then(|socket| Ok((socket.local_addr()?, socket)));
    match socket {
        Ok((bound, socket)) => Ok((socket, bound)),
        Err(error) => Err(taken(what, flag, wanted, &error)),
    }
}

/// Why an address cannot be had, and the flag that moves it.
fn taken(what: &str, flag: &str, address: SocketAddr, error: &io::Error) -> EmulatorError {
    let is = |kind| error.kind() == kind;
    let why = if is(io::ErrorKind::AddrInUse) {
        "it is taken".to_owned()
    } else if is(io::ErrorKind::PermissionDenied) {
        "it needs more rights (ports below 1024 do)".to_owned()
    } else if is(io::ErrorKind::AddrNotAvailable) {
        "this machine has no such address".to_owned()
    } else {
        error.to_string()
    };
    let hint = match flag {
        "--control" => "--control HOST:PORT, port 0 chooses a free one".to_owned(),
        visa::PORTMAPPER => "another --host such as 127.0.0.2, or leave --vxi11 out".to_owned(),
        _ => format!("--port {what}=PORT, or leave the port out for a free one"),
    };
    EmulatorError::Listen {
        what: what.to_owned(),
        address,
        why,
        hint,
    }
}

/// Keeps bench time at the wall clock.
async fn follow(bench: EmulatedBench) {
    loop {
        while let Some((target, stride)) = bench.behind(STRIDE) {
            let now = bench.now();
            bench.advance_to(target.min(now + stride));
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(TICK).await;
    }
}
