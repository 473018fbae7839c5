mod confirm;
mod door;
mod downloads;
mod journey;
mod limits;
mod pages;
