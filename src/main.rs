//! The command line program: parse arguments, call the library, print, exit.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the only place that prints")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["debug", "ir", path] => match mcpleaks::debug_ir(path.as_ref()) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(what) => {
                eprintln!("error: {what}");
                ExitCode::from(2)
            }
        },
        _ => ExitCode::from(2),
    }
}
