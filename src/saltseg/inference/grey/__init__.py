"""From amplitudes to the grey levels that a network takes."""
