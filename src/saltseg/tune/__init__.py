"""Search for better parameters: each trial is a DVC experiment, Optuna says what comes next."""
