//! Messages say what is wrong, where, and what to do next.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn tour() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tour")
}

/// What the program says to wrong words.
fn said(folder: &Path, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).current_dir(folder).args(words).output();
    let output = output.expect("the program runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
    assert!(output.stdout.is_empty() && text.starts_with("error: "), "{words:?}: {text}");
    text
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    for (words, parts) in [
        (&["explian"][..], ["no file or folder explian", "did you mean the command `explain`?"]),
        (&["github.com/owner/repository"], ["no file or folder github.com", "https://github.com/owner/repository"]),
        (&["nowhere"], ["no file or folder nowhere", "seen from the current folder"]),
        (&["servers", "nowhere"], ["no file or folder nowhere", "seen from the current folder"]),
        (&["--config", "nowhere.toml"], ["no configuration nowhere.toml", "`mcpleaks init` writes one"]),
        (&["--baseline", "nowhere.json"], ["can't read the baseline nowhere.json", "--write-baseline"]),
        (&["explain", "stdout-wirte"], ["no rule `stdout-wirte`", "did you mean `stdout-write`?"]),
        (&["explain", "src/api.ts:3"], ["not among the files", "did you mean typescript/src/api.ts?"]),
        (&["explain", "typescript/src/ap.ts:3"], ["not among the files", "did you mean typescript/src/api.ts?"]),
        (&["explain", "typescript/src/api.ts:99"], ["no line 99 in typescript/src/api.ts", "it has 13 lines"]),
        (&["debug", "flow", "findTicket"], ["no function `findTicket`", "did you mean `findTickets`?"]),
        (&["--entry", "typescript/src/api.tsx"], ["--entry typescript/src/api.tsx", "there is no such file"]),
    ] {
        let text = said(&tour(), words);
        assert!(parts.iter().all(|part| text.contains(part)), "{words:?}: {text}");
    }
}

#[test]
fn what_a_configuration_says_wrongly_is_never_passed_over() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("messages");
    std::fs::create_dir_all(&folder).expect("target is writable");
    for (file, text, parts) in [
        ("mcpleaks.toml", "[rules]\nloud = \"off\"\n", ["the rule `loud`, which does not exist", "`mcpleaks rules`"]),
        (
            "mcpleaks.toml",
            "[[ignore]]\npath = \"[z-a]\"\nreason = \"b\"\n",
            ["[[ignore]] path \"[z-a]\"", ".gitignore"],
        ),
        ("pyproject.toml", "[tool.mcpleaks]\npedantic = yes\n", ["pyproject.toml", "line 2"]),
        ("package.json", "{\"mcpleaks\": true}", ["error: package.json", "expected settings by name"]),
    ] {
        std::fs::write(folder.join(file), text).expect("target is writable");
        let text = said(&folder, &[]);
        assert!(parts.iter().all(|part| text.contains(part)), "{file}: {text}");
        std::fs::remove_file(folder.join(file)).expect("it is there");
    }
}

#[test]
fn where_no_server_is_found_the_next_step_is_said() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("messages-none");
    std::fs::create_dir_all(&folder).expect("target is writable");
    std::fs::write(folder.join("index.js"), "import { start } from \"acme-mcp\";\nstart();\n").expect("writable");
    let run = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).current_dir(&folder).args(words).output();
        let output = output.expect("the program runs");
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = run(&[]);
    assert!(text.contains("note: index.js imports acme-mcp, and no model says how that serves"), "{text}");
    assert!(text.contains("with a [[server]] in mcpleaks.toml") && text.contains("help: name the file"), "{text}");
    let text = run(&["--entry", "index.js"]);
    assert!(text.contains("help: declare the server in mcpleaks.toml"), "{text}");
}
