//! VXI-11 (revision 1.0): the core channel, its abort channel and the portmapper that clients ask
//! for it.
//!
//! A host has one portmapper and so one core channel; the instruments behind it are told apart by
//! the device names of their links, as on a LAN-to-GPIB gateway: the name in the bench file, or
//! `inst0`, `inst1`… in order of name. There is no interrupt channel: clients poll the status byte.

mod core;
mod portmap;
mod rpc;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;

use self::core::Client;
use self::rpc::{Records, Refusal};
use super::locks::Locks;
use crate::bench::EmulatedBench;

/// Program of the core channel.
const CORE: u32 = 0x0006_07af;
/// Program of the abort channel.
const ABORT: u32 = 0x0006_07b0;
/// Version of both.
const VERSION: u32 = 1;
/// Largest datagram.
const DATAGRAM: usize = 65_536;

/// An instrument that can be linked to.
pub(crate) struct Device {
    /// In the bench file.
    pub(crate) name: String,
    /// Its locks.
    pub(crate) locks: Rc<Locks>,
}

/// The sockets of a VXI-11 server.
pub(crate) struct Sockets {
    /// Portmapper, usually port 111.
    pub(crate) portmapper: (TcpListener, UdpSocket),
    /// Core channel.
    pub(crate) core: TcpListener,
    /// Abort channel.
    pub(crate) abort: TcpListener,
}

/// All instruments of a bench behind VXI-11.
pub(crate) struct Gateway {
    bench: EmulatedBench,
    devices: Vec<Device>,
    core_port: u16,
    abort_port: u16,
    /// Told when a link is to give up what it waits for.
    aborts: RefCell<BTreeMap<u32, Rc<Notify>>>,
    next_link: Cell<u32>,
}

impl Gateway {
    /// In front of `devices`, in order of name.
    pub(crate) fn new(
        bench: &EmulatedBench,
        devices: Vec<Device>,
        core: SocketAddr,
        abort: SocketAddr,
    ) -> Self {
        Self {
            bench: bench.clone(),
            devices,
            core_port: core.port(),
            abort_port: abort.port(),
            aborts: RefCell::default(),
            next_link: Cell::new(1),
        }
    }

    /// Serves every client, for as long as it is awaited.
    pub(crate) async fn serve(self: Rc<Self>, sockets: Sockets) {
        let (tcp, udp) = sockets.portmapper;
        tokio::join!(
            Rc::clone(&self).listen(sockets.core, Channel::Core),
            Rc::clone(&self).listen(sockets.abort, Channel::Abort),
            Rc::clone(&self).listen(tcp, Channel::Portmapper),
            self.datagrams(udp),
        );
    }

    async fn listen(self: Rc<Self>, listener: TcpListener, channel: Channel) {
        loop {
            let stream = EmulatedBench::accept(&listener).await;
            let gateway = Rc::clone(&self);
            tokio::task::spawn_local(async move {
                // a client that is gone needs no answer
                let _ended = gateway.calls(stream, channel).await;
            });
        }
    }

    /// Answers the calls of one connection, one after the other.
    async fn calls(&self, mut stream: TcpStream, channel: Channel) -> io::Result<()> {
        let mut records = Records::default();
        let mut client = Client::new(self);
        loop {
            let record = match records.next() {
                Ok(Some(record)) => record,
                Ok(None) => {
                    if stream.read_buf(&mut records.input).await? == 0 {
                        return Ok(());
                    }
                    continue;
                }
                Err(rpc::TooLong) => return Ok(()),
            };
            let answer = match rpc::call(&record) {
                None => continue,
                Some((_, Err(denied))) => denied,
                Some((id, Ok(call))) => {
                    let outcome = match channel {
                        Channel::Core => client.core(call).await,
                        Channel::Abort => self.abort(call),
                        Channel::Portmapper => portmap::answer(call, self.core_port),
                    };
                    rpc::reply(id, outcome)
                }
            };
            stream.write_all(&rpc::record(&answer)).await?;
        }
    }

    /// The portmapper over UDP, which clients ask by broadcast too.
    async fn datagrams(&self, socket: UdpSocket) {
        let mut datagram = vec![0; DATAGRAM];
        loop {
            let Ok((length, sender)) = socket.recv_from(&mut datagram).await else {
                continue;
            };
            if let Some((id, Ok(call))) = rpc::call(&datagram[..length]) {
                let answer = rpc::reply(id, portmap::answer(call, self.core_port));
                // one that is gone needs none
                let _sent = socket.send_to(&answer, sender).await;
            }
        }
    }

    /// `device_abort`, the only procedure of its channel.
    fn abort(&self, mut call: rpc::Call<'_>) -> Result<Vec<u8>, Refusal> {
        match (call.program, call.version, call.procedure) {
            (ABORT, VERSION, 0) => Ok(Vec::new()),
            (ABORT, VERSION, 1) => {
                let link = call.arguments.word().ok_or(Refusal::Arguments)?;
                let known = self
                    .aborts
                    .borrow()
                    .get(&link)
                    .map(|abort| abort.notify_waiters());
                let error = if known.is_some() {
                    0
                } else {
                    core::INVALID_LINK
                };
                Ok(error.to_be_bytes().to_vec())
            }
            (ABORT, VERSION, _) => Err(Refusal::Procedure),
            (ABORT, _, _) => Err(Refusal::Version(VERSION)),
            (_, _, _) => Err(Refusal::Program),
        }
    }

    /// The device that a link asks for.
    fn device(&self, name: &[u8]) -> Option<&Device> {
        let name = std::str::from_utf8(name).ok()?;
        let numbered = || {
            let digits = name.to_ascii_lowercase();
            let number: usize = digits.strip_prefix("inst")?.parse().ok()?;
            self.devices.get(number)
        };
        self.devices
            .iter()
            .find(|device| device.name.eq_ignore_ascii_case(name))
            .or_else(numbered)
    }
}

/// What a listener takes calls for.
#[derive(Debug, Clone, Copy)]
enum Channel {
    Core,
    Abort,
    Portmapper,
}
