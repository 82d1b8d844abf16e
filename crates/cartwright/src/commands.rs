//! The commands, one file each.

mod backup;
mod check;
mod copy;
mod demo;
mod export;
mod import_catalogue;
mod import_mongodump;
mod import_products;
mod mail_test;
mod openapi;
mod owner_create;
mod owner_forget_factor;
mod restore;
mod serve;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::runtime::{Builder, Runtime};

use crate::{
    cli::{Cli, Command, Import, Mail, Owner},
    failure::Failure,
    settings::Settings,
    stop,
};

/// Does what was asked.
///
/// # Errors
/// Why it was not done.
pub(crate) fn run(Cli { settings, command }: Cli) -> Result<(), Failure> {
    let runtime = runtime(&settings)?;
    let done = runtime.block_on(async {
        stop::pass_over()?;
        match command {
            Command::Demo => demo::run(&settings).await,
            Command::Serve => serve::run(&settings).await,
            Command::Export(export) => export::run(&settings, &export).await,
            Command::Import(Import::Catalogue(import)) => import_catalogue::run(&settings, &import).await,
            Command::Import(Import::Mongodump(import)) => import_mongodump::run(&settings, &import).await,
            Command::Import(Import::Products(import)) => import_products::run(&settings, &import).await,
            Command::Owner(Owner::Create(owner)) => owner_create::run(&settings, owner).await,
            Command::Owner(Owner::ForgetFactor { email }) => owner_forget_factor::run(&settings, email).await,
            Command::Mail(Mail::Test { to }) => mail_test::run(&settings, to).await,
            Command::Backup { file } => backup::run(&settings, &file).await,
            Command::Restore { file } => restore::run(&settings, &file),
            Command::Copy { from, to } => copy::run(&settings, &from, &to).await,
            Command::Check => check::run(&settings).await,
            Command::Openapi => openapi::run(),
        }
    });
    // Whatever still runs on a blocking thread must not hold up the end.
    runtime.shutdown_background();
    done
}

/// Threads beside those that answer requests: the writer, its helper, and some that wait for disks.
const THREADS_BESIDE: usize = 6;

fn runtime(settings: &Settings) -> Result<Runtime, Failure> {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let workers = settings.workers.map_or_else(cores, usize::from);
    must_have_threads(workers + THREADS_BESIDE)?;
    let mut builder = Builder::new_multi_thread();
    if let Some(workers) = settings.workers {
        builder.worker_threads(usize::from(workers));
    }
    builder.on_thread_start(yield_to_the_writer);
    builder.enable_all().build().map_err(|error| Failure::failed(format_args!("threads cannot be started: {error}")))
}

/// Refuses to begin where the system does not give so many threads: what starts them later can only panic.
fn must_have_threads(wanted: usize) -> Result<(), Failure> {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
    let mut threads = Vec::with_capacity(wanted);
    let mut refused = None;
    for _ in 0..wanted {
        let gate = Arc::clone(&gate);
        match thread::Builder::new().spawn(move || drop(gate.lock())) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    drop(closed);
    let got = threads.len();
    for thread in threads {
        // They do nothing that could fail.
        let _ = thread.join();
    }
    let Some(error) = refused else { return Ok(()) };
    Err(Failure::failed(format_args!(
        "the system gives this program {got} threads of the {wanted} that it needs ({error}); raise the limit (`ulimit -u`, TasksMax of \
         systemd, pids of a container), or set fewer --workers"
    )))
}

/// One thread writes all orders, and what it waits for a processor all of them wait for. So the threads that talk to
/// clients, of which there are several, let it go first. Compared with other programs, they get a sixth of the processor
/// where there is not enough for all.
fn yield_to_the_writer() {
    const NICE: i32 = 8;
    // On Linux a priority belongs to a thread, whatever POSIX says, and the thread's id names it.
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::debug!(%error, "the threads have the usual priority");
    }
}
