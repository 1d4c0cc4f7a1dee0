//! Standard output.

use std::io::{self, Write};

use super::error::CliError;

/// Refuses a standard output that was closed when the program began, before any work is done for it.
pub(super) fn check() -> Result<(), CliError> {
    if is_closed() {
        return Err(CliError::ClosedStdout);
    }
    Ok(())
}

/// Writes to standard output.
pub(super) fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Whether standard output was closed when the program began. No write can tell: before `main`, Rust's runtime opens
/// `/dev/null` in its place, for reading and writing, lest the next file opened take its number. A shell's `>/dev/null` is
/// open for writing only, and so is what most programs give their children, so the two can be told apart. Not so where a
/// program opened `/dev/null` for both: that passes for closed, of which the message speaks.
#[cfg(target_os = "linux")]
fn is_closed() -> bool {
    let (Ok(file), Ok(info)) = (
        std::fs::read_link("/proc/self/fd/1"),
        std::fs::read_to_string("/proc/self/fdinfo/1"),
    ) else {
        return false;
    };
    file.as_os_str() == "/dev/null" && is_for_both(&info)
}

/// Elsewhere there is no way to tell.
#[cfg(not(target_os = "linux"))]
fn is_closed() -> bool {
    false
}

/// Whether a file is open for reading and writing, by its entry in `/proc/self/fdinfo`: the lowest two bits of its flags,
/// which stand there in octal, are 0 for reading, 1 for writing, 2 for both.
#[cfg(target_os = "linux")]
fn is_for_both(info: &str) -> bool {
    let mut fields = info.lines();
    let flags = fields.find_map(|line| line.strip_prefix("flags:"));
    flags
        .is_some_and(|flags| u32::from_str_radix(flags.trim(), 8).is_ok_and(|flags| flags & 3 == 2))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_flags_tell_what_a_file_is_open_for() {
        let info = |flags| format!("pos:\t0\nflags:\t{flags}\nmnt_id:\t27\n");
        assert!(is_for_both(&info("0100002")));
        assert!(is_for_both(&info("02")));
        for flags in ["0100000", "0100001", "01", "0", "", "x"] {
            assert!(!is_for_both(&info(flags)), "{flags}");
        }
        assert!(!is_for_both(""));
    }
}
