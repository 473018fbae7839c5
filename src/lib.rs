//! assent: a newsletter-subscription and consent manager. Modules in reading order, lowest first;
//! lower ones never import higher ones (ARCHITECTURE.md).

pub mod domain;

pub mod brand;
pub mod clock;
pub mod folders;
pub mod name_servers;
pub mod outgoing_http;
pub mod random;
pub mod site;
pub mod templates;
pub mod tls;

pub mod files;
pub mod report_drawing;
pub mod time_stamping;
pub mod witnesses;

pub mod outside;
pub mod store;

pub mod export;
pub mod mail;

pub mod config;
pub mod flows;

pub mod backup;
pub mod intake;
pub mod sealing;

pub mod web;
pub mod worker;

pub mod app;
pub mod demo;
pub mod template_samples;

pub mod cli;
