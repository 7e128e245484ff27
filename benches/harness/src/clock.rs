use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time, which other programs on the machine do not lengthen by their turns.
#[derive(Clone, Copy, Debug)]
pub struct Cpu(ClockId);

impl Cpu {
    /// What this thread has used.
    pub const THREAD: Self = Self(ClockId::ThreadCPUTime);
    /// What all threads of this process have used.
    pub const PROCESS: Self = Self(ClockId::ProcessCPUTime);

    /// The CPU time used so far.
    #[must_use]
    pub fn used(self) -> Duration {
        clock_gettime(self.0).try_into().unwrap()
    }
}
