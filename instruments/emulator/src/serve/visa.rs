//! Instruments behind HiSLIP, and all of them behind VXI-11.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;
use tokio::net::TcpListener;

use super::{Endpoint, ServeOptions, address, listen};
use crate::bench::EmulatedBench;
use crate::error::EmulatorError;
use crate::visa::{Locks, hislip, vxi11};

/// Servers that are bound.
pub(super) struct Servers {
    hislip: Vec<(Rc<hislip::Gateway>, TcpListener)>,
    /// Sockets, and the addresses of core and abort channel.
    vxi11: Option<(vxi11::Sockets, SocketAddr, SocketAddr)>,
    devices: Vec<vxi11::Device>,
}

impl Servers {
    /// Puts every SCPI instrument behind them, and tells where it is reached.
    pub(super) async fn bind(
        bench: &EmulatedBench,
        plan: &Bench,
        dut: &DutProfile,
        options: &ServeOptions,
    ) -> Result<(Self, Vec<Endpoint>), EmulatorError> {
        let mut servers = Self {
            hislip: Vec::new(),
            vxi11: match options.portmapper {
                Some(port) => Some(vxi11_sockets(options.host, port).await?),
                None => None,
            },
            devices: Vec::new(),
        };
        let fixed = address::apart(plan, &options.ports, address::HISLIP)?;
        let mut endpoints = Vec::new();
        for (name, entry) in &plan.instruments {
            let wire = bench.wire(name)?;
            if !wire.messages() {
                continue;
            }
            let mut reached = |protocol, address: SocketAddr, device: String| {
                endpoints.push(Endpoint {
                    protocol,
                    address: address.to_string(),
                    resource: Some(format!("TCPIP0::{}::{device}::INSTR", address.ip())),
                    ..Endpoint::of(name, entry, wire, dut)
                });
            };
            let locks = Rc::<Locks>::default();
            let port = fixed.get(name).copied().unwrap_or(0);
            let wanted = SocketAddr::new(options.host, port);
            let (listener, bound) = listen(&format!("{name}.hislip"), "--port", wanted).await?;
            let gateway = hislip::Gateway::new(bench, name, &locks);
            servers.hislip.push((Rc::new(gateway), listener));
            reached("hislip", bound, format!("hislip0,{}", bound.port()));
            if let Some((_, core, _)) = &servers.vxi11 {
                reached("vxi-11", *core, name.clone());
            }
            let name = name.clone();
            servers.devices.push(vxi11::Device { name, locks });
        }
        Ok((servers, endpoints))
    }

    /// Serves from now on.
    pub(super) fn spawn(self, bench: &EmulatedBench) {
        for (gateway, listener) in self.hislip {
            tokio::task::spawn_local(gateway.serve(listener));
        }
        if let Some((sockets, core, abort)) = self.vxi11 {
            let gateway = vxi11::Gateway::new(bench, self.devices, core, abort);
            tokio::task::spawn_local(Rc::new(gateway).serve(sockets));
        }
    }
}

async fn vxi11_sockets(
    host: IpAddr,
    port: u16,
) -> Result<(vxi11::Sockets, SocketAddr, SocketAddr), EmulatorError> {
    let (tcp, bound) = listen("the portmapper", PORTMAPPER, SocketAddr::new(host, port)).await?;
    let (udp, _) = super::listen_udp("the portmapper", PORTMAPPER, bound).await?;
    let any = SocketAddr::new(host, 0);
    let (core, core_at) = listen("VXI-11", PORTMAPPER, any).await?;
    let (abort, abort_at) = listen("VXI-11", PORTMAPPER, any).await?;
    let sockets = vxi11::Sockets {
        portmapper: (tcp, udp),
        core,
        abort,
    };
    Ok((sockets, core_at, abort_at))
}

/// The flag that moves the portmapper.
pub(super) const PORTMAPPER: &str = "--vxi11";
