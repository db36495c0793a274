//! From the file that a manifest or an import names to the source file that is in the scan.
//!
//! Packages name what the compiler makes (`dist/index.js`); the scan has what it was made of (`src/index.ts`).

use globset::GlobBuilder;

use super::Manifests;
use super::npm::TsConfig;
use crate::source::paths;

const EXTENSIONS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// Where compilers usually put their output, and where they usually take the sources from.
const OUT_DIRS: [&str; 5] = ["dist", "build", "out", "lib", "output"];
const SOURCE_DIRS: [&str; 4] = ["src", "", "source", "lib"];

impl Manifests {
    /// The source file that an import of `path` (without or with extension, file or folder) means.
    pub(crate) fn script_file(&self, path: &str) -> Option<String> {
        let exists = |path: String| self.sources.contains(&path).then_some(path);
        if !path.is_empty()
            && is_script(path)
            && let Some(found) = exists(path.to_owned())
        {
            return Some(found);
        }
        let stem = paths::without_extension(path);
        let written: &[&str] = match paths::extension(path) {
            "js" => &["ts", "tsx", "jsx"],
            "jsx" => &["tsx"],
            "mjs" => &["mts", "ts", "tsx"],
            "cjs" => &["cts", "ts", "tsx"],
            _ => &[],
        };
        let beside = written.iter().find_map(|ext| exists(format!("{stem}.{ext}")));
        let added = || (!path.is_empty()).then(|| EXTENSIONS.iter().find_map(|ext| exists(format!("{path}.{ext}"))))?;
        let index = || EXTENSIONS.iter().find_map(|ext| exists(paths::join(path, &format!("index.{ext}"))?));
        beside.or_else(added).or_else(index).or_else(|| self.sources.contains(path).then(|| path.to_owned()))
    }

    /// The source file of `path`, which may be compiled from it.
    pub(crate) fn source_of(&self, path: &str) -> Option<String> {
        self.script_file(path).or_else(|| self.by_settings(path)).or_else(|| self.by_convention(path))
    }

    /// Do the compiler's settings leave a file out of the build? Those that are nearest count: one of them says so, or none
    /// takes it in.
    pub(crate) fn is_left_out(&self, path: &str) -> bool {
        let says = |config: &TsConfig| !config.include.is_empty() || !config.exclude.is_empty();
        let configs_in = |dir: &str| -> Vec<&TsConfig> {
            let configs = self.tsconfigs.iter().filter(|(file, config)| paths::parent(file) == dir && says(config));
            configs.map(|(_, config)| config).collect()
        };
        if !matches!(paths::extension(path), "ts" | "tsx" | "mts" | "cts") {
            return false;
        }
        let mut found = paths::upward(paths::parent(path)).map(|dir| (dir, configs_in(dir)));
        let Some((dir, configs)) = found.find(|(_, configs)| !configs.is_empty()) else { return false };
        let names = |patterns: &[String]| patterns.iter().any(|pattern| is_meant(dir, pattern, path));
        configs.iter().any(|config| names(&config.exclude))
            || configs.iter().all(|config| !config.include.is_empty() && !names(&config.include))
    }

    /// The folder of the package that a path belongs to.
    pub(crate) fn package_dir<'p>(&self, path: &'p str) -> &'p str {
        paths::upward(paths::parent(path)).find(|dir| self.npm.contains_key(*dir)).unwrap_or("")
    }

    /// The folder at `path`, and those that it may be compiled from.
    pub(crate) fn source_folders(&self, path: &str) -> Vec<String> {
        let package = self.package_dir(path);
        let split = paths::below(path, package).and_then(|rest| rest.split_once('/'));
        let rest = split.filter(|(first, _)| OUT_DIRS.contains(first)).map(|(_, rest)| rest);
        let sources = rest.into_iter().flat_map(|rest| SOURCE_DIRS.iter().map(move |dir| format!("{dir}/{rest}")));
        let sources = sources.filter_map(|folder| paths::join(package, &folder));
        std::iter::once(path.to_owned()).chain(sources).collect()
    }

    fn by_settings(&self, path: &str) -> Option<String> {
        for (file, config) in &self.tsconfigs {
            let dir = paths::parent(file);
            let Some(out_dir) = config.out_dir.as_ref().and_then(|out| paths::join(dir, out)) else { continue };
            let Some(rest) = paths::below(path, &out_dir).filter(|_| out_dir != dir) else { continue };
            let root = config.root_dir.as_ref().and_then(|root| paths::join(dir, root));
            let usual = [paths::join(dir, "src"), Some(dir.to_owned())];
            let mut roots = root.into_iter().chain(usual.into_iter().flatten());
            if let Some(found) = roots.find_map(|root| self.script_file(&paths::join(&root, rest)?)) {
                return Some(found);
            }
        }
        None
    }

    fn by_convention(&self, path: &str) -> Option<String> {
        let package = self.package_dir(path);
        let (first, rest) = paths::below(path, package)?.split_once('/')?;
        if !OUT_DIRS.contains(&first) {
            return None;
        }
        // `dist/esm/index.js` has a folder more than `src/index.ts`.
        let shorter = rest.split_once('/').map(|(_, rest)| rest);
        for rest in std::iter::once(rest).chain(shorter) {
            for dir in SOURCE_DIRS.iter().filter(|dir| **dir != first) {
                let candidate = paths::join(package, &format!("{dir}/{rest}"))?;
                if let Some(found) = self.script_file(&candidate) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// For a bundle whose name no source file has: the file that usually is the root of the bundle.
    pub(crate) fn bundle_root(&self, path: &str) -> Option<String> {
        let package = self.package_dir(path);
        let (first, _) = paths::below(path, package)?.split_once('/')?;
        if !OUT_DIRS.contains(&first) {
            return None;
        }
        let stems = [paths::without_extension(paths::name(path)), "index", "main", "cli", "server"];
        stems.iter().find_map(|stem| self.script_file(&paths::join(package, &format!("src/{stem}"))?))
    }
}

/// Does a pattern of the compiler's settings in a folder name a file, or a folder above it?
fn is_meant(dir: &str, pattern: &str, path: &str) -> bool {
    let Some(pattern) = paths::join(dir, pattern) else { return false };
    let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() else { return false };
    let matcher = glob.compile_matcher();
    paths::upward(path).any(|part| matcher.is_match(part))
}

fn is_script(path: &str) -> bool {
    EXTENSIONS.contains(&paths::extension(path))
}
