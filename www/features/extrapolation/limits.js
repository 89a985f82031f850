// What is done about extrapolation where a specification says nothing; see `run::ExtrapolationSpec` in the engine.

export const LIMITS = { every: 20, warn: 2, stop: 10, keep_above: 2 };
