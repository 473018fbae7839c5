//! assent: a newsletter-subscription and consent manager. Modules in reading order, lowest first;
//! lower ones never import higher ones (ARCHITECTURE.md).

pub mod domain;

pub mod clock;
pub mod random;

pub mod ledger;
pub mod store;

pub mod flows;

pub mod config;
pub mod export;
pub mod files;
pub mod mail;
pub mod site;
pub mod templates;
pub mod tls;

pub mod intake;
pub mod worker;

pub mod web;

pub mod app;
pub mod demo;

pub mod cli;
