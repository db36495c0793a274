//! The program from outside: exit codes, help, where output goes, and that hostile names stay harmless.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::PathBuf;
use std::process::{Command, Output};

fn program() -> Command {
    let mut res = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
    res.env_remove("NO_COLOR").env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
    res
}

fn run(args: &[&str]) -> Output {
    program().args(args).output().expect("the program runs")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A fresh folder below `target`.
fn folder(name: &str) -> PathBuf {
    let res = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if res.exists() {
        std::fs::remove_dir_all(&res).expect("target is writable");
    }
    std::fs::create_dir_all(&res).expect("target is writable");
    res
}

#[test]
fn help_teaches_with_examples_and_exit_codes() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    for part in ["Examples:", "mcpleaks --entry src/worker.ts", "Exit codes:", "--min-confidence", "servers"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn examples_left_aside_are_named() {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stdout-write/js-examples");
    let text = out(&run(&[project]));
    assert!(text.contains("examples: 2 files here start servers, left aside"), "{text}");
    let text = out(&run(&["servers", &format!("{project}/examples")]));
    assert!(text.contains("demo.js") && text.contains("remote/index.js"), "{text}");
}

/// A server that a manifest names and `python -m` starts, too, is one; what does more on the way there is another.
#[test]
fn ways_to_start_one_server_are_told_together() {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stdout-write/py-launchers");
    let text = out(&run(&["servers", project]));
    assert!(text.contains("(python script \"py-launchers\", python -m py_launchers)"), "{text}");
    assert_eq!(text.matches("  entry ").count(), 4, "{text}");
}

/// Each tool of a list has its own name and arguments, also where all are registered by one call.
#[test]
fn tools_of_a_list_are_named_one_by_one() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/argument-in-log");
    let text = out(&run(&["servers", &format!("{fixtures}/js-listed")]));
    for tool in ["find(city)", "count(country)", "remove(district)"] {
        assert_eq!(text.matches(tool).count(), 1, "{tool}: {text}");
    }
    assert!(!text.contains("hidden"), "{text}");
    let text = out(&run(&["servers", &format!("{fixtures}/js-listed-by-name")]));
    for tool in ["plant(bulb)", "water(bed, litres)", "boil(egg)", "bake(cake, minutes)"] {
        assert_eq!(text.matches(tool).count(), 1, "{tool}: {text}");
    }
    let text = out(&run(&["servers", &format!("{fixtures}/py-listed")]));
    for tool in ["find_city(city)", "count_cities(country)"] {
        assert_eq!(text.matches(tool).count(), 1, "{tool}: {text}");
    }
    let text = out(&run(&["servers", &format!("{fixtures}/js-handed-with-name")]));
    for tool in ["painter(painting)", "room(hall)"] {
        assert_eq!(text.matches(tool).count(), 1, "{tool}: {text}");
    }
    // Which of the names that one function makes is whose, nobody says: they go by their functions' names.
    let text = out(&run(&["servers", &format!("{fixtures}/py-made-names")]));
    for tool in ["open_book(title)", "close_book(shelf)"] {
        assert_eq!(text.matches(tool).count(), 1, "{tool}: {text}");
    }
}

/// Of the functions that a call may call, the way to a place names the one that leads there.
#[test]
fn ways_go_through_the_function_that_leads_on() {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/argument-in-log/js-table");
    let text: String = out(&run(&["-v", project])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("openBook() → server.js:18 lend()"), "{text}");
    assert!(text.contains("closeBook() → server.js:22 burn()"), "{text}");
}

/// What comes from one place and is written at several is shown once, with the other places; every one of them when asked.
#[test]
fn what_comes_from_one_place_is_shown_once() {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/argument-in-log/js-table");
    let (short, long) = (out(&run(&[project])), out(&run(&["-v", project])));
    let n_shown = |text: &str| text.matches("warning[argument-in-log]").count();
    assert_eq!((n_shown(&short), n_shown(&long)), (1, 2), "{short}");
    assert!(short.contains("also at: ") && short.contains("2 warnings"), "{short}");
    assert!(!long.contains("also at: "), "{long}");
}

#[test]
fn shells_learn_the_words() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let text = out(&output);
        for word in ["write-baseline", "self-check", "pedantic"] {
            assert!(text.contains(word), "{shell}: no {word}");
        }
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

/// bash itself reads its script, and completes with it.
#[test]
#[cfg(target_os = "linux")]
fn bash_completes() {
    let script = folder("completions").join("mcpleaks.bash");
    std::fs::write(&script, run(&["completions", "bash"]).stdout).expect("target is writable");
    let ask = "source \"$1\"; COMP_WORDS=(mcpleaks --write-b); COMP_CWORD=1; _mcpleaks mcpleaks --write-b mcpleaks; \
               echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", ask, "bash"]).arg(&script).output().expect("bash runs");
    assert_eq!(out(&output).trim(), "--write-baseline", "{}", err(&output));
}

#[test]
fn the_manual_page_says_what_the_help_says() {
    let text = out(&run(&["man"]));
    assert!(text.contains(".TH mcpleaks 1") && text.contains(".SH OPTIONS") && text.contains("Exit codes:"), "{text}");
}

#[test]
fn each_command_has_a_manual_page() {
    let text = out(&run(&["man", "debug", "flow"]));
    assert!(text.contains(".TH mcpleaks-debug-flow 1") && text.contains("FUNCTION"), "{text}");
    let output = run(&["man", "explian"]);
    assert!(output.status.code() == Some(2) && err(&output).contains("did you mean `explain`?"), "{}", err(&output));
    let pages = folder("man");
    let output = program().args(["man", "--dir"]).arg(&pages).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let main = std::fs::read_to_string(pages.join("mcpleaks.1")).expect("it is there");
    for name in main.lines().filter_map(|line| line.strip_suffix("(1)")) {
        let page = pages.join(name.replace("\\-", "-") + ".1");
        assert!(page.is_file(), "{} is named and not there", page.display());
    }
    let output = program().args(["man", "--dir"]).arg(pages.join("nowhere")).output().expect("runs");
    assert!(output.status.code() == Some(2) && err(&output).contains("name a folder"), "{}", err(&output));
}

#[test]
fn the_self_check_names_all_parts() {
    let output = run(&["self-check"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    assert!(text.contains("grammars: TypeScript, TSX, JavaScript, Python, Rust\n"), "{text}");
    assert!(
        text.contains("\nrules: ") && text.contains("\nmodels: ") && text.ends_with("everything loads\n"),
        "{text}"
    );
    let own = folder("own-models");
    std::fs::write(own.join("wrong.toml"), "library = 1\n").expect("target is writable");
    let output = program().args(["self-check", "--models"]).arg(&own).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("wrong.toml:1: "), "{}", err(&output));
}

#[test]
fn version_names_the_program() {
    let output = run(&["--version"]);
    assert_eq!(out(&output), format!("mcpleaks {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_use_is_2_and_says_so_on_stderr() {
    for args in [&["--format", "xml"][..], &["--nonsense"], &["--threads", "0"], &["-v", "-q"], &["explain"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(err(&output).starts_with("error: "), "{args:?}: {}", err(&output));
    }
}

#[test]
fn an_empty_folder_is_3_in_every_format() {
    let empty = folder("empty");
    for format in ["human", "sarif", "json", "github", "gitlab", "junit"] {
        let output = program().arg(&empty).args(["--format", format]).output().expect("runs");
        assert_eq!(output.status.code(), Some(3), "{format}: {}", err(&output));
        let said = if format == "human" { out(&output) } else { err(&output) };
        assert!(said.starts_with("no MCP server found in "), "{format}: {said}");
        assert!(said.contains("mcpleaks --entry"), "{format}: {said}");
    }
    let output = program().arg("servers").arg(&empty).output().expect("runs");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn rules_say_which_are_not_looked_for() {
    let text = out(&run(&["rules"]));
    assert!(text.lines().any(|line| line.starts_with("stdout-write ") && !line.contains("not looked for")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("audit-event-missing ") && line.contains("--pedantic")), "{text}");
    let json: serde_json::Value = serde_json::from_str(&out(&run(&["rules", "--format", "json"]))).expect("valid");
    assert_eq!(json["rules"].as_array().map(Vec::len), Some(16));
}

#[test]
fn explain_knows_every_rule_and_guesses_at_slips() {
    let output = run(&["explain", "stdout-write"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        out(&output).starts_with("error[stdout-write]: code of a stdio server writes to stdout\n"),
        "{}",
        out(&output)
    );
    let output = run(&["explain", "stdout-wirte"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(err(&output), "error: there is no rule `stdout-wirte`: did you mean `stdout-write`?\n");
}

#[test]
fn a_folder_called_like_a_command_can_be_examined() {
    let parent = folder("like-a-command");
    std::fs::create_dir_all(parent.join("rules")).expect("target is writable");
    let output = program().current_dir(&parent).arg("./rules").output().expect("runs");
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let output = program().current_dir(&parent).args(["--", "rules"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
}

#[test]
fn a_report_that_cannot_be_written_says_what_to_do() {
    let empty = folder("no-output");
    let output = program().arg(&empty).arg("--output").arg(empty.join("no/such/report.json")).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("the folder does not exist: make it first"), "{}", err(&output));
    let output = program().arg(&empty).arg("--output").arg(&empty).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("name a file in it"), "{}", err(&output));
}

#[test]
fn a_report_goes_to_the_file_named() {
    let empty = folder("output");
    let file = empty.join("report.json");
    let output = program().arg(&empty).args(["--format", "json", "--output"]).arg(&file).output().expect("runs");
    assert!(output.stdout.is_empty());
    let text = std::fs::read_to_string(file).expect("was written");
    let value: serde_json::Value = serde_json::from_str(&text).expect("valid");
    assert_eq!(value["version"], 1);
}

#[test]
fn no_escape_reaches_a_pipe_unless_asked_for() {
    let empty = folder("colour");
    for args in [&[][..], &["--color", "never"], &["--color", "auto"]] {
        let output = program().arg(&empty).args(args).output().expect("runs");
        assert!(!out(&output).contains('\u{1b}') && !err(&output).contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn hostile_arguments_are_echoed_harmlessly() {
    let evil = "x\u{1b}[31m\u{202e}##[add-mask]y";
    for args in [&["explain", evil][..], &["--format", evil], &[evil], &["debug", "ir", evil]] {
        let output = run(args);
        let said = out(&output) + &err(&output);
        assert!(!said.contains(['\u{1b}', '\u{202e}']) && !said.contains("##["), "{args:?}: {said:?}");
    }
}

#[test]
fn where_no_server_is_found_what_may_hold_one_is_named() {
    let folder = folder("may-hold");
    std::fs::create_dir_all(folder.join("lib")).expect("target is writable");
    std::fs::write(folder.join("main.py"), "import tinymcp\ntinymcp.serve()\n").expect("target is writable");
    std::fs::write(folder.join("lib/app.min.js"), "a(1);".repeat(9_000)).expect("target is writable");
    let output = program().arg(&folder).output().expect("runs");
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let text = out(&output);
    assert!(text.contains("note: main.py imports tinymcp, and no model says how that serves"), "{text}");
    assert!(text.contains("note: lib/app.min.js was not read (minified): a server may be in it"), "{text}");
}
