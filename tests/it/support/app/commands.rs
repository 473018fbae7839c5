//! Commands of the built program, on the database of the running one.

use std::process::Output;

use secrecy::ExposeSecret;

use super::{SETTINGS, TestApp};
use crate::support::program;

impl TestApp {
    pub fn command(&self, arguments: &[&str]) -> Output {
        self.command_with(&[], arguments)
    }

    /// The same with settings of its own.
    pub fn command_with(&self, set: &[(&str, &str)], arguments: &[&str]) -> Output {
        let own = [
            ("ASSENT_DATA_DIR", self.dir.path().to_str().unwrap()),
            ("ASSENT_BASE_URL", self.base.as_str()),
            ("ASSENT_DATABASE_URL", self.core.settings.database_url.expose_secret()),
        ];
        program::run(self.dir.path(), &[&SETTINGS[..], &own, set].concat(), arguments)
    }

    /// One that must succeed; gives what it printed.
    pub fn does(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let [told, said] =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{arguments:?}: {said}{told}");
        String::from_utf8(output.stdout).unwrap()
    }
}
