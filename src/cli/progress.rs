//! A word to somebody who waits at a terminal.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::base::bounds::STACK_SIZE;

use super::Terminal;

/// What takes no longer needs no word.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the sign turns.
const TURN: Duration = Duration::from_millis(100);

/// Does the work, and says so on standard error when that is a terminal and the work takes a while.
///
/// # Errors
/// Those of the work, and that there is no thread to do it in.
pub(super) fn during<T: Send>(
    what: &'static str,
    terminal: Terminal,
    work: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    std::thread::scope(|scope| {
        let (done, wait) = mpsc::channel();
        let work = move || {
            let res = work();
            // Nobody listens any more when the wait below is over.
            let _ = done.send(());
            res
        };
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        let worker = thread.spawn_scoped(scope, work).map_err(|err| format!("can't start a thread: {err}"))?;
        if terminal.err && !terminal.dumb {
            show(what, &wait);
        }
        match worker.join() {
            Ok(res) => res,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// A turning sign from when patience is over until something comes, or nothing can come any more.
fn show(what: &'static str, done: &Receiver<()>) {
    if done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let sign = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} … {elapsed}") {
        sign.set_style(style);
    }
    sign.enable_steady_tick(TURN);
    // An error means that the other side has ended, as well.
    let _ = done.recv();
    sign.finish_and_clear();
}
