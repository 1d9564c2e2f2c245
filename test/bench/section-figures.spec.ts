import { sectionFigures } from '../../bench/trial/section-figures.mjs';

type Section = [request: number, entry: number, exit: number, caller: number];

/** What a process that ran from 0 to 100 ms says; only sections from 20 ms on are in its steady state. */
function processWith(sections: Section[], { callers = 2, failures = {}, unserved = 0, longestInVain = 0 } = {}) {
  const attempts = sections.length + unserved;
  return { start: 0, end: 100, sections: Float64Array.from(sections.flat()), callers, attempts, failures, unserved, longestInVain };
}

describe('the figures of a trial', () => {
  it('count a section that begins before the one before it has ended, also across processes', () => {
    const one = processWith([
      [0, 20, 30, 0],
      [0, 40, 50, 1],
    ]);
    expect(sectionFigures([one, processWith([[0, 30.1, 39.9, 0]])], true)).toMatchObject({ violations: 0 });
    expect(sectionFigures([one, processWith([[0, 29, 31, 0]])], true)).toMatchObject({ violations: 1 });
  });

  it('see every section inside of a long one', () => {
    const one = processWith([
      [0, 20, 90, 0],
      [0, 30, 31, 1],
      [0, 40, 41, 1],
    ]);
    expect(sectionFigures([one], true)).toMatchObject({ violations: 2 });
  });

  it('take a hand-off from the end of a section to the entry of a caller that waited, by whether it changes the process', () => {
    const one = processWith([
      [0, 20, 30, 0],
      [0, 50, 60, 1],
    ]);
    const other = processWith([
      [0, 33, 40, 0],
      // It came when the lock was free: nobody handed it over.
      [80, 81, 82, 1],
    ]);
    const figures = sectionFigures([one, other], true);
    expect(figures).toMatchObject({ handOffBetweenP50: 10, changesOfProcess: 1 });
    expect(sectionFigures([one], true)).toMatchObject({ handOffP50: 20, changesOfProcess: 0 });
  });

  it('tell whether a later caller was served first, as long as both waited', () => {
    const fair = processWith([
      [0, 20, 30, 0],
      [1, 40, 50, 1],
    ]);
    const unfair = processWith([
      [1, 20, 30, 0],
      [0, 40, 50, 1],
    ]);
    expect(sectionFigures([fair], true)).toMatchObject({ inverted: 0 });
    expect(sectionFigures([unfair], true)).toMatchObject({ inverted: 1 });
  });

  it('tell how often a caller is followed by itself', () => {
    const alternating = processWith([
      [0, 20, 30, 0],
      [0, 31, 40, 1],
      [30, 41, 50, 0],
    ]);
    const selfish = processWith([
      [0, 20, 30, 0],
      [30, 31, 40, 0],
      [0, 41, 50, 1],
    ]);
    expect(sectionFigures([alternating], true)).toMatchObject({ sameCallerAgain: 0 });
    expect(sectionFigures([selfish], true)).toMatchObject({ sameCallerAgain: 0.5 });
  });

  it('weigh callers that got nothing, and waits in vain', () => {
    const starving = processWith([[10, 25, 30, 0]], { unserved: 1, longestInVain: 95, failures: { TimeoutError: 3 } });
    expect(sectionFigures([starving], true)).toMatchObject({ jainCallers: 0.5, longestWait: 95, failures: 3, unserved: 1, waitP50: 15 });
  });
});
