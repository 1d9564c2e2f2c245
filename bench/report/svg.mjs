// @ts-check
// Charts without a dependency: bars and lines on a logarithmic or linear axis, legible on light and dark pages.

const WIDTH = 860;
const LABELS = 250;
const PLOT_RIGHT = WIDTH - 90;
const BAR = 18;
const COLOURS = { ours: '#1d6fd1', 'cohort 0': '#62a6f2', reference: '#2f9e5b', floor: '#2f9e5b', unlocked: '#555555', other: '#b9884a' };

/** @typedef {{ label: string, value: number, colour: string }} Bar */
/** @typedef {{ label: string, points: readonly (readonly [x: number, y: number])[], colour: string, dashed?: boolean }} Line */

/** @param {string} family */
export const colourOf = (family) => COLOURS[/** @type {keyof typeof COLOURS} */ (family)] ?? COLOURS.other;

/** Horizontal bars, one line each. @param {string} title @param {readonly Bar[]} bars @param {{ unit: string, log?: boolean }} options */
export function barChart(title, bars, { unit, log = false }) {
  const drawn = bars.filter(({ value }) => Number.isFinite(value) && value > 0);
  const most = Math.max(...drawn.map(({ value }) => value), Number.MIN_VALUE);
  const least = Math.min(...drawn.map(({ value }) => value), most);
  const scale = log
    ? logScale(least / 2, most, LABELS, PLOT_RIGHT)
    : (/** @type {number} */ value) => LABELS + (value / most) * (PLOT_RIGHT - LABELS);
  const rows = drawn.map(({ label, value, colour }, i) => {
    const top = 40 + i * (BAR + 6);
    return [
      text(LABELS - 8, top + BAR - 5, label, 'end'),
      `<rect x="${LABELS}" y="${top}" width="${round(scale(value) - LABELS)}" height="${BAR}" fill="${colour}"/>`,
      text(scale(value) + 6, top + BAR - 5, number(value)),
    ].join('');
  });
  return svg(52 + drawn.length * (BAR + 6), [text(12, 22, `${title} (${unit}${log ? ', logarithmic' : ''})`, 'start', 'bold'), ...rows]);
}

/** Lines over powers of ten, both axes logarithmic. @param {string} title @param {readonly Line[]} lines @param {{ x: string, y: string }} names */
export function lineChart(title, lines, names) {
  const drawn = lines
    .map((line) => ({ ...line, points: line.points.filter(([, y]) => Number.isFinite(y) && y > 0) }))
    .filter(({ points }) => points.length > 0);
  const xs = drawn.flatMap(({ points }) => points.map(([x]) => x));
  const ys = drawn.flatMap(({ points }) => points.map(([, y]) => y));
  const [left, right, top, bottom] = [70, 570, 44, 400];
  const [lowest, highest] = [10 ** Math.floor(Math.log10(Math.min(...ys))), 10 ** Math.ceil(Math.log10(Math.max(...ys)))];
  const toX = logScale(Math.min(...xs), Math.max(...xs), left, right);
  const toY = logScale(lowest, highest, bottom, top);
  const grid = powers(lowest, highest).map((y) => rule(left, right, toY(y)) + text(left - 6, toY(y) + 4, number(y), 'end'));
  const ticks = powers(Math.min(...xs), Math.max(...xs)).map((x) => text(toX(x), bottom + 18, number(x), 'middle'));
  const curves = drawn.map(({ label, points, colour, dashed }, i) => {
    const path = points.map(([x, y]) => `${round(toX(x))},${round(toY(y))}`).join(' ');
    const stroke = `stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ''}`;
    const dots = points.map(([x, y]) => `<circle cx="${round(toX(x))}" cy="${round(toY(y))}" r="3" fill="${colour}"/>`).join('');
    const legend = `<line x1="590" x2="612" y1="${60 + 22 * i}" y2="${60 + 22 * i}" ${stroke}/>${text(618, 64 + 22 * i, label)}`;
    return `<polyline points="${path}" fill="none" ${stroke}/>${dots}${legend}`;
  });
  const captions = [
    text(12, 22, title, 'start', 'bold'),
    text((left + right) / 2, bottom + 38, names.x, 'middle'),
    text(left, 38, names.y),
  ];
  return svg(bottom + 52, [...grid, ...ticks, ...curves, ...captions]);
}

/** @param {number} from @param {number} to @param {number} start @param {number} end */
function logScale(from, to, start, end) {
  const span = Math.log10(to) - Math.log10(from) || 1;
  return (/** @type {number} */ value) => start + ((Math.log10(value) - Math.log10(from)) / span) * (end - start);
}

/** @param {number} from @param {number} to */
function powers(from, to) {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  return Array.from({ length: Math.floor(Math.log10(to) + 1e-9) - first + 1 }, (_, i) => 10 ** (first + i));
}

/** @param {number} height @param {readonly string[]} parts */
function svg(height, parts) {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`;
  return `${open}\n<rect width="100%" height="100%" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`;
}

/** @param {number} x @param {number} y @param {string} content @param {'start' | 'middle' | 'end'} [anchor] @param {'normal' | 'bold'} [weight] */
function text(x, y, content, anchor = 'start', weight = 'normal') {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-weight="${weight}" fill="#222222">${safe}</text>`;
}

/** @param {number} from @param {number} to @param {number} y */
const rule = (from, to, y) => `<line x1="${from}" x2="${to}" y1="${round(y)}" y2="${round(y)}" stroke="#e2e2e2"/>`;

/** @param {number} value */
const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2))));

/** @param {number} value */
const round = (value) => Number(value.toFixed(1));
