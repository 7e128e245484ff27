use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time, which the load of the machine hardly changes.
#[derive(Clone, Copy, Debug)]
pub struct Cpu(ClockId);

impl Cpu {
    /// The CPU time of this thread.
    pub const THREAD: Self = Self(ClockId::ThreadCPUTime);
    /// The CPU time of all threads of this process.
    pub const PROCESS: Self = Self(ClockId::ProcessCPUTime);

    /// Returns the CPU time used so far.
    #[must_use]
    pub fn used(self) -> Duration {
        clock_gettime(self.0).try_into().unwrap()
    }
}
