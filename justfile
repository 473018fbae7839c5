# The daily commands. `just` lists them. Each is a line that can be typed without just, too.

set positional-arguments

[private]
default:
    @just --list --unsorted

# The demo: a sample publisher at http://127.0.0.1:8080, whose mail stays on this machine
demo:
    cargo run -- demo

# Does it compile, tests too?
check:
    cargo check --locked --all-targets

# Stories and unit tests whose names hold this: just test who_took_only_a_report
test name:
    tests/run "$1"

# Everything a change must pass: format, crates, lints, all tests
all:
    tests/run

# Accept pages and mails as they are now; then read `git diff tests/it/snapshots`
accept name="pages":
    INSTA_UPDATE=always tests/run "$1"

# Format the Rust sources
fmt:
    cargo fmt

# Lints alone, each an error
lint:
    cargo clippy --locked --all-targets -- -D warnings

# Licences, bans, sources and advisories of the crates, by cargo-deny
deny:
    tests/deny

# Everything a release must pass, others' scanners too; takes hours
release-tests:
    tests/release

# The files of a release, in target/dist
release:
    release/build
