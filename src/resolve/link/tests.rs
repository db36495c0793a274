//! Imports in small workspaces.

use crate::base::idx::IndexVec;
use crate::base::span::Span;
use crate::ir::build::Builder;
use crate::ir::instr::Imported;
use crate::ir::program::{Language, ModuleId, Program};
use crate::source::tests::Folder;
use crate::source::workspace::Workspace;

use super::{Linker, Target};

/// Lowers nothing but Rust's `mod x;` lines.
fn program(workspace: &Workspace) -> Program {
    Program::join(workspace.files.iter().map(|file| {
        let mut builder = Builder::new(file.id, file.dialect.language());
        for line in file.text.lines().filter(|_| file.dialect.language() == Language::Rust) {
            if let Some(name) = line.strip_prefix("mod ") {
                builder.import(&format!("self::{}", name.trim_end_matches(';')), Imported::Module, Span::default());
            }
        }
        builder.finish()
    }))
}

/// Where each import leads: a path with the names left behind `#`, or the library's name.
fn check(name: &str, files: &[(&str, &str)], cases: &[(&str, &str, &str)]) {
    let folder = Folder::new(name, files);
    let workspace = folder.scan();
    let program = program(&workspace);
    let linker = Linker::new(&program, &workspace);
    for (from, specifier, expected) in cases {
        let from: Option<ModuleId> = linker.file_by_path(from).and_then(|file| linker.module_of_file(file));
        let found = match from.map(|from| linker.resolve(from, specifier)) {
            Some(Target::Module(id, rest)) => {
                format!("{}#{}", workspace.files[program.modules[id].file].path, rest.join("."))
            }
            Some(Target::Library { specifier, path }) => format!("lib {specifier}#{}", path.join(".")),
            Some(Target::Missing) => "missing".into(),
            None => "no such file".into(),
        };
        assert_eq!(&found, expected, "{specifier}");
    }
    let _: &IndexVec<_, _> = &workspace.files;
}

#[test]
fn script() {
    check(
        "script",
        &[
            (
                "package.json",
                r##"{ "name": "top", "workspaces": ["packages/*"], "imports": { "#log": "./dist/log.js" } }"##,
            ),
            (
                "tsconfig.json",
                r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"], }, "outDir": "dist", "rootDir": "src" } } // c"#,
            ),
            ("src/index.ts", ""),
            ("src/log.ts", ""),
            ("src/tools/index.ts", ""),
            (
                "packages/core/package.json",
                r#"{ "name": "@x/core", "exports": { ".": "./dist/index.js", "./*": "./dist/*.js" } }"#,
            ),
            ("packages/core/src/index.ts", ""),
            ("packages/core/src/util.ts", ""),
        ],
        &[
            ("src/index.ts", "./log.js", "src/log.ts#"),
            ("src/index.ts", "./tools", "src/tools/index.ts#"),
            ("src/tools/index.ts", "..", "src/index.ts#"),
            ("src/index.ts", "@/log", "src/log.ts#"),
            ("src/index.ts", "#log", "src/log.ts#"),
            ("src/index.ts", "@x/core", "packages/core/src/index.ts#"),
            ("src/index.ts", "@x/core/util", "packages/core/src/util.ts#"),
            ("src/index.ts", "node:fs", "lib fs#"),
            ("src/index.ts", "zod/v4", "lib zod/v4#"),
            ("src/index.ts", "./gone.js", "missing"),
        ],
    );
}

#[test]
fn python() {
    check(
        "python",
        &[
            ("pyproject.toml", "[project]\nname = 'p'\ndependencies = ['mcp']"),
            ("src/pkg/__init__.py", ""),
            ("src/pkg/server.py", ""),
            ("src/pkg/logging.py", ""),
            ("src/pkg/sub/tool.py", ""),
            ("mcp/server.py", ""),
            ("named/mcp/__init__.py", ""),
            ("named/mcp/note.py", ""),
            ("run/__init__.py", ""),
            ("run/server.py", ""),
            ("run/queue.py", ""),
            ("run/helpers/__init__.py", ""),
            ("run/helpers/link.py", ""),
            ("script.py", ""),
            ("helper.py", ""),
        ],
        &[
            ("src/pkg/server.py", "pkg.logging", "src/pkg/logging.py#"),
            ("src/pkg/server.py", "pkg.logging.x", "src/pkg/logging.py#x"),
            ("src/pkg/server.py", ".", "src/pkg/__init__.py#"),
            ("src/pkg/server.py", ".sub.tool", "src/pkg/sub/tool.py#"),
            ("src/pkg/sub/tool.py", "..server", "src/pkg/server.py#"),
            ("src/pkg/server.py", "logging", "lib logging#"),
            ("src/pkg/server.py", "mcp.server", "lib mcp#server"),
            ("named/mcp/note.py", "mcp.note", "named/mcp/note.py#"),
            ("named/mcp/note.py", "mcp.server.fastmcp", "lib mcp#server.fastmcp"),
            ("script.py", "helper", "helper.py#"),
            ("run/server.py", "helpers.link", "run/helpers/link.py#"),
            ("run/helpers/link.py", "helpers", "run/helpers/__init__.py#"),
            ("run/server.py", "queue", "lib queue#"),
            ("run/server.py", "helpers.gone", "lib helpers#gone"),
            ("run/server.py", "server", "lib server#"),
        ],
    );
}

#[test]
fn rust() {
    check(
        "rust",
        &[
            (
                "Cargo.toml",
                "[package]\nname = 'my-srv'\n[dependencies]\ncore2 = { package = 'my-core', path = 'core' }",
            ),
            ("src/lib.rs", "mod tools;"),
            ("src/main.rs", "mod cli;"),
            ("src/cli.rs", ""),
            ("src/tools/mod.rs", "mod read;"),
            ("src/tools/read.rs", ""),
            ("core/Cargo.toml", "[package]\nname = 'my-core'"),
            ("core/src/lib.rs", "mod deep;"),
            ("core/src/deep.rs", ""),
        ],
        &[
            ("src/main.rs", "my_srv::tools::read::run", "src/tools/read.rs#run"),
            ("src/main.rs", "crate::cli", "src/cli.rs#"),
            ("src/cli.rs", "super::x", "src/main.rs#x"),
            ("src/tools/read.rs", "super::super::tools", "src/tools/mod.rs#"),
            ("src/lib.rs", "tools::read", "src/tools/read.rs#"),
            ("src/lib.rs", "core2::deep::y", "core/src/deep.rs#y"),
            ("src/lib.rs", "tracing::info", "lib tracing#info"),
        ],
    );
}
