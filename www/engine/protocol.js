// What the page and the session worker say to each other. Types only: both sides import them.
//
// Frames and series cross as typed arrays whose buffers are transferred; everything else is plain data.

/**
 * Error as the engine reports it.
 * @typedef {{ kind: string, message: string, hint?: string | null }} EngineError
 */

/** @typedef {{ ensemble: string, time_ps: number }} StageSpec */

/**
 * Specification of a run: the part of `run::RunSpec` in the engine that the page reads; the rest it hands on.
 * @typedef {object} RunSpec
 * @property {number} schema
 * @property {any} potential
 * @property {any} structure
 * @property {number} temperature_k
 * @property {number[]} [further_temperatures_k] at which the whole run is carried out again, one after the other
 * @property {number} [pressure_gpa]
 * @property {number} [timestep_fs]
 * @property {number} [seed]
 * @property {{ relax_steps?: number, warm_up_ps?: number }} [prepare]
 * @property {StageSpec} [equilibrate]
 * @property {{ time_ps: number } | null} [density] a stage under pressure before production
 * @property {StageSpec} [production]
 * @property {{ kind?: string }} [thermostat]
 * @property {{ kind?: string }} [barostat]
 * @property {{ every?: number, warn?: number, stop?: number, keep_above?: number }} [extrapolation] where the potential has an active set
 */

/**
 * Files that a specification names: text or bytes by name.
 * @typedef {Record<string, string | Uint8Array>} RunFiles
 */

/**
 * Where a run stands; see `run::Progress` in the engine. Only what the page reads.
 * @typedef {object} Progress
 * @property {string} stage
 * @property {number} stage_fraction 0 to 1
 * @property {number} step of dynamics
 * @property {number} total_steps
 * @property {number} time_ps
 * @property {number} timestep_fs 0 while relaxing
 * @property {number} largest_force_ev_angstrom
 * @property {number | null} [grade] latest extrapolation grade, where the potential has an active set
 * @property {number | null} [largest_grade] of the run so far
 * @property {number} [kept_configurations] because of their grades
 * @property {ScanPlace | null} [scan] absent in a run at one temperature
 */

/** Which of several temperatures a run is at, from 0. @typedef {{ index: number, count: number, temperature_k: number }} ScanPlace */

/**
 * @typedef {object} Speed
 * @property {number} stepsPerSecond over the last second or so of running
 * @property {number} nsPerDay
 */

/**
 * One recorded quantity over the run: times in ps, values in `unit`.
 * @typedef {{ unit: string, x: Float64Array, y: Float64Array }} Series
 */

/** @import { Estimate } from "../components/estimate-label.js" */

/**
 * @typedef {object} RdfCurve
 * @property {string} first
 * @property {string} second
 * @property {number[]} r_angstrom
 * @property {number[]} g
 * @property {(number | null)[]} standard_error
 * @property {Estimate | null} [first_peak]
 * @property {Estimate | null} [first_peak_height]
 * @property {Estimate | null} [first_minimum]
 * @property {Estimate | null} [coordination_number]
 */

/**
 * @typedef {object} MsdCurve
 * @property {string} species
 * @property {number[]} time_ps
 * @property {number[]} msd
 * @property {(number | null)[]} standard_error
 * @property {number[]} origins
 */

/**
 * @typedef {object} Results
 * @property {Record<string, Estimate>} estimates by quantity
 * @property {RdfCurve[]} rdf
 * @property {MsdCurve[]} msd
 * @property {Property[]} [properties]
 */

/** @import { ChartSpec } from "../components/chart-view.js" */

/**
 * A property by one route; see `analysis::Property` in the engine.
 * @typedef {object} Property
 * @property {string} id the same for every route
 * @property {string} of a species or a pair, or nothing
 * @property {string} name
 * @property {string} route
 * @property {Estimate | null} estimate
 * @property {string | null} pending why there is no value yet
 * @property {ChartSpec[]} charts
 * @property {Record<string, string>} settings
 */

/**
 * A measured property.
 * @typedef {object} Measured
 * @property {string} id as in {@link Property}
 * @property {string} [of]
 * @property {number} value
 * @property {number | null} [uncertainty]
 * @property {string} unit
 * @property {string} source
 * @property {boolean} [interpolated] between measured compositions
 * @property {[number, number][]} [line] temperature in K and value, over the range of the measurement
 */

/** What a run measured at a temperature of a scan. @typedef {{ temperature_k: number, results: Results, measured: Measured[] }} ScanPoint */

/**
 * What the temperatures that have come to their end say.
 * @typedef {object} ScanResults
 * @property {ScanPoint[]} points
 * @property {Property[]} properties that follow from the change with temperature
 * @property {Measured[]} measured what experiments say of them
 */

/**
 * What is known beforehand of a run with a potential of the gallery; see `run::Card` in the engine.
 * @typedef {object} About
 * @property {number} temperature_k of the run
 * @property {{ title: string, description: string, licence: string, fit: Fit, valid: { temperature_k: [number, number], range: string, limits: string[] } } | null} card
 * @property {{ density_g_cm3: number, source: string, interpolated: boolean } | null} measured_density
 * @property {Measured[]} [measured]
 * @property {MeasuredRdf[]} [measured_rdfs]
 */

/**
 * A measured radial distribution function: distances in Å and g(r).
 * @typedef {{ pair: [string, string], temperature_k: number, points: [number, number][], author: string, source: string }} MeasuredRdf
 */

/**
 * @typedef {object} Fit
 * @property {string} data
 * @property {number | null} [force_rmse_mev_per_angstrom]
 * @property {number | null} [energy_rmse_mev_per_atom]
 * @property {number | null} [stress_rmse_gpa]
 */

/**
 * @typedef {object} Atoms
 * @property {string[]} species names by species index
 * @property {Uint8Array} types species index of each atom
 */

/**
 * From the page to the worker.
 * @typedef {{ type: "start", spec: RunSpec, files: RunFiles, threads: number, checkpoint?: Uint8Array }
 *   | { type: "pause" } | { type: "resume" } | { type: "step", steps: number } | { type: "frame-shown" }
 *   | { type: "checkpoint", id: number }
 *   | { type: "write", id: number, what: Written, file: string }} ToWorker
 */

/**
 * From the worker to the page.
 * @typedef {{ type: "ready", threads: number }
 *   | { type: "atoms", atoms: Atoms, about: About }
 *   | { type: "frame", positions: Float32Array, cell: Float64Array, grades?: Float32Array }
 *   | { type: "progress", progress: Progress, speed: Speed }
 *   | { type: "series", series: Record<string, Series> }
 *   | { type: "results", results: Results }
 *   | { type: "scan", scan: ScanResults }
 *   | { type: "state", state: RunState }
 *   | { type: "written", id: number, text: string }
 *   | { type: "checkpoint", id: number, bytes: Uint8Array, progress: Progress }
 *   | { type: "error", error: EngineError, id?: number }} FromWorker
 */

/** What can be written as a file: the present structure, snapshots since the run at this temperature began in this tab, or what it kept for labelling. @typedef {"structure" | "trajectory" | "kept"} Written */

/** @typedef {"loading" | "running" | "paused" | "finished" | "failed"} RunState */

export {};
