// @ts-check

/**
 * Holds a lock through a section that lasts until it is released, where that is the only way that renews it.
 * @param {(section: () => Promise<void>) => Promise<unknown>} withLock
 * @returns {Promise<import('../bench.types.js').Held>}
 */
export async function heldSection(withLock) {
  return await new Promise((resolve, reject) => {
    const whole = withLock(() => new Promise((end) => resolve({ release: () => (end(), whole) })));
    whole.catch(reject);
  });
}
