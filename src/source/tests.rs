//! Small workspaces on disk, scanned.

use std::fs;
use std::path::PathBuf;

use crate::ir::program::Language;

use super::manifest::VersionInfo;
use super::version::{Allowed, allows};
use super::walk::{WalkOptions, scan};
use super::workspace::Workspace;

/// A folder with these files that is gone when the test is over.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("mcpleaks-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        for (path, text) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    pub(crate) fn scan(&self) -> Workspace {
        scan(std::slice::from_ref(&self.0), &WalkOptions::default()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn files(workspace: &Workspace) -> Vec<&str> {
    workspace.files.iter().map(|file| file.path.as_str()).collect()
}

fn entries(workspace: &Workspace) -> Vec<(String, String)> {
    workspace.manifests.entries().into_iter().map(|entry| (entry.path, entry.how)).collect()
}

#[test]
fn output_is_skipped_only_beside_its_source() {
    let package = r#"{ "name": "notes", "bin": { "notes-mcp": "dist/index.js" } }"#;
    let both = Folder::new("both", &[("package.json", package), ("src/index.ts", ""), ("dist/index.js", "")]);
    let workspace = both.scan();
    assert_eq!(files(&workspace), ["src/index.ts"]);
    assert_eq!(entries(&workspace), [("src/index.ts".into(), "package.json bin \"notes-mcp\"".into())]);
    let bundled = r#"{ "name": "notes", "main": "dist/bin/notes.mjs" }"#;
    let bundled = Folder::new("bundled", &[("package.json", bundled), ("src/bin/notes.ts", "")]);
    assert_eq!(entries(&bundled.scan()), [("src/bin/notes.ts".into(), "package.json main".into())]);
    let shipped = Folder::new("shipped", &[("package.json", package), ("dist/index.js", ""), ("dist/index.d.ts", "")]);
    assert_eq!(files(&shipped.scan()), ["dist/index.js"]);
}

#[test]
fn folders_of_others_are_counted_not_read() {
    let folder = Folder::new(
        "closed",
        &[
            (".gitignore", "ignored.py\n"),
            ("ignored.py", ""),
            ("a.py", ""),
            ("node_modules/x/index.js", ""),
            ("env/pyvenv.cfg", ""),
            ("env/lib/b.py", ""),
            (".hidden/c.py", ""),
            ("run", "#!/usr/bin/env -S uv run --script\n"),
            ("bin.py", "a\0b"),
        ],
    );
    let workspace = folder.scan();
    assert_eq!(files(&workspace), ["a.py", "run"]);
    assert_eq!(workspace.skipped_dirs.values().sum::<usize>(), 2);
    assert_eq!(workspace.skipped.len(), 1);
}

#[test]
fn manifests_that_are_ignored_are_read_beside_what_is_not() {
    let package = r#"{ "name": "notes", "bin": { "notes-mcp": "src/index.ts" } }"#;
    let ignored = (".gitignore", "*.json\nold/\nsetup.py\n");
    let inside =
        [ignored, ("package.json", package), ("setup.py", ""), ("src/index.ts", ""), ("old/package.json", "{")];
    let workspace = Folder::new("ignored", &inside).scan();
    assert_eq!(files(&workspace), ["src/index.ts"]);
    assert_eq!(entries(&workspace), [("src/index.ts".into(), "package.json bin \"notes-mcp\"".into())]);
    assert_eq!(workspace.skipped.len(), 0);
}

#[test]
fn versions_come_from_locks_then_manifests() {
    let folder = Folder::new(
        "versions",
        &[
            ("package.json", r#"{ "dependencies": { "x": "^17.0.0", "y": "^1.0.0" } }"#),
            ("package-lock.json", r#"{ "packages": { "node_modules/x": { "version": "17.4.1" } } }"#),
            ("pyproject.toml", "[project]\nname = 'p'\ndependencies = ['Foo_Bar[cli]>=2,<3; python_version > \"3\"']"),
            ("Cargo.toml", "[package]\nname = 'c'\n[dependencies]\nz = { version = '1.2' }"),
            ("bad/package.json", "{\n oops }"),
        ],
    );
    let workspace = folder.scan();
    let info = |language, name: &str| workspace.manifests.versions(language, "src/a", name);
    assert_eq!(info(Language::Script, "x"), VersionInfo::Exact("17.4.1".into()));
    assert_eq!(info(Language::Script, "y"), VersionInfo::Range("^1.0.0".into()));
    assert_eq!(info(Language::Python, "foo-bar"), VersionInfo::Range(">=2,<3".into()));
    assert_eq!(info(Language::Rust, "z"), VersionInfo::Range("1.2".into()));
    assert_eq!(info(Language::Rust, "q"), VersionInfo::None);
    assert_eq!(workspace.skipped.len(), 1);
}

#[test]
fn conditions_on_versions() {
    let range = |text: &str| VersionInfo::Range(text.into());
    let exact = |text: &str| VersionInfo::Exact(text.into());
    for language in [Language::Script, Language::Python, Language::Rust] {
        assert_eq!(allows(language, &exact("17.4.9"), ">=17.0.0, <17.5.0"), Allowed::Yes);
        assert_eq!(allows(language, &exact("17.5.0"), ">=17.0.0, <17.5.0"), Allowed::No);
        assert_eq!(allows(language, &range(">=17.1.0, <17.4.0"), ">=17.0.0, <17.5.0"), Allowed::Yes);
        assert_eq!(allows(language, &range(">=18.0.0"), ">=17.0.0, <17.5.0"), Allowed::No);
        assert_eq!(allows(language, &range(">=16.0.0"), ">=17.0.0, <17.5.0"), Allowed::Maybe);
        assert_eq!(allows(language, &VersionInfo::None, ">=1.0.0"), Allowed::Maybe);
    }
    assert_eq!(allows(Language::Script, &range("^17.0.0"), ">=17.0.0"), Allowed::Yes);
    assert_eq!(allows(Language::Rust, &range("0.3"), ">=0.4.0"), Allowed::No);
    assert_eq!(allows(Language::Python, &range("~=2.1"), ">=2.1, <3"), Allowed::Yes);
}
