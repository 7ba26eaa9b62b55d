//! Tables: one base case that is accepted, and rows that change one thing.

mod account;
mod action;
mod app;
mod assertion;
mod credentials;
mod endpoint;
mod enrol;
mod greeting;
mod headless;
mod line;
mod lineage;
mod login;
mod peer;
mod repeated;
mod restore;
mod scene;
mod store;
mod table;
