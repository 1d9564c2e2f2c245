// @ts-check
import { ADAPTERS } from '../adapters/adapters.mjs';
import { median } from '../figures.mjs';

/** @typedef {import('../bench.types.js').Results} Results */

/** Reads results: medians over rounds, and ratios of two adapters in the same round. */
export class Aggregate {
  /** @param {Results} results */
  constructor(results) {
    this.results = results;
  }

  /** @param {string} scenario @param {string} adapter @param {string} figure @returns {number} NaN where it was not measured */
  of(scenario, adapter, figure) {
    return median(
      this.#trials(scenario, adapter)
        .map(({ figures }) => figures[figure] ?? NaN)
        .filter(Number.isFinite),
    );
  }

  /** @param {string} scenario @param {string} adapter @param {string} figure @returns {number} over all rounds */
  sum(scenario, adapter, figure) {
    return this.#trials(scenario, adapter).reduce((total, { figures }) => total + (figures[figure] ?? 0), 0);
  }

  /** The median of the ratios in each round. @param {string} scenario @param {string} adapter @param {string} other @param {string} figure */
  ratio(scenario, adapter, other, figure) {
    const others = this.#trials(scenario, other);
    const ratios = this.#trials(scenario, adapter).map(({ round, figures }) => {
      const theirs = others.find((trial) => trial.round === round)?.figures[figure];
      return (figures[figure] ?? NaN) / (theirs ?? NaN);
    });
    return median(ratios.filter(Number.isFinite));
  }

  /** @param {string} scenario @param {string} adapter */
  rounds(scenario, adapter) {
    return this.#trials(scenario, adapter).length;
  }

  /** Names of errors and how often, over all rounds. @param {string} scenario @param {string} adapter */
  errors(scenario, adapter) {
    /** @type {Record<string, number>} */
    const all = {};
    for (const { errors } of this.#trials(scenario, adapter)) {
      for (const [name, count] of Object.entries(errors)) all[name] = (all[name] ?? 0) + count;
    }
    return all;
  }

  /** Those that took part, in the order of the report. @param {string} scenario */
  adapters(scenario) {
    return ADAPTERS.filter(({ id }) => this.rounds(scenario, id) > 0);
  }

  /** @param {string} scenario @param {string} adapter */
  #trials(scenario, adapter) {
    return this.results.trials.filter((trial) => trial.scenario === scenario && trial.adapter === adapter);
  }
}
