//! `mcpleaks init`: a configuration to start from, and what to put into a workflow and a commit hook.

use std::path::Path;

use super::run::write_file;

const CONFIG: &str = r#"# Configuration of mcpleaks. Everything is optional; the command line wins. Paths are seen from this folder.

# Show findings on posture, too.
# pedantic = true

# Leave out what is below: note, warning, error; low, medium, high.
# min-level = "warning"
# min-confidence = "medium"

# Which level makes a run fail: error, warning, note, never.
# fail-on = "warning"

# Findings that are known and will be mended later: `mcpleaks --write-baseline mcpleaks-baseline.json`.
# baseline = "mcpleaks-baseline.json"

# Take every server for one that serves stdio.
# stdio = true

# A folder with models of your own loggers, sinks and sanitizers.
# models = "mcpleaks-models"

# Levels by rule: off, note, warning, error.
[rules]
# argument-in-log = "note"

# A server that is not found by itself: the file that starts it, and what it serves on: stdio, http.
# [[server]]
# entry = "src/worker.ts"
# transport = "stdio"

# Environment variables whose names say too little, or the wrong thing.
[env]
# secret = ["ACME_LICENCE"]
# plain = ["ACME_PUBLIC_KEY"]

# A module or library of your own: what it writes, and what it cleans (docs/configuration.md).
# [[model]]
# library = "acme-log"
# language = "script"
# files = ["src/log.ts"]
# sink = [{ kind = "write", stream = "stderr", calls = ["acme-log.note()"], takes = ["arg.*"] }]
# clean = [{ calls = ["acme-log.mask()"] }]

# Paths that are left alone, as in .gitignore, with the reason.
# [[ignore]]
# path = "scripts/"
# rule = "stdout-write"
# reason = "scripts run outside of the server"
"#;

const SNIPPETS: &str = "
A GitHub workflow, .github/workflows/mcpleaks.yml:

  name: mcpleaks
  on: [push, pull_request]
  permissions: {}
  jobs:
    audit:
      runs-on: ubuntu-latest
      permissions:
        contents: read
        security-events: write
      steps:
        - uses: actions/checkout@v4
          with:
            persist-credentials: false
        - uses: OWNER/mcpleaks@VERSION

A commit hook, .pre-commit-config.yaml:

  repos:
    - repo: https://github.com/OWNER/mcpleaks
      rev: VERSION
      hooks:
        - id: mcpleaks

OWNER and VERSION: where you got mcpleaks from. To accept a single finding, write above its line:

  // mcpleaks: ignore[RULE] why
";

/// Writes the configuration into the folder; gives what to tell the user.
///
/// # Errors
/// When there is one already, or it can't be written.
pub(super) fn init(folder: &Path) -> Result<String, String> {
    let file = folder.join("mcpleaks.toml");
    if file.exists() {
        return Err(format!("{} is there already: edit it, or remove it first", file.display()));
    }
    write_file(&file, CONFIG, "the configuration")?;
    Ok(format!("wrote {}\n{SNIPPETS}", file.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_configuration_is_right_with_and_without_its_comments() {
        toml::from_str::<crate::config::Config>(super::CONFIG).expect("it is valid as it is");
        let used: String = super::CONFIG
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.contains(" = ") || setting.starts_with("[[") => setting,
                _ => line,
            })
            .fold(String::new(), |text, line| text + line + "\n");
        let config = toml::from_str::<crate::config::Config>(&used).expect("and with everything set");
        assert_eq!(config.ignore.len(), 1);
        assert!(config.pedantic && config.stdio && config.servers.len() == 1 && config.tables.len() == 1);
        assert!(config.env.secret.len() == 1 && config.env.plain.len() == 1);
    }
}
