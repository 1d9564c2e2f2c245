// @ts-check

/** Three digits that count, with thousands apart. @param {number} value */
export function short(value) {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** Ratios and indices. @param {number} value */
export const exact = (value) => (Number.isFinite(value) ? value.toFixed(value >= 10 ? 1 : 2) : '-');

/** @param {number} value */
export const percent = (value) => (Number.isFinite(value) ? `${short(100 * value)} %` : '-');

/** @param {readonly (readonly string[])[]} rows the first is the heading */
export function markdownTable([heading = [], ...rows]) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
