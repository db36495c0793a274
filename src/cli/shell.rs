//! What a shell and `man` want to know of the program: made from the same words as its help.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;

/// A script with completions.
pub(super) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mcpleaks", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The manual page, its commands included.
///
/// # Errors
/// When it can't be written, which is not known to happen.
pub(super) fn man() -> Result<String, String> {
    let command = Cli::command();
    let mut text = Vec::new();
    let fault = |err: std::io::Error| format!("can't make the manual page: {err}");
    clap_mangen::Man::new(command).render(&mut text).map_err(fault)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
