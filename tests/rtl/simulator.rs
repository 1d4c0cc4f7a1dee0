//! Builds and runs the Verilog test benches.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex};

/// Set where the simulator must be there, so that a check that did not run is no check passed.
const REQUIRE: &str = "AXBXP_REQUIRE_RTL";

/// How many compilers and simulations run at a time.
const WORKERS: usize = 2;

static FREE_WORKERS: (Mutex<usize>, Condvar) = (Mutex::new(WORKERS), Condvar::new());

/// Takes a worker for as long as `work` takes.
pub fn limited<T>(work: impl FnOnce() -> T) -> T {
    struct Worker;
    impl Drop for Worker {
        fn drop(&mut self) {
            *FREE_WORKERS.0.lock().unwrap() += 1;
            FREE_WORKERS.1.notify_one();
        }
    }
    let mut free = FREE_WORKERS.0.lock().unwrap();
    while *free == 0 {
        free = FREE_WORKERS.1.wait(free).unwrap();
    }
    *free -= 1;
    drop(free);
    let _worker = Worker;
    work()
}

/// Where the Verilog is.
pub fn sources() -> PathBuf {
    super::support::path("tests/rtl")
}

/// An installed Verilator.
pub struct Verilator {
    version: String,
    root: PathBuf,
}

impl Verilator {
    /// The installed one; none, after saying so, where there is none and none is required.
    pub fn find() -> Option<Self> {
        let version = output(Command::new("verilator").arg("--version"));
        let root = output(Command::new("verilator").args(["--getenv", "VERILATOR_ROOT"]));
        let compiler = output(Command::new(compiler()).arg("--version"));
        if let (Some(version), Some(root), Some(compiler)) = (version, root, compiler) {
            return Some(Verilator {
                version: version + &compiler,
                root: PathBuf::from(root.trim()),
            });
        }
        skip("verilator");
        None
    }

    /// Warnings about a design file with these parameters, `-Wall`; empty if there are none.
    pub fn lint(&self, file: &str, parameters: &[(&str, usize)]) -> String {
        let lint = Command::new("verilator")
            .args(["--lint-only", "-Wall"])
            .args(arguments(parameters))
            .arg(file)
            .current_dir(sources())
            .output()
            .expect("verilator runs");
        let text = String::from_utf8_lossy(&lint.stderr).into_owned();
        assert!(lint.status.success() || !text.is_empty());
        text
    }

    /// The simulation of a test bench, built unless an earlier run left it.
    pub fn build(&self, bench: &str, parameters: &[(&str, usize)]) -> Model {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rtl");
        let runtime = home.join(format!("runtime-{:016x}", key(&self.version)));
        std::fs::create_dir_all(&home).unwrap();
        // One at a time: the first builds it for all.
        static RUNTIME: Mutex<()> = Mutex::new(());
        let guard = RUNTIME.lock().unwrap_or_else(|error| error.into_inner());
        once(&runtime, |scratch| self.compile_runtime(scratch));
        drop(guard);

        let key = key(&(&self.version, bench, parameters, source_text()));
        let directory = home.join(format!("{bench}-{key:016x}"));
        once(&directory, |scratch| {
            self.verilate(bench, parameters, scratch);
            self.compile(&runtime, scratch);
        });
        Model { directory }
    }

    fn compile_runtime(&self, scratch: &Path) {
        for name in ["verilated", "verilated_threads"] {
            let source = self.root.join("include").join(name).with_extension("cpp");
            let object = scratch.join(name).with_extension("o");
            run(self.compiler().arg("-c").arg(source).arg("-o").arg(object));
        }
    }

    fn verilate(&self, bench: &str, parameters: &[(&str, usize)], scratch: &Path) {
        run(Command::new("verilator")
            .args(["--cc", "-O3", "-Wno-fatal", "-Wno-WIDTH"])
            // Loops over PEs stay loops: small C++ that compiles in seconds.
            .args(["--unroll-count", "1", "--expand-limit", "4"])
            .args(["--prefix", "Vtop", "--top-module", bench])
            .args(arguments(parameters))
            .arg("--Mdir")
            .arg(scratch)
            .arg(format!("{bench}.v"))
            .current_dir(sources()));
    }

    fn compile(&self, runtime: &Path, scratch: &Path) {
        // One translation unit is faster than many small ones.
        let mut names: Vec<_> = std::fs::read_dir(scratch)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "cpp"))
            .collect();
        names.sort();
        names.push(sources().join("main.cpp"));
        let all: String = names
            .iter()
            .map(|path| format!("#include \"{}\"\n", path.display()))
            .collect();
        let all_in_one = scratch.join("all_in_one.cc");
        std::fs::write(&all_in_one, all).unwrap();
        run(self
            .compiler()
            .arg("-I")
            .arg(scratch)
            .arg(all_in_one)
            .args(["verilated.o", "verilated_threads.o"].map(|object| runtime.join(object)))
            .arg("-pthread")
            .arg("-o")
            .arg(scratch.join("simulation")));
    }

    fn compiler(&self) -> Command {
        let include = self.root.join("include");
        let mut command = Command::new(compiler());
        command
            .args(["-std=c++17", "-O1", "-w", "-I"])
            .arg(&include)
            .arg("-I")
            .arg(include.join("vltstd"));
        command
    }
}

/// A built simulation.
pub struct Model {
    directory: PathBuf,
}

impl Model {
    /// Runs it on the text of a case file; the log it wrote.
    pub fn run(&self, cases: &str) -> String {
        let scratch = tempfile::tempdir_in(&self.directory).unwrap();
        let simulation = self.directory.join("simulation");
        bench(&mut Command::new(simulation), scratch.path(), cases)
    }
}

/// An installed Icarus Verilog.
pub struct Icarus;

impl Icarus {
    /// The installed one; none, after saying so, where there is none and none is required.
    pub fn find() -> Option<Self> {
        // `-V` is known to every version, and `vvp` comes with it.
        if output(Command::new("iverilog").arg("-V")).is_some() {
            return Some(Icarus);
        }
        skip("iverilog");
        None
    }

    /// Runs a test bench on the text of a case file; the log it wrote.
    pub fn run(&self, name: &str, parameters: &[(&str, usize)], cases: &str) -> String {
        let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let compiled = scratch.path().join("simulation");
        let values: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!(".{name}({value})"))
            .collect();
        run(Command::new("iverilog")
            .args(["-g2005-sv", "-s", "clock", "-Y", ".v", "-y", ".", "-I", "."])
            .arg(format!("-DBENCH={name} #({})", values.join(",")))
            .arg("-o")
            .arg(&compiled)
            .args(["clock.v", &format!("{name}.v")])
            .current_dir(sources()));
        bench(Command::new("vvp").arg(&compiled), scratch.path(), cases)
    }
}

/// Runs a simulation of a test bench in a directory of its own; the log it wrote.
fn bench(simulation: &mut Command, directory: &Path, cases: &str) -> String {
    // Names relative to where it runs: plusargs of the benches hold 256 characters.
    std::fs::write(directory.join("cases"), cases).unwrap();
    run(simulation
        .args(["+cases=cases", "+log=log"])
        .current_dir(directory));
    std::fs::read_to_string(directory.join("log")).unwrap()
}

/// Says that a tool is not there; it is an error where it must be.
fn skip(tool: &str) {
    let required = std::env::var_os(REQUIRE).is_some_and(|value| !value.is_empty());
    assert!(!required, "{REQUIRE} is set, but there is no {tool}");
    println!("skipped: no {tool}");
}

fn compiler() -> String {
    std::env::var("CXX").unwrap_or_else(|_| "g++".into())
}

fn arguments(parameters: &[(&str, usize)]) -> Vec<String> {
    parameters
        .iter()
        .map(|(name, value)| format!("-G{name}={value}"))
        .collect()
}

/// Standard output of a command that succeeds.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let success = output.status.success();
    success.then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Makes a directory by `work` in a temporary one that is renamed when it is complete.
fn once(directory: &Path, work: impl FnOnce(&Path)) {
    if directory.is_dir() {
        return;
    }
    let scratch = tempfile::tempdir_in(directory.parent().unwrap()).unwrap();
    work(scratch.path());
    let scratch = scratch.keep();
    if let Err(error) = std::fs::rename(&scratch, directory) {
        // Another process was faster; what it made is the same.
        assert!(directory.is_dir(), "{}: {error}", directory.display());
        std::fs::remove_dir_all(&scratch).unwrap();
    }
}

/// Everything that the simulations are made of.
fn source_text() -> Vec<(String, String)> {
    let mut text: Vec<_> = std::fs::read_dir(sources())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let end = path.extension().unwrap_or_default();
            ["v", "vh", "cpp"].iter().any(|known| end == *known)
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), text)
        })
        .collect();
    text.sort();
    text
}

fn key(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
