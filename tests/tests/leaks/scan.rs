use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    os::unix::fs::FileExt as _,
};

const WINDOW: usize = 16;

/// The patterns to search for: every 16 bytes of each secret, because freed memory is partly overwritten.
pub(crate) struct Needles {
    names: HashMap<[u8; WINDOW], &'static str>,
    /// Indexed by the first three bytes, which rule out most positions.
    starts: Vec<bool>,
}

impl Default for Needles {
    fn default() -> Self {
        Self { names: HashMap::new(), starts: vec![false; 1 << 24] }
    }
}

impl Needles {
    pub(crate) fn add(&mut self, name: &'static str, secret: &[u8]) {
        for window in secret.chunks_exact(WINDOW) {
            self.add_window(name, window);
        }
    }

    /// Adds the first 16 bytes only.
    pub(crate) fn add_window(&mut self, name: &'static str, secret: &[u8]) {
        let window: [u8; WINDOW] = secret[..WINDOW].try_into().unwrap();
        self.starts[start(&window)] = true;
        self.names.entry(window).or_insert(name);
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

/// The number of patterns that were found, by secret.
#[derive(Debug, Default)]
pub(crate) struct Found(BTreeMap<&'static str, usize>);

impl Found {
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn names_except(&self, allowed: &[&str]) -> Vec<&'static str> {
        self.0.keys().copied().filter(|name| !allowed.contains(name)).collect()
    }
}

pub(crate) fn search(bytes: &[u8], needles: &Needles) -> Found {
    let mut found = Found::default();
    for window in bytes.windows(WINDOW) {
        if needles.starts[start(window)]
            && let Some(name) = needles.names.get(window)
        {
            *found.0.entry(name).or_default() += 1;
        }
    }
    found
}

/// The readable memory of another process, without its environment.
pub(crate) struct Memory(Vec<Vec<u8>>);

impl Memory {
    pub(crate) fn of(process: u32) -> Self {
        let memory = File::open(format!("/proc/{process}/mem")).unwrap();
        let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let environment = environment(process);
        let mut regions = Vec::new();
        for line in maps.lines().filter(|line| !line.ends_with("[vvar]") && !line.ends_with("[vsyscall]")) {
            let mut fields = line.split_whitespace();
            let (range, mode) = (fields.next().unwrap(), fields.next().unwrap());
            let (from, to) = range.split_once('-').unwrap();
            let (from, to) = (address(from), address(to));
            if !mode.starts_with('r') {
                continue;
            }
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            // Some pages of the kernel cannot be read.
            let Ok(()) = memory.read_exact_at(&mut bytes, from) else { continue };
            if (from..to).contains(&environment.0) {
                let end = usize::try_from(environment.1.min(to) - from).unwrap();
                bytes[usize::try_from(environment.0 - from).unwrap()..end].fill(0);
            }
            regions.push(bytes);
        }
        assert!(regions.len() > 10, "{maps}");
        Self(regions)
    }

    pub(crate) fn search(&self, needles: &Needles) -> Found {
        let mut sum = Found::default();
        for region in &self.0 {
            for (name, count) in search(region, needles).0 {
                *sum.0.entry(name).or_default() += count;
            }
        }
        sum
    }
}

fn address(hexadecimal: &str) -> u64 {
    u64::from_str_radix(hexadecimal, 16).unwrap()
}

/// Returns where the environment starts and ends: fields 50 and 51 of `/proc/<pid>/stat`; the name in field 2 ends at the last parenthesis.
fn environment(process: u32) -> (u64, u64) {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let mut fields = fields.split_whitespace().skip(50 - 3).map(|field| field.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}
