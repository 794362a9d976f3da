//! The protocol; knows neither session nor engine.
