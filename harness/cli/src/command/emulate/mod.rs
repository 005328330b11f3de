//! `gridproof emulate`: the emulated bench as servers, and questions to one that is being served.

mod client;

use std::sync::Arc;

use gridproof_emulator::{EmulatedBench, EmulatorError, Ports, ServeOptions, Server, Timing};
use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;
use gridproof_model::fault::FaultFile;
use gridproof_model::grid_code::GridCode;
use gridproof_runner::RunError;
use gridproof_runner::catalog;
use tokio::sync::Notify;

use crate::args::Emulate;
use crate::failure::Failure;
use crate::output;

/// A free port of this machine.
const ANY_CONTROL: &str = "127.0.0.1:0";

pub(crate) fn emulate(args: &Emulate) -> Result<u8, Failure> {
    let control = client::resolve(args.control.as_deref().unwrap_or(ANY_CONTROL))?;
    if args.state || args.quit || args.advance.is_some() {
        return client::ask(control, args);
    }
    let files = Files::load(args)?;
    let quit = Arc::new(Notify::new());
    let raised = Arc::clone(&quit);
    ctrlc::set_handler(move || raised.notify_one())
        .map_err(|error| Failure::infrastructure(format!("cannot catch Ctrl-C: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::infrastructure(error.to_string()))?;
    let options = ServeOptions {
        host: args.host,
        ports: Ports {
            fixed: args.port.clone(),
            base: args.base_port,
        },
        control,
        timing: if args.virtual_time {
            Timing::Virtual
        } else {
            Timing::RealTime(args.speed)
        },
        portmapper: args.vxi11,
    };
    tokio::task::LocalSet::new()
        .block_on(&runtime, serve(&files, args.seed, &options, &quit))
        .map_err(failure)?;
    Ok(0)
}

async fn serve(
    files: &Files,
    seed: u64,
    options: &ServeOptions,
    quit: &Notify,
) -> Result<(), EmulatorError> {
    let (bench, dut) = (&files.bench, &files.dut);
    let emulated = EmulatedBench::new(bench, dut, &dut.behaviour, &files.codes, seed)?;
    for fault in files.faults.iter().flat_map(|file| &file.schedule) {
        emulated.inject(fault.clone())?;
    }
    let server = Server::bind(emulated, bench, dut, options).await?;
    if !options.host.is_loopback() || !options.control.ip().is_loopback() {
        output::remark("anybody who can reach this machine can command the emulated bench");
    }
    let banner = serde_json::to_string(server.banner()).map_err(std::io::Error::from)?;
    output::data(&format!("{banner}\n"));
    server.run(quit).await;
    Ok(())
}

/// Everything the bench is made of.
struct Files {
    bench: Bench,
    dut: DutProfile,
    codes: Vec<GridCode>,
    faults: Option<FaultFile>,
}

impl Files {
    fn load(args: &Emulate) -> Result<Self, RunError> {
        let name = args.bench.as_deref().unwrap_or(catalog::EMBEDDED_BENCH);
        let bench = catalog::bench(name)?.value;
        let mut dut = catalog::dut(&args.dut)?.value;
        if let Some(defect) = &args.defect {
            let defect = catalog::defect(defect)?.value;
            dut.behaviour = dut.behaviour.overlaid_with(&defect.behaviour);
        }
        for pair in &args.dut_set {
            let over = catalog::behaviour_setting(pair)?;
            dut.behaviour = dut.behaviour.overlaid_with(&over);
        }
        let codes = dut
            .grid_codes
            .iter()
            .chain(&dut.behaviour.grid_code)
            .map(|name| catalog::grid_code(name).map(|code| code.value))
            .collect::<Result<_, _>>()?;
        let faults = match &args.faults {
            Some(name) => Some(catalog::faults_on(name, &bench)?.value),
            None => None,
        };
        Ok(Self {
            bench,
            dut,
            codes,
            faults,
        })
    }
}

fn failure(error: EmulatorError) -> Failure {
    let message = error.to_string();
    match error {
        EmulatorError::Listen { .. }
        | EmulatorError::Ports(_)
        | EmulatorError::Fault { .. }
        | EmulatorError::UnknownGridCode(_)
        | EmulatorError::UnknownTrip { .. }
        | EmulatorError::UnknownInstrument(_)
        | EmulatorError::NoDatagrams(_)
        | EmulatorError::Unfit { .. }
        | EmulatorError::Missing { .. } => Failure::usage(message),
        EmulatorError::Io(_) | EmulatorError::Serial(_) => Failure::infrastructure(message),
    }
}
