//! A real browser: Chromium, driven through chromedriver.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::{env, fs};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::postgres::Tethered;

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// One browser with an empty profile and one window. All of fantoccini's [`Client`] is at hand:
/// `browser.goto(…)`, `browser.find(…)`.
pub struct Browser {
    client: Client,
    script: Script,
    _process: Tethered,
    /// What chromedriver writes to must stay open, or writing would end it.
    _output: BufReader<ChildStdout>,
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// The height of the window, in CSS pixels.
const HEIGHT: u32 = 900;

/// MPL-2.0; see the README.md beside it.
const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");

impl Browser {
    /// Opens a window `width` CSS pixels wide, for a reader who prefers dark colours or light ones.
    pub async fn start(script: Script, width: u32, dark: bool) -> Self {
        // It takes one port for both families of addresses, which another program may have of one.
        let (process, directory, output, port) = (0..4)
            .find_map(|_| start_driver().ok())
            .unwrap_or_else(|| start_driver().expect("chromedriver"));

        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(script, &directory.join("profile")))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("open a browser");

        let browser = Self { client, script, _process: process, _output: output };
        // A window can't be narrower than some 500 pixels, so the page is told another size.
        let size =
            json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let colours = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": colours }] });
        browser.devtools("Emulation.setEmulatedMedia", media).await;
        browser
    }

    /// Writes the whole page, as far as it reaches, to `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let page = &metrics["cssContentSize"];
        let clip = json!({
            "x": 0, "y": 0, "width": page["width"], "height": page["height"], "scale": 1,
        });
        let options = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", options).await;
        let picture =
            STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");

        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        let file = directory.join(format!("{name}.png"));
        fs::create_dir_all(file.parent().expect("a directory")).expect("make it");
        fs::write(file, picture).expect("write the screenshot");
    }

    /// What axe-core holds against the page for accessibility, a line for each element concerned.
    pub async fn axe(&self) -> Vec<String> {
        // axe-core waits for timers, which never fire where pages may not run scripts.
        assert_eq!(self.script, Script::On, "axe() needs a browser that runs scripts");
        let run = format!(
            "{AXE};
            const done = arguments[arguments.length - 1];
            axe.run(document, {{ resultTypes: ['violations'] }})
                .then(results => done(results.violations), error => done(String(error)));"
        );
        let violations = self.execute_async(&run, Vec::new()).await.expect("run axe-core");
        let violations = violations.as_array().unwrap_or_else(|| panic!("axe-core: {violations}"));
        violations.iter().flat_map(readable).collect()
    }

    /// Asks Chromium itself, past `WebDriver`:
    /// <https://chromedevtools.github.io/devtools-protocol/>.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let answer: Result<Value, CmdError> =
            self.client.issue_cmd(DevTools { method: method.to_owned(), parameters }).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

fn readable(violation: &Value) -> Vec<String> {
    let rule = violation["id"].as_str().unwrap_or_default();
    let impact = violation["impact"].as_str().unwrap_or("no impact given");
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    nodes
        .map(|node| {
            let target: Vec<&str> =
                node["target"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let summary = node["failureSummary"].as_str().unwrap_or_default();
            let summary = summary.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{rule} ({impact}) at {}: {summary}", target.join(" "))
        })
        .collect()
}

fn capabilities(script: Script, profile: &Path) -> fantoccini::wd::Capabilities {
    let profile = profile.to_str().expect("a UTF-8 temporary directory");
    let mut options = json!({
        "binary": program("TEST_CHROMIUM", "chromium"),
        "args": [
            "--headless=new",
            // The sandbox refuses to run as root, and the pages are our own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            format!("--user-data-dir={profile}"),
        ],
    });
    if script == Script::Off {
        // 2: block.
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    let capabilities = json!({ "goog:chromeOptions": options });
    capabilities.as_object().expect("an object").clone()
}

type Driver = (Tethered, PathBuf, BufReader<ChildStdout>, u16);

/// Starts chromedriver in a directory of its own; what it says where it does not start.
fn start_driver() -> Result<Driver, String> {
    let directory =
        tempfile::Builder::new().prefix("chromium-").tempdir().expect("a directory").keep();
    let mut command = Tethered::command(&program("TEST_CHROMEDRIVER", "chromedriver"));
    // Port 0: chromedriver finds a free one and says which.
    command.arg("--port=0");
    // What they keep among the temporary files, they don't remove when killed.
    command.env("TMPDIR", &directory);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process =
        Tethered::start(&mut command, "KILL", &directory).expect("start chromedriver");
    let output = process.process().stdout.take().expect("a piped output");
    let mut output = BufReader::new(output);
    let port = announced_port(&mut output)?;
    Ok((process, directory, output, port))
}

/// Reads on until chromedriver says where it listens: "… started successfully on port 12345."
fn announced_port(output: &mut impl BufRead) -> Result<u16, String> {
    let mut said = String::new();
    while output.read_line(&mut said).is_ok_and(|read| read > 0) {
        let announced = said.trim_end().trim_end_matches('.').rsplit_once("successfully on port ");
        if let Some(port) = announced.and_then(|(_, port)| port.parse().ok()) {
            return Ok(port);
        }
    }
    Err(format!("chromedriver does not start: {said}"))
}

/// The program `variable` names, else `name` by `PATH`.
fn program(variable: &str, name: &str) -> PathBuf {
    if let Some(told) = env::var_os(variable) {
        return PathBuf::from(told);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|directory| directory.join(name)).find(|it| it.exists()).unwrap_or_else(
        || panic!("{name} is not here: run the tests with tests/run, which installs it, or set {variable}"),
    )
}

/// chromedriver's own command that hands one to Chromium's `DevTools`.
#[derive(Debug)]
struct DevTools {
    method: String,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.expect("a session, which start() opened");
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (hyper::Method::POST, Some(body.to_string()))
    }
}
