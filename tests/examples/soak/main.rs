//! Mints with each remote source under random faults. Run with `cargo xtask soak [MINUTES] [SEED]`, which provides the emulators and OpenBao.
//!
//! Fails if a token does not verify, a call of the engine returns late, a source does not recover, or memory or descriptors grow:
//!
//! - late: a lookup or a signature took longer than the sum of the engine's deadline of 3 seconds, a tolerance of 250 ms, and the delay of
//!   this process's timers meanwhile, which is caused by the load of the machine;
//! - memory: grew by more than 10 % plus 4 MiB since a fifth of the time had passed, or 2 minutes if that is less;
//! - descriptors: more are open after all sources are dropped than before they were created.

mod deadline;
mod emulator;
mod fault_server;
mod keys;
mod openbao;
mod pkcs11;
mod process;
mod target;

use std::{
    any::Any,
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until},
};

use self::{deadline::Heartbeat, emulator::Emulator, fault_server::FaultyService, openbao::OpenBao, target::Target};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let minutes: f64 = arguments.next().map_or(20.0, |minutes| minutes.parse().expect("minutes are a number"));
    let seed: u64 =
        arguments.next().map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed is a number"));
    println!("{minutes} minutes, seed {seed}");
    if soak(Duration::from_secs_f64(minutes * 60.0), seed).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns whether every check passed.
async fn soak(length: Duration, seed: u64) -> bool {
    let mut random = fastrand::Rng::with_seed(seed);
    let heartbeat = Heartbeat::start();
    let servers = [FaultyService::kms().await, FaultyService::vault().await];
    let openbao = OpenBao::start().await;
    let emulators = ["LOCALSTACK", "MINISTACK"].map(Emulator::from_env);
    let descriptors_before = process::descriptors();

    let mut targets: Vec<_> = servers.iter().map(|server| server.target(&heartbeat)).collect();
    targets.push(openbao.target(&heartbeat));
    targets.push(pkcs11::target(&heartbeat));
    targets.extend(emulators.iter().map(|emulator| emulator.target(&heartbeat)));
    let start = Instant::now();
    let end = start + length;
    let mut faults = JoinSet::new();
    for server in servers {
        faults.spawn(boxed(server.cause_faults(random.fork(), end)));
    }
    faults.spawn(boxed(openbao.cause_faults(random.fork(), end)));
    for emulator in emulators {
        faults.spawn(boxed(emulator.cause_faults(random.fork(), end)));
    }
    let mut load = JoinSet::new();
    for target in &targets {
        target.start(&mut load, &mut random);
    }

    let warm_up = (length / 5).min(Duration::from_mins(2));
    sleep(warm_up).await;
    let memory_at_start = process::resident_kib();
    print(start, &targets);
    while Instant::now() < end {
        sleep_until((Instant::now() + Duration::from_mins(1)).min(end).into()).await;
        print(start, &targets);
    }
    // The services work again, and each source must recover.
    let services = faults.join_all().await;
    let mut passed = true;
    for target in &targets {
        passed &= check(&format!("{} recovers", target.name()), target.recovers().await);
    }
    let memory_at_end = process::resident_kib();
    load.shutdown().await;
    println!("\nend");
    print(start, &targets);
    for target in &targets {
        passed &= check(&format!("{}: unverifiable tokens and late calls", target.name()), target.held());
    }
    drop(targets);
    drop(services);
    let descriptors_after = process::descriptors_once_idle(descriptors_before).await;
    let limit = memory_at_start + memory_at_start / 10 + 4 * 1_024;
    println!("memory {memory_at_start} KiB at start, {memory_at_end} KiB at end; limit {limit} KiB");
    println!("descriptors {descriptors_before} before, {descriptors_after} after");
    passed &= check("memory", memory_at_end <= limit);
    passed &= check("descriptors", descriptors_after <= descriptors_before);
    passed
}

/// Returns a service, which ends when it is dropped.
async fn boxed<T: Send + 'static>(service: impl Future<Output = T>) -> Box<dyn Any + Send> {
    Box::new(service.await)
}

fn check(what: &str, passed: bool) -> bool {
    println!("{what}: {}", if passed { "ok" } else { "FAILED" });
    passed
}

fn print(start: Instant, targets: &[Target]) {
    let (memory, descriptors) = (process::resident_kib(), process::descriptors());
    println!("{:>5} s  {memory} KiB, {descriptors} descriptors", start.elapsed().as_secs());
    for target in targets {
        println!("  {target}");
    }
}
