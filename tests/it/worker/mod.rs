mod delivery;
mod durability;
mod faults;
mod kills;
mod relay;
