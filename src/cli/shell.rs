//! What a shell and `man` want to know of the program: made from the same words as its help.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use crate::base::spelling::nearest;
use crate::report::escape;

/// A script with completions.
pub(super) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mcpleaks", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The manual page of a command; of the program itself for no words.
///
/// # Errors
/// When there is no such command.
pub(super) fn man(words: &[String]) -> Result<String, String> {
    let mut command = built();
    for word in words {
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let guess = nearest(word, names.iter().copied());
        let guess = guess.map(|near| format!("did you mean `{near}`?"));
        let guess = guess.unwrap_or_else(|| format!("they are {}", names.join(", ")));
        let inner = command.find_subcommand(word).cloned();
        command = inner.ok_or_else(|| format!("there is no command `{}`: {guess}", words.join(" ")))?;
    }
    let mut text = Vec::new();
    let fault = |err: std::io::Error| format!("can't make the manual page: {err}");
    clap_mangen::Man::new(command).render(&mut text).map_err(fault)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Writes all pages into a folder; gives what to tell the user.
///
/// # Errors
/// When that is not possible.
pub(super) fn man_pages(dir: &Path) -> Result<String, String> {
    let fault = |err: std::io::Error| {
        format!(
            "can't write manual pages to {}: name a folder that is there and may be written to ({err})",
            dir.display()
        )
    };
    clap_mangen::generate_to(Cli::command(), dir).map_err(fault)?;
    Ok(format!("wrote the pages of mcpleaks(1) and its commands to {}\n", escape::visible(&dir.display().to_string())))
}

fn built() -> clap::Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}
