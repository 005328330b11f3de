//! The emulated bench: a shared single-threaded world of plant, instruments and connections.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use gridproof_model::behaviour::Behaviour;
use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;
use gridproof_model::grid_code::GridCode;
use gridproof_plant::signal::TrueState;
use gridproof_plant::{Nanos, Plant};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio_serial::{SerialPort as _, SerialStream};

use crate::connection::{Connection, Stream};
use crate::error::EmulatorError;
use crate::field::{Field, Instrument};
use crate::{fit, plant_config};

/// Bytes a connection buffers in each direction before a writer waits.
const BUFFER: usize = 256 * 1024;

/// The client's end of a pseudo-terminal.
#[derive(Debug)]
pub struct SerialPort {
    /// Open end. The port lives as long as this or another client holds it.
    pub stream: SerialStream,
    /// Device file for other programs, `/dev/pts/…`.
    pub path: Option<String>,
}

/// An emulated bench. Clones share one world. Connections are served by tasks on the current
/// thread: everything must run inside one [`tokio::task::LocalSet`].
#[derive(Clone)]
pub struct EmulatedBench {
    world: Rc<World>,
}

struct World {
    inner: RefCell<Inner>,
    connections: RefCell<Vec<Weak<Connection>>>,
}

struct Inner {
    field: Field,
    instruments: BTreeMap<String, Box<dyn Instrument>>,
}

impl EmulatedBench {
    /// Builds the bench with a DUT that behaves as `behaviour` (already overlaid on its profile).
    /// `codes` must hold the grid code that the behaviour names.
    ///
    /// # Errors
    /// When the grid code is missing, or an entry of the bench file that an emulated model needs.
    pub fn new(
        bench: &Bench,
        dut: &DutProfile,
        behaviour: &Behaviour,
        codes: &[GridCode],
        seed: u64,
    ) -> Result<Self, EmulatorError> {
        let config = plant_config::plant_config(bench, dut, behaviour, codes, seed)?;
        let field = Field::new(Plant::new(config.clone()));
        let instruments = fit::instruments(bench, dut, &config, &field, seed)?;
        let world = World {
            inner: RefCell::new(Inner { field, instruments }),
            connections: RefCell::default(),
        };
        Ok(Self {
            world: Rc::new(world),
        })
    }

    /// Connects to an instrument. Its state outlives the connection; several may be open.
    ///
    /// # Errors
    /// When the bench has no such instrument.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub fn connect(&self, instrument: &str) -> Result<DuplexStream, EmulatorError> {
        let (client, server) = tokio::io::duplex(BUFFER);
        self.serve(instrument, Box::new(server))?;
        Ok(client)
    }

    /// Connects to an instrument over a pseudo-terminal, as its serial port.
    ///
    /// # Errors
    /// When the bench has no such instrument or the system no pseudo-terminal.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub fn open_pty(&self, instrument: &str) -> Result<SerialPort, EmulatorError> {
        let (server, stream) = SerialStream::pair()?;
        self.serve(instrument, Box::new(server))?;
        Ok(SerialPort {
            path: stream.name(),
            stream,
        })
    }

    /// Serves an instrument to every client of a listener, for as long as it is awaited.
    ///
    /// # Errors
    /// When the bench has no such instrument or accepting fails.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn serve_tcp(
        &self,
        listener: TcpListener,
        instrument: &str,
    ) -> Result<(), EmulatorError> {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            self.serve(instrument, Box::new(stream))?;
        }
    }

    /// Puts an instrument that is on a CAN bus on a SocketCAN interface such as `vcan0`, for as long
    /// as it is awaited.
    ///
    /// # Errors
    /// When the bench has no such instrument, or the system no such interface.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn serve_can(&self, interface: &str, instrument: &str) -> Result<(), EmulatorError> {
        crate::socketcan::bridge(interface, self.connect(instrument)?).await
    }

    fn serve(&self, instrument: &str, stream: Box<dyn Stream>) -> Result<(), EmulatorError> {
        if !self
            .world
            .inner
            .borrow()
            .instruments
            .contains_key(instrument)
        {
            return Err(EmulatorError::UnknownInstrument(instrument.to_owned()));
        }
        let connection = Rc::new(Connection::new(instrument, stream));
        let mut connections = self.world.connections.borrow_mut();
        connections.retain(|other| other.strong_count() > 0);
        connections.push(Rc::downgrade(&connection));
        drop(connections);
        // the task must not keep the bench alive
        let world = Rc::downgrade(&self.world);
        tokio::task::spawn_local(std::future::poll_fn(move |context| match world.upgrade() {
            Some(world) => world.poll(&connection, context),
            None => Poll::Ready(()),
        }));
        Ok(())
    }

    /// Names of the instruments.
    #[must_use]
    pub fn instruments(&self) -> Vec<String> {
        self.world
            .inner
            .borrow()
            .instruments
            .keys()
            .cloned()
            .collect()
    }

    /// Time since the bench was powered.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.world.inner.borrow().field.now())
    }

    /// Moves time: the plant, and every instrument at the exact instants at which it does something
    /// by itself. What was written to an instrument before is carried out before; the result does
    /// not depend on how a wait is cut into pieces. A time in the past does nothing.
    pub fn advance_to(&self, time: Duration) {
        let target = Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX);
        self.world.pump(false);
        loop {
            let next = self
                .world
                .inner
                .borrow()
                .next_event()
                .filter(|&next| next <= target);
            self.world
                .inner
                .borrow_mut()
                .advance(next.unwrap_or(target));
            self.world.pump(true);
            if next.is_none() {
                return;
            }
        }
    }

    /// The true state of the bench.
    #[must_use]
    pub fn true_state(&self) -> TrueState {
        self.world.inner.borrow().field.plant.state()
    }

    /// Grid, PV and battery simulator are all open in truth, whatever they report.
    #[must_use]
    pub fn all_sources_off(&self) -> bool {
        let state = self.true_state();
        !state.grid_output && !state.pv_on && !state.battery_on
    }
}

impl std::fmt::Debug for EmulatedBench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmulatedBench")
            .field("now", &self.now())
            .field("instruments", &self.instruments())
            .finish()
    }
}

impl World {
    fn poll(&self, connection: &Connection, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner.borrow_mut();
        let Inner { field, instruments } = &mut *inner;
        match instruments.get_mut(&connection.instrument) {
            Some(instrument) => connection.poll_task(context, instrument.as_mut(), field),
            None => Poll::Ready(()),
        }
    }

    /// Carries out what has been written to all connections, in the order in which they were
    /// opened; or only what waits for its instrument.
    fn pump(&self, only_waiting: bool) {
        let connections: Vec<Rc<Connection>> = self
            .connections
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        let mut inner = self.inner.borrow_mut();
        let Inner { field, instruments } = &mut *inner;
        for connection in connections
            .iter()
            .filter(|connection| !only_waiting || connection.waits())
        {
            if let Some(instrument) = instruments.get_mut(&connection.instrument) {
                connection.pump(instrument.as_mut(), field);
            }
        }
    }
}

impl Inner {
    fn next_event(&self) -> Option<Nanos> {
        self.instruments
            .values()
            .filter_map(|instrument| instrument.next_event())
            .min()
    }

    /// To `time`, at or before the next event; instruments that are due act in order of name.
    fn advance(&mut self, time: Nanos) {
        self.field.plant.advance_to(time);
        let now = self.field.now();
        for instrument in self.instruments.values_mut() {
            if instrument.next_event().is_some_and(|due| due <= now) {
                instrument.on_time(&mut self.field);
            }
        }
    }
}

#[cfg(test)]
impl EmulatedBench {
    /// Bytes in, bytes out, without a stream.
    pub(crate) fn exchange(
        &self,
        instrument: &str,
        session: &mut crate::session::Session,
        bytes: &[u8],
    ) -> Vec<u8> {
        let mut inner = self.world.inner.borrow_mut();
        let Inner { field, instruments } = &mut *inner;
        session.input.extend_from_slice(bytes);
        if let Some(instrument) = instruments.get_mut(instrument) {
            instrument.receive(session, field);
        }
        std::mem::take(&mut session.output)
    }

    /// A meter of the plant.
    pub(crate) fn reading(
        &self,
        point: gridproof_plant::signal::MeterPoint,
    ) -> gridproof_plant::signal::Reading {
        self.world.inner.borrow().field.plant.reading(point)
    }

    /// What the DUT reports.
    pub(crate) fn view(&self) -> gridproof_plant::DutView {
        self.world.inner.borrow().field.plant.dut_view()
    }
}
