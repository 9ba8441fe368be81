//! How many files the process may have open: the greatest number of sockets follows from it.

/// The process's own limit, as the system tells it; a cautious guess where it does not.
#[must_use]
pub fn open_files_limit() -> usize {
    const GUESS: usize = 1_024;
    let Ok(limits) = std::fs::read_to_string("/proc/self/limits") else {
        return GUESS;
    };
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3));
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(GUESS)
}
