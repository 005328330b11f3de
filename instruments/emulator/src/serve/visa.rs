//! Instruments behind HiSLIP, and all of them behind VXI-11.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use gridproof_model::bench::Bench;
use tokio::net::{TcpListener, UdpSocket};

use super::{ServeOptions, address, listen};
use crate::bench::EmulatedBench;
use crate::error::EmulatorError;
use crate::visa::{Locks, hislip, vxi11};

/// Protocol, address and VISA resource of an endpoint.
type Address = (&'static str, String, String);

/// Servers that are bound.
pub(super) struct Servers {
    host: IpAddr,
    fixed: BTreeMap<String, u16>,
    hislip: Vec<(Rc<hislip::Gateway>, TcpListener)>,
    /// Sockets, and the addresses of core and abort channel.
    vxi11: Option<(vxi11::Sockets, SocketAddr, SocketAddr)>,
    devices: Vec<vxi11::Device>,
}

impl Servers {
    /// Binds what all instruments share.
    pub(super) async fn bind(plan: &Bench, options: &ServeOptions) -> Result<Self, EmulatorError> {
        let vxi11 = match options.portmapper {
            Some(port) => Some(vxi11_sockets(options.host, port).await?),
            None => None,
        };
        Ok(Self {
            host: options.host,
            fixed: address::hislip(plan, &options.ports)?,
            hislip: Vec::new(),
            vxi11,
            devices: Vec::new(),
        })
    }

    /// Puts an instrument behind them.
    pub(super) async fn add(
        &mut self,
        bench: &EmulatedBench,
        name: &str,
    ) -> Result<Vec<Address>, EmulatorError> {
        let locks = Rc::<Locks>::default();
        let port = self.fixed.get(name).copied().unwrap_or(0);
        let wanted = SocketAddr::new(self.host, port);
        let (listener, bound) = listen(&format!("{name}.hislip"), "--port", wanted).await?;
        let gateway = hislip::Gateway::new(bench, name, &locks);
        self.hislip.push((Rc::new(gateway), listener));
        let resource = format!("TCPIP0::{}::hislip0,{}::INSTR", bound.ip(), bound.port());
        let mut addresses = vec![("hislip", bound.to_string(), resource)];
        if let Some((_, core, _)) = &self.vxi11 {
            let resource = format!("TCPIP0::{}::{name}::INSTR", core.ip());
            addresses.push(("vxi-11", core.to_string(), resource));
        }
        let name = name.to_owned();
        self.devices.push(vxi11::Device { name, locks });
        Ok(addresses)
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
    let udp = UdpSocket::bind(bound)
        .await
        .map_err(|error| super::taken("the portmapper", PORTMAPPER, bound, &error))?;
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
