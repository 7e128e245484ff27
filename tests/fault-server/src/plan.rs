use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use super::{Fault, Operation, Times};

/// The faults that a test has scheduled, and the requests that have arrived.
#[derive(Debug, Default)]
pub(super) struct Plan(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    latency: Duration,
    get_public_key: PerOperation,
    sign: PerOperation,
    log_in: PerOperation,
}

#[derive(Debug, Default)]
struct PerOperation {
    faults: VecDeque<(Fault, Times)>,
    calls: usize,
    last_key_id: Option<String>,
}

impl Plan {
    pub(super) fn fault(&self, operation: Operation, fault: Fault, times: Times) {
        self.lock().of(operation).faults.push_back((fault, times));
    }

    pub(super) fn clear_faults(&self) {
        let mut state = self.lock();
        state.get_public_key.faults.clear();
        state.sign.faults.clear();
        state.log_in.faults.clear();
    }

    pub(super) fn set_latency(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    pub(super) fn calls(&self, operation: Operation) -> usize {
        self.lock().of(operation).calls
    }

    pub(super) fn last_key_id(&self, operation: Operation) -> Option<String> {
        self.lock().of(operation).last_key_id.clone()
    }

    /// Counts a request and returns the latency and the fault of its response.
    pub(super) fn next(&self, operation: Operation, key_id: Option<&str>) -> (Duration, Option<Fault>) {
        let mut state = self.lock();
        let latency = state.latency;
        let operation = state.of(operation);
        operation.calls += 1;
        operation.last_key_id = key_id.map(str::to_owned);
        (latency, operation.next_fault())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn of(&mut self, operation: Operation) -> &mut PerOperation {
        match operation {
            Operation::GetPublicKey => &mut self.get_public_key,
            Operation::Sign => &mut self.sign,
            Operation::LogIn => &mut self.log_in,
        }
    }
}

impl PerOperation {
    fn next_fault(&mut self) -> Option<Fault> {
        loop {
            let (fault, times) = self.faults.front_mut()?;
            let fault = *fault;
            *times = match *times {
                Times::Always => return Some(fault),
                Times::Twice => Times::Once,
                Times::Exactly(more @ 2..) => Times::Exactly(more - 1),
                Times::Exactly(0) => {
                    self.faults.pop_front();
                    continue;
                }
                Times::Once | Times::Exactly(1) => {
                    self.faults.pop_front();
                    return Some(fault);
                }
            };
            return Some(fault);
        }
    }
}
