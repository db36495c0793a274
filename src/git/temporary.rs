//! Folders that are gone when they are not needed any more: also when a signal ends the program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A temporary folder; it is removed with the value, or by a signal that ends the program (not on Windows).
pub(crate) struct Temporary {
    folder: tempfile::TempDir,
    /// What a signal has to remove.
    path: Arc<Mutex<Option<PathBuf>>>,
}

impl Temporary {
    /// Makes an empty one.
    ///
    /// # Errors
    /// When there can be none; the text says what to do.
    pub(crate) fn new() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("mcpleaks-").tempdir().map_err(|err| {
            format!("can't make a temporary folder: point TMPDIR at a folder that can be written to ({err})")
        })?;
        let path = Arc::new(Mutex::new(Some(folder.path().to_owned())));
        #[cfg(unix)]
        signals::watch(path.clone());
        Ok(Self { folder, path })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        *self.path.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(unix)]
mod signals {
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// A git that still runs may write beside the removal; without its folder it ends soon.
    const ATTEMPTS: usize = 50;
    const BETWEEN: Duration = Duration::from_millis(20);

    /// Removes the folder when a signal is about to end the program, and lets it.
    pub(super) fn watch(path: Arc<Mutex<Option<PathBuf>>>) {
        // Where signals can't be watched they end the program as ever, and leave the folder behind.
        let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if let Some(path) = &*path.lock().unwrap_or_else(PoisonError::into_inner) {
                    remove(path);
                }
                // It ends the program, with the status of one that the signal ended.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
    }

    fn remove(path: &Path) {
        for _ in 0..ATTEMPTS {
            if std::fs::remove_dir_all(path).is_ok() || !path.exists() {
                return;
            }
            std::thread::sleep(BETWEEN);
        }
    }
}
