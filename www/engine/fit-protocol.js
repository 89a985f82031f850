// What the Fit view and its worker say to each other. Types only: both sides import them.

/** @import { ChartSpec } from "../components/chart-view.js" */
/** @import { EngineError } from "./protocol.js" */

/** @typedef {{ name: string, bytes: Uint8Array }} DataFile */
/** @typedef {{ low: number, high: number, count: number }} Extent */
/** @typedef {{ count: number, rms: number, mean: number, max: number }} Deviation */

/**
 * What a data set holds; see `fitting::DataSummary` in the engine. Configurations are numbered from 1.
 * @typedef {object} DataSummary
 * @property {number} configurations
 * @property {Extent | null} atoms of a configuration
 * @property {{ species: string, atoms: number }[]} species
 * @property {boolean} numbered whether the files do not name elements
 * @property {{ composition: string, configurations: number, calmest: number }[]} compositions
 * @property {Extent | null} temperature_k
 * @property {Extent | null} volume_per_atom
 * @property {{ pair: string, distance: number, configuration: number }[]} closest
 * @property {{ energy: number, forces: number, stress: number }} labels
 * @property {Extent | null} energy_per_atom
 * @property {Extent | null} force
 * @property {Extent | null} pressure_gpa
 * @property {string[]} methods
 * @property {{ configuration: number, name: string | null, quantity: string, value: number, median: number, unit: string }[]} outliers
 * @property {[number, number][]} duplicates
 * @property {number[]} unlabelled
 */

/** @typedef {{ summary: DataSummary, problem: EngineError | null, notes: string[], equations: number }} Inspected */

/** The form of the potential. @typedef {{ level: number, cutoff: number, basis_size: number }} PotentialForm */

/**
 * The part of `fitting::FitSpec` that the page sets.
 * @typedef {object} FitSpec
 * @property {{ energy: number, force: number, stress: number, weighting: string, force_scaling: number | null, penalty: number }} weights
 * @property {number} seed
 * @property {number} starts
 * @property {number} start_iterations steps of each start, where there are several
 * @property {number} max_iterations
 * @property {number} held_out share
 */

/**
 * @typedef {object} Errors
 * @property {Deviation} energy_per_atom eV
 * @property {Deviation} force_component eV/Å
 * @property {Deviation} force_vector eV/Å
 * @property {Deviation} stress_gpa
 */

/**
 * The fit after one step; see `fitting::FitPoint` in the engine. Only what the page reads.
 * @typedef {object} FitPoint
 * @property {number} loss without the penalty
 * @property {number} penalty
 * @property {number | null} held_out_loss
 * @property {Errors} training
 * @property {Errors | null} held_out
 */

/**
 * See `fitting::FitProgress` in the engine. Only what the page reads.
 * @typedef {object} FitProgress
 * @property {number} stage random start, from 0; the number of starts for the last stage
 * @property {number} starts
 * @property {number} iteration
 * @property {number} passes
 * @property {number} pass_fraction part of the present pass that is done
 * @property {number} fraction at most; the last stage may end earlier
 * @property {FitPoint | null} point
 * @property {"converged" | "held-out" | "iterations" | null} end
 */

/** @typedef {{ charts: ChartSpec[] }} Preview */

/**
 * @typedef {object} PartReport
 * @property {string} name
 * @property {number} configurations
 * @property {number} atoms
 * @property {Errors} errors
 * @property {{ species: string, force_component: Deviation }[]} species
 * @property {{ composition: string, configurations: number, errors: Errors }[]} compositions
 * @property {{ number: number, name: string | null, energy_per_atom: number, largest_force: number }[]} worst numbered as in the summary
 * @property {string[]} doubts labels that no fit follows, in words
 */

/** @typedef {{ report: { parts: PartReport[], history: FitPoint[] }, charts: ChartSpec[] }} Finished */

/** What a fit leads to: `starts` are structures to run, one for each composition of the summary. @typedef {Finished & { mtp: string, starts: string[] }} FitResult */

/**
 * See `fitting::ActiveSetSpan` in the engine.
 * @typedef {object} ActiveSetSpan
 * @property {number} rows
 * @property {number} from_data
 * @property {number} configurations
 * @property {number} offered
 * @property {{ species: string, rows: number }[]} species
 * @property {{ composition: string, configurations: number, rows: number }[]} compositions
 * @property {{ configurations: number, largest: number, above_one: number, above_two: number } | null} held_out
 */

/** @typedef {"cp2k" | "gpaw" | "vasp" | "qe"} Code */
/** @typedef {{ code: Code, metal: boolean }} LabelSettings */
/** What came back; `text`: the labelled configurations, extended XYZ; `species`: their elements. @typedef {{ labelled: number, failures: string[], text: string, species: string[] }} Collected */

/**
 * What can be asked of the worker at any time. Fits to inspected data start from `template`, where there is one.
 * @typedef {{ what: "inspect", files: DataFile[], species: string[], template?: DataFile | undefined }
 *   | { what: "convert", files: DataFile[], species: string[], file: string }
 *   | { what: "label-inputs", files: DataFile[], species: string[], settings: LabelSettings }
 *   | { what: "label-outputs", outputs: DataFile[], files: DataFile[], species: string[], settings: LabelSettings }} Question
 */

/**
 * From the page to the worker.
 * @typedef {{ type: "open", threads: number }
 *   | { type: "ask", id: number, question: Question }
 *   | { type: "fit", form: PotentialForm, spec: FitSpec }
 *   | { type: "cancel" }} ToFitWorker
 */

/**
 * From the worker to the page.
 * @typedef {{ type: "ready", threads: number }
 *   | { type: "answer", id: number, value: unknown }
 *   | { type: "progress", progress: FitProgress, elapsedMs: number }
 *   | { type: "preview", preview: Preview }
 *   | { type: "finished", result: FitResult | null, cancelled: boolean, progress: FitProgress }
 *   | { type: "active-set", span: ActiveSetSpan, almtp: Uint8Array }
 *   | { type: "error", error: EngineError, id?: number }} FromFitWorker
 */

export {};
