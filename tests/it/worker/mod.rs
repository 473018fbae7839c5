mod delivery;
mod durability;
mod relay;
