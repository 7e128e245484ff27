use std::{
    io::{BufRead as _, Write as _, stdin, stdout},
    time::Instant,
};

use crate::Cpu;

/// Something to measure: its name, and a function that does it so many times.
pub type Workload<'a> = (String, Box<dyn FnMut(u32) + 'a>);

/// Answers each line `NAME COUNT` on standard input with the nanoseconds that so many took, by the wall's clock and of this thread's
/// CPU time. Ends with the input.
///
/// So the driver takes turns between programs, and between the workloads of one: what disturbs the machine disturbs them alike.
pub fn serve(mut workloads: Vec<Workload<'_>>) {
    for line in stdin().lock().lines() {
        let line = line.unwrap();
        let (name, count) = line.split_once(' ').expect("NAME COUNT");
        let count: u32 = count.parse().expect("COUNT is a number");
        let (_, work) = workloads
            .iter_mut()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("there is no workload {name}"));
        let (wall, cpu) = (Instant::now(), Cpu::THREAD.used());
        work(count);
        let (cpu, wall) = (Cpu::THREAD.used().saturating_sub(cpu), wall.elapsed());
        println!("{} {}", wall.as_nanos(), cpu.as_nanos());
        stdout().flush().unwrap();
    }
}
