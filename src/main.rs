//! The command line program: all it does itself is to touch the process.

use std::ffi::OsStr;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

/// An audit makes and drops very many small values: this takes a third of the time off large programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let terminal = terminal();
    let mut out = BufWriter::new(io::stdout());
    let code = mcpleaks::main_with(std::env::args_os(), &mut out, &mut io::stderr(), terminal);
    // Written text was flushed; what fails now was reported before.
    let _ = out.flush();
    ExitCode::from(code)
}

fn terminal() -> mcpleaks::Terminal {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    let ascii = locale.is_some_and(|name| name == OsStr::new("C") || name == OsStr::new("POSIX"));
    let out = io::stdout().is_terminal();
    mcpleaks::Terminal {
        out,
        err: io::stderr().is_terminal(),
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        no_color: set("NO_COLOR").is_some(),
        ci: set("CI").is_some(),
        dumb: set("TERM").is_some_and(|term| term == "dumb") || (out && ascii),
    }
}
